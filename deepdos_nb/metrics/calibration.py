"""Does the spread over seeds tell how large the error is? Stated against true coverage.

If errors were normal with the spread as their standard deviation, a band of ± k spreads would hold
the reference in erf(k/√2) of all bins. How often it really does is counted here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import erf, sqrt
from typing import TYPE_CHECKING

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import ConfigError
from deepdos_nb.spectra.error_band import ErrorBand, terms

if TYPE_CHECKING:
    from deepdos_nb.spectra.spectrum import Spectrum

WIDTHS: Array = np.linspace(0.0, 4.0, 81)
"""Half-widths of the bands that are tried, in spreads."""

FLOOR = 0.01
"""Bins where both curves stay below this part of the reference's maximum are not counted: agreeing
that there is nothing is no achievement."""


def stated_coverage(widths: Array) -> Array:
    """Share of a normal distribution within ± `widths` standard deviations."""
    return np.array([erf(float(k) / sqrt(2.0)) for k in np.asarray(widths, dtype=float)])


def counted_bins(mean: Array, reference: Array, floor: float = FLOOR) -> Array:
    """Bins that count, boolean like `mean`: where either curve reaches the floor.

    Parameters
    ----------
    mean, reference : ndarray, shape (..., n_bins)
    floor : float
        See `FLOOR`.
    """
    peak = np.maximum(reference.max(axis=-1, keepdims=True), 1e-30)
    counted: Array = np.maximum(mean, reference) >= floor * peak
    return counted


def fit_band(mean: Array, spread: Array, reference: Array) -> ErrorBand:
    """Band of the best interval score, then set to coverage.

    The interval score adds to a band's width what it misses by, at the price that makes the band of
    68.3 % the cheapest (Gneiting and Raftery, J. Am. Stat. Assoc. 102, 359, 2007, eq. 43). A miss
    counts by its size, not by its size in bands: where the band has to be zero, one reference that
    is not decides nothing, as it would in a likelihood. All three terms are then scaled alike, so
    that the band holds erf(1/√2), 68.3 %, of the bins that count, and the outer band is set to hold
    erf(√2), 95.4 %. So both statements are true although the errors have longer tails than a normal
    distribution.

    Parameters
    ----------
    mean, spread, reference : ndarray, shape (n_crystals, n_bins)
        Curves of crystals that were not trained on, each of sum one.
    """
    from scipy.optimize import minimize  # half a second, for what few ask for

    counted = counted_bins(mean, reference)
    error, basis = np.abs(mean - reference)[counted], terms(mean, spread)[:, counted]
    # In units of the error's own size, so that the search starts near its end.
    unit = sqrt(float((error**2).mean()))
    error, basis = error / unit, basis / unit**2
    held = erf(sqrt(0.5))

    def score(logarithms: Array) -> tuple[float, Array]:
        shares = np.exp(logarithms)
        sigma = np.sqrt(shares @ basis + 1e-12)
        price = np.where(error > sigma, -held, 1.0 - held)
        return float((price * (sigma - error)).mean()), shares * (basis * price / sigma).mean(1) / 2

    bounds = [(-12.0, 6.0)] * 3
    found = minimize(score, np.full(3, -1.0), jac=True, method="L-BFGS-B", bounds=bounds)
    shares = np.exp(found.x)
    squares = error**2 / (shares @ basis + 1e-12)
    inner, outer = np.quantile(squares, [held, erf(sqrt(2.0))])
    spread_share, near, wide = (float(share * inner) for share in shares)
    return ErrorBand(spread_share, near, wide, outer=sqrt(outer / inner))


@dataclass(frozen=True)
class Calibration:
    """Stated and true coverage of bands of growing width.

    Parameters
    ----------
    widths : ndarray, shape (n,)
        Half-width of the band in spreads.
    stated : ndarray, shape (n,)
        Share of bins it would hold if the spread were the standard deviation of a normal error.
    found : ndarray, shape (n,)
        Share of bins it does hold.
    ratio : float
        Root mean square error over root mean square spread; one where the spread is right, larger
        where it is too narrow.
    n_crystals, n_bins : int
        What was counted.
    """

    widths: Array
    stated: Array
    found: Array
    ratio: float
    n_crystals: int
    n_bins: int

    def at(self, width: float) -> tuple[float, float]:
        """Stated and true coverage of one width."""
        found = float(np.interp(width, self.widths, self.found))
        return float(stated_coverage(np.array([width]))[0]), found

    def describe(self) -> str:
        """The numbers that matter, in words."""
        stated, found = self.at(1.0)
        return (
            f"Over {self.n_bins:,} bins of {self.n_crystals} crystal"
            f"{'s' if self.n_crystals > 1 else ''}, ± 1 spread holds the reference in "
            f"{100 * found:.0f} % of the bins; {100 * stated:.0f} % would be calibrated. "
            f"RMS error over RMS spread: {self.ratio:.2f}."
        )


def calibrate(
    pairs: Iterable[tuple[Spectrum, Spectrum]], *, widths: Array = WIDTHS, floor: float = FLOOR
) -> Calibration:
    """Count how often the reference lies within the band of the prediction.

    Parameters
    ----------
    pairs : iterable of (prediction, reference)
        Predictions with two or more members; absolute densities per cell. A reference with another
        number of atoms per cell is scaled to the prediction's.
    widths : ndarray, shape (n,)
        Increasing, in spreads.
    floor : float
        See `FLOOR`.

    Raises
    ------
    ConfigError
        If there is no pair, a prediction has no spread, or a pair is of two kinds or formulas.
    """
    errors, spreads, n = [], [], 0
    for prediction, reference in pairs:
        if len(prediction.members) < 2:
            raise ConfigError(
                f"{prediction.formula} was predicted by one seed, which has no spread.",
                remedy="Predict with an ensemble of two or more.",
            )
        if prediction.kind != reference.kind or prediction.formula != reference.formula:
            raise ConfigError(
                f"{prediction.formula} ({prediction.kind}) is paired with {reference.formula} "
                f"({reference.kind})."
            )
        known = reference.total * (len(prediction.structure) / len(reference.structure))
        counted = counted_bins(prediction.total, known, floor)
        errors.append(np.abs(prediction.total - known)[counted])
        spreads.append(prediction.spread[counted])
        n += 1
    if not n:
        raise ConfigError("there is nothing to calibrate with.", remedy="Pass at least one pair.")
    error, spread = np.concatenate(errors), np.concatenate(spreads)
    widths = np.asarray(widths, dtype=float)
    found = np.array([float((error <= k * spread).mean()) for k in widths])
    rms = sqrt(float((spread**2).mean()))
    return Calibration(
        widths=widths,
        stated=stated_coverage(widths),
        found=found,
        ratio=sqrt(float((error**2).mean())) / max(rms, 1e-30),
        n_crystals=n,
        n_bins=len(error),
    )
