"""What a training is told: its settings, which decide the weights, and the machine it runs on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self, get_args

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import ConfigError
from deepdos_nb.core.files import write_text
from deepdos_nb.core.nesting import parse_json
from deepdos_nb.core.settings import Settings
from deepdos_nb.data.records import Record
from deepdos_nb.data.training_sets import seen_elements
from deepdos_nb.model import ModelConfig
from deepdos_nb.model.networks import NetworkConfig
from deepdos_nb.training.losses import LossWeights
from deepdos_nb.training.start import PARTS, Part, Precision

CONFIG = "config.json"
"""Settings of a run, beside its checkpoints."""

DATA = "data.json"
"""What a run learns from, told by a fingerprint."""

FINE = 2.0**24
"""Steps in a unit (Å, share, state) when data are told apart; no decimal fraction of a file lies
halfway between two."""

BEGUN = ("*.ckpt", "*.npz", "*.safetensors")
"""Files that show that a run has learnt something."""


@dataclass(frozen=True)
class TrainConfig(Settings):
    """One training run.

    Parameters
    ----------
    model : ModelConfig or BaselineConfig
        Which network, and its size.
    loss : LossWeights
        Of the `Reasoner`; a baseline has its own loss.
    seed : int
    epochs : int
    batch_size : int
        Crystals a step.
    learning_rate : float
        Highest rate of a one-cycle schedule.
    weight_decay : float
    ema : float
        Decay that the moving average of weights, which is validated and shipped, settles at.
    gradient_clip : float
    precision : {"32-true", "bf16-mixed"}
        With "bf16-mixed" encoder and decoder multiply matrices in bfloat16; the transport always
        stays in float32.
    start : str
        Fingerprint of the weights that training starts from; empty for a random start.
    freeze : tuple of str
        Parts of the model that stay as they are: encoder, decoder, reasoner (Stage II), totals.

    Raises
    ------
    ConfigError
        If precision or a frozen part is unknown, or a number is out of range.
    """

    model: NetworkConfig = field(default_factory=ModelConfig)
    loss: LossWeights = field(default_factory=LossWeights)
    seed: int = 0
    epochs: int = 40
    batch_size: int = 32
    learning_rate: float = 1.5e-3
    weight_decay: float = 0.02
    ema: float = 0.998
    gradient_clip: float = 1.0
    precision: Precision = "32-true"
    start: str = ""
    freeze: tuple[Part, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "freeze", tuple(self.freeze))
        if unknown := set(self.freeze) - set(PARTS):
            raise ConfigError(
                f"no part of the model is called {sorted(unknown)[0]!r}.",
                remedy=f"Freeze some of {', '.join(PARTS)}.",
            )
        if self.precision not in get_args(Precision):
            raise ConfigError(
                f"unknown precision {self.precision!r}.",
                remedy=f"Use one of {', '.join(get_args(Precision))}.",
            )
        for name in ("epochs", "batch_size"):
            value = getattr(self, name)
            if value != int(value) or value < 1:
                raise ConfigError(f"{name} is {value:g}, but must be a whole number from 1.")
        if not 0 <= self.dropout < 1:
            raise ConfigError(f"the dropout is {self.dropout:g}, not from 0 to below 1.")
        if not 0 < self.learning_rate < 1:
            raise ConfigError(f"the learning rate is {self.learning_rate:g}, not between 0 and 1.")

    @property
    def dropout(self) -> float:
        """Of the network."""
        return self.model.dropout

    def with_dropout(self, dropout: float) -> Self:
        """The same with another dropout."""
        return replace(self, model=replace(self.model, dropout=dropout))


@dataclass(frozen=True)
class Machine:
    """Where a training runs; it ends with the same weights, up to the last digits, on any.

    Parameters
    ----------
    device : {"auto", "cpu", "gpu"}
        A GPU where there is one, without further word.
    devices : int or "auto"
        GPUs to train on together, each with a process and batches of its own
        (DistributedDataParallel); "auto" takes what is there.
    nodes : int
        Machines to train on together; `torchrun` starts the processes.
    workers : int
        Processes on each of them that lay out batches, and draft crystals; 0 leaves both to the
        training's own process.
    """

    device: str = "auto"
    devices: int | str = "auto"
    nodes: int = 1
    workers: int = 0

    def __post_init__(self) -> None:
        if self.device not in ("auto", "cpu", "gpu"):
            raise ConfigError(f"unknown device {self.device!r}.", remedy="Use auto, cpu or gpu.")

    def trainer_settings(self) -> dict[str, Any]:
        """Keywords of Lightning's Trainer.

        Raises
        ------
        ConfigError
            If a GPU is asked for and there is none.
        """
        import torch

        if self.device == "gpu" and not torch.cuda.is_available():
            raise ConfigError("no GPU that torch can use is here.", remedy="Use device cpu.")
        # One CPU is one device unless more are asked for.
        alone = self.devices == "auto" and (self.device == "cpu" or not torch.cuda.is_available())
        devices = 1 if alone else self.devices
        several = self.nodes > 1 or (devices == "auto" and torch.cuda.device_count() > 1)
        several = several or (devices != "auto" and int(devices) > 1)
        settings: dict[str, Any] = {
            "accelerator": self.device,
            "devices": devices,
            "num_nodes": self.nodes,
        }
        if several:
            # Some crystals know no sites or no number of states, which leaves parts unused.
            settings["strategy"] = "ddp_find_unused_parameters_true"
        return settings


@dataclass(frozen=True)
class DataFacts(Settings):
    """What a run learns from.

    Parameters
    ----------
    train, valid : int
        Crystals.
    digest : str
        Fingerprint of their names and totals.
    content : str
        Fingerprint of their structures, sites, numbers of states and energy zeros.
    elements : list of int
        Atomic numbers of the training crystals, and of those that weights it starts from have seen.
    """

    train: int
    valid: int
    digest: str
    content: str
    elements: list[int]

    @classmethod
    def of(
        cls, train: Sequence[Record], valid: Sequence[Record], elements: Sequence[int] = ()
    ) -> DataFacts:
        """Facts of two parts."""
        digest, content = hashlib.sha256(), hashlib.sha256()
        for part in (train, valid):
            digest.update(str(len(part)).encode())
            for record in part:
                digest.update(record.material_id.encode())
                digest.update(np.asarray(record.shape, dtype=np.float32).tobytes())
                content.update(_content(record))
        seen = sorted({*seen_elements(train), *elements})
        return cls(len(train), len(valid), digest.hexdigest()[:16], content.hexdigest()[:16], seen)


def _content(record: Record) -> bytes:
    """What a record holds beside its name and total."""
    scale = None if record.states is None else np.array([record.states])
    told = (record.lattice, record.site_shape, record.outside, record.orbital_shape, scale)
    # An atom at the end of an axis is one at its beginning.
    whole = [None if a is None else _whole(a) for a in told] + [_whole(record.frac) % FINE]
    words = [str(record.zero).encode()]
    for array in [*whole, record.numbers, record.orbits]:
        words.append(b"none" if array is None else str(array.shape).encode())
        # Zero has two signs, and adding one leaves the plain one.
        words.append(b"" if array is None else (array.astype(np.float64) + 0.0).tobytes())
    return b" ".join(words)


def _whole(array: Array) -> Array:
    """Multiples of 1 / `FINE`: the last digits of a number are not the same on every machine."""
    found: Array = np.rint(np.asarray(array, dtype=np.float64) * FINE)
    return found


def keep_config(path: Path, config: Settings, what: str = "settings") -> None:
    """Write a run's settings down, or check them against those that are there.

    Settings that an earlier version did not know count as what they are by default, facts that it
    did not write down as the same. Those of a run that failed before it had learnt anything are
    replaced.

    Raises
    ------
    ConfigError
        If the file holds other settings.
    """
    mine = config.to_dict()
    begun = any(next(path.parent.glob(kind), None) for kind in BEGUN)
    if begun and path.exists():
        kept = parse_json(path.read_text("utf-8"))
        defaults = mine if isinstance(config, DataFacts) else type(config)().to_dict()
        if defaults | kept != mine:
            raise ConfigError(
                f"the folder holds a run with other {what}.",
                source=str(path),
                remedy="Choose another folder, or delete this one to start again.",
            )
        return
    write_text(path, json.dumps(mine, indent=1))
