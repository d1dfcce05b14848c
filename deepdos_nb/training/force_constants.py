"""Learning force constants from total spectra.

The draft of a crystal is compared with its reference as the transport's spectra are: squared error
in units of the reference's maximum, and the area between the CDFs, without which a displaced peak
would have no slope. Site projections are not needed: masses and mechanics tell who moves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from deepdos_nb.core.grids import Kind
from deepdos_nb.crystal.primitive import PrimitiveCell
from deepdos_nb.data.records import Record
from deepdos_nb.physics.force_constants import ForceConstantNetwork
from deepdos_nb.physics.lattice_dynamics import broadened, frequencies, phonon_cell
from deepdos_nb.physics.pairs import PairCell, join
from deepdos_nb.training.draft_training import DraftConfig, DraftTraining
from deepdos_nb.training.losses import cdf_error, shape_error, unit_sum

LARGEST = 40
"""Atoms of the largest primitive cell to learn from."""

MOST_POINTS = 6
"""Wave vectors of a crystal in one step of training, drawn anew each time; fewer where cells
are large."""


@dataclass(frozen=True)
class ForceConstantConfig(DraftConfig):
    """How force constants are learnt; see `DraftConfig`."""

    kind = Kind.phdos

    epochs: int = 48


Example = tuple[PairCell, Tensor]
"""A crystal and its reference total, which sums to one."""


class ForceConstantTraining(DraftTraining[Example]):
    """Loss and validation of force constants."""

    draft_model: ForceConstantNetwork
    largest = LARGEST

    def example(self, record: Record, primitive: PrimitiveCell, training: bool) -> Example:
        """Whatever the record knows of its sites is left out."""
        return phonon_cell(primitive), torch.from_numpy(record.shape.astype(np.float32))

    def losses(self, batch: list[Example]) -> tuple[Tensor, Tensor]:
        """Mean errors of some crystals, each at a few wave vectors."""
        draw = torch.Generator().manual_seed(10_000_019 * self.config.seed + self.global_step)
        curves = []
        for constants, (cell, _reference) in zip(self._constants(batch), batch, strict=True):
            most = max(1, min(MOST_POINTS, LARGEST // len(cell.numbers)))
            taken = torch.randperm(len(cell.q), generator=draw)[:most]
            curves.append(total(constants, cell, taken))
        drafted, reference = torch.stack(curves), torch.stack([r for _, r in batch])
        return shape_error(drafted, reference).mean(), cdf_error(drafted, reference).mean()

    def totals(self, batch: list[Example]) -> list[tuple[Tensor, Tensor]]:
        """Drafts on the whole mesh."""
        pairs = zip(self._constants(batch), batch, strict=True)
        return [(total(constants, cell), reference) for constants, (cell, reference) in pairs]

    def _constants(self, batch: list[Example]) -> Sequence[Tensor]:
        cells = [cell for cell, _ in batch]
        parts: Sequence[Tensor] = self.draft_model(join(cells)).split(
            [len(c.receiver) for c in cells]
        )
        return parts


def total(force_constants: Tensor, cell: PairCell, taken: Tensor | None = None) -> Tensor:
    """Drafted total of a crystal inside the window, summing to one, shape (B,).

    Parameters
    ----------
    force_constants : Tensor, shape (E, 3, 3)
    cell : PairCell
    taken : int64 Tensor, optional
        Wave vectors to look at; all of them without it.
    """
    q, weight = (cell.q, cell.weight) if taken is None else (cell.q[taken], cell.weight[taken])
    lines = broadened(frequencies(force_constants, cell, q), Kind.phdos.grid)
    return unit_sum(torch.einsum("q,qmb->b", weight.to(lines.dtype), lines))
