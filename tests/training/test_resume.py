"""A training that is broken off anywhere goes on as if nothing had happened."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import lightning as L
import numpy as np
import pytest
import torch
from data_files import salts, write_petretto, write_phonondb

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.data.sources.petretto import load_petretto
from deepdos_nb.data.sources.phonondb import load_phonondb
from deepdos_nb.model import ModelConfig
from deepdos_nb.training.history import HISTORY
from deepdos_nb.training.loop import BEST, LAST
from deepdos_nb.training.losses import LossWeights
from deepdos_nb.training.order import ResumableLoader, Shuffled
from deepdos_nb.training.settings import CONFIG, DATA, TrainConfig, keep_config
from deepdos_nb.training.train import train

TINY = ModelConfig(
    width=12, heads=2, encoder_layers=1, decoder_layers=1, moments=2, radial=6, reasoner_width=8
)
CONFIG_TINY = TrainConfig(model=TINY, loss=LossWeights(sites=0.5), epochs=3, batch_size=2, ema=0.5)
"""Four steps an epoch on eight crystals, with dropout and projections of some sites."""


class Broken(Exception):
    """The plug is pulled."""


class PullThePlug(L.Callback):
    def __init__(self, step: int):
        self.step = step

    def on_train_batch_start(self, trainer: L.Trainer, *_: object) -> None:
        if trainer.global_step == self.step:
            raise Broken


def write_data(folder: Path) -> None:
    write_phonondb(folder / "db", salts())
    write_petretto(folder / "data.csv", salts())


def read_data(folder: Path):
    return load_phonondb(folder / "db") + load_petretto(folder / "data.csv")[:2]


@pytest.fixture
def records(tmp_path: Path):
    write_data(tmp_path)
    return read_data(tmp_path)


def run(records, folder: Path, **options):
    settings = {"progress": False, "checkpoint_steps": 1} | options
    config = settings.pop("config", CONFIG_TINY)
    return train(records, records[:2], config, folder, **settings)


def left_behind(folder: Path) -> dict[str, bytes]:
    """Weights of the best epoch, and the history, as bytes."""
    state = torch.load(folder / BEST, map_location="cpu", weights_only=True)["state_dict"]
    flat = {name: value.numpy().tobytes() for name, value in state.items()}
    return flat | {HISTORY: (folder / HISTORY).read_bytes()}


# In the first epoch, between two epochs, in the middle of the second, before its last batch.
@pytest.mark.parametrize("step", [2, 4, 6, 7])
def test_a_run_broken_off_inside_an_epoch_ends_with_the_same_weights(tmp_path, records, step):
    run(records, tmp_path / "straight")
    with pytest.raises(Broken):
        run(records, tmp_path / "broken", callbacks=[PullThePlug(step)])
    kept = torch.load(tmp_path / "broken" / LAST, weights_only=True)
    assert kept["global_step"] == step
    run(records, tmp_path / "broken")
    assert left_behind(tmp_path / "straight") == left_behind(tmp_path / "broken")


def test_every_crystal_of_a_broken_epoch_is_seen_once():
    items = list(range(11))
    whole = ResumableLoader(items, Shuffled(11, 3, seed=1), list)
    whole.order.set_epoch(2)
    expected = list(whole)
    assert sorted(i for batch in expected for i in batch) == items
    first = ResumableLoader(items, Shuffled(11, 3, seed=1), list)
    first.order.set_epoch(2)
    batches = iter(first)
    seen = [next(batches), next(batches)]
    second = ResumableLoader(items, Shuffled(11, 3, seed=1), list)
    second.load_state_dict(first.state_dict())
    second.order.set_epoch(2)
    assert seen + list(second) == expected
    second.order.set_epoch(3)
    assert sum(len(batch) for batch in second) == 11


def test_a_folder_belongs_to_one_set_of_data(tmp_path, records):
    short = replace(CONFIG_TINY, epochs=1)
    run(records, tmp_path / "a", config=short)
    with pytest.raises(ConfigError, match=r"other data.*another folder"):
        run(records[1:], tmp_path / "a", config=short)
    assert (tmp_path / "a" / DATA).exists()


def test_a_run_of_an_earlier_version_goes_on(tmp_path):
    """Its settings lack names that came later, which then are what they are by default."""
    file = tmp_path / CONFIG
    keep_config(file, CONFIG_TINY)
    text = file.read_text().replace(',\n "precision": "32-true",\n "start": "",\n "freeze": []', "")
    assert "precision" not in text
    file.write_text(text)
    keep_config(file, CONFIG_TINY)
    with pytest.raises(ConfigError, match="other settings"):
        keep_config(file, replace(CONFIG_TINY, precision="bf16-mixed"))


CHILD = """
import sys
sys.path[:0] = [sys.argv[1]]
from pathlib import Path
from test_resume import read_data, run
data, folder = map(Path, sys.argv[2:])
run(read_data(data), folder)
"""


def start(data: Path, folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", CHILD, str(Path(__file__).parent), str(data), str(folder)]
    path = os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])
    return subprocess.Popen(
        command,
        env=os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def killed_at_random(data: Path, folder: Path, rng: np.random.Generator, most: int) -> int:
    """Start a run, kill it a moment after it began to write; until it ends or was killed enough."""
    kills = 0
    while True:
        child = start(data, folder)
        before = (folder / LAST).stat().st_mtime_ns if (folder / LAST).exists() else 0
        while child.poll() is None and kills < most:
            # Imports take seconds and training less than one: wait for the first checkpoint.
            now = (folder / LAST).stat().st_mtime_ns if (folder / LAST).exists() else 0
            if now > before:
                time.sleep(rng.uniform(0.0, 0.15))
                child.send_signal(signal.SIGKILL)
                break
            time.sleep(0.002)
        if child.wait() == 0:
            return kills
        assert child.returncode == -signal.SIGKILL
        kills += 1


def check_kills(tmp_path: Path, most: int, least: int, seed: int) -> None:
    write_data(tmp_path)
    run(read_data(tmp_path), tmp_path / "straight")
    kills = killed_at_random(tmp_path, tmp_path / "killed", np.random.default_rng(seed), most)
    assert kills >= least
    assert left_behind(tmp_path / "straight") == left_behind(tmp_path / "killed")
    names = {p.name for p in (tmp_path / "killed").iterdir()}
    assert names == {p.name for p in (tmp_path / "straight").iterdir()}
    assert not [n for n in names if n.startswith(".")]


@pytest.mark.slow
def test_a_killed_training_ends_as_an_undisturbed_one(tmp_path):
    check_kills(tmp_path, most=2, least=1, seed=0)


@pytest.mark.slow
@pytest.mark.skipif("DEEPDOS_KILLS" not in os.environ, reason="`make kills` sets DEEPDOS_KILLS")
def test_a_training_killed_many_times_ends_as_an_undisturbed_one(tmp_path):
    wanted, done, seed = int(os.environ["DEEPDOS_KILLS"]), 0, 0
    while done < wanted:
        seed += 1
        folder = tmp_path / str(seed)
        folder.mkdir()
        write_data(folder)
        run(read_data(folder), folder / "straight")
        rng = np.random.default_rng(seed)
        done += killed_at_random(folder, folder / "killed", rng, wanted - done)
        assert left_behind(folder / "straight") == left_behind(folder / "killed")
        assert not list((folder / "killed").glob(".*"))
