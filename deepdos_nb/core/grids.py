"""The two kinds of spectrum: what is known of each, and its energy grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from deepdos_nb.core.errors import ConfigError

if TYPE_CHECKING:
    from deepdos_nb.core.arrays import Array

# The command line names the kinds, and must answer before numpy is loaded: grids load it.

MODES_PER_ATOM = 3.0
"""Phonon modes each atom owns."""


_FACTS: dict[str, dict[str, Any]] = {
    "phdos": {
        "adjective": "phonon",
        "particles": "phonons",
        "draft": "force constants",
        "modes_per_atom": MODES_PER_ATOM,
        "states_per_atom": 1.0,
        "shells": 1,
        "axis": "frequency",
        "place_format": ".0f",
        "distance_format": ".1f",
    },
    "edos": {
        "adjective": "electronic",
        "particles": "electrons",
        "draft": "tight binding",
        "modes_per_atom": None,
        "states_per_atom": 5.0,
        "shells": 4,
        "axis": "energy",
        "place_format": ".2f",
        "distance_format": ".3f",
    },
}


class Kind(StrEnum):
    """What a spectrum is of. A kind is equal to its name, which may be given in its place.

    Attributes
    ----------
    adjective : str
        As in "phonon density of states".
    particles : str
    draft : str
        The textbook's name of the model that drafts such spectra.
    modes_per_atom : float or None
        States that every atom owns, known beforehand; None where a model has to learn it.
    states_per_atom : float
        What a draft has for one atom in the window, about: its rows are of this size.
    shells : int
        Parts that a calculated curve of a site comes in: electrons have s, p, d and f.
    axis : str
        What its energies are called in a sentence.
    place_format, distance_format : str
        Of a place on the energy axis, and of a distance along it.
    """

    adjective: str
    particles: str
    draft: str
    modes_per_atom: float | None
    states_per_atom: float
    shells: int
    axis: str
    place_format: str
    distance_format: str

    phdos = "phdos"
    edos = "edos"

    def __init__(self, name: str) -> None:
        vars(self).update(_FACTS[name])

    @classmethod
    def _missing_(cls, value: object) -> None:
        raise ConfigError(f"unknown kind of spectrum {value!r}.", remedy="Use 'phdos' or 'edos'.")

    @property
    def fixed_modes(self) -> bool:
        """Whether the number of states is known beforehand."""
        return self.modes_per_atom is not None

    @property
    def long_name(self) -> str:
        """As in a title."""
        return f"{self.adjective} density of states"

    @property
    def grid(self) -> Grid:
        """The energy grid of its spectra."""
        return GRIDS[self]

    def __repr__(self) -> str:
        return repr(self.value)


@dataclass(frozen=True)
class Grid:
    """A uniform energy grid; every point is the centre of a cell of width `step`.

    Parameters
    ----------
    kind : Kind
    start, stop : float
        First and last point, in `unit`.
    n_bins : int
    unit : str
        Unit of the energy axis.
    quantity : str
        What the energy axis shows.
    zero : str
        What its zero is.
    """

    kind: Kind
    start: float
    stop: float
    n_bins: int
    unit: str
    quantity: str
    zero: str

    @property
    def step(self) -> float:
        """Width of one cell, in `unit`."""
        return (self.stop - self.start) / (self.n_bins - 1)

    @property
    def energies(self) -> Array:
        """Cell centres, shape (n_bins,)."""
        import numpy as np

        return np.linspace(self.start, self.stop, self.n_bins)

    @property
    def faces(self) -> Array:
        """Cell faces, shape (n_bins + 1,)."""
        import numpy as np

        half = self.step / 2
        return np.linspace(self.start - half, self.stop + half, self.n_bins + 1)

    @property
    def density_unit(self) -> str:
        """Unit of an absolute density of states."""
        return f"states/{self.unit}/cell"

    @property
    def zero_inside(self) -> bool:
        """Whether there are states on both sides of the zero, which is then worth a line."""
        return self.start < 0.0 < self.stop


GRIDS: Mapping[Kind, Grid] = {
    Kind.phdos: Grid(Kind.phdos, 0.0, 1000.0, 51, "cm⁻¹", "Wavenumber", "zero frequency"),
    Kind.edos: Grid(Kind.edos, -4.0, 4.0, 128, "eV", "Energy", "VBM (gapped) or E_F (metal)"),
}


def grid_for(kind: str) -> Grid:
    """Return the grid of one kind of spectrum.

    Raises
    ------
    ConfigError
        If `kind` is neither "phdos" nor "edos".
    """
    return Kind(kind).grid


class OfKind:
    """Base of frozen dataclasses with a field `kind`, which may be given as a string.

    Raises
    ------
    ConfigError
        If the kind is unknown.
    """

    kind: Kind

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", Kind(self.kind))

    @property
    def grid(self) -> Grid:
        """The energy grid."""
        return self.kind.grid

    @property
    def energies(self) -> Array:
        """Energies in cm⁻¹ or eV, shape (n_bins,)."""
        return self.grid.energies
