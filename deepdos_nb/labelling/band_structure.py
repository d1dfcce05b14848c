"""From a band structure on a mesh to a spectrum on the electronic grid. Plain arrays only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.grids import grid_for
from deepdos_nb.labelling.tetrahedra import integrated_dos, tetrahedra

REAL_GAP = 0.3
"""Smallest gap (eV) taken for one: a mesh that is too coarse opens gaps that are not there."""
FINE = 4
"""Energy cells per grid bin in which states are counted before broadening."""
MARGIN_BINS = 10
"""Bins counted beyond either end of the window, so that broadening has states to draw from."""


@dataclass(frozen=True)
class Bands:
    """Eigenvalues on a regular k-mesh with the character of every state.

    Parameters
    ----------
    eigenvalues : ndarray, shape (n_spins, n_k, n_bands)
        At the irreducible k-points, eV.
    size : ndarray of int, shape (3,)
    to_irreducible : ndarray of int, shape (n_mesh,)
    cell : ndarray, shape (3, 3)
        Lattice vectors as rows, Å.
    electrons : float
        Valence electrons per cell.
    channels : ndarray, shape (n_spins, n_k, n_bands, C)
        Share of each state in each channel, summing to one over the last axis.
    """

    eigenvalues: Array
    size: Array
    to_irreducible: Array
    cell: Array
    electrons: float
    channels: Array

    @property
    def degeneracy(self) -> float:
        """Electrons per state: 2 without spin polarisation."""
        return 2.0 / len(self.eigenvalues)

    def integrated(self, energies: Array) -> Array:
        """Electrons below each energy in each channel, shape (M, C)."""
        corners, weights = tetrahedra(self.size, np.linalg.inv(self.cell).T, self.to_irreducible)
        per_spin = [
            integrated_dos(e, c, corners, weights, np.asarray(energies, dtype=float))
            for e, c in zip(self.eigenvalues, self.channels, strict=True)
        ]
        return self.degeneracy * np.sum(per_spin, axis=0)

    def fermi_level(self) -> float:
        """Energy below which the tetrahedra hold exactly the valence electrons, eV."""
        low, high = float(self.eigenvalues.min()), float(self.eigenvalues.max())
        everything = Bands(
            self.eigenvalues,
            self.size,
            self.to_irreducible,
            self.cell,
            self.electrons,
            np.ones((*self.eigenvalues.shape, 1)),
        )
        for _ in range(4):  # each round narrows the bracket a hundredfold
            energies = np.linspace(low, high, 101)
            filled = everything.integrated(energies)[:, 0]
            # A hair less than full, so that an insulator's level lands on its valence band.
            i = int(np.clip(np.searchsorted(filled, self.electrons - 1e-6), 1, 100))
            low, high = energies[i - 1], energies[i]
        return float((low + high) / 2)

    def zero(self) -> tuple[float, float]:
        """Energy zero and gap, eV: the valence-band maximum where the gap is real, else E_F and 0.

        A gap is real if it exceeds `REAL_GAP` and the same number of bands lies below it at every
        k-point.
        """
        fermi = self.fermi_level()
        below = (self.eigenvalues < fermi).sum(axis=-1)
        if np.all(below == below[:, :1]):
            gap = self._gap(below[:, 0])
        else:
            # In an insulator the level lies on the valence band's edge: look into the gap.
            below = (self.eigenvalues < fermi + REAL_GAP / 2).sum(axis=-1)
            gap = self._gap(below[:, 0]) if np.all(below == below[:, :1]) else None
        if gap is None or gap[1] <= REAL_GAP:
            return fermi, 0.0
        return gap

    def _gap(self, occupied: Array) -> tuple[float, float] | None:
        if abs(occupied.sum() * self.degeneracy - self.electrons) > 1e-6:
            return None
        top = max(
            float(e[:, :n].max()) for e, n in zip(self.eigenvalues, occupied, strict=True) if n
        )
        bottom = min(
            (
                float(e[:, n:].min())
                for e, n in zip(self.eigenvalues, occupied, strict=True)
                if n < e.shape[1]
            ),
            default=np.inf,
        )
        return top, bottom - top

    def counted(self, zero: float, broadening: float) -> Array:
        """Electrons in each bin of the electronic grid, shape (n_bins, C).

        States are counted in cells a quarter of a bin wide, convolved with a Gaussian of standard
        deviation `broadening` (eV) and gathered into bins.
        """
        grid = grid_for("edos")
        cells = (grid.n_bins + 2 * MARGIN_BINS) * FINE
        half = grid.step * MARGIN_BINS
        faces = np.linspace(grid.faces[0] - half, grid.faces[-1] + half, cells + 1)
        counts = np.diff(self.integrated(zero + faces), axis=0)
        smooth = gaussian_filter1d(
            counts, broadening / (grid.step / FINE), axis=0, mode="constant", truncate=6.0
        )
        binned = smooth.reshape(-1, FINE, counts.shape[1]).sum(axis=1)
        return binned[MARGIN_BINS:-MARGIN_BINS]
