"""Edges, gaps and flanks: what curves made to have them score."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepdos_nb.metrics.sharp_features import (
    FARTHEST,
    edge_error,
    edges,
    gap_filling,
    gaps,
    sharp_scores,
    slope_error,
)

STEP = 20.0


def boxes(*spans: tuple[int, int], n: int = 51) -> np.ndarray:
    curve = np.zeros(n)
    for begin, end in spans:
        curve[begin:end] = 1.0
    return curve


def test_edges_lie_where_straight_lines_cross_a_tenth():
    rising, falling = edges(boxes((5, 10), (20, 25)))
    np.testing.assert_allclose(rising, [4.1, 19.1])
    np.testing.assert_allclose(falling, [9.9, 24.9])
    assert all(len(e) == 0 for e in edges(np.ones(51)))


@pytest.mark.parametrize("bins", [0, 1, 3])
def test_a_shift_moves_every_edge_by_itself(bins):
    reference = boxes((5, 10), (20, 25))
    found = edge_error(np.roll(reference, bins)[None], reference[None], STEP)
    np.testing.assert_allclose(found, bins * STEP)


def test_an_edge_without_a_partner_of_its_direction_is_missed():
    reference, one = boxes((5, 10), (30, 35)), boxes((5, 10))
    # Two of four edges are missed.
    np.testing.assert_allclose(edge_error(one[None], reference[None], 1.0), FARTHEST / 2)
    np.testing.assert_allclose(edge_error(reference[None], np.ones((1, 51)), 1.0), 0.0)


def test_gaps_have_states_on_both_sides_and_some_width():
    curve = boxes((5, 10), (12, 14), (20, 25))
    inside = gaps(curve[None])[0]
    assert np.flatnonzero(inside).tolist() == list(range(14, 20))
    # A uniform curve has its mean density everywhere, in gaps too.
    np.testing.assert_allclose(gap_filling(np.ones((1, 51)), curve[None]), 1.0)
    np.testing.assert_allclose(gap_filling(curve[None], curve[None]), 0.0)
    assert np.isnan(gap_filling(curve[None], boxes((5, 25))[None])).all()


def test_slopes_of_a_flat_curve_are_all_wrong():
    reference = boxes((5, 10), (20, 25))[None]
    np.testing.assert_allclose(slope_error(np.ones((1, 51)), reference), 1.0)
    np.testing.assert_allclose(slope_error(7 * reference, reference), 0.0)


@given(st.lists(st.floats(0, 1), min_size=51, max_size=51).filter(lambda c: sum(c) > 0.1))
def test_every_curve_is_right_about_itself_at_any_scale(curve):
    curves = np.array([curve])
    scores = sharp_scores(3.0 * curves, curves, STEP)
    assert scores["edge_error"] == pytest.approx(0.0, abs=1e-6)
    assert scores["slope_error"] == pytest.approx(0.0, abs=1e-6)
    if scores["gap_crystals"]:
        assert scores["gap_filling"] < 0.02 * 51
