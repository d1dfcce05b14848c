"""`MaterialList`: a list of crystals with a search box, quick for thousands of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import anywidget
import traitlets as t

from deepdos_nb.style.axes import formula_text
from deepdos_nb.widgets.base.view import asset, shows_errors
from deepdos_nb.widgets.explorer.search import Entry, matches

PAGE = 100
"""Rows the browser gets at a time: what makes a long list quick, and a saved notebook small."""


class MaterialList(anywidget.AnyWidget):
    """Choose a crystal by formula, element or identifier.

    Python searches, the browser shows one page of what was found.
    """

    _esm = asset("base/common.js", "explorer/materials.js")
    _css = asset("base/base.css", "explorer/materials.css")

    query = t.Unicode("").tag(sync=True)
    """What is searched for; see `search.matches`."""

    selected = t.Int(-1).tag(sync=True)
    """Index of the open crystal in its data set; -1 is none."""

    first = t.Int(0).tag(sync=True)
    """Place of the first row of this page among all that were found."""

    rows: t.List[Any] = t.List().tag(sync=True)
    """One dict per row of this page: index, formula, id, atoms (0: unknown)."""

    found = t.Int(0).tag(sync=True)
    """How many crystals fit the query."""

    available = t.Int(0).tag(sync=True)
    """How many crystals there are."""

    error = t.Unicode("").tag(sync=True)
    """What went wrong in the last callback; shown under the list."""

    def __init__(self, **options: Any) -> None:
        self._entries: list[Entry] = []
        self._fitting: list[int] = []
        super().__init__(**options)
        self.observe(self._search, names="query")
        self.observe(self._page, names="first")

    def fill(self, entries: Sequence[Entry]) -> None:
        """Show these crystals instead, with an empty query and none selected."""
        self._entries = list(entries)
        with self.hold_sync():
            self.query, self.selected = "", -1
            self._search()

    @property
    def fitting(self) -> tuple[int, ...]:
        """Indices of all crystals that fit the query, in order."""
        return tuple(self._fitting)

    @t.validate("first")
    def _start_of_a_page(self, proposal: Any) -> int:
        last = max(len(self._fitting) - 1, 0) // PAGE * PAGE
        return min(max(int(proposal["value"]), 0) // PAGE * PAGE, last)

    @shows_errors
    def _search(self, _: Any = None) -> None:
        self._fitting = matches(self._entries, self.query)
        with self.hold_sync():
            self.available, self.found = len(self._entries), len(self._fitting)
            self.first = 0
            self._page()

    @shows_errors
    def _page(self, _: Any = None) -> None:
        self.rows = [
            {
                "index": i,
                "formula": formula_text(self._entries[i].formula),
                "id": self._entries[i].id,
                "atoms": self._entries[i].n_atoms,
            }
            for i in self._fitting[self.first : self.first + PAGE]
        ]

    def describe(self) -> str:
        """The list, in words."""
        shown = f" that fit {self.query!r}" if self.query else ""
        return f"{self.found} of {self.available} crystals{shown}."
