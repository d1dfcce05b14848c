"""Which part of a crystal is drawn: the cell as it is given, its conventional cell, or eight."""

from __future__ import annotations

import warnings
from itertools import product
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

import numpy as np

from deepdos_nb.core.arrays import Array

if TYPE_CHECKING:
    from pymatgen.core import Lattice, Structure

CellName = Literal["given", "conventional", "2×2×2"]
CELLS: tuple[CellName, ...] = get_args(CellName)

MOST_DOUBLED = 100
"""Cells with more atoms than this are not drawn eight times."""

SAME = 1e-4
"""Fractional coordinates closer than this are the same."""

SYMPREC = 0.01
"""Å; as spglib's symmetry is asked for everywhere else."""


class Cell(NamedTuple):
    """Lattice, fractional coordinates of the atoms in it, and the site each of them stands for."""

    lattice: Lattice
    fractional: Array
    site: Array


def given_cell(structure: Structure) -> Cell:
    """The cell of the structure itself."""
    places = np.asarray(structure.frac_coords) % 1.0
    return Cell(structure.lattice, places, np.arange(len(structure)))


def conventional_cell(structure: Structure) -> Cell | None:
    """The standard conventional cell in the structure's own orientation.

    None where it is not larger than the cell that is given, or spglib finds no symmetry.
    """
    import spglib
    from pymatgen.core import Lattice

    numbers = [site.specie.Z for site in structure]
    cell: Any = (structure.lattice.matrix, structure.frac_coords, numbers)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # spglib announces changes of its own interface
        found = spglib.get_symmetry_dataset(cell, symprec=SYMPREC)
    if found is None:
        return None
    # spglib: x_s = P x + p, and the columns (a_s b_s c_s) = (a b c) P⁻¹.
    matrix, shift = np.asarray(found.transformation_matrix), np.asarray(found.origin_shift)
    back = np.linalg.inv(matrix)
    ratio = float(np.linalg.det(back))
    if ratio < 1.5:
        return None
    corners = (np.array(list(product((0, 1), repeat=3))) - shift) @ back.T
    low = np.floor(corners.min(axis=0)).astype(int) - 1
    high = np.ceil(corners.max(axis=0)).astype(int) + 1
    moves = np.array(list(product(*map(range, low, high + 1))))
    places = np.asarray(structure.frac_coords)[:, None] % 1.0 + moves
    standard = places @ matrix.T + shift
    inside = ((standard > -SAME) & (standard < 1 - SAME)).all(axis=-1)
    site = np.nonzero(inside)[0]
    if len(site) != round(len(structure) * ratio):
        return None
    return Cell(Lattice((structure.lattice.matrix.T @ back).T), standard[inside] % 1.0, site)


def cells_of(structure: Structure) -> list[CellName]:
    """Cells that can be drawn of a structure, as it is given first."""
    names: list[CellName] = ["given"]
    if conventional_cell(structure) is not None:
        names.append("conventional")
    if len(structure) <= MOST_DOUBLED:
        names.append("2×2×2")
    return names
