"""Grids: lists, ranges and draws, and what is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.sweeps.grid import Grid, read_grid


def test_lists_and_ranges_make_every_combination_in_order():
    grid = Grid({"a": [1, 2], "b": {"from": 0, "to": 0.4, "steps": 3}}, {"c": "x"})
    assert grid.points() == [{"c": "x", "a": a, "b": b} for a in (1, 2) for b in (0.0, 0.2, 0.4)]


@pytest.mark.parametrize(
    ("axis", "values"),
    [
        ({"from": 1, "to": 9, "step": 3}, [1, 4, 7]),
        ({"from": 0, "to": 2}, [0, 1, 2]),
        ({"from": 0.1, "to": 0.3, "step": 0.1}, [0.1, 0.2, 0.3]),
        (range(3), [0, 1, 2]),
        ([[0], [0, 1]], [[0], [0, 1]]),
        (["x"], ["x"]),
    ],
)
def test_ranges(axis, values):
    assert [point["a"] for point in Grid({"a": axis}).points()] == values


def test_equal_points_are_run_once():
    assert len(Grid({"a": [1, 1, 2]}).points()) == 2


def test_points_of_other_kinds_are_not_equal():
    points = Grid({"a": [True, 1, 1.0, 1]}).points()
    assert [repr(point["a"]) for point in points] == ["True", "1", "1.0"]


def test_what_is_no_plain_value_is_refused():
    with pytest.raises(ConfigError, match="no plain value"):
        Grid({"a": [{1, 2}]}).points()


@given(st.integers(0, 2**32), st.integers(1, 30))
def test_draws_depend_on_the_seed_alone_and_keep_to_their_interval(seed: int, draws: int):
    axes = {
        "kind": ["x", "y"],
        "rate": {"draw": "log", "from": 1e-4, "to": 1e-2},
        "drop": {"draw": "uniform", "from": 0, "to": 0.5},
        "size": {"draw": "integer", "from": 1, "to": 3},
        "name": {"draw": "choice", "of": ["a", "b"]},
    }
    points = Grid(axes, draws=draws, seed=seed).points()
    assert points == Grid(axes, draws=draws, seed=seed).points()
    assert len(points) == 2 * draws
    for point in points:
        assert 0.99e-4 <= point["rate"] <= 1.01e-2
        assert 0 <= point["drop"] <= 0.5
        assert point["size"] in (1, 2, 3)
        assert point["name"] in ("a", "b")


@pytest.mark.parametrize(
    "axis",
    [
        [],
        "abc",
        3,
        None,
        {"from": 1},
        {"from": "a", "to": 2},
        {"from": 2, "to": 1},
        {"from": 0, "to": 1, "step": 0},
        {"from": 0, "to": 1, "steps": 1},
        {"from": 0, "to": 1, "other": 1},
        {"draw": "normal", "from": 0, "to": 1},
        {"draw": "log", "from": 0, "to": 1},
        {"draw": "choice", "of": []},
        {"draw": "uniform", "from": 1, "to": 1},
    ],
)
def test_what_is_no_axis_is_named(axis):
    with pytest.raises(ConfigError, match=r"^width: .* Give a list, a range"):
        Grid({"width": axis}).points()


def test_a_file(tmp_path: Path):
    path = tmp_path / "grid.yaml"
    path.write_text(
        "notebook: ../peak.ipynb\ndraws: 2\nseed: 7\nparameters: {kind: edos}\n"
        "grid:\n  rate: {draw: log, from: 1e-4, to: 1e-2}\n  width: [1, 2.5]\n"
    )
    notebook, grid = read_grid(path)
    assert notebook == tmp_path / "../peak.ipynb"
    assert len(grid.points()) == 4
    assert {point["kind"] for point in grid.points()} == {"edos"}


@pytest.mark.parametrize(
    "text",
    [
        "grid: {a: [1]}",
        "notebook: x",
        "[1, 2]",
        "a: [1",
        "notebook: x\ngrid: {a: [1]}\nsweep: 1",
        "notebook: x\ngrid: [1]",
        "notebook: x\ngrid: {a: [1]}\ndraws: 0",
        "notebook: x\ngrid: {a: [1]}\nseed: one",
        "\x00",
    ],
)
def test_a_bad_file_is_named(tmp_path: Path, text: str):
    path = tmp_path / "grid.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"grid\.yaml: "):
        read_grid(path)


def test_what_is_fixed_cannot_vary():
    with pytest.raises(ConfigError, match="a cannot be both"):
        Grid({"a": [1]}, {"a": 2}).points()


def test_draws_need_something_to_draw():
    with pytest.raises(ConfigError, match="nothing to draw"):
        Grid({"a": [1]}, draws=3).points()
