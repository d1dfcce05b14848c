"""Scores of a screen for valence-band gaps, on a handful of materials counted by hand."""

from __future__ import annotations

from math import isnan, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.metrics.gap_screen import (
    Confusion,
    average_precision,
    confusion,
    f1_interval,
    gap_scores,
    iou,
    precision_recall,
)
from deepdos_nb.metrics.valence_gap import Gap, emptiest_window, vb_gap

A = Gap(-3.0, -1.0)
PREDICTED = [A, None, Gap(-2.0, -1.0), None, Gap(-3.0, -2.0)]
REFERENCE = [Gap(-2.5, -0.5), None, None, A, Gap(-3.0, -2.0)]

gaps = st.one_of(
    st.none(),
    st.tuples(st.integers(-40, -20), st.integers(1, 19)).map(
        lambda t: Gap(t[0] / 10, (t[0] + t[1]) / 10)
    ),
)


def test_a_screen_by_hand():
    counts = confusion(PREDICTED, REFERENCE)
    assert counts == Confusion(found=2, false_alarms=1, missed=1, rejected=1)
    assert counts.precision == pytest.approx(2 / 3)
    assert counts.recall == pytest.approx(2 / 3)
    assert counts.f1 == pytest.approx(2 / 3)
    assert counts.mcc == pytest.approx((2 * 1 - 1 * 1) / sqrt(3 * 3 * 2 * 2))


def test_precision_and_recall_are_not_mixed_up():
    counts = Confusion(found=3, false_alarms=1, missed=6, rejected=10)
    assert counts.precision == pytest.approx(3 / 4)
    assert counts.recall == pytest.approx(3 / 9)
    assert counts.f1 == pytest.approx(2 * (3 / 4) * (1 / 3) / (3 / 4 + 1 / 3))
    assert counts.mcc == pytest.approx((30 - 6) / sqrt(4 * 9 * 11 * 16))


def test_windows_by_hand():
    # [−3, −1] and [−2.5, −0.5] share 1.5 of the 2.5 eV they cover together
    assert iou(A, Gap(-2.5, -0.5)) == pytest.approx(0.6)
    assert iou(A, A) == 1
    assert iou(A, Gap(-2.5, -2.0)) == pytest.approx(0.25)
    assert iou(A, Gap(-1.0, -0.5)) == 0
    assert iou(A, None) == iou(None, A) == 0
    assert isnan(iou(None, None))


def test_every_score_by_name():
    scores = gap_scores(PREDICTED, REFERENCE)
    assert (scores["n"], scores["positives"], scores["picked"]) == (5, 3, 3)
    assert scores["iou_found"] == pytest.approx((0.6 + 1) / 2)
    assert scores["iou_any"] == pytest.approx((0.6 + 0 + 0 + 1) / 4)
    assert scores["low_edge_mae"] == pytest.approx(0.25)
    assert scores["high_edge_mae"] == pytest.approx(0.25)
    assert scores["width_mae"] == pytest.approx(0)
    for name in ("precision", "recall", "f1", "mcc"):
        assert scores[name] == getattr(confusion(PREDICTED, REFERENCE), name)


def test_no_positives():
    nothing = gap_scores([None] * 3, [None] * 3)
    for name in ("precision", "recall", "f1", "iou_found", "iou_any", "low_edge_mae"):
        assert isnan(nothing[name]), name
    assert nothing["mcc"] == 0
    alarm = gap_scores([A, None, None], [None] * 3)
    assert alarm["precision"] == alarm["f1"] == alarm["mcc"] == alarm["iou_any"] == 0
    assert isnan(alarm["recall"])


def test_nothing_picked():
    scores = gap_scores([None] * 3, [A, A, None])
    assert isnan(scores["precision"])
    assert scores["recall"] == scores["f1"] == scores["mcc"] == scores["iou_any"] == 0


