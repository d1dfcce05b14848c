"""What a training remembers of itself, so that it goes on in the middle of an epoch as if unbroken.

Lightning restores weights, optimiser and counters. Kept here are the sums that the mean losses of
an unfinished epoch are made of, and one row of losses and scores for each finished epoch.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import lightning as L
import torch
from torch import Tensor
from torch.optim import Optimizer

from deepdos_nb.core.errors import TrainingError
from deepdos_nb.core.files import write_text
from deepdos_nb.training.order import ResumableLoader

HISTORY = "history.csv"
"""Losses and scores of every epoch, in the folder of a training."""

SHOWN = ("valid/mse_max", "valid/wd_mean")
"""Scores beside the progress bar."""

Row = dict[str, float]
Report = Callable[[Sequence[Row]], None]
"""Called with all rows after every epoch."""


class Recorded(L.LightningModule):
    """A training that keeps its history, and stops before a gradient that is no number."""

    def __init__(self) -> None:
        super().__init__()
        self.history: list[Row] = []
        self.report: Report | None = None
        self._sums: dict[str, Tensor] = defaultdict(lambda: torch.zeros(2, dtype=torch.float64))
        self._scores: Row = {}
        self._place: dict[str, int] | None = None

    @property
    def _loader(self) -> ResumableLoader:
        loader = self.trainer.train_dataloader
        assert isinstance(loader, ResumableLoader)
        return loader

    def remember(self, terms: Mapping[str, Tensor], size: int) -> None:
        """Count the terms of the loss of one batch of `size` crystals."""
        for name, value in terms.items():
            part = torch.tensor([size, size * value.item()], dtype=torch.float64)
            self._sums[f"train/{name}"] += part

    def score(self, scores: Mapping[str, float]) -> None:
        """Log validation scores, and keep them for the history."""
        self._scores = {f"valid/{name}": float(value) for name, value in scores.items()}
        for name, value in self._scores.items():
            self.log(name, value, prog_bar=name in SHOWN)

    def on_train_start(self) -> None:
        """Go on behind the batches of the epoch that have been seen."""
        # Lightning restores its loaders before it counts steps for the schedule, or not at all.
        if self._place is not None:
            self._loader.load_state_dict(self._place)
            self._place = None

    def on_train_epoch_start(self) -> None:
        """Begin new sums."""
        self._sums.clear()

    def on_train_epoch_end(self) -> None:
        """Add a row to the history and to its file, and tell whoever wants to know."""
        row: Row = {"epoch": self.current_epoch + 1, "step": self.global_step}
        for name, sums in self._sums.items():
            # Every process of a distributed training has seen its own crystals.
            total = self.trainer.strategy.reduce(sums.to(self.device, torch.float32), None, "sum")
            assert isinstance(total, Tensor)
            row[name] = float(total[1] / total[0]) if self.trainer.world_size > 1 else _mean(sums)
            self.log(name, row[name])
        optimizer = self.optimizers()
        assert not isinstance(optimizer, list)
        row |= self._scores | {"rate": float(optimizer.param_groups[0]["lr"])}
        self.history.append(row)
        if self.trainer.is_global_zero:
            write_history(Path(self.trainer.default_root_dir) / HISTORY, self.history)
            if self.report is not None:
                self.report(self.history)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep history, sums and the place in the epoch."""
        checkpoint["history"] = {
            "place": self._loader.state_dict(),
            "rows": [dict(row) for row in self.history],
            "sums": {name: sums.tolist() for name, sums in self._sums.items()},
        }

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Go on from a checkpoint; those of earlier versions hold no history."""
        kept = checkpoint.get("history", {"rows": [], "sums": {}})
        self._place = kept.get("place")
        self.history = list(kept["rows"])
        for name, sums in kept["sums"].items():
            self._sums[name] = torch.tensor(sums, dtype=torch.float64)

    def configure_gradient_clipping(
        self,
        optimizer: Optimizer,
        gradient_clip_val: float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        """Clip the norm of the gradients; where it is no number the weights are left alone.

        Raises
        ------
        TrainingError
            With the crystals of the batch.
        """
        own = [p for group in optimizer.param_groups for p in group["params"]]
        limit = float("inf") if gradient_clip_val is None else float(gradient_clip_val)
        norm = torch.nn.utils.clip_grad_norm_(own, limit)
        if not torch.isfinite(norm):
            raise TrainingError(
                f"step {self.global_step + 1}: the loss or its gradient is no number. "
                + self.suspects(),
                source=str(self.trainer.default_root_dir),
                remedy="Take that crystal out, or train with a lower learning rate in another "
                "folder. The weights of the step before are kept.",
            )

    def suspects(self) -> str:
        """What is known of the crystals of the last batch, in a sentence."""
        raise NotImplementedError


def _mean(sums: Tensor) -> float:
    return float(sums[1] / sums[0])


def name_some(names: Sequence[str], most: int = 8) -> str:
    """Some of the names, and how many there are more."""
    more = "" if len(names) <= most else f" and {len(names) - most} more"
    return ", ".join(names[:most]) + more


def write_history(path: Path, rows: Sequence[Row]) -> None:
    """Write one line for each epoch."""
    text = io.StringIO()
    columns = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, text.getvalue())


def read_history(folder: str | Path) -> list[Row]:
    """Rows of the history in the folder of a training; none where there is no such file."""
    path = Path(folder) / HISTORY
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [{k: float(v) for k, v in row.items() if v} for row in csv.DictReader(file)]
