"""What a prediction takes is said before it begins, from the cell alone."""

from __future__ import annotations

import subprocess
import sys

import pytest
from crystals import mgo, rocksalt
from typer.testing import CliRunner

import deepdos_nb as dd
from deepdos_nb.cli import app
from deepdos_nb.core.grids import Kind
from deepdos_nb.inference.cost import DRAFTS, ORBITALS, Cost, expected_cost, together
from deepdos_nb.physics import slater_koster


@pytest.mark.parametrize("kind", ["phdos", "edos"])
def test_larger_cells_cost_more_and_small_ones_next_to_nothing(kind):
    small, large, larger = (mgo() * size for size in ((1, 1, 1), (7, 7, 7), (8, 8, 8)))
    costs = [expected_cost(s, kind) for s in (small, large, larger)]
    assert costs[0].seconds < 0.1
    assert costs[0].seconds < costs[1].seconds < costs[2].seconds
    assert costs[0].gigabytes < costs[1].gigabytes < costs[2].gigabytes < 2.0


def test_d_orbitals_count_for_electrons_alone():
    salt, oxide = (rocksalt(metal, "O", 4.2) * (4, 4, 4) for metal in ("Mg", "Ni"))
    assert expected_cost(oxide, "edos").seconds > 1.5 * expected_cost(salt, "edos").seconds
    assert expected_cost(oxide, "phdos") == expected_cost(salt, "phdos")


def test_orbitals_and_drafts_are_those_of_the_shipped_models():
    with_d, without = ORBITALS
    assert with_d == slater_koster.ORBITALS
    assert without == sum(shell != 2 for shell in slater_koster.SHELL)
    for kind in Kind:
        models = [model.draft_model for model in dd.load_model(kind).models]
        weights = {tuple(w.sum().item() for w in model.parameters()) for model in models}
        assert len(weights) == DRAFTS[kind]


def test_several_crystals_take_the_sum_of_times_and_the_most_memory():
    both = together([Cost(2.0, 0.5), Cost(200.0, 0.4)])
    assert (both.seconds, both.gigabytes) == (202.0, 0.5)
    assert str(both) == "about 3 min of one core and 0.5 GB"
    assert together([]).seconds == 0


def test_the_command_says_it_before_it_begins(tmp_path, monkeypatch):
    file = tmp_path / "MgO.cif"
    mgo().to(filename=str(file))
    arguments = ["predict", str(file), "--out", str(tmp_path), "--figure", "none"]
    assert CliRunner().invoke(app, arguments).stderr == "", "soon done"
    monkeypatch.setattr("deepdos_nb.cli.output.WORTH_SAYING", 0.0)
    said = CliRunner().invoke(app, arguments)
    assert said.stderr.startswith("this crystal: about ")
    assert "of one core" in said.stderr
    assert CliRunner().invoke(app, [*arguments, "--quiet"]).stderr == ""


def test_an_estimate_loads_no_torch():
    code = "import sys; import deepdos_nb.inference.cost; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
