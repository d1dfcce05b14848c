"""`MaterialList`: a list of crystals with a search box, quick for thousands of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import anywidget
import traitlets as t

from deepdos_nb.style.axes import formula_text
from deepdos_nb.widgets.base.view import asset, shows_errors
from deepdos_nb.widgets.explorer.search import Entry, matches

PARTS = {
    "train": "crystals that models learnt from",
    "valid": "crystals that settings were chosen on",
    "test": "crystals that no model shown has learnt from",
}
"""Parts of a data set, and what they hold."""

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

    part = t.Unicode("").tag(sync=True)
    """Part of the data set that is listed; empty for all of it."""

    parts: t.List[Any] = t.List().tag(sync=True)
    """One dict per part of the data set: key, count, hint; empty where it has none."""

    selected = t.Int(-1).tag(sync=True)
    """Index of the open crystal in its data set; -1 is none."""

    first = t.Int(0).tag(sync=True)
    """Place of the first row of this page among all that were found."""

    rows: t.List[Any] = t.List().tag(sync=True)
    """One dict per row of this page: index, formula, id, atoms (0: unknown), part."""

    found = t.Int(0).tag(sync=True)
    """How many crystals fit the query."""

    available = t.Int(0).tag(sync=True)
    """How many crystals there are."""

    serial = t.Int(0).tag(sync=True)
    """Number of this list; a click that comes late names the one before."""

    error = t.Unicode("").tag(sync=True)
    """What went wrong in the last callback; shown under the list."""

    def __init__(self, **options: Any) -> None:
        self._entries: list[Entry] = []
        self._fitting: list[int] = []
        super().__init__(**options)
        self.on_msg(self._picked)
        self.observe(self._search, names=["query", "part"])
        self.observe(self._page, names="first")

    def fill(self, entries: Sequence[Entry]) -> None:
        """Show these crystals instead, with an empty query and none selected.

        Where they are divided into parts, the list opens on what no model has learnt from.
        """
        self._entries = list(entries)
        counts = Counter(entry.part for entry in self._entries)
        with self.hold_sync():
            self.serial += 1
            self.parts = [
                {"key": part, "count": counts[part], "hint": hint}
                for part, hint in PARTS.items()
                if counts[part]
            ]
            self.query, self.selected = "", -1
            self.part = "test" if counts["test"] else ""
            self._search()

    @shows_errors
    def _picked(self, _: Any, message: Any, __: Any) -> None:
        if not isinstance(message, dict) or message.get("serial") != self.serial:
            return  # a row of a list that is gone; the same place here is another crystal
        index = message.get("pick")
        if isinstance(index, int) and 0 <= index < len(self._entries):
            self.selected = index

    @property
    def fitting(self) -> tuple[int, ...]:
        """Indices of all crystals that fit the query, in order."""
        return tuple(self._fitting)

    @t.validate("part")
    def _known_part(self, proposal: Any) -> str:
        known = [part["key"] for part in self.parts]
        if proposal["value"] and proposal["value"] not in known:
            raise t.TraitError(f"no part {proposal['value']!r} here; there are {known}.")
        return str(proposal["value"])

    @t.validate("first")
    def _start_of_a_page(self, proposal: Any) -> int:
        last = max(len(self._fitting) - 1, 0) // PAGE * PAGE
        return min(max(int(proposal["value"]), 0) // PAGE * PAGE, last)

    @shows_errors
    def _search(self, _: Any = None) -> None:
        found = matches(self._entries, self.query)
        self._fitting = [i for i in found if self.part in ("", self._entries[i].part)]
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
                "part": self._entries[i].part,
            }
            for i in self._fitting[self.first : self.first + PAGE]
        ]

    def describe(self) -> str:
        """The list, in words."""
        shown = f" that fit {self.query!r}" if self.query else ""
        part = f" of the {self.part} part" if self.part else ""
        return f"{self.found} of {self.available} crystals{part}{shown}."
