"""What a list shows of crystals, and how they are found in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deepdos_nb.crystal.names import known_as

if TYPE_CHECKING:
    from pymatgen.core import Structure

SYMBOL = re.compile(r"[A-Z][a-z]?$")


@dataclass(frozen=True)
class Entry:
    """What a list shows of an item.

    Parameters
    ----------
    id : str
        Name, identifier or file name.
    formula : str
        Reduced formula; empty where the item must be read to know it.
    n_atoms : int
        Atoms per cell; 0 where unknown.
    elements : tuple of str
    part : {"train", "valid", "test", ""}
        Of its data set, where that has parts.
    """

    id: str
    formula: str
    n_atoms: int
    elements: tuple[str, ...]
    part: str = ""


def entry_of(structure: Structure, name: str) -> Entry:
    """Entry of a structure that has been read."""
    composition = structure.composition
    return Entry(
        name,
        known_as(structure),
        len(structure),
        tuple(e.symbol for e in composition.elements),
    )


def matches(entries: Sequence[Entry], query: str) -> list[int]:
    """Indices of the entries that fit every word of a query.

    A word that is an element's symbol asks for that element (``Si`` does not find SiC's neighbour
    Sm); several joined by hyphens ask for exactly this set (``Mg-O``); any other word is looked for
    in formula and identifier, whatever its case.
    """
    found = list(range(len(entries)))
    for word in query.split():
        parts = word.split("-")
        if all(map(_is_element, parts)):
            wanted = set(parts)
            fits = wanted.issubset if len(parts) == 1 else wanted.__eq__
            found = [i for i in found if fits(set(entries[i].elements))]
        else:
            text = word.lower()
            found = [i for i in found if text in f"{entries[i].formula} {entries[i].id}".lower()]
    return found


def _is_element(word: str) -> bool:
    from ase.data import atomic_numbers

    return bool(SYMBOL.match(word)) and atomic_numbers.get(word, 0) > 0
