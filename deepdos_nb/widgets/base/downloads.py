"""`Downloads`: buttons that save what a view shows, made the moment they are pressed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import anywidget
import traitlets as t

from deepdos_nb.widgets.base.view import asset, shows_errors

MIME = {
    "csv": "text/csv",
    "json": "application/json",
    "png": "image/png",
    "svg": "image/svg+xml",
    "cif": "chemical/x-cif",
}
"""Type of the file each ending stands for."""


class Downloads(anywidget.AnyWidget):
    """A row of buttons, one for each format.

    Parameters
    ----------
    makers : mapping of str to callable
        From an ending such as ``"csv"`` to a function that returns the file's bytes or text.
    stem : str
        Name of the files, without ending.
    """

    _esm = asset("base/common.js", "base/downloads.js")
    _css = asset("base/base.css", "base/downloads.css")

    formats: t.List[str] = t.List().tag(sync=True)
    """Endings that are offered."""

    stem = t.Unicode("spectrum").tag(sync=True)
    """Name of the files, without ending."""

    error = t.Unicode("").tag(sync=True)
    """What went wrong in the last callback; shown under the buttons."""

    def __init__(
        self, makers: Mapping[str, Callable[[], bytes | str]], stem: str = "spectrum"
    ) -> None:
        self.makers = dict(makers)
        super().__init__(formats=list(makers), stem=stem)
        self.on_msg(self._heard)

    def make(self, ending: str) -> bytes:
        """Bytes of the file with this ending."""
        made = self.makers[ending]()
        return made.encode() if isinstance(made, str) else made

    @shows_errors
    def _heard(self, _: Any, message: Any, __: Any) -> None:
        ending = message.get("make") if isinstance(message, dict) else None
        if ending in self.makers:
            head = {"name": f"{self.stem}.{ending}", "mime": MIME.get(ending, "text/plain")}
            # Several views may show these buttons; the one that asked knows itself by this.
            self.send(head | {"view": message.get("view")}, [self.make(ending)])
