"""Weights to start from: their draft model learns the data first, or another takes its place."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from tiny_training import read_data, write_data

import deepdos_nb as dd
from deepdos_nb.core.errors import ConfigError
from deepdos_nb.core.grids import Kind
from deepdos_nb.model.weights import save_draft_model
from deepdos_nb.physics.draft import make_draft_model
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
