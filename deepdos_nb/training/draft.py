"""Learning a draft model from spectra, before and apart from the network that reads its drafts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import lightning as L
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Sampler

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.core.grids import grid_for
from deepdos_nb.data.records import Record
from deepdos_nb.metrics.scores import shape_scores
from deepdos_nb.model.weights import load_draft_model, save_draft_model
from deepdos_nb.physics.draft import DraftModel, kind_of, make_draft_model
from deepdos_nb.physics.threads import one_thread
from deepdos_nb.training.loop import best_state, fit, make_trainer, one_cycle
from deepdos_nb.training.train import CONFIG, keep_config

Example = TypeVar("Example")
"""A crystal and its reference, as a kind of draft_model sees them."""


@dataclass(frozen=True)
class DraftConfig:
    """How a draft model is learnt.

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


class DraftTraining(L.LightningModule, Generic[Example]):
    """Loss, optimiser and validation scores of a draft model; its kinds fill in the first two."""

    def __init__(self, config: DraftConfig, draft_model: DraftModel):
        super().__init__()
        self.config = config
        self.draft_model = draft_model
        self._curves: list[tuple[Tensor, Tensor]] = []

    def losses(self, batch: list[Example]) -> tuple[Tensor, Tensor]:
        """Mean squared error and area between CDFs of some crystals."""
        raise NotImplementedError

    def totals(self, batch: list[Example]) -> list[tuple[Tensor, Tensor]]:
        """Drafted total of each crystal, as it will be shipped, and its reference, each (B,)."""
        raise NotImplementedError

    def groups(self) -> list[dict[str, Any]]:
        """Parameters and their highest learning rates."""
        return [{"params": list(self.parameters()), "lr": self.config.learning_rate}]

    def training_step(self, batch: list[Example], _: int) -> Tensor:
        """Mean loss of some crystals."""
        squared, area = self.losses(batch)
        loss = squared + self.config.cdf * area
        for name, value in (("shape", squared), ("cdf", area), ("loss", loss)):
            self.log(f"train/{name}", value, on_step=False, on_epoch=True, batch_size=len(batch))
        return loss

    def validation_step(self, batch: list[Example], _: int) -> None:
        """Collect drafts."""
        self._curves += self.totals(batch)

    def on_validation_epoch_end(self) -> None:
        """Score the whole validation set at once."""
        drafted, reference = (torch.stack(c).numpy() for c in zip(*self._curves, strict=True))
        self._curves.clear()
        scores = shape_scores(drafted, reference, grid_for(kind_of(self.draft_model)).energies)
        for name in ("mse_max", "mse_oracle", "r2_pooled_max", "wd_mean"):
            self.log(f"valid/{name}", scores[name], prog_bar=name in ("mse_max", "wd_mean"))

    def configure_optimizers(self) -> Any:
        """AdamW, one-cycle learning rate."""
        decay = self.config.weight_decay
        return one_cycle(self.groups(), self.trainer, weight_decay=decay, warm_up=0.15)

    def transfer_batch_to_device(
        self, batch: list[Example], device: torch.device, dataloader_idx: int
    ) -> list[Example]:
        """Nothing to move: draft models are learnt on the CPU."""
        return batch


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


def learn(
    make: Callable[[DraftConfig], DraftTraining[Example]],
    examples: Callable[[Sequence[Record], bool], list[Example]],
    records: tuple[Sequence[Record], Sequence[Record]],
    config: DraftConfig,
    file: Path,
    *,
    progress: bool,
) -> DraftModel:
    """Learn a draft model; an interrupted run is resumed, a finished one is read.

    Parameters
    ----------
    make : callable
        What is trained.
    examples : callable
        What it sees of records; its second argument tells training from validation.
    records : pair of sequences of Record
        To learn from and to validate on.
    config : DraftConfig
    file : path
        Where the draft model goes in the end; checkpoints and a table of scores lie beside it.
    progress : bool
        Show a progress bar.

    Raises
    ------
    ConfigError
        If there are no records of the right kind, or the folder holds a run with other settings.
    """
    folder = file.parent
    folder.mkdir(parents=True, exist_ok=True)
    keep_config(folder / CONFIG, config)
    if file.exists():
        return load_draft_model(file)[0]
    L.seed_everything(config.seed, verbose=False)
    module = make(config)
    kind = kind_of(module.draft_model)
    if any(not part or part[0].kind != kind for part in records):
        what = "phonon" if kind == "phdos" else "electronic"
        raise ConfigError(f"{file.stem} need {what} records to learn from and to be validated on.")
    seen, valid = (
        examples(part, training) for part, training in zip(records, (True, False), strict=True)
    )
    size = config.batch_size
    train: DataLoader[Example] = DataLoader(
        seen,  # type: ignore[arg-type]
        batch_size=size,
        sampler=Shuffled(len(seen), config.seed),
        collate_fn=list,
    )
    held: DataLoader[Example] = DataLoader(valid, batch_size=size, collate_fn=list)  # type: ignore[arg-type]
    trainer = make_trainer(
        folder,
        "valid/mse_oracle",
        epochs=config.epochs,
        progress=progress,
        # Many small eigenvalue problems: a GPU would wait for its launches.
        accelerator="cpu",
        gradient_clip_val=1.0,
    )
    with one_thread():
        fit(trainer, module, folder, train_dataloaders=train, val_dataloaders=held)
    draft_model = make_draft_model(kind)
    draft_model.load_state_dict(best_state(folder, "draft_model."))
    save_draft_model(draft_model, file, card={"training": config.to_dict()})
    # As stored, so that whatever reads their drafts learns from the drafts that will be shipped.
    return load_draft_model(file)[0]
