"""Nearest neighbours and volumes of the embedded crystals, for the cautions about strange ones.

    python scripts/bond_ranges.py

Writes deepdos_nb/crystal/bond_ranges.json: by element, the least and largest distance to a nearest
neighbour over the sum of covalent radii; and the same range of volumes over those of the atoms,
solid noble gases left out.
"""

from __future__ import annotations

import json

import numpy as np

from deepdos_nb.core.files import write_text
from deepdos_nb.core.grids import GRIDS
from deepdos_nb.crystal.distances import NOBLE_GASES, RANGES, nearest, volume_ratio
from deepdos_nb.data.sources.embedded import load_embedded


def main() -> None:
    ratios: dict[str, list[float]] = {}
    volumes: list[float] = []
    for kind in GRIDS:
        for records in load_embedded(kind).values():
            for record in records:
                if not NOBLE_GASES.issuperset(map(str, record.structure.elements)):
                    volumes.append(volume_ratio(record.structure))
                found = nearest(record.structure).ratio
                for site, ratio in zip(record.structure, found, strict=True):
                    ratios.setdefault(site.specie.symbol, []).append(float(ratio))
    table = {
        "volume": [floor(min(volumes)), ceil(max(volumes))],
        "nearest": {e: [floor(min(r)), ceil(max(r))] for e, r in sorted(ratios.items())},
    }
    write_text(RANGES, json.dumps(table, indent=1) + "\n")


def floor(value: float) -> float:
    return float(np.floor(value * 1000) / 1000)


def ceil(value: float) -> float:
    return float(np.ceil(value * 1000) / 1000)


if __name__ == "__main__":
    main()
