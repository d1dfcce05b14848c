"""What learning a draft model has in common for both kinds: settings, loss, validation, order."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Self, TypeVar

import lightning as L
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Sampler

from deepdos_nb.core.grids import Kind
from deepdos_nb.core.settings import Settings
from deepdos_nb.crystal.graph import build_graph
from deepdos_nb.crystal.primitive import PrimitiveCell, primitive_cell
from deepdos_nb.data.records import Record
from deepdos_nb.metrics.scores import shape_scores
from deepdos_nb.physics.draft import DraftModel, make_draft_model
from deepdos_nb.training.loop import one_cycle

Example = TypeVar("Example")
"""A crystal and its reference, as a kind of draft model sees them."""


@dataclass(frozen=True)
class DraftConfig(Settings):
    """How a draft model is learnt; there is one such class a kind.

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

    kind: ClassVar[Kind]
    dropout: ClassVar[None] = None

    seed: int = 0
    epochs: int = 32
    batch_size: int = 16
    learning_rate: float = 4e-3
    weight_decay: float = 0.01
    cdf: float = 3.0

    def with_dropout(self, dropout: float) -> Self:
        """The same: a draft model has no dropout."""
        return self


class DraftTraining(L.LightningModule, ABC, Generic[Example]):
    """Loss, optimiser and validation scores of a draft model; its kinds fill in the first two."""

    largest: int
    """Atoms of the largest primitive cell to learn from: the cost grows with the cube."""

    draft_model: DraftModel

    def __init__(self, config: DraftConfig):
        super().__init__()
        self.config = config
        self.draft_model = make_draft_model(config.kind)
        self._curves: list[tuple[Tensor, Tensor]] = []

    @abstractmethod
    def example(self, record: Record, primitive: PrimitiveCell, training: bool) -> Example:
        """What is seen of a record.

        Raises
        ------
        ConfigError
            If it lacks what is to be learnt from.
        """

    @abstractmethod
    def losses(self, batch: list[Example]) -> tuple[Tensor, Tensor]:
        """Mean squared error and area between CDFs of some crystals."""

    @abstractmethod
    def totals(self, batch: list[Example]) -> list[tuple[Tensor, Tensor]]:
        """Drafted total of each crystal, as it will be shipped, and its reference, each (B,)."""

    def examples(self, records: Sequence[Record], training: bool) -> list[Example]:
        """What is seen of records; not the crystals that are too large to learn from."""
        found = []
        for record in records:
            primitive = primitive_cell(record.structure, build_graph(record.structure))
            if not training or primitive.graph.n_nodes <= self.largest:
                found.append(self.example(record, primitive, training))
        return found

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
        scores = shape_scores(drafted, reference, self.config.kind.grid.energies)
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
