"""Small files in the formats of the public data sets."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
from crystals import mgo, rutile
from pymatgen.core import Lattice, Structure

from deepdos_nb.crystal.symmetry import symmetry_orbits

FREQUENCIES = np.arange(0.0, 1201.0, 4.0)


def salts() -> dict[str, Structure]:
    """Rock salts of several cations; identifiers that occur in no split."""
    made = {}
    for i, (cation, anion, a) in enumerate(
        [("Li", "F", 4.03), ("Na", "Br", 5.97), ("Ca", "S", 5.69), ("Mg", "Se", 5.45)]
    ):
        made[f"own-{i}"] = Structure.from_spacegroup(
            "Fm-3m", Lattice.cubic(a), [cation, anion], [[0, 0, 0], [0.5, 0.5, 0.5]]
        ).get_primitive_structure()
    return made | {"own-8": mgo(), "own-9": rutile()}


def peak(centre: float, energies: np.ndarray = FREQUENCIES, width: float = 30.0) -> np.ndarray:
    return np.exp(-0.5 * ((energies - centre) / width) ** 2)


def write_petretto(path: Path, structures: dict[str, Structure]) -> Path:
    energies = np.linspace(0, 1000, 51)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["mp_id", "structure", "phfreq", "phdos"])
        for name, s in structures.items():
            atoms = {
                "numbers": list(s.atomic_numbers),
                "positions": s.cart_coords.tolist(),
                "cell": s.lattice.matrix.tolist(),
                "pbc": [True, True, True],
            }
            curve = peak(1500 / s[0].specie.Z ** 0.5, energies)
            writer.writerow(
                [
                    name,
                    str(atoms),
                    json.dumps(energies.tolist()),
                    json.dumps((curve / curve.max()).tolist()),
                ]
            )
    return path


def write_phonondb(folder: Path, structures: dict[str, Structure], *, imag: float = 0.0) -> Path:
    folder.mkdir(exist_ok=True)
    rows, offset = [], [0]
    with (folder / "structures.jsonl").open("w", encoding="utf-8") as file:
        for name, s in structures.items():
            orbit = symmetry_orbits(s)
            for o in range(orbit.max() + 1):
                z = s[int(np.flatnonzero(orbit == o)[0])].specie.Z
                curve = peak(2000 / z**0.5)
                rows.append(3 * curve / np.trapezoid(curve, FREQUENCIES))
            offset.append(len(rows))
            entry = {
                "mp_id": name,
                "cell": s.lattice.matrix.tolist(),
                "numbers": list(s.atomic_numbers),
                "frac": s.frac_coords.tolist(),
                "equiv": orbit.tolist(),
                "imag": imag,
            }
            file.write(json.dumps(entry) + "\n")
    np.savez(
        folder / "phdos_sites.npz",
        grid=FREQUENCIES,
        site=np.array(rows, dtype=np.float16),
        offset=np.array(offset),
    )
    return folder
