"""Loss, optimiser and validation scores of one network, as Lightning asks for them."""

from __future__ import annotations

from typing import Any, Self

import torch
from torch import Tensor, nn

from deepdos_nb.metrics.scores import shape_scores
from deepdos_nb.model import GraphBatch
from deepdos_nb.model.baselines import Baseline
from deepdos_nb.model.networks import make_network
from deepdos_nb.training.history import Recorded, name_some
from deepdos_nb.training.loop import one_cycle
from deepdos_nb.training.losses import Target, shape_error, spectrum_loss
from deepdos_nb.training.settings import TrainConfig


class SpectrumTraining(Recorded):
    """Training of one network."""

    def __init__(self, config: TrainConfig):
        super().__init__()
        self.config = config
        self.model = make_network(config.model)
        self._curves: list[tuple[Tensor, Tensor]] = []
        self._batch: tuple[GraphBatch, Target] | None = None
        for part in self._frozen():
            part.requires_grad_(False)

    def _frozen(self) -> list[nn.Module]:
        return [getattr(self.model, name) for name in self.config.freeze]

    def train(self, mode: bool = True) -> Self:
        """Frozen parts have no dropout either."""
        super().train(mode)
        for part in self._frozen():
            part.eval()
        return self

    def training_step(self, batch: tuple[GraphBatch, Target], _: int) -> Tensor:
        """Loss of one batch."""
        graphs, target = self._batch = batch
        # Dropout depends on (seed, step) only, so a resumed run repeats it.
        torch.manual_seed(10_000_019 * self.config.seed + self.global_step)
        if isinstance(self.model, Baseline):
            terms = self.model.loss(graphs, target.shape)
        else:
            terms = spectrum_loss(self.model(graphs), target, graphs.site_weight, self.config.loss)
        self.remember(terms, len(target.shape))
        return terms["loss"]

    def validation_step(self, batch: tuple[GraphBatch, Target], _: int) -> None:
        """Collect total curves."""
        graphs, target = batch
        self._curves.append((self.model.total(graphs).float().cpu(), target.shape.cpu()))

    def on_validation_epoch_end(self) -> None:
        """Score the whole validation set at once."""
        predicted, reference = (torch.cat(c) for c in zip(*self._curves, strict=True))
        self._curves.clear()
        energies = self.config.model.grid.energies
        scores = shape_scores(predicted.numpy(), reference.numpy(), energies)
        kept = ("mse_max", "mae_max", "r2_pooled_max", "wd_mean")
        # As in the loss, to be held against its part of the training crystals.
        shape = float(shape_error(predicted, reference).mean())
        self.score({"shape": shape} | {name: scores[name] for name in kept})

    def configure_optimizers(self) -> Any:
        """AdamW without decay on biases and norms, one-cycle learning rate."""
        tables = [p for p in self.parameters() if p.requires_grad and p.ndim > 1]
        rest = [p for p in self.parameters() if p.requires_grad and p.ndim <= 1]
        rate = self.config.learning_rate
        groups = [{"params": tables, "lr": rate}, {"params": rest, "lr": rate, "weight_decay": 0.0}]
        decay = self.config.weight_decay
        return one_cycle(groups, self.trainer, weight_decay=decay, warm_up=0.1)

    def suspects(self) -> str:
        """The crystals whose prediction is no number, or all of the batch."""
        assert self._batch is not None
        graphs, target = self._batch
        self.eval()
        with torch.no_grad():
            finite = torch.isfinite(self.model.total(graphs)).all(dim=1).tolist()
        self.train()
        wrong = [n for n, fine in zip(target.materials, finite, strict=True) if not fine]
        if wrong and len(wrong) < len(finite):
            return f"It begins with {name_some(wrong)}."
        return f"The batch held {name_some(target.materials)}."
