"""What a draft model learns from: crystals that are small enough, of one set of data, as named."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny_training import read_data, write_data

import deepdos_nb as dd
from deepdos_nb.core.errors import ConfigError, DataWarning
from deepdos_nb.physics.draft import same_draft_model
from deepdos_nb.training.draft import DRAFT, train_draft_model
from deepdos_nb.training.force_constants import ForceConstantConfig, ForceConstantTraining
from deepdos_nb.training.settings import DATA
from deepdos_nb.training.start import starting_draft
from deepdos_nb.training.tight_binding import TightBindingConfig, TightBindingTraining

ONCE = ForceConstantConfig(epochs=1, batch_size=4)


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    """Five crystals of two atoms, one of six, and two of them again."""
    folder = tmp_path_factory.mktemp("data")
    write_data(folder)
    return read_data(folder)


@pytest.fixture(scope="module")
def insulator():
    data = dd.open_dataset("embedded-edos").filter(n_atoms=(2, 2))
    return next(r for r in data if r.zero == "VBM" and (r.gap or 0) > 4)


def learn(records, folder, config=ONCE):
    return train_draft_model(records, records[:2], config, folder, progress=False)


def test_an_unnamed_zero_is_where_the_drafts_own_bands_have_it(insulator):
    """A curve of one's own names no zero; an insulator's lies at its valence-band maximum."""
    module = TightBindingTraining(TightBindingConfig(projections=False))
    module.draft_model.load_state_dict(starting_draft("shipped", "edos").state_dict())
    zeros = ({}, {"zero": "VBM"}, {"zero": "E_F"})
    told = [replace(insulator, provenance=provenance) for provenance in zeros]
    examples = module.examples(told, True)
    assert [e.gapped for e in examples] == [None, True, False]
    with torch.no_grad():
        unnamed, top, middle = (torch.stack(module.losses([e])) for e in examples)
    torch.testing.assert_close(unnamed, top)
    assert middle.sum() > 1.5 * top.sum()


@pytest.mark.parametrize("projections", [True, False])
def test_a_curve_without_a_number_of_states_gets_a_remedy_that_helps(insulator, projections):
    module = TightBindingTraining(TightBindingConfig(projections=projections))
    with pytest.raises(
        ConfigError, match=r"no number of states.*`density` in .*dataset\.json"
    ) as e:
        module.examples([replace(insulator, states=None)], True)
    assert "--no-projections" not in str(e.value)


def test_a_cell_counts_by_the_primitive_cell_inside(records):
    small = records[0]
    large = replace(
        small,
        lattice=2 * small.lattice,
        numbers=np.tile(small.numbers, 8),
        frac=np.concatenate([(small.frac + i) / 2 for i in np.ndindex(2, 2, 2)]),
    )
    assert large.n_atoms > TightBindingTraining.largest
    assert TightBindingTraining.learns_from(large)
    shaken = np.random.default_rng(0).normal(scale=0.01, size=large.frac.shape)
    assert not TightBindingTraining.learns_from(replace(large, frac=large.frac + shaken))


def test_crystals_that_are_too_large_are_counted(tmp_path, records, monkeypatch):
    monkeypatch.setattr(ForceConstantTraining, "largest", 2)
    with pytest.warns(DataWarning, match=r"at most 2 atoms: 1 of 8 crystals are left out"):
        learn(records, tmp_path / "few")
    monkeypatch.setattr(ForceConstantTraining, "largest", 1)
    with pytest.raises(ConfigError, match=r"at most 1 atoms, and all 8 .* `--draft-epochs 0`"):
        learn(records, tmp_path / "none")


def test_a_draft_belongs_to_one_set_of_data(tmp_path, records):
    first = learn(records, tmp_path)
    assert same_draft_model(learn(records, tmp_path), first)
    with pytest.raises(ConfigError, match=r"data\.json: .* a run with other data.*another folder"):
        learn(records[1:], tmp_path)
    (tmp_path / DRAFT).unlink()  # as if it had been interrupted
    with pytest.raises(ConfigError, match="other data"):
        learn(records[1:], tmp_path)


def test_a_draft_of_an_earlier_version_is_read_with_a_warning(tmp_path, records):
    first = learn(records, tmp_path)
    (tmp_path / DATA).unlink()
    with pytest.warns(DataWarning, match=r"earlier version.*choose another folder"):
        assert same_draft_model(learn(records, tmp_path), first)
    assert not (tmp_path / DATA).exists()


def test_a_draft_of_everything_says_nothing(tmp_path, records):
    with warnings.catch_warnings():
        warnings.simplefilter("error", DataWarning)
        learn(records, tmp_path)
