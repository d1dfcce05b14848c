"""How close atoms are, measured against the sums of their covalent radii.

Radii are those of Cordero et al. (Dalton Trans. 2008, 2832), as gemmi tabulates them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from deepdos_nb.core.arrays import Array

if TYPE_CHECKING:
    from pymatgen.core import Lattice, Structure

RANGES = Path(__file__).with_name("bond_ranges.json")
"""What the embedded crystals hold; `scripts/bond_ranges.py` writes it."""

SEARCH = (3.0, 7.0)
"""Å; nearest neighbours are looked for within the first, and where one is missing the second."""

MIN_VOLUME = 0.5
"""Cells with less volume per atom count as flat, Å³; diamond, the densest, has 5.7 Å³."""

MAX_IMAGES = 200_000
"""Cells around the first one that a search for neighbours may touch."""

NOBLE_GASES = frozenset({"He", "Ne", "Ar", "Kr", "Xe", "Rn"})
"""Nothing else crystallises without bonds, at any volume."""

PACKING = 1.6
"""Usual volume of an atom over that of its covalent sphere; the embedded crystals' median."""


class Nearest(NamedTuple):
    """Nearest neighbours of every atom.

    ratio : ndarray, shape (n,)
        Distance over the sum of covalent radii, the least over the neighbours of each atom;
        infinite without a neighbour within 7 Å.
    pair : (i, j, distance, ratio)
        The pair with the least ratio; None if there is none.
    """

    ratio: Array
    pair: tuple[int, int, float, float] | None


@cache
def covalent_radii() -> Array:
    """Covalent radius of every element in Å, shape (119,); row 0 is unused."""
    import gemmi

    return np.array([gemmi.Element(z).covalent_r for z in range(119)])


def searchable(lattice: Lattice) -> bool:
    """Whether a search for neighbours stays small: not in needles of a thousandth of an Å."""
    # Rows of the inverse's transpose stand on the faces; they are as long as one over the height.
    heights = 1.0 / np.linalg.norm(np.linalg.inv(lattice.matrix), axis=0)
    return bool(np.prod(2 * SEARCH[1] / heights + 3) < MAX_IMAGES)


def nearest(structure: Structure) -> Nearest:
    """Find the nearest neighbours of every atom, its own images included."""
    radii = covalent_radii()[np.asarray(structure.atomic_numbers)]
    for radius in SEARCH:
        first, second, _, distance = structure.get_neighbor_list(radius, exclude_self=True)
        ratio = distance / (radii[first] + radii[second])
        best = np.full(len(structure), np.inf)
        np.minimum.at(best, first, ratio)
        if np.isfinite(best).all():
            break
    if not len(ratio):
        return Nearest(best, None)
    k = int(np.argmin(ratio))
    return Nearest(best, (int(first[k]), int(second[k]), float(distance[k]), float(ratio[k])))


def bond_lengths(lattice: Lattice, symbols: Sequence[str], position: Array) -> Array:
    """All distances up to 3 Å over the sums of covalent radii, in rising order.

    None in cells so crowded that they are refused anyway: there would be billions.
    """
    from pymatgen.core import Structure

    if lattice.volume < MIN_VOLUME * len(symbols) or not searchable(lattice):
        return np.empty(0)
    structure = Structure(lattice, symbols, position)
    radii = covalent_radii()[np.asarray(structure.atomic_numbers)]
    first, second, _, distance = structure.get_neighbor_list(SEARCH[0], exclude_self=True)
    return np.sort(distance / (radii[first] + radii[second]))


class Seen(NamedTuple):
    """What training crystals hold.

    nearest : dict of (least, largest) by element
        Distances to nearest neighbours, over the sum of covalent radii.
    volume : (low, high)
        Band of `volume_ratio` that holds 99 % of them.
    atomic_volume : ndarray, shape (119,), Å³
    """

    nearest: dict[str, tuple[float, float]]
    volume: tuple[float, float]
    atomic_volume: Array


@cache
def seen() -> Seen:
    """What training crystals hold, as `scripts/bond_ranges.py` found it."""
    import gemmi

    stored = json.loads(RANGES.read_text("utf-8"))
    volumes = default_volumes()
    for element, volume in stored["atomic_volume"].items():
        volumes[gemmi.Element(element).atomic_number] = volume
    low, high = stored["volume"]
    ranges = {e: (least, most) for e, (least, most) in stored["nearest"].items()}
    return Seen(ranges, (low, high), volumes)


def default_volumes() -> Array:
    """Volume of an atom where no training crystal tells it, Å³, shape (119,)."""
    return PACKING * 4 / 3 * np.pi * covalent_radii() ** 3


def volume_ratio(structure: Structure) -> float:
    """Volume of the cell over the sum of its atoms' usual volumes."""
    return float(structure.volume / seen().atomic_volume[list(structure.atomic_numbers)].sum())
