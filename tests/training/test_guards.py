"""Numbers that are no numbers stop a training with the names of the crystals."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import lightning as L
import numpy as np
import pytest
import torch
from data_files import salts, write_phonondb
from tiny_training import CONFIG_TINY

from deepdos_nb.core.errors import DataError, TrainingError
from deepdos_nb.data.sources.phonondb import load_phonondb
from deepdos_nb.training.draft import train_draft_model
from deepdos_nb.training.force_constants import ForceConstantConfig, ForceConstantTraining
from deepdos_nb.training.loop import LAST
from deepdos_nb.training.train import train


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    return load_phonondb(write_phonondb(tmp_path_factory.mktemp("db") / "db", salts()))


class Poison(L.Callback):
    """Spoils a weight, or what is known of one crystal, before the third step."""

    def __init__(self, what: str):
        self.what = what

    def on_train_batch_start(self, trainer, module, batch, _) -> None:
        if trainer.global_step != 2:
            return
        if self.what == "weights":
            next(module.model.parameters()).data.fill_(np.nan)
        else:
            graphs, target = batch
            self.victim = target.materials[0]
            atoms = graphs.slot < graphs.site.shape[1]
            graphs.distance[atoms] = np.nan


def run(records, folder: Path, what: str) -> Poison:
    poison = Poison(what)
    config = replace(CONFIG_TINY, batch_size=3)
    with pytest.raises(TrainingError) as caught:
        train(
            records,
            records[:2],
            config,
            folder,
            progress=False,
            checkpoint_steps=1,
            callbacks=[poison],
        )
    poison.words = str(caught.value)
    return poison


def test_the_crystal_that_breaks_the_loss_is_named(tmp_path, records):
    poison = run(records, tmp_path / "run", "crystal")
    assert f"It begins with {poison.victim}." in poison.words
    assert poison.words.startswith(f"{tmp_path / 'run'}: step 3: the loss or its gradient is no")
    assert "lower learning rate" in poison.words


def test_spoilt_weights_are_never_kept(tmp_path, records):
    poison = run(records, tmp_path / "run", "weights")
    assert poison.words.count("own-") == 3
    assert "The batch held" in poison.words
    kept = torch.load(tmp_path / "run" / LAST, weights_only=True)
    assert kept["global_step"] == 2
    assert all(torch.isfinite(v).all() for v in kept["state_dict"].values())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"shape": np.full(51, np.nan)}, "negative or no numbers"),
        ({"shape": np.zeros(51)}, "no states"),
        ({"shape": np.full(51, -0.1)}, "negative or no numbers"),
        ({"site_shape": np.full((2, 51), np.nan)}, "negative or no numbers"),
        ({"outside": np.full(2, np.inf)}, "negative or no numbers"),
    ],
)
@pytest.mark.parametrize("what", ["network", "draft"])
def test_a_curve_that_teaches_nothing_is_refused_before_training(
    tmp_path, records, change, words, what
):
    spoilt = [replace(records[0], material_id="bad", **change), *records]
    learn, config = {
        "network": (train, CONFIG_TINY),
        "draft": (train_draft_model, ForceConstantConfig(epochs=1)),
    }[what]
    with pytest.raises(DataError, match=rf"curve of bad holds.*{words}.*take this crystal out"):
        learn(spoilt, records, config, tmp_path, progress=False)


def test_the_crystal_that_breaks_a_draft_is_named(records):
    module = ForceConstantTraining(ForceConstantConfig(epochs=1))
    examples = module.examples(records[:3], True)
    examples[1][1].fill_(np.nan)
    module._batch = examples
    assert module.suspects() == f"It begins with {records[1].material_id}."
