"""Training with Lightning: data → batches → loss → checkpoints → shippable weights.

Runs on a GPU where there is one. A run that was interrupted resumes from its last checkpoint and
ends with the same weights, because data order and dropout depend on the seed and the step only.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import lightning as L
import torch
from lightning.pytorch.callbacks import LearningRateMonitor
from torch import Tensor

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.core.files import write_text
from deepdos_nb.core.settings import Settings
from deepdos_nb.data.records import Record
from deepdos_nb.metrics.scores import shape_scores
from deepdos_nb.model import GraphBatch, ModelConfig, Reasoner
from deepdos_nb.model.baselines import Baseline
from deepdos_nb.model.networks import Network, NetworkConfig, make_network, network_config
from deepdos_nb.physics.draft import DraftModel
from deepdos_nb.training.batches import SpectrumData
from deepdos_nb.training.loop import (
    MovingAverage,
    best_state,
    denormals_flushed,
    fit,
    make_trainer,
    one_cycle,
)
from deepdos_nb.training.losses import LossWeights, Target, spectrum_loss

CONFIG = "config.json"
"""Settings of a run, beside its checkpoints."""


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

    @property
    def dropout(self) -> float:
        """Of the network."""
        return self.model.dropout

    def with_dropout(self, dropout: float) -> Self:
        """The same with another dropout."""
        return replace(self, model=replace(self.model, dropout=dropout))


class SpectrumTraining(L.LightningModule):
    """Loss, optimiser and validation scores of one network."""

    def __init__(self, config: TrainConfig):
        super().__init__()
        self.config = config
        self.model = make_network(config.model)
        self._curves: list[tuple[Tensor, Tensor]] = []

    def training_step(self, batch: tuple[GraphBatch, Target], _: int) -> Tensor:
        """Loss of one batch."""
        graphs, target = batch
        # Dropout depends on (seed, step) only, so a resumed run repeats it.
        torch.manual_seed(10_000_019 * self.config.seed + self.global_step)
        if isinstance(self.model, Baseline):
            terms = self.model.loss(graphs, target.shape)
        else:
            terms = spectrum_loss(self.model(graphs), target, graphs.site_weight, self.config.loss)
        size = len(target.shape)
        for name, value in terms.items():
            self.log(f"train/{name}", value, on_step=False, on_epoch=True, batch_size=size)
        return terms["loss"]

    def validation_step(self, batch: tuple[GraphBatch, Target], _: int) -> None:
        """Collect total curves."""
        graphs, target = batch
        self._curves.append((self.model.total(graphs).cpu(), target.shape.cpu()))

    def on_validation_epoch_end(self) -> None:
        """Score the whole validation set at once."""
        predicted, reference = (torch.cat(c).numpy() for c in zip(*self._curves, strict=True))
        self._curves.clear()
        scores = shape_scores(predicted, reference, self.config.model.grid.energies)
        for name in ("mse_max", "mae_max", "r2_pooled_max", "wd_mean"):
            self.log(f"valid/{name}", scores[name], prog_bar=name in ("mse_max", "wd_mean"))

    def configure_optimizers(self) -> Any:
        """AdamW without decay on biases and norms, one-cycle learning rate."""
        tables = [p for p in self.parameters() if p.requires_grad and p.ndim > 1]
        rest = [p for p in self.parameters() if p.requires_grad and p.ndim <= 1]
        rate = self.config.learning_rate
        groups = [{"params": tables, "lr": rate}, {"params": rest, "lr": rate, "weight_decay": 0.0}]
        decay = self.config.weight_decay
        return one_cycle(groups, self.trainer, weight_decay=decay, warm_up=0.1)


def train(
    train_records: Sequence[Record],
    valid_records: Sequence[Record],
    config: TrainConfig,
    folder: str | Path,
    *,
    draft_model: DraftModel | None = None,
    cache: str | Path | None = None,
    devices: int | str = "auto",
    progress: bool = True,
    stop_after: int | None = None,
) -> Network:
    """Train one model; an interrupted run in the same folder is resumed.

    Parameters
    ----------
    train_records, valid_records : sequence of Record
    config : TrainConfig
    folder : path
        Checkpoints (`last.ckpt`, `best.ckpt`), `config.json` and tables of scores (`log/`) go here.
    draft_model : DraftModel, optional
        For a model that reads their drafts.
    cache : path, optional
        Folder where drafts are kept, so that other seeds need not compute them again.
    devices : int or "auto"
        Number of GPUs; more than one trains with DistributedDataParallel.
    progress : bool
        Show a progress bar.
    stop_after : int, optional
        Stop after this many epochs of the schedule, as an interruption would.

    Returns
    -------
    Reasoner or Baseline
        The averaged weights of the epoch with the lowest validation MSE (max-normalised).

    Raises
    ------
    ConfigError
        If the folder holds a run with other settings, or the model wants a draft model and there
        is none, or the other way round.
    """
    folder = Path(folder)
    L.seed_everything(config.seed, verbose=False)
    module = SpectrumTraining(config)
    module.model.set_draft_model(draft_model)
    folder.mkdir(parents=True, exist_ok=True)
    keep_config(folder / CONFIG, config)
    data = SpectrumData(
        train_records,
        valid_records,
        batch_size=config.batch_size,
        seed=config.seed,
        systems=module.model.reads_system,
        draft_model=draft_model,
        cache=cache,
    )
    trainer = make_trainer(
        folder,
        "valid/mse_max",
        epochs=config.epochs,
        progress=progress,
        callbacks=[MovingAverage(config.ema), LearningRateMonitor("epoch")],
        accelerator="auto",
        devices=devices,
        gradient_clip_val=config.gradient_clip,
        use_distributed_sampler=False,
        deterministic="warn",
    )
    if stop_after is not None:
        trainer.callbacks.append(_StopAfter(stop_after))  # type: ignore[attr-defined]
    with denormals_flushed():
        fit(trainer, module, folder, datamodule=data)
    return best_model(folder)


def best_model(folder: str | Path) -> Network:
    """The averaged weights of the best epoch of a run, in evaluation mode.

    Parameters
    ----------
    folder : path
        Folder of a run that `train` made.
    """
    folder = Path(folder)
    settings = json.loads((folder / CONFIG).read_text("utf-8"))
    model = make_network(network_config(settings["model"]))
    model.load_state_dict(best_state(folder, "model."))
    return model.eval()


def best_reasoner(folder: str | Path, remedy: str | None = None) -> Reasoner:
    """The same of a run of our own model.

    Raises
    ------
    ConfigError
        If it is a baseline's run.
    """
    model = best_model(folder)
    if not isinstance(model, Reasoner):
        raise ConfigError(
            "a baseline knows no sites and no number of states.", source=str(folder), remedy=remedy
        )
    return model


class _StopAfter(L.Callback):
    def __init__(self, epochs: int):
        self.epochs = epochs

    def on_train_epoch_end(self, trainer: L.Trainer, _: L.LightningModule) -> None:
        if trainer.current_epoch + 1 >= self.epochs:
            trainer.should_stop = True


def keep_config(path: Path, config: Settings) -> None:
    """Write a run's settings down, or check them against those that are there.

    Raises
    ------
    ConfigError
        If the file holds other settings.
    """
    text = json.dumps(config.to_dict(), indent=1)
    if path.exists() and path.read_text("utf-8") != text:
        raise ConfigError(
            "the folder holds a run with other settings.",
            source=str(path),
            remedy="Choose another folder, or delete this one to start again.",
        )
    write_text(path, text)
