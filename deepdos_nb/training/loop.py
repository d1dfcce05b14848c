"""What every training with Lightning here has in common."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import lightning as L
import torch
from lightning.fabric.plugins.io.torch_io import TorchCheckpointIO
from lightning.pytorch.accelerators import CPUAccelerator
from lightning.pytorch.callbacks import (
    LearningRateMonitor,
    ModelCheckpoint,
    RichProgressBar,
    WeightAveraging,
)
from lightning.pytorch.loggers import CSVLogger, Logger, TensorBoardLogger
from torch import Tensor
from torch.optim.swa_utils import get_ema_multi_avg_fn

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.core.files import replacing
from deepdos_nb.parallel.threads import one_thread

LAST = "last.ckpt"
BEST = "best.ckpt"

OFTEN = timedelta(minutes=2)
"""Longest time between checkpoints, unless steps are counted instead."""

LOGS = ("none", "csv", "tensorboard")
"""Tables beside `history.csv`: nothing, Lightning's CSV files, or what TensorBoard shows."""


def one_cycle(
    groups: list[dict[str, Any]], trainer: L.Trainer, *, weight_decay: float, warm_up: float
) -> Any:
    """AdamW whose rates rise for a part of the steps and then fall to nothing.

    Parameters
    ----------
    groups : list of dict
        Parameter groups, each with the highest rate as "lr".
    trainer : Trainer
    weight_decay : float
        Of groups that name none.
    warm_up : float
        Part of the steps in which rates rise.
    """
    optimizer = torch.optim.AdamW(groups, weight_decay=weight_decay)
    steps = int(trainer.estimated_stepping_batches)
    # Where rates rise in the first step alone, as in a tenth of ten, torch would divide by zero.
    rising = warm_up * (1.0 + 1e-6) if warm_up * steps == 1.0 else warm_up
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        [group["lr"] for group in groups],
        total_steps=steps,
        pct_start=rising,
    )
    return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def make_trainer(
    folder: Path,
    monitor: str,
    *,
    epochs: int,
    progress: bool,
    callbacks: Sequence[L.Callback] = (),
    checkpoint_steps: int | None = None,
    logs: str = "none",
    **settings: Any,
) -> L.Trainer:
    """A trainer that keeps the last state and the best epoch in a folder.

    Parameters
    ----------
    folder : path
    monitor : str
        Validation score whose lowest value marks the best epoch.
    epochs : int
    progress : bool
        Show a progress bar.
    callbacks : sequence of Callback
        Called before checkpoints are written.
    checkpoint_steps : int, optional
        Keep the last state after so many steps, not only after every epoch and every `OFTEN`.
    logs : {"none", "csv", "tensorboard"}
    **settings
        Of the Trainer.

    Raises
    ------
    ConfigError
        If the logs are unknown, or TensorBoard's package is missing.
    """
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    within: dict[str, Any] = {"train_time_interval": OFTEN}
    if checkpoint_steps:
        within = {"every_n_train_steps": checkpoint_steps}
    kept = [
        ModelCheckpoint(folder, "best", monitor=monitor, enable_version_counter=False),
        ModelCheckpoint(
            folder,
            "last",
            every_n_epochs=1,
            save_on_train_epoch_end=True,
            enable_version_counter=False,
        ),
        WithinEpoch(
            folder,
            "last",
            enable_version_counter=False,
            save_on_train_epoch_end=False,
            **within,
        ),
    ]
    logger = _logger(folder, logs)
    watching = [LearningRateMonitor("epoch")] if logger else []
    return L.Trainer(
        default_root_dir=folder,
        max_epochs=epochs,
        callbacks=[*callbacks, *watching, *kept, *([RichProgressBar()] if progress else [])],
        logger=logger or False,
        plugins=[WholeFiles()],
        enable_progress_bar=progress,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        **settings,
    )


def _logger(folder: Path, logs: str) -> Logger | None:
    if logs not in LOGS:
        raise ConfigError(f"unknown logs {logs!r}.", remedy=f"Use one of {', '.join(LOGS)}.")
    if logs == "csv":
        return CSVLogger(folder, name="log")  # every resumption writes its own table
    if logs == "tensorboard":
        try:
            return TensorBoardLogger(folder, name="log")
        except ModuleNotFoundError:
            raise ConfigError(
                "TensorBoard's logs need its package.", remedy="Run `pip install tensorboard`."
            ) from None
    return None


class WithinEpoch(ModelCheckpoint):
    """Keeps the state in the middle of an epoch, not after its last step.

    From there Lightning would go on with the next epoch and leave out the validation of this one;
    what the end of an epoch leaves behind is kept once that is done.
    """

    def on_train_batch_end(self, trainer: L.Trainer, *rest: Any) -> None:
        """Called by Lightning after every step."""
        if not trainer.is_last_batch:
            super().on_train_batch_end(trainer, *rest)


class WholeFiles(TorchCheckpointIO):
    """Checkpoints that are complete or not there, whenever the process is killed."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: Any, storage_options: Any | None = None
    ) -> None:
        """Write under another name, then rename."""
        with replacing(path) as part:
            torch.save(checkpoint, part)


def fit(trainer: L.Trainer, module: L.LightningModule, folder: Path, **data: Any) -> None:
    """Train on `data` (of `Trainer.fit`); go on from the last checkpoint of the folder, if any."""
    checkpoint = folder / LAST
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*does not have many workers.*")
        warnings.filterwarnings("ignore", ".*smaller than the logging interval.*")
        warnings.filterwarnings("ignore", ".*treespec, LeafSpec.*")
        # Scores are the same in all processes of a distributed run already.
        warnings.filterwarnings("ignore", ".*sync_dist=True.*")
        warnings.filterwarnings("ignore", ".*Checkpoint directory.*exists and is not empty.*")
        resumed = checkpoint if checkpoint.exists() else None
        # The networks are small: on a CPU, a second thread gains a tenth at best.
        on_cpu = isinstance(trainer.accelerator, CPUAccelerator)
        with one_thread() if on_cpu else nullcontext():
            trainer.fit(module, ckpt_path=resumed, **data)


@contextmanager
def denormals_flushed() -> Iterator[None]:
    """Treat numbers below the smallest normal one as zero, which a CPU is far quicker with.

    The switch is the thread's, so it is turned back for whatever comes after.
    """
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


def best_state(folder: Path, prefix: str) -> dict[str, torch.Tensor]:
    """Tensors of the best epoch whose names begin with `prefix`, without it."""
    checkpoint = torch.load(folder / BEST, map_location="cpu", weights_only=True)
    return {
        name.removeprefix(prefix): value
        for name, value in checkpoint["state_dict"].items()
        if name.startswith(prefix)
    }


class MovingAverage(WeightAveraging):
    """Exponential moving average of weights with a short memory at the start.

    A memory of 1 / (1 - decay) steps, 500 by default, would carry a random start through a third of
    a short run. After n averages the decay is therefore at most (1 + n) / (10 + n), as in
    TensorFlow's `ExponentialMovingAverage`: the memory is about a ninth of the steps taken.
    """

    def __init__(self, decay: float):
        # Tables are constants: averaged with themselves they would drift by rounding.
        super().__init__(use_buffers=False, multi_avg_fn=partial(_average, decay))


def _average(
    decay: float, averaged: list[Tensor], current: list[Tensor], count: Tensor | int
) -> None:
    steps = int(count)
    average = get_ema_multi_avg_fn(min(decay, (1 + steps) / (10 + steps)))
    average(averaged, current, count)
