"""What learning a draft model has in common for both kinds: settings, loss, validation, order."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Self, TypeVar

import torch
from torch import Tensor

from deepdos_nb.core.grids import Kind
from deepdos_nb.core.settings import Settings
from deepdos_nb.crystal.graph import build_graph
from deepdos_nb.crystal.primitive import PrimitiveCell, primitive_cell
from deepdos_nb.data.records import Record
from deepdos_nb.metrics.scores import shape_scores
from deepdos_nb.physics.draft import DraftModel, make_draft_model
from deepdos_nb.training.batches import check
from deepdos_nb.training.history import Recorded, name_some
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
    start : str
        Fingerprint of the draft model that training starts from; empty for a random start.
    """

    kind: ClassVar[Kind]
    dropout: ClassVar[None] = None

    seed: int = 0
    epochs: int = 32
    batch_size: int = 16
    learning_rate: float = 4e-3
    weight_decay: float = 0.01
    cdf: float = 3.0
    start: str = ""

    def with_dropout(self, dropout: float) -> Self:
        """The same: a draft model has no dropout."""
        return self


class DraftTraining(Recorded, ABC, Generic[Example]):
    """Loss, optimiser and validation scores of a draft model; its kinds fill in the first two."""

    largest: ClassVar[int]
    """Atoms of the largest primitive cell to learn from: the cost grows with the cube."""

    draft_model: DraftModel

    def __init__(self, config: DraftConfig):
        super().__init__()
        self.config = config
        self.draft_model = make_draft_model(config.kind)
        self._curves: list[tuple[Tensor, Tensor]] = []
        self._names: dict[int, str] = {}
        self._batch: list[Example] = []

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

    @classmethod
    def learns_from(cls, record: Record) -> bool:
        """Whether a crystal's primitive cell is small enough to learn from."""
        if record.n_atoms <= cls.largest:
            return True
        structure = record.structure
        return primitive_cell(structure, build_graph(structure)).graph.n_nodes <= cls.largest

    def examples(self, records: Sequence[Record], training: bool) -> list[Example]:
        """What is seen of records; not the crystals that are too large to learn from."""
        found = []
        for record in records:
            check(record)
            if training and not self.learns_from(record):
                continue
            primitive = primitive_cell(record.structure, build_graph(record.structure))
            found.append(self.example(record, primitive, training))
            self._names[id(found[-1])] = record.material_id
        return found

    def groups(self) -> list[dict[str, Any]]:
        """Parameters and their highest learning rates."""
        return [{"params": list(self.parameters()), "lr": self.config.learning_rate}]

    def training_step(self, batch: list[Example], _: int) -> Tensor:
        """Mean loss of some crystals."""
        self._batch = batch
        squared, area = self.losses(batch)
        loss = squared + self.config.cdf * area
        self.remember({"shape": squared, "cdf": area, "loss": loss}, len(batch))
        return loss

    def suspects(self) -> str:
        """The crystals whose loss is no number by themselves, or all of the batch."""
        with torch.no_grad():
            losses = [torch.stack(self.losses([example])).sum() for example in self._batch]
        wrong = [e for e, loss in zip(self._batch, losses, strict=True) if not loss.isfinite()]
        names = name_some([self._names[id(example)] for example in wrong or self._batch])
        return f"It begins with {names}." if wrong else f"The batch held {names}."

    def validation_step(self, batch: list[Example], _: int) -> None:
        """Collect drafts."""
        self._curves += self.totals(batch)

    def on_validation_epoch_end(self) -> None:
        """Score the whole validation set at once."""
        drafted, reference = (torch.stack(c).numpy() for c in zip(*self._curves, strict=True))
        self._curves.clear()
        scores = shape_scores(drafted, reference, self.config.kind.grid.energies)
        kept = ("mse_max", "mse_oracle", "r2_pooled_max", "wd_mean")
        self.score({name: scores[name] for name in kept})

    def configure_optimizers(self) -> Any:
        """AdamW, one-cycle learning rate."""
        decay = self.config.weight_decay
        return one_cycle(self.groups(), self.trainer, weight_decay=decay, warm_up=0.15)

    def transfer_batch_to_device(
        self, batch: list[Example], device: torch.device, dataloader_idx: int
    ) -> list[Example]:
        """Nothing to move: draft models are learnt on the CPU."""
        return batch
