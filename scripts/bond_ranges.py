"""Nearest neighbours and volumes of the embedded crystals, for the cautions about strange ones.

    python scripts/bond_ranges.py

Writes deepdos_nb/crystal/bond_ranges.json. By element: the least and largest distance to a nearest
neighbour over the sum of covalent radii, and a volume per atom, such that a cell's volume is about
the sum over its atoms (least misfit of logarithms, outliers counted less). And the band of a
cell's volume over that sum which holds 99 % of the crystals, solid noble gases left out.

To be run when weights are trained on a larger set: cautions tell what the weights have not seen.
"""

from __future__ import annotations

import json

import numpy as np
from pymatgen.core import Element
from scipy.optimize import least_squares

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.files import write_text
from deepdos_nb.core.grids import GRIDS
from deepdos_nb.crystal.distances import NOBLE_GASES, RANGES, default_volumes, nearest
from deepdos_nb.data.sources.embedded import load_embedded

SMALLEST = 2.0
"""Å³; hydrogen's covalent sphere is no measure of the room it takes."""

PULL = 0.05
"""Weight of an element's default volume, for elements that few crystals hold."""


def main() -> None:
    structures = [
        record.structure
        for kind in GRIDS
        for records in load_embedded(kind).values()
        for record in records
        if not NOBLE_GASES.issuperset(map(str, record.structure.elements))
    ]
    ratios: dict[str, list[float]] = {}
    for structure in structures:
        for site, ratio in zip(structure, nearest(structure).ratio, strict=True):
            ratios.setdefault(site.specie.symbol, []).append(float(ratio))
    symbols = sorted(ratios)
    atoms = np.array([[s.composition[e] for e in symbols] for s in structures])
    volume = np.array([s.volume for s in structures])
    default = np.maximum(SMALLEST, default_volumes())[[Element(e).Z for e in symbols]]

    def misfit(logarithm: Array) -> Array:
        made = np.log(atoms @ np.exp(logarithm) / volume)
        return np.concatenate([made, PULL * (logarithm - np.log(default))])

    found = least_squares(misfit, np.log(default), loss="soft_l1", f_scale=0.1)
    atomic = np.exp(found.x)
    band = np.percentile(volume / (atoms @ atomic), [0.5, 99.5])
    table = {
        "crystals": {kind: sum(map(len, load_embedded(kind).values())) for kind in GRIDS},
        "volume": [floor(band[0]), ceil(band[1])],
        "atomic_volume": {e: round(float(v), 2) for e, v in zip(symbols, atomic, strict=True)},
        "nearest": {e: [floor(min(r)), ceil(max(r))] for e, r in sorted(ratios.items())},
    }
    write_text(RANGES, json.dumps(table, indent=1) + "\n")


def floor(value: float) -> float:
    return float(np.floor(value * 1000) / 1000)


def ceil(value: float) -> float:
    return float(np.ceil(value * 1000) / 1000)


if __name__ == "__main__":
    main()
