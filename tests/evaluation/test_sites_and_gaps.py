"""Reading finished runs for sites and gaps: on made-up totals whose answers are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.core.grids import grid_for
from deepdos_nb.data.training_sets import embedded_data
from deepdos_nb.evaluation import experiments, sites_and_gaps, variants
from deepdos_nb.evaluation.tables import RunResult
from deepdos_nb.model import ModelConfig
from deepdos_nb.model.baselines import BaselineConfig
from deepdos_nb.training.train import TrainConfig

TINY = ModelConfig(
    kind="edos",
    width=16,
    heads=2,
    encoder_layers=1,
    decoder_layers=1,
    moments=4,
    radial=8,
    reasoner_width=16,
)


@pytest.fixture(scope="module")
def data():
    whole = embedded_data("edos")
    test = whole.test[:12]
    return replace(whole, train=whole.train[:8], valid=whole.valid[:4], test=test, test_sites=test)


@pytest.fixture(scope="module")
def trained(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    configs = {variants.OURS: TrainConfig(model=TINY, epochs=1, batch_size=8)}
    return experiments.run_all(configs, [0], data, folder), configs, folder


def test_sites_of_a_finished_run(data, trained):
    _, configs, folder = trained
    rows = sites_and_gaps.site_rows(configs, [0], data, folder)
    assert rows[["variant", "seed", "n_train"]].to_numpy().tolist() == [[variants.OURS, 0, 8]]
    elements = sum(len(set(r.numbers.tolist())) for r in data.test)
    assert rows["element_n"].item() == elements
    table = sites_and_gaps.site_markdown(rows, "edos")
    assert f"{rows['element_cosine_median'].item():.3f}" in table
    assert table.count("\n") == 3  # a head, a rule, elements and sites


def test_the_true_shapes_screen_best_and_flat_ones_pick_nothing(data, trained, monkeypatch):
    runs, configs, folder = trained
    grid = grid_for("edos")
    known = np.array([r.states for r in data.test])
    monkeypatch.setattr(sites_and_gaps, "_states", lambda *_: known)
    true = np.stack([r.shape for r in data.test])
    made = {
        variants.OURS: [_curves(true)],
        "flat": [_curves(np.full_like(true, 1 / grid.n_bins))],
    }
    assert runs
    rows = sites_and_gaps.gap_rows(made, configs, data, folder).set_index("variant")
    positives = rows.loc[variants.OURS, "positives"]
    assert rows.loc[variants.OURS, "picked"] == positives
    if positives:
        assert rows.loc[variants.OURS, "f1"] == 1
    assert rows.loc["flat", "picked"] == 0
    assert "| flat | 1 | 0.0 |" in sites_and_gaps.gap_markdown(rows.reset_index())


def test_an_unknown_number_of_states_is_not_the_answer_no_gap(data, trained, monkeypatch):
    _, configs, folder = trained
    monkeypatch.setattr(
        sites_and_gaps, "_states", lambda _, records: np.array([r.states for r in records])
    )
    made = {variants.OURS: [_curves(np.stack([r.shape for r in data.test]))]}
    half = replace(data, test=[replace(r, states=None) for r in data.test[:6]] + data.test[6:])
    row = sites_and_gaps.gap_rows(made, configs, half, folder).iloc[0]
    few = replace(data, test=data.test[6:])
    part = {variants.OURS: [_curves(made[variants.OURS][0].totals["test"][6:])]}
    pd.testing.assert_series_equal(row, sites_and_gaps.gap_rows(part, configs, few, folder).iloc[0])
    none = replace(data, test=[replace(r, states=None) for r in data.test])
    with pytest.raises(ConfigError, match="knows its number of states"):
        sites_and_gaps.gap_rows(made, configs, none, folder)


def test_a_baseline_has_no_sites(data, tmp_path):
    model = BaselineConfig(name="graph-network", kind="edos", width=12)
    configs = {"graph-network": TrainConfig(model=model, epochs=1, batch_size=8)}
    experiments.run_all(configs, [0], data, tmp_path)
    with pytest.raises(ConfigError, match="knows no sites"):
        sites_and_gaps.site_rows(configs, [0], data, tmp_path)


def test_a_score_that_divides_by_nothing_is_a_dash():
    rows = pd.DataFrame(
        [{"variant": "a", "seed": 0, **dict.fromkeys(sites_and_gaps.GAP_COLUMNS, float("nan"))}]
    )
    assert sites_and_gaps.gap_markdown(rows).endswith(
        "| a | 1 |" + " – |" * len(sites_and_gaps.GAP_COLUMNS)
    )


def _curves(totals: np.ndarray) -> RunResult:
    return RunResult({"valid": totals, "test": totals}, {}, {})
