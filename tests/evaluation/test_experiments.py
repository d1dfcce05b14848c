"""Experiments on tiny networks: every variant differs as it says, finished runs are read again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from data_files import salts, write_petretto, write_phonondb

from deepdos_nb.core.errors import ConfigError, WeightsError
from deepdos_nb.data.sources.petretto import load_petretto
from deepdos_nb.data.sources.phonondb import load_phonondb
from deepdos_nb.data.training_sets import TrainingData
from deepdos_nb.evaluation import experiments, tables, variants
from deepdos_nb.model import ModelConfig
from deepdos_nb.model.baselines import NAMES, BaselineConfig
from deepdos_nb.model.weights import load_draft_model
from deepdos_nb.physics.draft import same_draft_model
from deepdos_nb.training.draft import DRAFT
from deepdos_nb.training.force_constants import ForceConstantConfig
from deepdos_nb.training.tight_binding import TightBindingConfig
from deepdos_nb.training.train import TrainConfig, best_model

TINY = ModelConfig(
    width=16, heads=2, encoder_layers=1, decoder_layers=1, moments=4, radial=8, reasoner_width=16
)


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> TrainingData:
    folder = tmp_path_factory.mktemp("data")
    labelled = load_phonondb(write_phonondb(folder / "db", salts()))
    more = load_petretto(write_petretto(folder / "data.csv", salts()))
    return TrainingData(labelled, more[:2], more[2:4], [])


def config(**changes: object) -> TrainConfig:
    return replace(TrainConfig(model=TINY, epochs=1, batch_size=4), **changes)


def test_the_benchmark_has_our_model_and_every_baseline_at_one_setting():
    base = variants.train_config(epochs=7, dropout=0.3)
    configs = variants.benchmark_configs("edos", base)
    bare, alone = variants.BARE["edos"], variants.ALONE["edos"]
    assert list(configs) == [variants.OURS, bare, alone, *NAMES]
    assert configs.pop(alone) == TightBindingConfig(epochs=7, projections=False)
    assert {c.model.dropout for c in configs.values()} == {0.3}
    assert {c.model.kind for c in configs.values()} == {"edos"}
    assert {c.epochs for c in configs.values()} == {7}
    assert all(isinstance(configs[n].model, BaselineConfig) for n in NAMES)
    assert all(c.loss.sites == 0 for c in configs.values())  # totals alone, like for like


@pytest.mark.parametrize(
    ("kind", "draft", "base_name", "steps"),
    [
        ("phdos", True, variants.OURS, (4, 2, 1)),
        ("phdos", False, variants.BARE["phdos"], (4, 2, 1, 4, 2, 1)),
        ("edos", True, variants.OURS, (4, 2, 1)),
    ],
)
def test_each_ablation_changes_one_thing(kind, draft, base_name, steps):
    base = variants.train_config(epochs=7)
    configs = variants.ablation_configs(kind, base, draft=draft, strides=steps)
    full = configs.pop(base_name).to_dict()
    assert full["model"]["draft"] == draft
    assert len(configs) == 8 + 2 * draft
    for name, variant in configs.items():
        values = variant.to_dict()
        changed = {
            key
            for part in ("model", "loss")
            for key in full[part]
            if values[part][key] != full[part][key]
        }
        assert len(changed) == 1, name
        assert {k: v for k, v in values.items() if k not in ("model", "loss")} == {
            k: v for k, v in full.items() if k not in ("model", "loss")
        }


def test_a_finished_run_is_read_and_not_trained_again(tmp_path, data):
    first = experiments.run(config(), data, tmp_path, progress=False)
    stamp = (tmp_path / "last.ckpt").stat().st_mtime_ns
    again = experiments.run(config(), data, tmp_path, progress=False)
    assert (tmp_path / "last.ckpt").stat().st_mtime_ns == stamp
    np.testing.assert_array_equal(first.totals["test"], again.totals["test"])
    np.testing.assert_allclose(first.totals["test"].sum(axis=1), 1, rtol=1e-5)
    assert first.materials["test"] == tuple(r.material_id for r in data.test)
    assert first.metadata["n_train"] == len(data.train)
    assert first.metadata["parameters"] > 0
    assert not list(tmp_path.glob("*.part"))


def test_a_run_with_other_settings_is_not_mixed_in(tmp_path, data):
    experiments.run(config(), data, tmp_path, progress=False)
    with pytest.raises(ConfigError, match="other settings"):
        experiments.run(config(seed=1), data, tmp_path, progress=False)


def test_a_run_that_failed_at_once_does_not_block_its_folder(tmp_path, data):
    with pytest.raises(ValueError, match="batch_size"):
        experiments.run(config(batch_size=-1), data, tmp_path, progress=False)
    finished = experiments.run(config(), data, tmp_path, progress=False)
    assert finished.metadata["n_train"] == len(data.train)


def test_variants_seeds_and_dropouts_have_folders_of_their_own(tmp_path):
    places = {
        experiments.place(tmp_path, name, config().with_dropout(dropout), seed)
        for name in ("no Stage II", "K = 3")
        for dropout in (0.1, 0.2)
        for seed in (0, 1)
    }
    assert len(places) == 8
    assert all(" " not in str(p.relative_to(tmp_path)) for p in places)


def test_tuning_takes_the_lowest_validation_error_and_a_table_has_every_seed(tmp_path, data):
    ours = config()
    theirs = config(model=BaselineConfig(name="dostransformer", width=16, heads=2))
    configs = {"ours": ours, "theirs": theirs}
    chosen = experiments.tune(configs, [0.0, 0.6], data, tmp_path, workers=2)
    for name in configs:
        errors = {}
        for dropout in (0.0, 0.6):
            tried = configs[name].with_dropout(dropout)
            curves = tables.read_curves(experiments.place(tmp_path, name, tried, 0))
            errors[dropout] = tables.scores(curves, data, "valid")["mse_max"]
        assert chosen[name].model.dropout == min(errors, key=errors.__getitem__)
    trained = experiments.run_all(chosen, [0, 1], data, tmp_path, workers=2)
    assert {name: len(members) for name, members in trained.items()} == {"ours": 2, "theirs": 2}
    one, two = trained["ours"]
    assert np.abs(one.totals["test"] - two.totals["test"]).max() > 1e-4
    rows = tables.score_rows(trained, data, "test")
    assert set(rows["variant"]) == {"ours", "theirs"}


def test_an_interrupted_table_goes_on(tmp_path: Path, data):
    configs = {"ours": config()}
    (first,) = experiments.run_all(configs, [0], data, tmp_path)["ours"]
    both = experiments.run_all(configs, [0, 1], data, tmp_path)["ours"]
    np.testing.assert_array_equal(both[0].totals["test"], first.totals["test"])


def test_springs_are_learnt_once_for_every_model_of_their_seed(tmp_path: Path, data):
    ours = config(model=replace(TINY, draft=True))
    alone = ForceConstantConfig(epochs=ours.epochs)
    still = replace(ours, model=replace(ours.model, refiner="none"))
    configs = {variants.OURS: ours, "no Stage II": still, variants.ALONE["phdos"]: alone}
    trained = experiments.run_all(configs, [0, 1], data, tmp_path, workers=2)
    for seed in (0, 1):
        folder = experiments.place(tmp_path, variants.ALONE["phdos"], alone, seed)
        learnt, _ = load_draft_model(folder / DRAFT)
        for name in (variants.OURS, "no Stage II"):
            network = best_model(experiments.place(tmp_path, name, configs[name], seed))
            assert same_draft_model(network.draft_model, learnt)
        drafted = experiments.drafted_totals(learnt, data.test)
        np.testing.assert_allclose(
            trained[variants.ALONE["phdos"]][seed].totals["test"], drafted, atol=1e-6
        )
    assert trained[variants.ALONE["phdos"]][0].metadata["parameters"] < 50_000
    one, two = trained[variants.ALONE["phdos"]]
    assert np.abs(one.totals["test"] - two.totals["test"]).max() > 1e-4


def test_a_model_that_reads_springs_needs_them(tmp_path: Path, data):
    with pytest.raises(WeightsError, match="no such file"):
        experiments.run(config(model=replace(TINY, draft=True)), data, tmp_path, progress=False)
