"""`FileDrop`: where a crystal's file comes in; it keeps nothing of what passes through."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anywidget
import traitlets as t

from deepdos_nb.widgets.base.view import asset


class FileDrop(anywidget.AnyWidget):
    """Takes one file by drop or by choice and hands its bytes on.

    The bytes travel as a message and not as a trait: traits are saved with the notebook.

    Parameters
    ----------
    on_file : callable
        Called with the name and the bytes of each file.
    """

    _esm = asset("base/common.js", "explorer/drop.js")
    _css = asset("base/base.css", "explorer/drop.css")

    limit = t.Int(2_000_000).tag(sync=True)
    """Largest file the browser sends, bytes."""

    examples: t.List[str] = t.List().tag(sync=True)
    """Names of crystals that need no file."""

    example = t.Unicode("").tag(sync=True)
    """The chosen one of them; empty after a file."""

    electrons = t.Float(None, allow_none=True).tag(sync=True)
    """Electrons a person has entered, or None."""

    asks_electrons = t.Bool(False).tag(sync=True)
    """Whether there is anything to do with their number."""

    busy = t.Bool(False).tag(sync=True)
    """Whether a prediction is under way."""

    wait = t.Unicode("").tag(sync=True)
    """How long that may take, in words; empty where it is soon done."""

    message = t.Unicode("").tag(sync=True)
    """What is shown below, in words."""

    problem = t.Unicode("").tag(sync=True)
    """Why the last file could not be used."""

    notes: t.List[str] = t.List().tag(sync=True)
    """Cautions that belong to the result."""

    error = t.Unicode("").tag(sync=True)
    """What went wrong in the last callback; shown below."""

    def __init__(self, on_file: Callable[[str, bytes], None], **options: Any) -> None:
        super().__init__(**options)
        self._on_file = on_file
        self.on_msg(self._heard)

    def _heard(self, _: Any, message: Any, buffers: list[Any]) -> None:
        if isinstance(message, dict) and message.get("type") == "file" and buffers:
            self._on_file(str(message.get("name") or "upload"), bytes(buffers[0]))
