"""Pairs to compare: all that are within reach, few points or many."""

from __future__ import annotations

import numpy as np
import pytest

from deepdos_nb.core.nearby import FEW_POINTS, pairs_to_compare


@pytest.mark.parametrize("n", [0, 1, 2, 40, FEW_POINTS + 100])
@pytest.mark.parametrize("in_unit_cell", [False, True])
def test_all_within_reach_are_found_once(n, in_unit_cell):
    points, reach = np.random.default_rng(n).random((n, 3)), 0.1
    apart = np.abs(points[:, None] - points)
    if in_unit_cell:
        distance = np.minimum(apart, 1 - apart).max(axis=2)
    else:
        distance = np.linalg.norm(apart, axis=2)
    near = {(i, j) for i, j in np.argwhere(distance <= reach).tolist() if i < j}
    pairs = pairs_to_compare(points, reach, in_unit_cell=in_unit_cell)
    assert pairs.shape == (len(pairs), 2)
    found = [tuple(pair) for pair in pairs.tolist()]
    assert near <= set(found)
    assert found == sorted(set(found))


def test_many_points_far_apart_have_no_pairs():
    points = np.arange(3.0 * (FEW_POINTS + 1)).reshape(-1, 3)
    assert pairs_to_compare(points, 0.5).shape == (0, 2)
