"""Learning springs from total spectra.

The draft of a crystal is compared with its reference as the transport's spectra are: squared error
in units of the reference's maximum, and the area between the CDFs, without which a displaced peak
would have no slope. Site projections are not needed: masses and mechanics tell who moves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from deepdos_nb.core.grids import grid_for
from deepdos_nb.crystal.graph import build_graph
from deepdos_nb.crystal.primitive import primitive_cell
from deepdos_nb.data.records import Record
from deepdos_nb.physics.force_constants import ForceConstantNetwork
from deepdos_nb.physics.lattice_dynamics import broadened, frequencies, phonon_cell
from deepdos_nb.physics.pairs import PairCell, join
from deepdos_nb.training.draft import DraftConfig, DraftTraining, learn
from deepdos_nb.training.losses import cdf_error, shape_error, unit_sum

SPRINGS = "springs.safetensors"
"""Finished springs in the folder of their training."""

LARGEST = 40
"""Atoms of the largest primitive cell to learn from: the cost grows with the cube."""

MOST_POINTS = 6
"""Wave vectors of a crystal in one step of training, drawn anew each time; fewer where cells
are large."""


@dataclass(frozen=True)
class ForceConstantConfig(DraftConfig):
    """How springs are learnt; see `DraftConfig`."""


Example = tuple[PairCell, Tensor]
"""A crystal and its reference total, which sums to one."""


class ForceConstantTraining(DraftTraining[Example]):
    """Loss and validation of springs."""

    draft_model: ForceConstantNetwork

    def __init__(self, config: DraftConfig):
        super().__init__(config, ForceConstantNetwork())

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
    lines = broadened(frequencies(force_constants, cell, q), grid_for("phdos"))
    return unit_sum(torch.einsum("q,qmb->b", weight.to(lines.dtype), lines))


def examples(records: Sequence[Record], training: bool) -> list[Example]:
    """What springs see of records; not the crystals that are too large to learn from."""
    found = []
    for record in records:
        primitive = primitive_cell(record.structure, build_graph(record.structure))
        if not training or primitive.graph.n_nodes <= LARGEST:
            reference = torch.from_numpy(record.shape.astype(np.float32))
            found.append((phonon_cell(primitive), reference))
    return found


def train_force_constants(
    train_records: Sequence[Record],
    valid_records: Sequence[Record],
    config: DraftConfig,
    folder: str | Path,
    *,
    progress: bool = True,
) -> ForceConstantNetwork:
    """Learn springs; an interrupted run in the same folder is resumed, a finished one is read.

    Parameters
    ----------
    train_records, valid_records : sequence of Record
        Phonons. Primitive cells above `LARGEST` atoms are left out of training.
    config : ForceConstantConfig
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
    records, file = (train_records, valid_records), Path(folder) / SPRINGS
    springs = learn(ForceConstantTraining, examples, records, config, file, progress=progress)
    assert isinstance(springs, ForceConstantNetwork)
    return springs
