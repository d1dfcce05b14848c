"""Widgets with all below them, and how large they are in a saved notebook."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
from ipywidgets import Widget
from pymatgen.core import Lattice, Structure


def large_cell(n_atoms: int) -> Structure:
    """A cell of four elements on a grid, with room for every atom."""
    side = int(np.ceil(n_atoms ** (1 / 3)))
    places = np.array(list(np.ndindex(side, side, side)))[:n_atoms] / side
    symbols = [("Ba", "Ti", "Zn", "O")[i % 4] for i in range(n_atoms)]
    return Structure(Lattice.cubic(2.4 * side), symbols, places)


def state_bytes(widget: Widget) -> int:
    """Size of one widget in a saved notebook."""

    def plain(value: Any) -> Any:
        if isinstance(value, (bytes, memoryview)):
            return base64.b64encode(bytes(value)).decode()
        return str(value)

    state = widget.get_state()
    # Scripts and styles are code, not data; they are counted on their own below.
    for code in ("_esm", "_css"):
        state.pop(code, None)
    return len(json.dumps(state, default=plain))


def all_widgets(widget: Widget) -> list[Widget]:
    """A widget and everything below it."""
    below = [w for c in getattr(widget, "children", ()) for w in all_widgets(c)]
    return [widget, *below]
