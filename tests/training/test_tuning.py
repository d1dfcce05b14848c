"""Weights to start from: their draft model learns the data first, or another takes its place."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from tiny_training import TINY, read_data, write_data

import deepdos_nb as dd
from deepdos_nb.core.errors import ConfigError, DataWarning
from deepdos_nb.core.grids import Kind
from deepdos_nb.model import Reasoner
from deepdos_nb.model.weights import save_draft_model, save_weights
from deepdos_nb.physics.draft import make_draft_model
from deepdos_nb.training import tuning
from deepdos_nb.training.force_constants import ForceConstantTraining
from deepdos_nb.training.recipe import make_recipe
from deepdos_nb.training.tuning import EPOCHS, usual_epochs, with_tuned_draft


@pytest.fixture
def records(tmp_path):
    write_data(tmp_path)
    return read_data(tmp_path)


def same(a, b) -> bool:
    theirs = b.state_dict()
    return all(torch.equal(value, theirs[name]) for name, value in a.state_dict().items())


def test_the_draft_model_learns_and_the_network_waits(tmp_path, records):
    recipe = make_recipe("phdos", len(records), start="shipped", epochs=1, draft_epochs=2)
    folder = tmp_path / "run"
    tuned = with_tuned_draft(recipe, records, records[:2], folder, progress=False)
    assert not same(tuned.start.model.draft_model, recipe.start.model.draft_model)
    for part in ("encoder", "decoder", "reasoner"):
        assert same(getattr(tuned.start.model, part), getattr(recipe.start.model, part))
    assert tuned.config == replace(recipe.config, start=tuned.start.fingerprint)
    assert tuned.start.fingerprint != recipe.start.fingerprint
    again = with_tuned_draft(recipe, records, records[:2], folder, progress=False)
    assert again.start.fingerprint == tuned.start.fingerprint
    longer = recipe._replace(draft_epochs=3)
    with pytest.raises(ConfigError, match="other settings"):
        with_tuned_draft(longer, records, records[:2], folder, progress=False)


def test_no_epochs_and_no_start_change_nothing(tmp_path, records):
    wishes = {"crystals": len(records), "epochs": 1}
    for recipe in (
        make_recipe("phdos", start="shipped", draft_epochs=0, **wishes),
        make_recipe("phdos", start="shipped", draft="shipped", **wishes),
        make_recipe("phdos", size="small", draft="shipped", **wishes),
    ):
        assert with_tuned_draft(recipe, records, records[:2], tmp_path) is recipe
    assert not (tmp_path / "draft").exists()


def test_what_cannot_be_tuned_is_refused(tmp_path, records, monkeypatch):
    with pytest.raises(ConfigError, match="only the draft model of weights"):
        make_recipe("phdos", 8, size="small", draft="shipped", draft_epochs=3)
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "one")
    recipe = make_recipe("phdos", len(records), start="shipped", epochs=1)
    with pytest.raises(ConfigError, match="by one process"):
        with_tuned_draft(recipe, records, records[:2], tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_only_crystals_that_are_learnt_from_are_counted(tmp_path, records, monkeypatch):
    found = {}

    def given(train, valid, config, folder, *, start, **rest):
        found.update(crystals=len(train), config=config)
        return start

    monkeypatch.setattr(tuning, "train_draft_model", given)
    monkeypatch.setattr(ForceConstantTraining, "learns_from", lambda record: record.n_atoms == 2)
    (large,) = {r.material_id: r for r in records if r.n_atoms > 2}.values()
    many = records + 400 * [large]
    recipe = make_recipe("phdos", len(many), start="shipped")
    with_tuned_draft(recipe, many, records[:2], tmp_path)
    assert found["crystals"] == 408
    assert (found["config"].epochs, found["config"].batch_size) == (EPOCHS, 4)


def test_where_all_crystals_are_too_large_the_draft_stays_and_says_so(
    tmp_path, records, monkeypatch
):
    monkeypatch.setattr(ForceConstantTraining, "largest", 1)
    recipe = make_recipe("phdos", len(records), start="shipped")
    with pytest.warns(DataWarning, match="stays as it is.*at most 1 atoms, and all 8 crystals"):
        assert with_tuned_draft(recipe, records, records[:2], tmp_path) is recipe
    assert not (tmp_path / "draft").exists()
    asked = make_recipe("phdos", len(records), start="shipped", draft_epochs=2)
    with pytest.raises(ConfigError, match="`--draft-epochs 0`"):
        with_tuned_draft(asked, records, records[:2], tmp_path)


@pytest.mark.parametrize(("weight", "told"), [(1.0, True), (0.0, False)])
def test_a_draft_sees_projections_only_where_the_network_does(tmp_path, monkeypatch, weight, told):
    found = {}

    def given(train, valid, config, folder, *, start, **rest):
        found["projections"] = config.projections
        return start

    monkeypatch.setattr(tuning, "train_draft_model", given)
    labelled = list(dd.open_dataset("embedded-edos").filter(n_atoms=(1, 1)))[:3]
    recipe = make_recipe("edos", 3, start="shipped", site_weight=weight)
    with_tuned_draft(recipe, labelled, labelled, tmp_path)
    assert found == {"projections": told}


@pytest.mark.parametrize("epochs", [-1, 1.5])
def test_epochs_of_a_draft_are_a_whole_number(epochs):
    with pytest.raises(ConfigError, match=r"draft_epochs is .*a whole number from 0"):
        make_recipe("phdos", 8, start="shipped", draft_epochs=epochs)


def test_weights_that_read_no_draft_have_none_to_tune(tmp_path, records):
    file = save_weights(Reasoner(TINY), tmp_path / "w.safetensors", metadata={})
    with pytest.raises(ConfigError, match=r"w\.safetensors: .*read no draft.*Leave draft_epochs"):
        make_recipe("phdos", 8, start=file, draft_epochs=2)
    for epochs in (None, 0):
        recipe = make_recipe("phdos", 8, start=file, draft_epochs=epochs)
        assert with_tuned_draft(recipe, records, records[:2], tmp_path) is recipe


def test_many_crystals_are_seen_less_often_and_curves_without_units_not_at_all(records):
    phonons = make_recipe("phdos", 8, start="shipped").start
    assert usual_epochs(phonons, records) == EPOCHS
    assert usual_epochs(phonons, records * 200) == 36 * 200 // (200 * len(records))
    assert usual_epochs(phonons, range(10**6)) == 2
    electrons = make_recipe("edos", 8, start="shipped").start
    labelled = list(dd.open_dataset("embedded-edos").filter(n_atoms=(1, 1)))[:3]
    assert usual_epochs(electrons, labelled) == EPOCHS
    assert usual_epochs(electrons, [replace(labelled[0], states=None), *labelled]) == 0


def test_weights_can_read_another_draft(tmp_path):
    torch.manual_seed(1)
    other = make_draft_model(Kind.phdos)
    file = save_draft_model(other, tmp_path / "draft.safetensors", metadata={})
    plain = make_recipe("phdos", 8, start="shipped").start
    changed = make_recipe("phdos", 8, start="shipped", draft=file).start
    assert same(changed.model.encoder, plain.model.encoder)
    assert not same(changed.model.draft_model, plain.model.draft_model)
    kept = make_recipe("phdos", 8, start="shipped", draft=file).start
    assert changed.fingerprint == kept.fingerprint != plain.fingerprint
