"""The path through the Brillouin zone that bands are drawn along."""

from __future__ import annotations

import warnings
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from deepdos_nb.core.arrays import Array

if TYPE_CHECKING:
    from pymatgen.core import Structure

POINTS = 160
"""Wave vectors along the whole path, about."""

Ticks = tuple[tuple[float, str], ...]
"""Place and name of the points of high symmetry."""


class BandPath(NamedTuple):
    """Wave vectors through the points of high symmetry.

    k : ndarray, shape (n_k, 3), Å⁻¹
    distance : ndarray, shape (n_k,), place of each on the path, Å⁻¹
    ticks : names and places of the corners
    cell : Structure, the standard primitive cell that they belong to
    """

    k: Array
    distance: Array
    ticks: Ticks
    cell: Structure


def band_path(structure: Structure) -> BandPath:
    """Find the path of a crystal, after Setyawan and Curtarolo (Comput. Mater. Sci. 49, 299)."""
    from pymatgen.symmetry.bandstructure import HighSymmKpath

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = HighSymmKpath(structure, symprec=1e-2)
        standard = found.prim
        named: dict[str, Any] = found.kpath
    reciprocal = 2 * np.pi * np.linalg.inv(standard.lattice.matrix).T
    corners = {name: np.asarray(p) @ reciprocal for name, p in named["kpoints"].items()}
    pairs = [(a, b) for part in named["path"] for a, b in pairwise(part)]
    lengths = [float(np.linalg.norm(corners[b] - corners[a])) for a, b in pairs]
    k, distance, ticks, start = [], [], [(0.0, pairs[0][0])], 0.0
    for (a, b), length in zip(pairs, lengths, strict=True):
        n = max(2, round(POINTS * length / sum(lengths)))
        part = np.linspace(0.0, 1.0, n)
        k.append(corners[a] + part[:, None] * (corners[b] - corners[a]))
        distance.append(start + part * length)
        # Where the path jumps, one place has two names.
        if ticks[-1][1] != a:
            ticks[-1] = (ticks[-1][0], f"{ticks[-1][1]}|{a}")
        start += length
        ticks.append((start, b))
    return BandPath(np.concatenate(k), np.concatenate(distance), tuple(ticks), standard)
