"""How wide the error band of a prediction is, from what its seeds disagree on and its own height.

The spread over a few seeds is itself a rough estimate, bin by bin: two seeds that cross agree by
chance. So variances are pooled over neighbouring bins, and since errors that all seeds share do not
show in their spread, two more terms stand beside it::

    σ² = a ⟨s²⟩ + b ⟨p²⟩ + c p̄²

with the spread s and the density p in units of each other, ⟨ ⟩ the mean over `POOLED` bins and p̄
the mean density of the whole window. The coefficients come from validation crystals; see
`metrics.calibration.fit_band`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deepdos_nb.core.arrays import Array

POOLED = 5
"""Neighbouring bins whose variances are averaged; odd."""


@dataclass(frozen=True)
class ErrorBand:
    """Coefficients of the three terms of σ²; see the module.

    Parameters
    ----------
    spread, local, level : float
        a, b and c, none negative.
    """

    spread: float
    local: float
    level: float

    def sigma(self, mean: Array, spread: Array) -> Array:
        """Half-width of the band, shape (..., n_bins), in the unit of its arguments.

        Parameters
        ----------
        mean, spread : ndarray, shape (..., n_bins)
            Mean curve and standard deviation over seeds.
        """
        return np.sqrt(
            np.einsum("t,t...->...", [self.spread, self.local, self.level], terms(mean, spread))
        )


def terms(mean: Array, spread: Array) -> Array:
    """The three terms without their coefficients, shape (3, ..., n_bins)."""
    level = np.broadcast_to(mean.mean(axis=-1, keepdims=True) ** 2, mean.shape)
    return np.stack([_pooled(spread**2), _pooled(mean**2), level])


def _pooled(values: Array) -> Array:
    """Mean over `POOLED` bins; the outermost bins stand for those beyond the ends."""
    half = POOLED // 2
    ends = [(0, 0)] * (values.ndim - 1) + [(half, half)]
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(values, ends, "edge"), POOLED, -1)
    mean: Array = windows.mean(axis=-1)
    return mean
