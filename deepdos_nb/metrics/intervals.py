"""How sure a mean over few crystals, or a share of few, can be."""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import ConfigError

DRAWS = 4000
"""Resamplings of a bootstrap: its ends are then sure to about 2 % of the interval's width."""

NORMAL_95 = 1.959964
"""Standard deviations within which a normal variable lies with a probability of 95 %."""


class Interval(NamedTuple):
    """Ends of a 95 % confidence interval."""

    low: float
    high: float


def bootstrap_mean(values: Array, *, seed: int = 0) -> Interval:
    """Percentile bootstrap of a mean (Efron, Ann. Statist. 7, 1 (1979)).

    It tells what other crystals of the same kind might have given, not what other seeds would.

    Parameters
    ----------
    values : ndarray, shape (n,)
        One score for each crystal; differences of two models' scores for a paired comparison.
    seed : int
        Of the resamplings: the same values give the same interval.

    Raises
    ------
    ConfigError
        If there is no value.
    """
    values = np.asarray(values, dtype=float)
    if values.ndim != 1 or not len(values):
        raise ConfigError(f"an interval needs a row of scores, not an array of {values.shape}.")
    drawn = np.random.default_rng(seed).integers(0, len(values), (DRAWS, len(values)))
    low, high = np.quantile(values[drawn].mean(axis=1), (0.025, 0.975))
    return Interval(float(low), float(high))


def wilson(found: int, total: int) -> Interval:
    """Interval of a share counted in few trials (E. B. Wilson, J. Am. Stat. Assoc. 22, 209 (1927)).

    Parameters
    ----------
    found, total : int
        Zero trials tell nothing: the interval is from zero to one.
    """
    if not 0 <= found <= total:
        raise ConfigError(f"{found} of {total} is no share.")
    if total == 0:
        return Interval(0.0, 1.0)
    square, share = NORMAL_95**2, found / total
    middle = (share + square / (2 * total)) / (1 + square / total)
    half = (
        NORMAL_95
        / (1 + square / total)
        * sqrt(share * (1 - share) / total + square / (4 * total**2))
    )
    return Interval(max(0.0, middle - half), min(1.0, middle + half))
