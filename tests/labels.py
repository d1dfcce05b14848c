"""Made-up reference labels."""

from __future__ import annotations

import zlib
from functools import cache

import numpy as np
from crystals import rocksalt
from pymatgen.core import Structure

from deepdos_nb.data.label_shards import Label


@cache
def _salt() -> Structure:
    return rocksalt("Na", "Cl", 5.6)


def made_up(name: str, kind: str = "edos", structure: Structure | None = None) -> Label:
    """Random states of a crystal, rock salt without one, the same for the same name."""
    structure = structure or _salt()
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    channels, bins = (4, 128) if kind == "edos" else (1, 51)
    facts = {"name": name, "kind": kind, "seconds": 1.0, "engine": "gpaw 0", "origin": {}}
    return Label(
        lattice=structure.lattice.matrix,
        numbers=np.array(structure.atomic_numbers),
        frac=structure.frac_coords,
        orbits=np.arange(len(structure)) % 2,
        states=rng.random((2, channels, bins)),
        facts=facts,
    )
