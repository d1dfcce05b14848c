"""Folders of structures and tables, and a Materials Project that answers from memory."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from crystals import mgo
from pymatgen.core import Structure
from pymatgen.electronic_structure.core import Orbital, Spin
from pymatgen.electronic_structure.dos import CompleteDos, Dos

import deepdos_nb as dd

ENERGIES = np.arange(-12.0, 12.0, 0.01)


ORBITALS = (Orbital.s, Orbital.px, Orbital.py, Orbital.pz, Orbital.dxy)


def band(low: float, high: float) -> np.ndarray:
    """One state between two energies, with steep edges, as tetrahedra give it."""
    x = np.clip((ENERGIES - low) / (high - low), 0, 1)
    return 6 * x * (1 - x) / (high - low)


def complete_dos(
    structure: Structure, gap: float = 2.0, *, spins: int = 1, fermi: float = 3.0
) -> CompleteDos:
    """Six electrons below E_F in p of the last site, two states above in s of the first.

    Two thirds of every state lie inside the spheres. With a gap, E_F lies 0.1 eV above the VBM, so
    that the VBM lies at `fermi` − 0.1.
    """
    top = fermi - 0.1 if gap else fermi + 1.0
    valence = 6 * band(top - 3.5, top)
    conduction = 2 * band(top + gap, top + gap + 6.0)
    share = [1.0] if spins == 1 else [0.6, 0.4]
    kinds = (Spin.up, Spin.down)[:spins]
    total = Dos(
        fermi, ENERGIES, {s: w * (valence + conduction) for s, w in zip(kinds, share, strict=True)}
    )
    pdos: dict[Any, Any] = {}
    for i, site in enumerate(structure):
        pdos[site] = {}
        for orbital in ORBITALS:
            part = np.zeros(len(ENERGIES))
            if orbital is Orbital.s and i == 0:
                part = conduction
            if orbital in ORBITALS[1:4] and i == len(structure) - 1:
                part = valence / 3
            pdos[site][orbital] = {s: 2 / 3 * w * part for s, w in zip(kinds, share, strict=True)}
    return CompleteDos(structure, total, pdos)


def response(structure: Structure, **options: Any) -> CompleteDos:
    """What the API's JSON becomes: written and read again."""
    return CompleteDos.from_dict(
        json.loads(json.dumps(complete_dos(structure, **options).as_dict()))
    )


class Client:
    """Answers as `MPRester` does, and counts how often it is asked."""

    def __init__(self, broken: int = 0):
        self.asked: list[str] = []
        self.broken = broken
        self.materials = SimpleNamespace(summary=SimpleNamespace(search=self.search))
        self.criteria: dict[str, Any] = {}

    def search(self, **criteria: Any) -> list[Any]:
        self.criteria = criteria
        return [SimpleNamespace(material_id=f"mp-{i}") for i in (10, 2, 1)] + [
            {"material_id": "mp-3"}
        ]

    def get_dos_by_material_id(self, name: str, load_projections: bool = False) -> Any:
        assert load_projections
        self.asked.append(name)
        if self.broken:
            self.broken -= 1
            raise ConnectionError("network is unreachable")
        if name == "mp-2":
            raise RuntimeError("No density of states data found for mp-2")
        return response(mgo(), gap=2.0)


def write_structures(folder: Path, *names: str) -> None:
    folder.mkdir(exist_ok=True)
    for name in names:
        dd.example(name).to(str(folder / f"{name}.cif"))


def long_table(folder: Path, curves: dict[str, tuple[np.ndarray, np.ndarray]], head: str) -> None:
    lines = [f"material,{head}"]
    for name, (x, y) in curves.items():
        lines += [f"{name},{a:.8g},{b:.8g}" for a, b in zip(x, y, strict=True)]
    (folder / "spectra.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
