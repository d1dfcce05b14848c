"""Paired seeds: differences seed by seed, and a verdict that luck does not reach."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from deepdos_nb.evaluation.paired import behind, differences, paired_markdown, t_interval


def rows(**variants: list[float]) -> pd.DataFrame:
    """Scores whose seeds differ far more than the variants do."""
    return pd.DataFrame(
        [
            {"variant": name, "seed": seed, "mse_max": value, "wd_mean": 1000 * value}
            for name, values in variants.items()
            for seed, value in enumerate(values)
        ]
        + [{"variant": name, "seed": "mean curve", "mse_max": 9.0} for name in variants]
    )


def test_differences_are_taken_seed_by_seed():
    table = rows(ours=[0.010, 0.020, 0.030], other=[0.011, 0.022, 0.033], short=[0.02])
    found = differences(table, "ours")
    np.testing.assert_allclose(found[found["variant"] == "other"]["mse_max"], 0.1)
    assert found[found["variant"] == "short"]["wd_mean"].tolist() == pytest.approx([1.0])


def test_only_what_every_seed_says_clearly_is_a_verdict():
    ours = [0.010, 0.020, 0.030]
    clear = differences(rows(ours=ours, other=[0.0111, 0.0220, 0.0331]), "ours")
    assert behind(clear)
    mixed = differences(rows(ours=ours, other=[0.0130, 0.0190, 0.0330]), "ours")
    assert not behind(mixed)
    small = differences(rows(ours=ours, other=[0.0102, 0.0204, 0.0306]), "ours")
    assert not behind(small)
    one = differences(rows(ours=ours[:1], other=[0.02]), "ours")
    assert not behind(one)
    text = paired_markdown(rows(ours=ours, other=[0.0111, 0.0220, 0.0331]), "ours")
    assert "| other | +10% (+9% to +12%) | 3 of 3 |" in text
    assert text.rstrip().endswith("behind |")


def test_the_interval_of_two_is_students():
    low, high = t_interval(np.array([0.0, 2.0]))
    assert high - 1.0 == pytest.approx(12.706, abs=0.01)
    assert low == pytest.approx(2.0 - high)
