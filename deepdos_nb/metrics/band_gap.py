"""The band gap, read off a density of states about its zero.

A curve has a finite resolution and predictions never fall to nothing, so "no states" is a density
below a threshold. States that lie in the gap's flanks hide part of it: expect a few tenths of an
eV of error even from exact curves.
"""

from __future__ import annotations

from deepdos_nb.core.arrays import Array
from deepdos_nb.metrics.valence_gap import Gap, checked_curve, empty_windows

THRESHOLD = 0.05
"""Density below which a bin counts as empty, states/eV per atom; chosen on validation crystals."""

REACH = 0.5
"""The gap begins at most so far from the zero of energy, eV."""

LEAST = 0.3
"""Narrower gaps count as none, eV: so do those of the reference data."""


def band_gap(energies: Array, density: Array, *, threshold: float = THRESHOLD) -> Gap | None:
    """Find the empty window that begins at the zero of energy.

    Parameters
    ----------
    energies : ndarray, shape (n_bins,)
        Increasing, eV, from the valence-band maximum or the Fermi level.
    density : ndarray, shape (n_bins,)
        States/eV per atom.
    threshold : float
        Unit of `density`.

    Returns
    -------
    Gap or None
        None for a metal. A window that is empty up to the end of the grid ends there: such a gap
        is at least as wide as stated.

    Raises
    ------
    ConfigError
        If the arrays do not fit together, or the threshold is not positive.
    """
    energies, density = checked_curve(energies, density, threshold)
    for gap in empty_windows(energies, density, threshold):
        if gap.low <= REACH and gap.high > 0.0:
            gap = Gap(max(gap.low, -REACH), gap.high)
            return gap if gap.width >= LEAST else None
    return None
