"""Every score against a case worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from deepdos_nb.metrics import scores as metrics

ENERGIES = np.array([0.0, 10.0, 20.0, 30.0])
REFERENCE = np.array([[0.0, 4.0, 2.0, 2.0], [1.0, 0.0, 0.0, 1.0]])
PREDICTED = np.array([[0.0, 1.0, 1.0, 0.0], [3.0, 0.0, 0.0, 1.0]])


def test_max_normalised_errors():
    # references (0, 1, ½, ½) and (1, 0, 0, 1); predictions (0, 1, 1, 0) and (1, 0, 0, ⅓)
    squares = 0.25 + 0.25 + 4 / 9
    assert metrics.mse(PREDICTED, REFERENCE) == pytest.approx(squares / 8)
    assert metrics.mae(PREDICTED, REFERENCE) == pytest.approx((0.5 + 0.5 + 2 / 3) / 8)


def test_sum_normalised_errors():
    # references (0, ½, ¼, ¼) and (½, 0, 0, ½); predictions (0, ½, ½, 0) and (¾, 0, 0, ¼)
    assert metrics.mse(PREDICTED, REFERENCE, "sum") == pytest.approx(4 * 0.0625 / 8)
    assert metrics.mae(PREDICTED, REFERENCE, "sum") == pytest.approx(4 * 0.25 / 8)


def test_oracle_total_errors_are_in_units_of_the_references_maximum():
    # references (0, 1, ½, ½) and (1, 0, 0, 1); predictions (0, 1, 1, 0) and (1½, 0, 0, ½)
    assert metrics.mse(PREDICTED, REFERENCE, "oracle") == pytest.approx(4 * 0.25 / 8)
    assert metrics.mae(PREDICTED, REFERENCE, "oracle") == pytest.approx(4 * 0.5 / 8)


def test_end_to_end_errors_let_a_wrong_total_count():
    # as they stand, in units of the reference's maximum: references (0, 1, ½, ½) and (1, 0, 0, 1);
    # predictions (0, ¼, ¼, 0) and (3, 0, 0, 1)
    squares = 0.75**2 + 0.25**2 + 0.5**2 + 2**2
    assert metrics.mse(PREDICTED, REFERENCE, "end_to_end") == pytest.approx(squares / 8)
    assert metrics.mae(PREDICTED, REFERENCE, "end_to_end") == pytest.approx((1.5 + 2) / 8)
    right = PREDICTED * (REFERENCE.sum(1) / PREDICTED.sum(1))[:, None]
    for score in (metrics.mse, metrics.mae, metrics.r2_pooled):
        assert score(right, REFERENCE, "end_to_end") == pytest.approx(
            score(PREDICTED, REFERENCE, "oracle")
        )


def test_errors_over_some_bins_keep_the_whole_curves_scale():
    first = np.array([True, True, False, False])
    assert metrics.mse(PREDICTED, REFERENCE, bins=first) == 0
    assert metrics.mse(PREDICTED, REFERENCE, bins=~first) == pytest.approx((0.5 + 4 / 9) / 4)
    # by sum, errors (0, 0, ¼, ¼) and (¼, 0, 0, ¼)
    assert metrics.mae(PREDICTED, REFERENCE, "sum", bins=first) == pytest.approx(0.25 / 4)
    assert metrics.mae(PREDICTED, REFERENCE, "sum", bins=~first) == pytest.approx(0.75 / 4)


def test_pooled_r2_of_the_other_normalisations():
    # by sum the references differ by (½, ½, ¼, ¼), half of the squares is 0.3125; errors 4 · ¼²
    assert metrics.r2_pooled(PREDICTED, REFERENCE, "sum") == pytest.approx(1 - 0.25 / 0.3125)
    # oracle: variance as for the maximum, 1.25; errors 4 · ½²
    assert metrics.r2_pooled(PREDICTED, REFERENCE, "oracle") == pytest.approx(1 - 1 / 1.25)
    # per crystal, by sum: (2 · ¼²) / (2 · ¼²) and (2 · ¼²) / (4 · ¼²)
    assert metrics.r2_per_crystal(PREDICTED, REFERENCE, "sum") == pytest.approx([0.0, 0.5])


def test_pooled_r2_takes_each_bins_variance_over_crystals():
    # max-normalised references differ by (1, 1, ½, ½): Σ (half difference)² · 2
    variance = 2 * (0.25 + 0.25 + 0.0625 + 0.0625)
    error = 0.25 + 0.25 + 4 / 9
    assert metrics.r2_pooled(PREDICTED, REFERENCE) == pytest.approx(1 - error / variance)


def test_r2_per_crystal():
    # first reference (0, 1, ½, ½), mean ½: variance sum ½; second (1, 0, 0, 1): 1
    expected = [1 - 0.5 / 0.5, 1 - (4 / 9) / 1.0]
    assert metrics.r2_per_crystal(PREDICTED, REFERENCE) == pytest.approx(expected)


def test_wasserstein_is_the_work_of_moving_states():
    # first: ¼ of the states must go from 20 to 30; second: ¼ from 0 to 30
    assert metrics.wasserstein(PREDICTED, REFERENCE, 10.0) == pytest.approx([2.5, 7.5])


def test_mean_energy_and_cosine():
    assert metrics.mean_energy(REFERENCE, ENERGIES) == pytest.approx([17.5, 15.0])
    assert metrics.cosine(PREDICTED, REFERENCE) == pytest.approx(
        [6 / np.sqrt(2 * 24), 4 / np.sqrt(20)]
    )
    # predictions have their means at 15 and at 7.5
    assert metrics.mean_energy_error(PREDICTED, REFERENCE, ENERGIES) == pytest.approx([-2.5, -7.5])


def test_scale_does_not_enter_shape_scores():
    a = metrics.shape_scores(PREDICTED, REFERENCE, ENERGIES)
    b = metrics.shape_scores(7 * PREDICTED, 0.1 * REFERENCE, ENERGIES)
    assert a == pytest.approx(b)
    assert a["wd_mean"] == pytest.approx(5.0)
    assert a["mean_energy_mae"] == pytest.approx((2.5 + 7.5) / 2)


def test_a_perfect_prediction_scores_perfectly_and_zeros_do_not_crash():
    scores = metrics.shape_scores(REFERENCE, REFERENCE, ENERGIES)
    assert scores["mse_max"] == 0
    assert scores["r2_pooled_max"] == 1
    assert metrics.mse(np.zeros_like(REFERENCE), REFERENCE) == pytest.approx((1 + 0.5 + 2) / 8)


@pytest.mark.parametrize("protocol", metrics.PROTOCOLS)
def test_r2_without_variance_is_no_number(protocol: metrics.Protocol):
    assert np.isnan(metrics.r2_pooled(PREDICTED[:1], REFERENCE[:1], protocol))
    # The mean of 51 equal values differs from them by round-off.
    flat = np.vstack([np.full(51, 1 / 3), np.arange(51.0)])
    other = np.vstack([np.arange(51.0), np.arange(51.0)])
    assert np.isnan(metrics.r2_per_crystal(other, flat, protocol)).tolist() == [True, False]
    scores = metrics.shape_scores(other, flat, np.arange(51.0))
    assert scores[f"r2_crystal_mean_{protocol}"] == pytest.approx(1.0)
    same = np.vstack([flat[0]] * 3)
    alone = metrics.shape_scores(other[[0] * 3], same, np.arange(51.0))
    assert np.isnan(alone[f"r2_crystal_mean_{protocol}"])
    assert np.isnan(alone[f"r2_pooled_{protocol}"])
