"""How wide the error band of a prediction is, from what its seeds disagree on and its own height.

The spread over a few seeds is itself a rough estimate, bin by bin: two seeds that cross agree by
chance. So variances are pooled over neighbouring bins, and since errors that all seeds share do not
show in their spread, two more terms stand beside it::

    σ² = a ⟨s²⟩ + b ⟨p²⟩ + c ⟪p²⟫

with the spread s and the density p in units of each other, ⟨ ⟩ the mean over `NEAR` bins and ⟪ ⟫
over `WIDE` ones: a peak may be misplaced, but not into a region where nothing is anywhere near.
Beyond the highest mode, and deep inside a gap, the band is zero. Errors have longer tails than a
normal distribution, so twice the band holds fewer than 95 % of them: how many half-widths do is a
number of its own. All of them come from validation crystals; see `metrics.calibration.fit_band`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deepdos_nb.core.arrays import Array

NEAR, WIDE = 5, 15
"""Neighbouring bins whose variances are averaged; odd."""


@dataclass(frozen=True)
class ErrorBand:
    """Coefficients of the three terms of σ²; see the module.

    Parameters
    ----------
    spread, near, wide : float
        a, b and c, none negative.
    outer : float
        Half-widths of the band that hold 95.4 % of the errors; two if these were normal.
    """

    spread: float
    near: float
    wide: float
    outer: float = 2.0

    def sigma(self, mean: Array, spread: Array) -> Array:
        """Half-width of the band, shape (..., n_bins), in the unit of its arguments.

        Parameters
        ----------
        mean, spread : ndarray, shape (..., n_bins)
            Mean curve and standard deviation over seeds.
        """
        return np.sqrt(
            np.einsum("t,t...->...", [self.spread, self.near, self.wide], terms(mean, spread))
        )


def terms(mean: Array, spread: Array) -> Array:
    """The three terms without their coefficients, shape (3, ..., n_bins)."""
    return np.stack([_pooled(spread**2, NEAR), _pooled(mean**2, NEAR), _pooled(mean**2, WIDE)])


def _pooled(values: Array, size: int) -> Array:
    """Mean over `size` bins; the outermost bins stand for those beyond the ends."""
    half = size // 2
    ends = [(0, 0)] * (values.ndim - 1) + [(half, half)]
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(values, ends, "edge"), size, -1)
    mean: Array = windows.mean(axis=-1)
    return mean
