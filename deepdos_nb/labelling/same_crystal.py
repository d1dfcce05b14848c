"""Whether two crystals are the same, and whether a stored label can be that of a crystal."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.grids import Kind
from deepdos_nb.data.label_shards import Outline

if TYPE_CHECKING:
    from pymatgen.core import Structure

CLOSE = 1e-3
"""Å along the lattice vectors, and as a fraction of them for atoms: what writing a file rounds."""


class Cell(NamedTuple):
    """What makes a crystal: lattice vectors as rows (Å), atomic numbers, fractional coordinates."""

    lattice: Array
    numbers: Array
    frac: Array


def cell_of(structure: Structure) -> Cell:
    """The arrays of a structure, which are a small part of it."""
    numbers = np.array(structure.atomic_numbers)
    return Cell(structure.lattice.matrix, numbers, structure.frac_coords)


def same_crystal(one: Cell, other: Cell) -> bool:
    """Whether two cells are the same, atom by atom, within rounding."""
    if not np.array_equal(one.numbers, other.numbers):
        return False
    apart = one.frac - other.frac
    apart -= np.round(apart)
    return bool(
        np.allclose(one.lattice, other.lattice, rtol=0, atol=CLOSE) and np.abs(apart).max() < CLOSE
    )


def could_be_of(label: Outline, structure: Structure, kind: Kind) -> bool:
    """Whether a stored label can be that of a crystal.

    The cell of electrons is the one that was asked for. That of phonons is primitive and relaxed:
    only its composition is known to be the same.
    """
    cell = cell_of(structure)
    if kind == Kind.edos:
        return same_crystal(cell, Cell(label.lattice, label.numbers, label.frac))
    return _reduced(cell.numbers) == _reduced(label.numbers)


def _reduced(numbers: Array) -> dict[int, int]:
    """Atoms of each element in the smallest whole numbers."""
    counts = Counter(numbers.tolist())
    common = math.gcd(*counts.values())
    return {element: count // common for element, count in counts.items()}
