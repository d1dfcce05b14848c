"""Training on small files: it learns, it resumes to the same weights, it refuses mixed runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from crystals import mgo
from data_files import salts, write_petretto, write_phonondb

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.crystal.graph import build_graph
from deepdos_nb.data.sources.petretto import load_petretto
from deepdos_nb.data.sources.phonondb import load_phonondb
from deepdos_nb.model import ModelConfig, Reasoner, collate
from deepdos_nb.training.batches import BucketSampler, SpectrumData, collate_items, prepare
from deepdos_nb.training.losses import (
    LossWeights,
    Target,
    cdf_error,
    shape_error,
    site_error,
    spectrum_loss,
)
from deepdos_nb.training.train import TrainConfig, train

TINY = ModelConfig(
    width=16, heads=2, encoder_layers=1, decoder_layers=1, moments=4, radial=8, reasoner_width=16
)
CONFIG = TrainConfig(
    model=TINY, loss=LossWeights(sites=0.5), epochs=4, batch_size=3, ema=0.5, learning_rate=5e-3
)


@pytest.fixture
def records(tmp_path: Path):
    labelled = load_phonondb(write_phonondb(tmp_path / "db", salts()))
    unlabelled = load_petretto(write_petretto(tmp_path / "data.csv", salts()))
    return labelled + unlabelled[:2]


def weights(model: Reasoner) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def test_an_interrupted_run_resumes_to_the_same_weights(tmp_path, records):
    straight = train(records, records[:2], CONFIG, tmp_path / "a", progress=False)
    train(records, records[:2], CONFIG, tmp_path / "b", progress=False, stop_after=2)
    resumed = train(records, records[:2], CONFIG, tmp_path / "b", progress=False)
    assert torch.equal(weights(straight), weights(resumed))
    other = train(records, records[:2], replace(CONFIG, seed=1), tmp_path / "c", progress=False)
    assert not torch.allclose(weights(straight), weights(other), atol=1e-3)


def test_a_folder_holds_one_run(tmp_path, records):
    short = replace(CONFIG, epochs=1)
    train(records, records[:2], short, tmp_path / "a", progress=False)
    with pytest.raises(ConfigError, match=r"other settings.*another folder"):
        train(records, records[:2], replace(short, learning_rate=1e-4), tmp_path / "a")


def test_training_lowers_the_loss_of_its_own_data(tmp_path, records):
    config = replace(CONFIG, epochs=40, learning_rate=1e-2, ema=0.8)
    model = train(records, records, config, tmp_path / "a", progress=False)
    batch, target = collate_items(prepare(records))
    torch.manual_seed(config.seed)
    fresh = Reasoner(TINY).eval()
    with torch.inference_mode():
        before, after = (
            spectrum_loss(m(batch), target, batch.site_weight, config.loss) for m in (fresh, model)
        )
    assert after["loss"] < 0.5 * before["loss"]
    assert after["sites"] < 0.7 * before["sites"]
    assert np.float64(5e-324) * 1.0 > 0  # arithmetic is as it was before


def test_training_needs_records(records):
    with pytest.raises(ConfigError, match="at least one"):
        SpectrumData([], records, batch_size=3, seed=0)


def test_batches_cover_every_crystal_once_and_depend_on_seed_and_epoch_only(records):
    items = prepare(records)
    sampler = BucketSampler(items, 3, seed=5)
    first = list(sampler)
    assert sorted(i for batch in first for i in batch) == list(range(len(items)))
    assert len(first) == len(sampler)
    sampler.set_epoch(1)
    assert list(sampler) != first
    assert list(BucketSampler(items, 3, seed=5)) == first
    shared = [list(BucketSampler(items, 3, seed=5, rank=r, world=2)) for r in (0, 1)]
    flat = [i for part in shared for batch in part for i in batch]
    assert len(flat) == len(set(flat))
    assert len(shared[0]) == len(shared[1])


@pytest.mark.parametrize("world", [3, 4, 7])
def test_more_processes_than_batches_have_as_many_each(records, world):
    parts = [
        list(BucketSampler(prepare(records), 4, seed=0, rank=r, world=world)) for r in range(world)
    ]
    assert [len(part) for part in parts] == [1] * world
    assert {i for part in parts for batch in part for i in batch} == set(range(len(records)))


def test_unknown_sites_do_not_enter_the_site_loss(records):
    batch, target = collate_items(prepare(records))
    assert target.site_known.tolist() == [True] * 6 + [False] * 2
    model = Reasoner(TINY).eval()
    with torch.inference_mode():
        out = model(batch)
        base = spectrum_loss(out, target, batch.site_weight, CONFIG.loss)["sites"]
        garbage = replace(target, site_shape=target.site_shape.clone())
        garbage.site_shape[~target.site_known] = 7.0
        same = spectrum_loss(out, garbage, batch.site_weight, CONFIG.loss)["sites"]
    assert base > 0
    assert torch.equal(base, same)


def test_loss_terms_against_hand_computed_values():
    reference = torch.tensor([[0.5, 0.5, 0.0, 0.0]])
    density = torch.tensor([[0.5, 0.0, 0.0, 0.5]])
    # by sum: (1, 0, 0, 1) against (1, 1, 0, 0); by maximum the same
    assert shape_error(density, reference).item() == pytest.approx(2 / 4)
    # CDFs: (½, ½, ½, 1) against (½, 1, 1, 1)
    assert cdf_error(density, reference).item() == pytest.approx(1.0 / 4)
    assert shape_error(3 * reference, reference).item() == pytest.approx(0, abs=1e-7)


SITE, OTHER = [0.5, 0.5, 0.0, 0.0], [0.5, 0.0, 0.0, 0.5]


def site_loss(reference: torch.Tensor, density: torch.Tensor, weight: torch.Tensor) -> float:
    """Site loss of one crystal whose sites (S, 4) hold what the reference leaves beyond."""
    phonons = reference.sum() > 1.5
    outside = 1 - reference.sum(-1) if phonons else torch.zeros(len(reference))
    target = Target(
        (weight[:, None] * reference).sum(0)[None],
        reference[None],
        outside[None],
        torch.tensor([True]),
        torch.zeros(1),
    )
    beyond = outside * weight / weight.sum()
    prediction = SimpleNamespace(density=density[None], outside=beyond[None])
    return site_error(prediction, target, weight[None]).item()


def test_sites_of_a_large_electronic_cell_are_learnt_from():
    """Sixty atoms own 1/60 of the cell's states each, less than a bound fit for phonons."""
    reference = torch.tensor([SITE] * 60) / 60
    density = torch.tensor([OTHER] * 60) / 60
    # every atom has an equal share: the error of its curve alone, ½ (shape) and ¼ (CDF)
    assert site_loss(reference, density, torch.ones(60)) == pytest.approx(0.75)
    # the same cell as one orbit of sixty atoms, and a cell of two: neither size matters
    assert site_loss(reference[:1], density[:1], torch.tensor([60.0])) == pytest.approx(0.75)
    two = site_loss(30 * reference[:2], 30 * density[:2], torch.ones(2))
    assert two == pytest.approx(0.75)


