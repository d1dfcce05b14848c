"""Training with Lightning: data → batches → loss → checkpoints → shippable weights.

Runs on a GPU where there is one. A run that was interrupted resumes from its last checkpoint and
ends with the same weights, because data order and dropout depend on the seed and the step only.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import lightning as L
from lightning.pytorch.utilities import rank_zero_only

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.core.files import remove_parts
from deepdos_nb.data.records import Record
from deepdos_nb.model import Reasoner
from deepdos_nb.model.networks import Network, make_network, network_config
from deepdos_nb.physics.draft import DraftModel
from deepdos_nb.training.batches import SpectrumData
from deepdos_nb.training.history import Report
from deepdos_nb.training.loop import MovingAverage, best_state, denormals_flushed, fit, make_trainer
from deepdos_nb.training.module import SpectrumTraining
from deepdos_nb.training.settings import (
    CONFIG,
    DATA,
    DataFacts,
    Machine,
    TrainConfig,
    keep_config,
)
from deepdos_nb.training.start import Start


def train(
    train_records: Sequence[Record],
    valid_records: Sequence[Record],
    config: TrainConfig,
    folder: str | Path,
    *,
    draft_model: DraftModel | None = None,
    start: Start | None = None,
    cache: str | Path | None = None,
    machine: Machine | None = None,
    progress: bool = True,
    logs: str = "none",
    report: Report | None = None,
    callbacks: Sequence[L.Callback] = (),
    checkpoint_steps: int | None = None,
    stop_after: int | None = None,
) -> Network:
    """Train one model; an interrupted run in the same folder is resumed.

    Parameters
    ----------
    train_records, valid_records : sequence of Record
    config : TrainConfig
    folder : path
        Checkpoints (`last.ckpt`, `best.ckpt`), settings (`config.json`, `data.json`) and scores of
        every epoch (`history.csv`) go here. Nobody else may write to it.
    draft_model : DraftModel, optional
        For a model that reads their drafts.
    start : Start, optional
        Weights to start from instead of random ones, with their draft model; of the architecture
        that the configuration names.
    cache : path, optional
        Folder where drafts are kept, so that other seeds need not compute them again.
    machine : Machine, optional
        A GPU where there is one, without it.
    progress : bool
        Show a progress bar.
    logs : {"none", "csv", "tensorboard"}
        Further tables, in the folder's `log`.
    report : callable, optional
        Called with the history, one row an epoch, after every epoch.
    callbacks : sequence of Callback
        Of Lightning, called before checkpoints are written.
    checkpoint_steps : int, optional
        Keep the last state after so many steps; without it after every epoch and every two minutes.
    stop_after : int, optional
        Stop after this many epochs of the schedule, as an interruption would.

    Returns
    -------
    Reasoner or Baseline
        The averaged weights of the epoch with the lowest validation MSE (max-normalised).

    Raises
    ------
    ConfigError
        If the folder holds a run with other settings or data, or the model wants a draft model and
        there is none, or the other way round.
    DataError
        If a curve holds values that are no numbers.
    TrainingError
        If the loss or its gradient becomes no number; the message names the crystals.
    """
    folder = Path(folder)
    machine = machine or Machine()
    where = machine.trainer_settings()
    L.seed_everything(config.seed, verbose=False)
    module = SpectrumTraining(config)
    module.report = report
    if start is not None:
        module.model.load_state_dict(start.model.state_dict())
        draft_model = start.model.draft_model
    else:
        module.model.set_draft_model(draft_model)
    seen = [] if start is None else start.elements
    _open_folder(folder, config, DataFacts.of(train_records, valid_records, seen))
    data = SpectrumData(
        train_records,
        valid_records,
        batch_size=config.batch_size,
        seed=config.seed,
        systems=module.model.reads_system,
        draft_model=draft_model,
        cache=cache,
        workers=machine.workers,
    )
    stop = [] if stop_after is None else [_StopAfter(stop_after)]
    trainer = make_trainer(
        folder,
        "valid/mse_max",
        epochs=config.epochs,
        progress=progress,
        callbacks=[MovingAverage(config.ema), *callbacks, *stop],
        checkpoint_steps=checkpoint_steps,
        logs=logs,
        gradient_clip_val=config.gradient_clip,
        precision=config.precision,
        use_distributed_sampler=False,
        deterministic="warn",
        **where,
    )
    with denormals_flushed():
        fit(trainer, module, folder, datamodule=data)
    return best_model(folder)


@rank_zero_only
def _open_folder(folder: Path, config: TrainConfig, facts: DataFacts) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    remove_parts(folder)
    keep_config(folder / CONFIG, config)
    keep_config(folder / DATA, facts, "data")


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
