"""Learning springs from total spectra, before and apart from the network that reads their drafts.

The draft of a crystal is compared with its reference as the transport's spectra are: squared error
in units of the reference's maximum, and the area between the CDFs, without which a displaced peak
would have no slope. Site projections are not needed: masses and mechanics tell who moves.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import lightning as L
import numpy as np
import torch
from lightning.pytorch.callbacks import ModelCheckpoint, RichProgressBar
from lightning.pytorch.loggers import CSVLogger
from torch import Tensor
from torch.utils.data import DataLoader, Sampler

from deepdos_nb.data.records import Record
from deepdos_nb.errors import ConfigError
from deepdos_nb.graph import build_graph
from deepdos_nb.grids import grid_for
from deepdos_nb.losses import cdf_error, shape_error, unit_sum
from deepdos_nb.metrics import shape_scores
from deepdos_nb.model.lattice_dynamics import SpringCell, drawn, frequencies, spring_cell
from deepdos_nb.model.springs import SpringNetwork, join
from deepdos_nb.model.weights import load_springs, save_springs
from deepdos_nb.primitive import primitive_cell
from deepdos_nb.training import CONFIG, keep_config

SPRINGS = "springs.safetensors"
"""Finished springs in the folder of their training."""

LARGEST = 40
"""Atoms of the largest primitive cell to learn from: the cost grows with the cube."""

MOST_POINTS = 6
"""Wave vectors of a crystal in one step of training, drawn anew each time; fewer where cells are
large."""


@dataclass(frozen=True)
class SpringConfig:
    """How springs are learnt.

    Parameters
    ----------
    seed : int
    epochs : int
    batch_size : int
        Crystals a step.
    learning_rate : float
        Highest rate of a one-cycle schedule.
    weight_decay : float
    cdf : float
        Weight of the area between CDFs beside the squared error.
    """

    seed: int = 0
    epochs: int = 32
    batch_size: int = 16
    learning_rate: float = 4e-3
    weight_decay: float = 0.01
    cdf: float = 3.0

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return asdict(self)


Example = tuple[SpringCell, Tensor]
"""A crystal and its reference total, which sums to one."""


class SpringTraining(L.LightningModule):
    """Loss, optimiser and validation scores of springs."""

    def __init__(self, config: SpringConfig):
        super().__init__()
        self.config = config
        self.springs = SpringNetwork()
        self._curves: list[tuple[Tensor, Tensor]] = []

    def training_step(self, batch: list[Example], _: int) -> Tensor:
        """Mean loss of some crystals, each at a few wave vectors."""
        draw = torch.Generator().manual_seed(10_000_019 * self.config.seed + self.global_step)
        curves = []
        for constants, (cell, _reference) in zip(self._constants(batch), batch, strict=True):
            most = max(1, min(MOST_POINTS, LARGEST // len(cell.numbers)))
            taken = torch.randperm(len(cell.q), generator=draw)[:most]
            curves.append(total(constants, cell, taken))
        drafted, reference = torch.stack(curves), torch.stack([r for _, r in batch])
        squared = shape_error(drafted, reference).mean()
        area = cdf_error(drafted, reference).mean()
        loss = squared + self.config.cdf * area
        for name, value in (("shape", squared), ("cdf", area), ("loss", loss)):
            self.log(f"train/{name}", value, on_step=False, on_epoch=True, batch_size=len(batch))
        return loss

    def validation_step(self, batch: list[Example], _: int) -> None:
        """Collect drafts on the whole mesh."""
        for constants, (cell, reference) in zip(self._constants(batch), batch, strict=True):
            self._curves.append((total(constants, cell), reference))

    def on_validation_epoch_end(self) -> None:
        """Score the whole validation set at once."""
        drafted, reference = (torch.stack(c).numpy() for c in zip(*self._curves, strict=True))
        self._curves.clear()
        scores = shape_scores(drafted, reference, grid_for("phdos").energies)
        for name in ("mse_max", "mse_oracle", "r2_pooled_max", "wd_mean"):
            self.log(f"valid/{name}", scores[name], prog_bar=name in ("mse_max", "wd_mean"))

    def configure_optimizers(self) -> Any:
        """AdamW, one-cycle learning rate."""
        config = self.config
        optimizer = torch.optim.AdamW(
            self.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
        )
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            config.learning_rate,
            total_steps=int(self.trainer.estimated_stepping_batches),
            pct_start=0.15,
        )
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": schedule, "interval": "step"},
        }

    def transfer_batch_to_device(
        self, batch: list[Example], device: torch.device, dataloader_idx: int
    ) -> list[Example]:
        """Nothing to move: springs are learnt on the CPU."""
        return batch

    def _constants(self, batch: list[Example]) -> Sequence[Tensor]:
        cells = [cell for cell, _ in batch]
        parts: Sequence[Tensor] = self.springs(join(cells)).split([len(c.receiver) for c in cells])
        return parts


class Shuffled(Sampler[int]):
    """All examples in an order that depends on the seed and the epoch only, so that runs resume."""

    def __init__(self, size: int, seed: int):
        self.size, self.seed, self.epoch = size, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Called by Lightning before every epoch."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[int]:
        yield from np.random.default_rng((self.seed, self.epoch)).permutation(self.size).tolist()


def total(force_constants: Tensor, cell: SpringCell, taken: Tensor | None = None) -> Tensor:
    """Drafted total of a crystal inside the window, summing to one, shape (B,).

    Parameters
    ----------
    force_constants : Tensor, shape (E, 3, 3)
    cell : SpringCell
    taken : int64 Tensor, optional
        Wave vectors to look at; all of them without it.
    """
    q, weight = (cell.q, cell.weight) if taken is None else (cell.q[taken], cell.weight[taken])
    lines = drawn(frequencies(force_constants, cell, q), grid_for("phdos"))
    return unit_sum(torch.einsum("q,qmb->b", weight.to(lines.dtype), lines))


def examples(records: Sequence[Record], largest: int | None = None) -> list[Example]:
    """What springs see of records, without the crystals whose primitive cell is too large."""
    found = []
    for record in records:
        primitive = primitive_cell(record.structure, build_graph(record.structure))
        if largest is None or primitive.graph.n_nodes <= largest:
            reference = torch.from_numpy(record.shape.astype(np.float32))
            found.append((spring_cell(primitive), reference))
    return found


def train_springs(
    train_records: Sequence[Record],
    valid_records: Sequence[Record],
    config: SpringConfig,
    folder: str | Path,
    *,
    progress: bool = True,
) -> SpringNetwork:
    """Learn springs; an interrupted run in the same folder is resumed, a finished one is read.

    Parameters
    ----------
    train_records, valid_records : sequence of Record
        Phonons. Primitive cells above `LARGEST` atoms are left out of training.
    config : SpringConfig
    folder : path
        Gets checkpoints, a table of scores, and `springs.safetensors` in the end.
    progress : bool
        Show a progress bar.

    Raises
    ------
    ConfigError
        If the records are not phonons, or there are none, or the folder holds a run with other
        settings.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    keep_config(folder / CONFIG, config)
    if (folder / SPRINGS).exists():
        return load_springs(folder / SPRINGS)[0]
    if not train_records or not valid_records or train_records[0].kind != "phdos":
        raise ConfigError("springs need phonon records to learn from and to be validated on.")
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    L.seed_everything(config.seed, verbose=False)
    seen = examples(train_records, LARGEST)
    train: DataLoader[Example] = DataLoader(
        seen,  # type: ignore[arg-type]
        batch_size=config.batch_size,
        sampler=Shuffled(len(seen), config.seed),
        collate_fn=list,
    )
    valid: DataLoader[Example] = DataLoader(
        examples(valid_records),  # type: ignore[arg-type]
        batch_size=config.batch_size,
        collate_fn=list,
    )
    best = ModelCheckpoint(folder, "best", monitor="valid/mse_oracle", enable_version_counter=False)
    last = ModelCheckpoint(folder, "last", every_n_epochs=1, enable_version_counter=False)
    callbacks: list[L.Callback] = [best, last]
    if progress:
        callbacks.append(RichProgressBar())
    trainer = L.Trainer(
        max_epochs=config.epochs,
        # Many small eigenvalue problems: a GPU would wait for its launches.
        accelerator="cpu",
        callbacks=callbacks,
        logger=CSVLogger(folder, name="log"),
        gradient_clip_val=1.0,
        enable_progress_bar=progress,
        enable_model_summary=False,
    )
    module = SpringTraining(config)
    checkpoint = folder / "last.ckpt"
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*does not have many workers.*")
        warnings.filterwarnings("ignore", ".*smaller than the logging interval.*")
        warnings.filterwarnings("ignore", ".*treespec, LeafSpec.*")
        warnings.filterwarnings("ignore", ".*Checkpoint directory.*exists and is not empty.*")
        trainer.fit(module, train, valid, ckpt_path=checkpoint if checkpoint.exists() else None)
    state = torch.load(folder / "best.ckpt", map_location="cpu", weights_only=True)["state_dict"]
    springs = SpringNetwork()
    springs.load_state_dict({k.removeprefix("springs."): v for k, v in state.items()})
    save_springs(springs, folder / SPRINGS, card={"training": config.to_dict()})
    # As stored, so that whatever reads their drafts learns from the drafts that will be shipped.
    return load_springs(folder / SPRINGS)[0]
