"""Phonon density of states from a machine-learnt potential: SevenNet 7net-l3i5 and phonopy.

These are teaching labels, "ML-potential phonons" wherever they are shown: mean frequencies are
within about 5 % of density-functional theory for most crystals, and worse for a few (silicon).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from deepdos_nb.arrays import Array
from deepdos_nb.errors import LabelError

if TYPE_CHECKING:
    from pymatgen.core import Structure


@dataclass(frozen=True)
class PhononSettings:
    """Numerical settings."""

    reach: float = 9.0

    def safer(self) -> PhononSettings:
        """Settings for a second attempt."""
        return self


@dataclass(frozen=True)
class PhononLabel:
    """placeholder"""

    structure: Structure
    states: Array
    orbits: Array
    imaginary: float
    highest: float
    seconds: float
    details: dict[str, Any] = field(default_factory=dict)


def phonon_dos(structure: Structure, settings: PhononSettings | None = None) -> PhononLabel:
    raise LabelError("not written yet")
