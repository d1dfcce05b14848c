"""A training of seconds: eight crystals, a tiny network, and what it leaves behind."""

from __future__ import annotations

from pathlib import Path

import torch
from data_files import salts, write_petretto, write_phonondb

from deepdos_nb.data.sources.petretto import load_petretto
from deepdos_nb.data.sources.phonondb import load_phonondb
from deepdos_nb.model import ModelConfig
from deepdos_nb.training.history import HISTORY
from deepdos_nb.training.loop import BEST
from deepdos_nb.training.losses import LossWeights
from deepdos_nb.training.settings import TrainConfig
from deepdos_nb.training.train import train

TINY = ModelConfig(
    width=12, heads=2, encoder_layers=1, decoder_layers=1, moments=2, radial=6, reasoner_width=8
)
CONFIG_TINY = TrainConfig(model=TINY, loss=LossWeights(sites=0.5), epochs=3, batch_size=2, ema=0.5)
"""Four steps an epoch on eight crystals, with dropout and projections of some sites."""


def write_data(folder: Path) -> None:
    write_phonondb(folder / "db", salts())
    write_petretto(folder / "data.csv", salts())


def read_data(folder: Path):
    return load_phonondb(folder / "db") + load_petretto(folder / "data.csv")[:2]


def run(records, folder: Path, **options):
    settings = {"progress": False, "checkpoint_steps": 1} | options
    config = settings.pop("config", CONFIG_TINY)
    return train(records, records[:2], config, folder, **settings)


def left_behind(folder: Path) -> dict[str, bytes]:
    """Weights of the best epoch, and the history, as bytes."""
    state = torch.load(folder / BEST, map_location="cpu", weights_only=True)["state_dict"]
    flat = {name: value.numpy().tobytes() for name, value in state.items()}
    return flat | {HISTORY: (folder / HISTORY).read_bytes()}
