"""What every training with Lightning here has in common."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import lightning as L
import torch
from lightning.pytorch.callbacks import ModelCheckpoint, RichProgressBar, WeightAveraging
from lightning.pytorch.loggers import CSVLogger
from torch import Tensor
from torch.optim.swa_utils import get_ema_multi_avg_fn

LAST = "last.ckpt"
BEST = "best.ckpt"


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
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        [group["lr"] for group in groups],
        total_steps=int(trainer.estimated_stepping_batches),
        pct_start=warm_up,
    )
    return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def make_trainer(
    folder: Path,
    monitor: str,
    *,
    epochs: int,
    progress: bool,
    callbacks: Sequence[L.Callback] = (),
    **settings: Any,
) -> L.Trainer:
    """A trainer that keeps the last and the best epoch in a folder, and a table of scores.

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
    **settings
        Of the Trainer.
    """
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    kept = [
        ModelCheckpoint(folder, "best", monitor=monitor, enable_version_counter=False),
        ModelCheckpoint(folder, "last", every_n_epochs=1, enable_version_counter=False),
    ]
    return L.Trainer(
        max_epochs=epochs,
        callbacks=[*callbacks, *kept, *([RichProgressBar()] if progress else [])],
        logger=CSVLogger(folder, name="log"),  # every resumption writes its own table
        enable_progress_bar=progress,
        enable_model_summary=False,
        **settings,
    )


def fit(trainer: L.Trainer, module: L.LightningModule, folder: Path, **data: Any) -> None:
    """Train on `data` (of `Trainer.fit`); go on from the last checkpoint of the folder, if any."""
    checkpoint = folder / LAST
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*does not have many workers.*")
        warnings.filterwarnings("ignore", ".*smaller than the logging interval.*")
        warnings.filterwarnings("ignore", ".*treespec, LeafSpec.*")
        warnings.filterwarnings("ignore", ".*Checkpoint directory.*exists and is not empty.*")
        resumed = checkpoint if checkpoint.exists() else None
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
        super().__init__(multi_avg_fn=partial(_average, decay))


def _average(
    decay: float, averaged: list[Tensor], current: list[Tensor], count: Tensor | int
) -> None:
    steps = int(count)
    average = get_ema_multi_avg_fn(min(decay, (1 + steps) / (10 + steps)))
    average(averaged, current, count)
