"""The folder of a sweep that is repeated with something else: what is listed, and by which name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sweep_notebook import write_notebook

from deepdos_nb.sweeps.folder import Run, SweepFolder
from deepdos_nb.sweeps.grid import Grid
from deepdos_nb.sweeps.keys import key_of
from deepdos_nb.sweeps.report import Sweep


@pytest.fixture
def sweep(tmp_path: Path):
    """Begins a sweep in a folder and finishes its new runs at once; tells how many those were."""
    notebook, place = write_notebook(tmp_path), SweepFolder(tmp_path / "out")

    def begin(axes: dict[str, Any], **fixed: Any) -> int:
        new = 0
        for point in place.begin(notebook, Grid(axes, fixed).points(), list(axes)):
            if not place.has(key_of(point)):
                place.keep(key_of(point), Run(point, "finished", 1.0, [{"height": 1.0}]))
                new += 1
        return new

    return begin


def test_what_was_fixed_differently_has_a_column(sweep, tmp_path: Path):
    sweep({"width": [1.0, 2.0]}, seed=0, kind="phdos")
    sweep({"width": [1.0, 2.0]}, seed=1, kind="phdos")
    found = Sweep(tmp_path / "out")
    assert list(found.table().columns) == ["width", "seed", "height"]
    assert found.table()["seed"].tolist() == [0, 0, 1, 1]
    assert found.runs()["seed"].tolist() == [0, 0, 1, 1]
    legend = found.figure().axes[0].get_legend()
    assert legend.get_title().get_text() == "seed"
    assert [text.get_text() for text in legend.get_texts()] == ["0", "1"]


def test_what_one_sweep_leaves_to_the_notebook_has_a_column(sweep, tmp_path: Path):
    sweep({"width": [1.0]})
    assert Sweep(tmp_path / "out").folder.varied() == ["width"]
    sweep({"width": [1.0]}, seed=1)
    assert Sweep(tmp_path / "out").folder.varied() == ["width", "seed"]


def test_whole_numbers_and_others_are_both_listed(sweep, tmp_path: Path):
    assert sweep({"width": [1]}) == 1
    assert sweep({"width": {"from": 1, "to": 2, "steps": 2}}) == 2
    runs = Sweep(tmp_path / "out").runs()
    assert runs["state"].tolist() == ["finished"] * 3
    assert [repr(width) for width in SweepFolder(tmp_path / "out").points().values()] == [
        "{'width': 1}",
        "{'width': 1.0}",
        "{'width': 2.0}",
    ]


def test_the_same_point_in_another_order_is_the_same_run(sweep, tmp_path: Path):
    assert sweep({"width": [1.0]}, seed=3) == 1
    assert sweep({"seed": [3, 4]}, width=1.0) == 1
    assert len(Sweep(tmp_path / "out").table()) == 2


def test_tuples_are_found_again(sweep, tmp_path: Path):
    assert sweep({"weights": [(0.5, 0.5), [1.0]]}) == 2
    assert Sweep(tmp_path / "out").runs()["state"].tolist() == ["finished", "finished"]
    assert sweep({"weights": [[0.5, 0.5]]}) == 0
