"""CuPtFeCoNi, five metals at random on one fcc lattice, in a cell of ten or twenty atoms.

A small cell cannot be random, but its pairs can be spread as evenly as in a random crystal: a
special quasi-random structure (Zunger et al., Phys. Rev. Lett. 65, 353, 1990). Atoms are swapped
as long as that brings the pairs of the nearest shells closer to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import ConfigError

if TYPE_CHECKING:
    from pymatgen.core import Structure

METALS = ("Cu", "Pt", "Fe", "Co", "Ni")
LATTICE_CONSTANT = 3.66
"""Å, of the fcc lattice; SevenNet 7net-l3i5 has the least energy there for the cell of twenty."""
CELLS = {
    10: np.array([[1, 0, 1], [-2, 1, 2], [0, -2, 2]]),
    20: np.array([[-1, 0, -2], [-3, 2, 0], [0, 3, -1]]),
}
"""Vectors of the most compact cells over those of the primitive fcc cell, by number of atoms."""
SEEDS = {10: 1, 20: 0}
"""Of the cells of the case study: among a few, those with the most even nearest neighbours."""
PRIMITIVE = np.array([[0.0, 0.5, 0.5], [0.5, 0.0, 0.5], [0.5, 0.5, 0.0]])
SHELLS = (0.5**0.5, 1.0, 1.5**0.5)
"""Distances of the first three shells of neighbours over the lattice constant."""
WEIGHTS = (1.0, 0.5, 0.25)
SWAPS = 3000


def quasi_random(
    atoms: int = 20, *, seed: int = 0, swaps: int = SWAPS, a: float = LATTICE_CONSTANT
) -> Structure:
    """A cell whose pairs come close to those of the random alloy.

    Parameters
    ----------
    atoms : {10, 20}
        Few atoms cannot have all pairs: in a cell of ten, some are missing in the second shell.
    seed : int
    swaps : int
        Swaps tried; 0 leaves the atoms as they were drawn.
    a : float
        Lattice constant, Å.

    Returns
    -------
    Structure
        On the ideal lattice, as many atoms of each metal.

    Raises
    ------
    ConfigError
        If there is no cell of so many atoms.
    """
    from pymatgen.core import Lattice, Structure

    if atoms not in CELLS:
        raise ConfigError(f"there is no cell of {atoms} atoms.", remedy=f"Use one of {[*CELLS]}.")
    lattice = Lattice(a * CELLS[atoms] @ PRIMITIVE)
    places = _places(CELLS[atoms])
    empty = Structure(lattice, ["Cu"] * len(places), places)
    shells = neighbours(empty, a)
    random = np.random.default_rng(seed)
    kinds = random.permutation(np.arange(len(places)) % len(METALS))
    best = _unevenness(kinds, shells)
    for _ in range(swaps):
        i, j = random.integers(len(kinds), size=2)
        kinds[[i, j]] = kinds[[j, i]]
        tried = _unevenness(kinds, shells)
        if tried <= best:
            best = tried
        else:
            kinds[[i, j]] = kinds[[j, i]]
    order = np.argsort(kinds, kind="stable")
    return Structure(lattice, [METALS[kinds[i]] for i in order], places[order])


def neighbours(structure: Structure, a: float = LATTICE_CONSTANT) -> list[tuple[Array, Array]]:
    """Centres and neighbours of every pair, one entry for each of the shells."""
    centres, others, _, lengths = structure.get_neighbor_list(SHELLS[-1] * a + 0.1)
    masks = [np.abs(lengths - shell * a) < 0.1 for shell in SHELLS]
    return [(centres[near], others[near]) for near in masks]


def short_range_order(structure: Structure, a: float = LATTICE_CONSTANT) -> Array:
    """Warren-Cowley parameters, 1 - P(B near A) / c(B).

    Zero where a shell is as in the random alloy, 1 where A has no B beside it, negative where it
    has too many.

    Returns
    -------
    ndarray, shape (n_shells, n_metals, n_metals)
    """
    kinds = np.array([METALS.index(site.specie.symbol) for site in structure])
    return np.array([1.0 - len(METALS) ** 2 * _pairs(kinds, s) for s in neighbours(structure, a)])


def _places(cell: Array) -> Array:
    """Fractions of the lattice points in a cell."""
    reach = np.arange(-6, 7)
    points = np.stack(np.meshgrid(reach, reach, reach, indexing="ij"), axis=-1).reshape(-1, 3)
    fractions = points @ np.linalg.inv(cell)
    inside = np.all((fractions > -1e-9) & (fractions < 1 - 1e-9), axis=1)
    return fractions[inside]


def _pairs(kinds: Array, shell: tuple[Array, Array]) -> Array:
    """Share of every ordered pair of metals in a shell."""
    counts = np.zeros((len(METALS), len(METALS)))
    np.add.at(counts, (kinds[shell[0]], kinds[shell[1]]), 1.0)
    return counts / counts.sum()


def _unevenness(kinds: Array, shells: list[tuple[Array, Array]]) -> float:
    even = 1.0 / len(METALS) ** 2
    return float(
        sum(
            w * ((_pairs(kinds, s) - even) ** 2).sum() for w, s in zip(WEIGHTS, shells, strict=True)
        )
    )
