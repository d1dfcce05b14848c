"""Made-up labels as `deepdos label` stores them: the numbers mean nothing, but every sum holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from pymatgen.core import Structure

import deepdos_nb as dd
from deepdos_nb.core.grids import grid_for
from deepdos_nb.crystal.symmetry import symmetry_orbits
from deepdos_nb.data.label_shards import Label, write_shard

ORIGIN = {"source": "made up", "licence": "MIT", "identifier": "1"}


def make_label(structure: Structure, kind: str, name: str, **facts: Any) -> Label:
    """Peaks whose place depends on the element, 2.5 electrons or 3 modes an atom."""
    orbits = symmetry_orbits(structure, symprec=1e-2)
    grid = grid_for(kind)
    rows = []
    for orbit in range(int(orbits.max()) + 1):
        z = structure[int(np.flatnonzero(orbits == orbit)[0])].specie.Z
        centres = grid.start + (grid.stop - grid.start) * np.array([0.2, 0.3, 0.5, 0.6])
        channels = 4 if kind == "edos" else 1
        width = 4 * grid.step
        shift = (z % 11) * grid.step
        peaks = np.exp(-0.5 * ((grid.energies - centres[:channels, None] - shift) / width) ** 2)
        rows.append(peaks / peaks.sum() * (2.5 if kind == "edos" else 3.0))
    engine = "gpaw 26.7.0, gpaw-data 1.2.1" if kind == "edos" else "sevenn 0.13.0, phonopy 4.10.0"
    known = {"name": name, "kind": kind, "engine": engine, "origin": ORIGIN}
    known |= {"zero": "VBM", "gap": 1.5} if kind == "edos" else {"imaginary": 0.0}
    return Label(
        lattice=structure.lattice.matrix,
        numbers=np.array(structure.atomic_numbers),
        frac=structure.frac_coords,
        orbits=orbits,
        states=np.array(rows),
        facts=known | facts,
    )


def example_labels(kind: str) -> Iterator[Label]:
    """A label of every example crystal, named after it."""
    for name in dd.examples():
        structure = dd.example(name)
        gap = 0.0 if name in {"Al", "NiAl"} else 1.5
        facts = {"gap": gap, "zero": "VBM" if gap else "E_F"} if kind == "edos" else {}
        yield make_label(structure, kind, name, **facts)


def write_embedded(folder: Path, kind: str, size: int = 5) -> Path:
    """The labels of the examples in shards of `size`, as the package keeps its own."""
    labels = list(example_labels(kind))
    for i in range(0, len(labels), size):
        write_shard(folder / kind / f"shard-{i // size:04d}.npz", labels[i : i + size])
    return folder
