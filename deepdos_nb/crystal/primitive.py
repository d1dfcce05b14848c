"""The smallest cell of a crystal: lattice dynamics wants each atom once, whatever cell it came in.

A supercell, or another choice of cell, must not change a spectrum. So lattice dynamics is done in
one cell: translations that map the crystal onto itself are found first, and the lattice they span
is reduced after Niggli, whose cell is unique up to its orientation.
"""

from __future__ import annotations

import logging
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.crystal.graph import CrystalGraph

if TYPE_CHECKING:
    from moyopy import MoyoDataset
    from pymatgen.core import Structure

TRANSLATION_TOLERANCE = 1e-3
"""Å within which a translated atom must meet its like."""


@dataclass(frozen=True)
class PrimitiveCell:
    """A primitive cell and where the atoms of the cell it was found in went.

    Parameters
    ----------
    graph : CrystalGraph
        One node for each atom of the primitive cell; `vector` tells its edges' senders apart.
    lattice : ndarray, shape (3, 3)
        Reduced vectors as rows, Å, in the orientation of the cell it was found in.
    member : ndarray of int, shape (n_atoms,)
        Node of each atom of that cell.
    orbit : ndarray of int, shape (n_nodes,)
        Symmetry orbit of each node.
    rotations : ndarray of int, shape (n_rotations, 3, 3)
        Of the crystal's space group, acting on fractional coordinates of `lattice` as columns.
    partner : ndarray of int, shape (n_nodes,), optional
        Where inversion takes each node; None where the crystal has no centre.
    """

    graph: CrystalGraph
    lattice: Array
    member: Array
    orbit: Array
    rotations: Array
    partner: Array | None = None

    @property
    def orbits(self) -> Array:
        """Symmetry orbit of each atom of the cell it was found in, shape (n_atoms,)."""
        orbits: Array = self.orbit[self.member]
        return orbits


def primitive_cell(structure: Structure, graph: CrystalGraph) -> PrimitiveCell:
    """Find the primitive cell of a crystal whose graph is known.

    Where no translation is found, or the search fails, the cell given is its own primitive cell.

    Parameters
    ----------
    structure : pymatgen Structure
    graph : CrystalGraph
        Of all its atoms, as `build_graph` makes it.
    """
    import spglib

    given = np.asarray(structure.lattice.matrix, dtype=float)
    lattice = given
    member: Array = np.arange(len(structure))
    orbit: Array = np.arange(len(structure))
    rotations: Array = np.eye(3, dtype=int)[None]
    partner: Array | None = None
    found = space_group(structure)
    if found is not None:
        smaller = np.asarray(found.prim_std_linear).T @ given
        found_member = _numbered(np.asarray(found.mapping_std_prim))
        copies = np.bincount(found_member)
        # Each atom of a primitive cell has as many copies as that cell fits into the other.
        if (copies == round(volume(given) / volume(smaller))).all():
            member, lattice = found_member, smaller
            orbit, rotations = np.asarray(found.orbits), np.asarray(found.operations.rotations)
            partner = _inverted(structure.frac_coords, found, member)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reduced = spglib.niggli_reduce(lattice)
    if reduced is not None:
        lattice = np.asarray(reduced)
    first = np.unique(member, return_index=True)[1]
    return PrimitiveCell(
        graph.quotient(member),
        lattice,
        member,
        _numbered(orbit[first]),
        _in_basis(rotations, given, lattice),
        partner,
    )


def space_group(
    structure: Structure, tolerance: float = TRANSLATION_TOLERANCE
) -> MoyoDataset | None:
    """Data set of the space group; None where the search fails.

    Parameters
    ----------
    structure : pymatgen Structure
    tolerance : float
        Å within which an atom must meet its like.
    """
    import moyopy

    # It tells of operations that a supercell's own vectors break: they are not needed.
    logging.getLogger("moyo").setLevel(logging.ERROR)
    rows = (structure.lattice.matrix.tolist(), structure.frac_coords.tolist())
    try:
        return moyopy.MoyoDataset(
            moyopy.Cell(*rows, list(structure.atomic_numbers)), symprec=tolerance
        )
    except ValueError:
        return None


def _inverted(place: Array, found: MoyoDataset, member: Array) -> Array | None:
    """Node that inversion takes each node to."""
    inversions = (np.asarray(found.operations.rotations) == -np.eye(3)).all(axis=(1, 2))
    if not inversions.any():
        return None
    shift = np.asarray(found.operations.translations)[inversions.argmax()]
    first = np.unique(member, return_index=True)[1]
    apart = (shift - place[first])[:, None] - place
    nearest = np.abs(apart - np.rint(apart)).max(axis=2).argmin(axis=1)
    partner: Array = member[nearest]
    return partner


def _numbered(groups: Array) -> Array:
    """The same groups, numbered from zero in the order in which they appear."""
    _, first, inverse = np.unique(groups, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=int)
    rank[np.argsort(first)] = np.arange(len(first))
    numbered: Array = rank[inverse]
    return numbered


def _in_basis(rotations: Array, old: Array, new: Array) -> Array:
    """Rotations of fractional coordinates, in another basis of the same lattice, without copies."""
    # r = Aᵀ x, so x_new = B⁻ᵀ Aᵀ x_old.
    change = np.linalg.inv(new).T @ old.T
    turned = np.rint(change @ rotations @ np.linalg.inv(change)).astype(int)
    return np.unique(turned, axis=0)


def volume(lattice: Array) -> float:
    """Volume of a cell, Å³."""
    return abs(float(np.linalg.det(lattice)))