def test_all_positives():
    scores = gap_scores([A, A], [A, A])
    assert scores["precision"] == scores["recall"] == scores["f1"] == scores["iou_any"] == 1
    assert scores["mcc"] == 0  # a screen that always says yes would do as well
    half = gap_scores([A, None], [A, A])
    assert half["precision"] == 1
    assert half["recall"] == 0.5
    assert half["mcc"] == 0


def test_no_materials_and_unequal_lists():
    empty = gap_scores([], [])
    assert empty["n"] == 0
    assert isnan(empty["f1"])
    with pytest.raises(ConfigError, match="2 predicted gaps do not pair with 1"):
        confusion([A, None], [A])


@given(st.lists(st.tuples(gaps, gaps), min_size=1, max_size=12))
def test_bounds_and_exchange(pairs):
    predicted, reference = map(list, zip(*pairs, strict=True))
    scores, back = gap_scores(predicted, reference), gap_scores(reference, predicted)
    assert -1 <= scores["mcc"] <= 1
    for name in ("precision", "recall", "f1", "iou_found", "iou_any"):
        assert isnan(scores[name]) or 0 <= scores[name] <= 1 + 1e-12
    for own, other in (("precision", "recall"), ("f1", "f1"), ("mcc", "mcc"), ("iou_any",) * 2):
        assert scores[own] == pytest.approx(back[other], nan_ok=True)
    perfect = gap_scores(reference, reference)
    assert perfect["f1"] == 1 or isnan(perfect["f1"])


# The screen as a curve


def test_a_curve_by_hand():
    emptiness = np.array([0.1, 0.4, 0.4, 0.8, np.inf, 2.0])
    positive = np.array([True, True, False, False, True, True])
    precision, recall = precision_recall(emptiness, positive)
    # Two equally empty materials come in together; the infinite one never does.
    assert precision.tolist() == pytest.approx([1, 2 / 3, 2 / 4, 3 / 5])
    assert recall.tolist() == pytest.approx([1 / 4, 2 / 4, 2 / 4, 3 / 4])
    area = 1 / 4 + (2 / 3) / 4 + 0 + (3 / 5) / 4
    assert average_precision(precision, recall) == pytest.approx(area)


def test_a_perfect_order_has_an_average_precision_of_one():
    emptiness, positive = np.array([0.3, 0.1, 5.0, 4.0]), np.array([True, True, False, False])
    assert average_precision(*precision_recall(emptiness, positive)) == pytest.approx(1)


def test_a_curve_needs_something_to_find():
    with pytest.raises(ConfigError, match="a positive one"):
        precision_recall(np.ones(3), np.zeros(3, bool))


def test_the_interval_holds_the_score_and_shrinks_with_materials():
    few = f1_interval(PREDICTED, REFERENCE)
    many = f1_interval(PREDICTED * 40, REFERENCE * 40)
    score = gap_scores(PREDICTED, REFERENCE)["f1"]
    assert few[0] <= score <= few[1]
    assert many[0] <= score <= many[1]
    assert many[1] - many[0] < 0.3 * (few[1] - few[0])
    assert f1_interval([A, None], [A, None])[1] == 1


@given(seed=st.integers(0, 10**6), bump=st.floats(0.0, 2.0))
def test_a_gap_is_an_emptiest_window_below_the_threshold(seed, bump):
    """Up to the bin at each end, which a gap's edges cut by straight lines."""
    energies = np.linspace(-4, 4, 128)
    rng = np.random.default_rng(seed)
    centres, widths = rng.uniform(-4, 1, 6), rng.uniform(0.1, 0.5, 6)
    density = 3 * np.exp(-0.5 * ((energies[:, None] - centres) / widths) ** 2).sum(axis=1) + bump
    found = vb_gap(energies, density, min_width=1.0 + 3 * (energies[1] - energies[0]))
    if found is not None:
        assert emptiest_window(energies, density) < 0.9
    if emptiest_window(energies, density, width=1.2) < 0.9:
        assert vb_gap(energies, density) is not None
