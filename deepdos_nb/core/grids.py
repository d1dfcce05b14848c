"""Energy grids of the two kinds of spectrum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import ConfigError

Kind = Literal["phdos", "edos"]

MODES_PER_ATOM = 3.0
"""Phonon modes each atom owns."""


@dataclass(frozen=True)
class Grid:
    """A uniform energy grid; every point is the centre of a cell of width `step`.

    Parameters
    ----------
    kind : {"phdos", "edos"}
    start, stop : float
        First and last point, in `unit`.
    n_bins : int
    unit : str
        Unit of the energy axis.
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
        return np.linspace(self.start, self.stop, self.n_bins)

    @property
    def faces(self) -> Array:
        """Cell faces, shape (n_bins + 1,)."""
        half = self.step / 2
        return np.linspace(self.start - half, self.stop + half, self.n_bins + 1)

    @property
    def density_unit(self) -> str:
        """Unit of an absolute density of states."""
        return f"states/{self.unit}/cell"


GRIDS: Mapping[Kind, Grid] = {
    "phdos": Grid("phdos", 0.0, 1000.0, 51, "cm⁻¹", "Wavenumber", "zero frequency"),
    "edos": Grid("edos", -4.0, 4.0, 128, "eV", "Energy", "VBM (gapped) or E_F (metal)"),
}


def grid_for(kind: str) -> Grid:
    """Return the grid of one kind of spectrum.

    Raises
    ------
    ConfigError
        If `kind` is neither "phdos" nor "edos".
    """
    for known, grid in GRIDS.items():
        if kind == known:
            return grid
    raise ConfigError(f"unknown kind of spectrum {kind!r}.", remedy="Use 'phdos' or 'edos'.")
