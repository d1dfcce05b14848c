"""Intervals: they hold the truth as often as they say, and small counts make them wide."""

from __future__ import annotations

import numpy as np
import pytest

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.metrics.intervals import bootstrap_mean, wilson


def test_the_bootstrap_of_a_mean_is_as_wide_as_its_standard_error_says():
    values = np.random.default_rng(3).exponential(1.0, 400)
    low, high = bootstrap_mean(values)
    error = values.std(ddof=1) / 20
    assert low < values.mean() < high
    assert (high - low) == pytest.approx(2 * 1.96 * error, rel=0.06)
    assert bootstrap_mean(values) == (low, high)
    assert bootstrap_mean(np.full(9, 2.0)) == (2.0, 2.0)


def test_nineteen_of_twenty_intervals_hold_the_truth():
    random = np.random.default_rng(0)
    held = [
        low <= 0.5 <= high
        for low, high in (bootstrap_mean(random.random(40), seed=i) for i in range(300))
    ]
    assert 0.90 <= np.mean(held) <= 0.98


def test_wilson_at_the_numbers_of_its_textbook_examples():
    # Three of seven; none of ten; all of ten (Newcombe, Statist. Med. 17, 857 (1998), method 3).
    assert wilson(3, 7) == pytest.approx((0.1582, 0.7495), abs=1e-4)
    assert wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert wilson(10, 10) == pytest.approx((0.7225, 1.0), abs=1e-4)
    assert wilson(0, 0) == (0.0, 1.0)


def test_what_is_no_sample_is_refused():
    for values in (np.zeros(0), np.zeros((2, 2))):
        with pytest.raises(ConfigError, match="row of scores"):
            bootstrap_mean(values)
    with pytest.raises(ConfigError, match="no share"):
        wilson(8, 7)
