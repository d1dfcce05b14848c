"""`BrowserProbe`: what only the browser knows, beside what the rest of the installation is like."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import anywidget
import traitlets as t

from deepdos_nb.style.palette import theme
from deepdos_nb.widgets.base.pictured import Pictured
from deepdos_nb.widgets.base.view import asset, shows_errors


class BrowserProbe(Pictured, anywidget.AnyWidget):
    """A table of checks, and two more that are made where it is shown: WebGL and the way back.

    Parameters
    ----------
    rows : list of dict
        What was found: group, name, status, found, remedy.
    verdict : str
        The sum of it, in one sentence.
    words : str
        All of it, for pages that run no widgets.
    """

    _esm = asset("base/common.js", "base/probe.js")
    _css = asset("base/base.css", "base/probe.css")

    rows: t.List[Any] = t.List().tag(sync=True)
    """One dict per check: group, name, status, found, remedy."""

    verdict = t.Unicode("").tag(sync=True)
    """The sum of it, in one sentence."""

    webgl = t.Unicode("").tag(sync=True)
    """What the browser said about WebGL; "none" where it has none, empty before it was asked."""

    ping = t.Int(0).tag(sync=True)
    """Counted up by the browser when a view opens …"""

    pong = t.Int(0).tag(sync=True)
    """… and repeated by Python, which shows that the way back works."""

    error = t.Unicode("").tag(sync=True)
    """What went wrong in the last callback; shown under the table."""

    def __init__(self, *, words: str = "", **options: Any) -> None:
        super().__init__(**options)
        self.words = words
        self.observe(self._answer, names="ping")

    @shows_errors
    def _answer(self, change: Any) -> None:
        self.pong = change["new"]

    def describe(self) -> str:
        """All that was found, and what the browser said once it was asked."""
        seen = f"\nWebGL in this browser: {self.webgl}." if self.webgl else ""
        return self.words + seen

    def png(self) -> bytes:
        """The words as a PNG picture."""
        from matplotlib.figure import Figure

        lines = self.describe().splitlines() or [self.verdict]
        with theme(False):
            figure = Figure(figsize=(9.0, 0.17 * len(lines) + 0.3))
            figure.text(
                0.01,
                0.5,
                "\n".join(line[:118] for line in lines).replace("$", r"\$"),
                family="DejaVu Sans Mono",
                fontsize=7.5,
                va="center",
            )
            buffer = BytesIO()
            figure.savefig(buffer, format="png", dpi=110)
        return buffer.getvalue()