def test_a_site_without_states_in_the_window_has_no_shape_to_learn():
    # electrons: one of 60 atoms has a hundredth of an equal share, and a wrong shape
    share = torch.ones(60)
    share[0] = 0.01
    share = share / share.sum()
    reference = share[:, None] * torch.tensor([SITE] * 60)
    density = reference.clone()
    density[0] = share[0] * torch.tensor(OTHER)
    assert site_loss(reference, density, torch.ones(60)) == pytest.approx(0, abs=1e-6)
    # phonons: a share of the atom's own modes; the second has 1 % in the window, the third half
    inside = torch.tensor([1.0, 0.01, 0.5])
    reference = inside[:, None] * torch.tensor([SITE] * 3)
    density = inside[:, None] * torch.tensor([OTHER] * 3) / 3
    expected = (0.75 + 0.5 * 0.75) / 3
    assert site_loss(reference, density, torch.ones(3)) == pytest.approx(expected)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_the_gpu_gives_the_cpus_answer():
    torch.manual_seed(0)
    model = Reasoner(ModelConfig()).eval()
    batch = collate([build_graph(mgo())])
    with torch.inference_mode():
        cpu = model(batch).density
        gpu = model.cuda()(batch.to("cuda")).density.cpu()
    np.testing.assert_allclose(gpu, cpu, atol=1e-5)
