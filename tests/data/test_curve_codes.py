"""Stored curves: how far they may be off, and shards from before there were codes."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from labels import made_up

from deepdos_nb.core.errors import DataError
from deepdos_nb.core.files import write_arrays
from deepdos_nb.data.curve_codes import ERROR, decoded, encoded
from deepdos_nb.data.label_shards import read_shard, write_shard

values = st.floats(0.0, 1e6, width=32)
crystals = st.lists(
    st.integers(1, 3).flatmap(lambda n: arrays(np.float64, (n, 2, 7), elements=values)),
    min_size=1,
    max_size=4,
)


def there_and_back(curves: list[np.ndarray]) -> list[np.ndarray]:
    rows = np.array([len(x) for x in curves])
    return np.split(decoded(*encoded(curves), rows), np.cumsum(rows)[:-1])


@given(crystals)
def test_no_value_is_off_by_more_than_the_bound(curves):
    for before, after in zip(curves, there_and_back(curves), strict=True):
        # float32 adds its own rounding.
        assert np.abs(after - before).max() <= (ERROR + 1e-6) * before.max()
        assert (after[before == 0] == 0).all()
        assert after.min() >= 0


@given(crystals)
def test_writing_what_was_read_changes_nothing(curves):
    once = there_and_back(curves)
    for first, second in zip(once, there_and_back(once), strict=True):
        assert np.array_equal(first, second)


def test_small_values_keep_their_digits():
    """A hundredth of the largest value is kept to a quarter of a percent of itself."""
    curve = np.linspace(0.01, 1.0, 500).reshape(1, 1, -1)
    (after,) = there_and_back([curve])
    assert np.abs(after / curve - 1).max() < 0.0025


@pytest.mark.parametrize("wrong", [-0.1, np.inf, np.nan])
def test_what_is_no_spectrum_is_refused(tmp_path, wrong):
    label = made_up("a")
    label.states[0, 0, 3] = wrong
    with pytest.raises(DataError, match=r"shard.*negative or infinite"):
        write_shard(tmp_path / "shard.npz", [label])


def test_rounding_below_zero_is_zero():
    (after,) = there_and_back([np.array([[[-1e-17, 0.5, 1.0]]])])
    assert after[0, 0, 0] == 0


def test_shards_of_earlier_releases_are_read(tmp_path):
    label = made_up("a")
    write_arrays(
        tmp_path / "old.npz",
        {
            "lattice": label.lattice[None].astype(np.float32),
            "numbers": label.numbers.astype(np.uint8),
            "frac": label.frac.astype(np.float32),
            "orbits": label.orbits.astype(np.uint16),
            "states": label.states.astype(np.float16),
            "atoms": np.array([len(label.numbers)], dtype=np.uint16),
            "facts": np.frombuffer(json.dumps(label.facts).encode(), dtype=np.uint8),
        },
    )
    (back,) = read_shard(tmp_path / "old.npz")
    assert back.name == label.name
    assert np.allclose(back.states, label.states, rtol=1e-3)


def test_codes_that_do_not_fit_their_crystals_are_said_to_be_damaged(tmp_path):
    path = tmp_path / "shard.npz"
    write_shard(path, [made_up("a"), made_up("b")])
    with np.load(path) as file:
        content = {name: file[name] for name in file.files}
    write_arrays(path, content | {"codes": content["codes"][:, :3]})
    with pytest.raises(DataError, match="not a shard of labels"):
        list(read_shard(path))
