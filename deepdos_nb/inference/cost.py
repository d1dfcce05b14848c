"""What a prediction will take, said before it begins; no torch in here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from deepdos_nb.core.grids import Kind
from deepdos_nb.core.limits import LARGE
from deepdos_nb.crystal.elements import has_d_orbitals
from deepdos_nb.crystal.kpoints import MESH_LENGTH, mesh_counts, orbital_mesh_length

if TYPE_CHECKING:
    from pymatgen.core import Structure

# Measured by benchmarks/large_cells.py on one core of an AMD EPYC.
REAL = {Kind.phdos: 1.0e-10, Kind.edos: 1.3e-10}
COMPLEX = {Kind.phdos: 4e-10, Kind.edos: 1.0e-9}
"""Seconds of an eigenvalue problem over its rows cubed: real in single precision, and complex.

Electrons: with the products that make orbitals orthogonal.
"""

NETWORK = {Kind.phdos: 3.3e-3, Kind.edos: 4.5e-3}
"""Seconds that graph and networks take for an atom, all seeds together."""

BASE, ATOM, MATRICES = 0.35, 3e-4, {Kind.phdos: 3, Kind.edos: 7}
"""Gigabytes of the program and of an atom in the networks, and how often a matrix is in memory."""

ORBITALS = (10, 5)
"""Orbitals of an atom in tight binding, with a d shell and without: s, p, d and a second s."""

DRAFTS = {Kind.phdos: 2, Kind.edos: 2}
"""Draft models that the shipped seeds read."""

WORTH_SAYING = 5.0
"""Seconds above which somebody wants to know."""


@dataclass(frozen=True)
class Cost:
    """Seconds of one core, and gigabytes of memory at most."""

    seconds: float
    gigabytes: float

    def __str__(self) -> str:
        time = f"{self.seconds:.2g} s" if self.seconds < 100 else f"{self.seconds / 60:.0f} min"
        return f"about {time} of one core and {self.gigabytes:.1f} GB"


def expected_cost(structure: Structure, kind: str) -> Cost:
    """Estimate what the prediction of a crystal with the shipped weights takes.

    Parameters
    ----------
    structure : pymatgen Structure
    kind : {"phdos", "edos"}

    Returns
    -------
    Cost
        For the cell as it is: less where symmetry makes it smaller, or its matrices real.
    """
    kind = Kind(kind)
    numbers = np.asarray(structure.atomic_numbers)
    rows = 3 * len(numbers)
    if kind == Kind.edos:
        rows = int(np.where(has_d_orbitals()[numbers], *ORBITALS).sum())
    large, centred = rows > LARGE, kind == Kind.edos
    length = MESH_LENGTH / 2 if large else MESH_LENGTH
    if centred:
        length = orbital_mesh_length(rows)
    counts = mesh_counts(np.array(structure.lattice.abc), length, centred=centred)
    # Where a mesh has no inner points, none has a partner, and matrices are real.
    outer = counts.max() <= (2 if centred else 1)
    points = float(np.prod(counts)) / (1 if outer else 2)
    real = large and outer
    seconds = DRAFTS[kind] * points * (REAL if real else COMPLEX)[kind] * rows**3
    matrices = MATRICES[kind] * (1 if large else points) * rows**2 * (4 if real else 16) / 1e9
    return Cost(seconds + NETWORK[kind] * len(numbers), BASE + ATOM * len(numbers) + matrices)


def together(costs: Iterable[Cost]) -> Cost:
    """Of several crystals, one after the other."""
    costs = list(costs)
    return Cost(sum(c.seconds for c in costs), max((c.gigabytes for c in costs), default=BASE))
