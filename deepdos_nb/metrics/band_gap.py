"""The band gap, read off a density of states about its zero.

A curve has a finite resolution and predictions never fall to nothing, so "no states" is a density
below a threshold. That reads even exact curves too wide: the states at a band's edge are few, and
blurred over several bins they stay below the threshold, most of all above the gap, where bands are
light. Of the embedded references, 495 of 3,452 have a gap between 0.6 and 3.5 eV; read off their
curves, these are 0.36 eV too wide on average, and 31 % of them are off by more than 0.5 eV.
"""

from __future__ import annotations

from deepdos_nb.core.arrays import Array
from deepdos_nb.metrics.valence_gap import Gap, checked_curve, empty_windows

THRESHOLD = 0.05
"""Density below which a bin counts as empty, states/eV per atom; chosen on validation crystals."""

REACH = 0.5
"""The gap begins at most so far from the zero of energy, eV; chosen on validation crystals, for the
least mean error of all.

Predicted band edges are blurred: with 0.3 the weights that it was chosen with lose 18 of the 59
insulators that they find among 62, and take four metals of 137 for one instead of five. Exact
curves do not need it: of 57 metals of the embedded references that are read as having more than
2 eV, most because a band ends shortly above their Fermi level, 0.3 leaves 5.
"""

LEAST = 0.3
"""Narrower gaps count as none, eV: so do those of the reference data."""


def band_gap(
    energies: Array, density: Array, *, threshold: float = THRESHOLD, reach: float = REACH
) -> Gap | None:
    """Find the empty window that begins at the zero of energy.

    Parameters
    ----------
    energies : ndarray, shape (n_bins,)
        Increasing, eV, from the valence-band maximum or the Fermi level.
    density : ndarray, shape (n_bins,)
        States/eV per atom.
    threshold : float
        Unit of `density`.
    reach : float
        eV; the default suits predictions, 0.3 suits curves of a calculation.

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
        if gap.low <= reach and gap.high > 0.0:
            gap = Gap(max(gap.low, -reach), gap.high)
            return gap if gap.width >= LEAST else None
    return None
