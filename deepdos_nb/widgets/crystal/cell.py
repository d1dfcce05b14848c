"""`CellChoice`: which part of the crystal is drawn, beside the crystal."""

from __future__ import annotations

import anywidget
import traitlets as t

from deepdos_nb.widgets.base.view import asset


class CellChoice(anywidget.AnyWidget):
    """Buttons for the drawn cell, and a switch for bonds that cross its boundary."""

    _esm = asset("base/common.js", "base/controls.js", "crystal/cell.js")
    _css = asset("base/base.css", "base/controls.css", "crystal/cell.css")

    cells: t.List[str] = t.List().tag(sync=True)
    """Cells that can be drawn; see `cells.CELLS`."""

    cell = t.Unicode("given").tag(sync=True)
    """The one that is drawn."""

    across = t.Bool(False).tag(sync=True)
    """Whether the partners of bonds across the boundary are drawn."""
