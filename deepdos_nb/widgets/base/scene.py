"""The atoms of one cell as a viewer needs them: in standard form, with images on the boundary.

Viewers of proteins put a crystal's cell with *a* along x and *b* in the xy plane, and draw the cell
they are told, not the one the coordinates came in. So coordinates are made here from the fractional
ones and that very cell; otherwise atoms and cell would be rotated against each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.nearby import pairs_to_compare
from deepdos_nb.widgets.base.cells import CellName, conventional_cell, given_cell

if TYPE_CHECKING:
    from pymatgen.core import Lattice, Structure

ON_FACE = 0.1
"""Atoms closer than this to a face of the cell, Å, are drawn on the opposite face too."""

BOND_SLACK = 1.25
"""Atoms are joined only within this factor of the sum of their covalent radii …"""

SHELL = 1.15
"""… and within this factor of the distance to the nearest neighbour of one of the two."""

SHORT_AXIS = 3.5
"""Cells are drawn twice along axes shorter than this, Å; one bond alone shows no crystal."""

MAX_REPEATED = 12
"""Cells with more atoms than this are drawn once."""

MAX_PDB_ATOMS = 99_999
"""Serial numbers of the PDB format have five digits."""


def standard_cell(lattice: Lattice) -> Array:
    """Cell vectors with *a* along x and *b* in the xy plane, rows, Å, shape (3, 3)."""
    a, b, c = lattice.abc
    alpha, beta, gamma = np.radians(lattice.angles)
    cx = np.cos(beta)
    cy = (np.cos(alpha) - np.cos(beta) * np.cos(gamma)) / np.sin(gamma)
    cz = np.sqrt(max(1.0 - cx**2 - cy**2, 0.0))
    return np.array(
        [[a, 0, 0], [b * np.cos(gamma), b * np.sin(gamma), 0], [c * cx, c * cy, c * cz]]
    )


@dataclass(frozen=True)
class Scene:
    """What is drawn: the atoms of a cell and their images on its boundary.

    Parameters
    ----------
    cell : ndarray, shape (3, 3)
        Cell vectors in standard form, rows, Å.
    repeat : tuple of int
        How many cells are drawn along each axis.
    positions : ndarray, shape (n_atoms, 3)
        Å; the atoms of the cell first, in the structure's order, then the images.
    site : ndarray of int, shape (n_atoms,)
        Site of the structure each drawn atom stands for.
    symbols : tuple of str, length n_sites
    radii : ndarray, shape (n_sites,)
        Covalent radii, Å.
    metal : ndarray of bool, shape (n_sites,)
    """

    cell: Array
    repeat: tuple[int, int, int]
    positions: Array
    site: Array
    symbols: tuple[str, ...]
    radii: Array
    metal: Array

    @property
    def edges(self) -> Array:
        """Ends of the twelve edges of one cell, Å, shape (12, 2, 3)."""
        corners = list(product((0, 1), repeat=3))
        ends = [
            (a, b)
            for i, a in enumerate(corners)
            for b in corners[i + 1 :]
            if sum(map(abs, np.subtract(a, b))) == 1
        ]
        return np.array(ends) @ self.cell

    @cached_property
    def bonds(self) -> Array:
        """Pairs of drawn atoms to be joined by a stick, shape (n_bonds, 2); see `joined`."""
        return joined(self.positions, self.radii[self.site], self.metal[self.site])

    def pdb(self) -> str:
        """The scene as PDB text, bonds as CONECT records."""
        lengths = np.linalg.norm(self.cell, axis=1)
        unit = self.cell / lengths[:, None]
        angles = np.degrees(
            [np.arccos(np.clip(unit[i] @ unit[j], -1, 1)) for i, j in ((1, 2), (0, 2), (0, 1))]
        )
        cell = "".join(f"{v:9.3f}" for v in lengths) + "".join(f"{v:7.2f}" for v in angles)
        lines = [f"CRYST1{cell} P 1           1"]
        for serial, (place, site) in enumerate(zip(self.positions, self.site, strict=True), 1):
            symbol = self.symbols[site]
            x, y, z = place
            lines.append(
                f"HETATM{serial:5d} {symbol:<4s} UNK A{site % 9999 + 1:4d}    "
                f"{x:8.3f}{y:8.3f}{z:8.3f}  1.00  0.00          {symbol.upper():>2s}"
            )
        lines += [f"CONECT{i + 1:5d}{j + 1:5d}" for i, j in self.bonds]
        return "\n".join([*lines, "END", ""])


def joined(positions: Array, size: Array, metal: Array) -> Array:
    """Pairs of atoms with a bond between them, shape (n_bonds, 2).

    Two metals are joined only where there is nothing but metals: their large radii would
    otherwise draw sticks between cations.

    Parameters
    ----------
    positions : ndarray, shape (n_atoms, 3)
        Å.
    size : ndarray, shape (n_atoms,)
        Covalent radii, Å.
    metal : ndarray of bool, shape (n_atoms,)
    """
    reach = 2 * BOND_SLACK * float(size.max())
    first, second = pairs_to_compare(positions, reach).T
    if not metal.all():
        keep = ~(metal[first] & metal[second])
        first, second = first[keep], second[keep]
    distance = np.linalg.norm(positions[first] - positions[second], axis=1)
    nearest = np.full(len(size), np.inf)
    np.minimum.at(nearest, first, distance)
    np.minimum.at(nearest, second, distance)
    near = (distance < BOND_SLACK * (size[first] + size[second])) & (
        distance < SHELL * np.maximum(nearest[first], nearest[second])
    )
    return np.stack([first[near], second[near]], axis=1)


def build_scene(structure: Structure, cell: CellName = "given", *, across: bool = False) -> Scene:
    """Put a structure's cell in standard form and add the images on its boundary.

    Parameters
    ----------
    structure : pymatgen Structure
    cell : {"given", "conventional", "2×2×2"}
        What is drawn of it; the conventional cell only where it is larger than the given one.
    across : bool
        Draw the partners of bonds that cross the boundary as well.

    Returns
    -------
    Scene
    """
    from ase.data import covalent_radii

    conventional = conventional_cell(structure) if cell == "conventional" else None
    lattice, fractional, own = conventional or given_cell(structure)
    standard = standard_cell(lattice)
    few = len(own) <= MAX_REPEATED
    twice = [cell == "2×2×2" or (few and length < SHORT_AXIS) for length in lattice.abc]
    repeat = (1 + twice[0], 1 + twice[1], 1 + twice[2])
    # Heights of the cell over its faces turn a distance in Å into a fraction.
    slack = ON_FACE * np.linalg.norm(np.linalg.inv(standard), axis=0)
    # An atom a rounding error below a face belongs on the near side, with its image on the far.
    fractional = np.where(fractional > 1.0 - slack, fractional - 1.0, fractional)
    places, sites = [*fractional], [*own]
    for i, place in enumerate(fractional):
        # One more image on the far boundary for what lies on the near one.
        choices = [range(r + (abs(p) < s)) for p, s, r in zip(place, slack, repeat, strict=True)]
        for shift in list(product(*choices))[1:]:
            places.append(place + shift)
            sites.append(own[i])
    species = [site.specie for site in structure]
    radii = covalent_radii[[s.Z for s in species]]
    metal = np.array([s.is_metal for s in species])
    positions, drawn = np.array(places), np.array(sites)
    if across:
        shifts = np.array(list(product(*(range(-1, r + 1) for r in repeat))))
        outer = (fractional[:, None] + shifts).reshape(-1, 3)
        origin = np.repeat(own, len(shifts))
        beyond = _partners(positions @ standard, outer @ standard, drawn, origin, radii, metal)
        positions = np.concatenate([positions, outer[beyond]])
        drawn = np.concatenate([drawn, origin[beyond]])
    return Scene(
        cell=standard,
        repeat=repeat,
        positions=positions[:MAX_PDB_ATOMS] @ standard,
        site=drawn[:MAX_PDB_ATOMS],
        symbols=tuple(s.symbol for s in species),
        radii=radii,
        metal=metal,
    )


def _partners(
    drawn: Array, outer: Array, drawn_site: Array, outer_site: Array, radii: Array, metal: Array
) -> Array:
    """Which of the outer atoms are bonded to a drawn one and not drawn yet, as indices."""
    from scipy.spatial import KDTree  # late: only where bonds cross the cell's faces

    free = np.flatnonzero(KDTree(drawn).query(outer)[0] > ON_FACE)
    site = np.concatenate([drawn_site, outer_site[free]])
    pairs = joined(np.concatenate([drawn, outer[free]]), radii[site], metal[site])
    crossing = pairs[(pairs[:, 0] < len(drawn)) & (pairs[:, 1] >= len(drawn))]
    return free[np.unique(crossing[:, 1]) - len(drawn)]
