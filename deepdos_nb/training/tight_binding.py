"""Learning tight binding from spectra: of every shell of every atom, or from totals alone.

Drafts are compared with their references in states/eV per atom, smoothed a little, by squared
error and by the area between cumulative curves that start from the energy zero, where the draft's
filled states end as the reference's do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.core.grids import Kind
from deepdos_nb.crystal.primitive import PrimitiveCell
from deepdos_nb.data.records import Record
from deepdos_nb.physics.hoppings import HoppingNetwork
from deepdos_nb.physics.pairs import join
from deepdos_nb.physics.tight_binding import OrbitalCell, Terms, orbital_cell, site_states
from deepdos_nb.training.draft_training import DraftConfig, DraftTraining
from deepdos_nb.training.losses import unit_sum

LARGEST = 10
"""Atoms of the largest primitive cell to learn from."""

COARSE = 0.6
"""Factor on the density of the mesh along each edge, while learning."""

SMOOTHING = 0.3
"""Standard deviation of the Gaussian that both curves are smoothed with, eV."""

SHELLS = 3
"""s, p and d; f states are nobody's here."""

LEVELS_FASTER = 10.0
"""Levels of free atoms are in eV, everything else about one: they learn at a higher rate."""


@dataclass(frozen=True)
class TightBindingConfig(DraftConfig):
    """How tight binding is learnt; see `DraftConfig`.

    Parameters
    ----------
    projections : bool
        From the states of every shell of every atom, or from totals alone.
    """

    kind = Kind.edos

    epochs: int = 60
    projections: bool = True


class Example(NamedTuple):
    """A crystal and its reference.

    rows : (N, 3, B), states of each shell of each atom of the primitive cell in every bin, or
        (1, 1, B), their total
    shape : (B,), total that sums to one
    gapped : whether energies count from the valence-band maximum; None where the record does not
        say what its zero is, and the draft's own bands tell
    """

    cell: OrbitalCell
    rows: Tensor
    shape: Tensor
    gapped: bool | None


class TightBindingTraining(DraftTraining[Example]):
    """Loss and validation of tight binding."""

    config: TightBindingConfig
    draft_model: HoppingNetwork
    smooth: Tensor
    largest = LARGEST

    def __init__(self, config: TightBindingConfig):
        super().__init__(config)
        energies = torch.from_numpy(Kind.edos.grid.energies.astype(np.float32))
        smooth = torch.exp(-0.5 * ((energies[:, None] - energies) / SMOOTHING) ** 2)
        self.register_buffer("smooth", smooth / smooth.sum(dim=1).max(), persistent=False)

    def example(self, record: Record, primitive: PrimitiveCell, training: bool) -> Example:
        """States of shells where projections are wanted, else of the whole cell.

        Raises
        ------
        ConfigError
            If the record has no number of states, or projections are wanted and it has none.
        """
        projections = self.config.projections
        if record.states is None:
            raise ConfigError(
                f"{record.material_id} has no number of states, which tight binding learns from.",
                source=record.source,
                remedy="Say what its curve counts: `density` in the folder's dataset.json is cell "
                "or atom. A source without a scale teaches no tight binding.",
            )
        if projections and record.orbital_shape is None:
            raise ConfigError(
                f"{record.material_id} has no projections on shells.",
                source=record.source,
                remedy="Learn from totals alone: `deepdos draft --kind edos --no-projections`.",
            )
        rows = record.shape[None, None] * record.states * primitive.graph.n_nodes / record.n_atoms
        if projections and record.orbital_shape is not None:
            one_of = np.unique(primitive.member, return_index=True)[1]
            rows = record.orbital_shape[record.orbits[one_of], :SHELLS] * record.states
        return Example(
            orbital_cell(primitive, COARSE if training else 1.0),
            torch.from_numpy(rows.astype(np.float32)),
            torch.from_numpy(record.shape.astype(np.float32)),
            None if record.zero is None else record.zero == "VBM",
        )

    def losses(self, batch: list[Example]) -> tuple[Tensor, Tensor]:
        """Mean errors of some crystals, their zero being the reference's."""
        errors = []
        for terms, example in zip(self._terms(batch), batch, strict=True):
            drafted = site_states(terms, example.cell, gapped=example.gapped).float()
            errors.append(self._errors(drafted, example))
        squared, area = (torch.stack(e).mean() for e in zip(*errors, strict=True))
        return squared, area

    def totals(self, batch: list[Example]) -> list[tuple[Tensor, Tensor]]:
        """Drafts with a zero of their own."""
        pairs = zip(self._terms(batch), batch, strict=True)
        return [
            (unit_sum(site_states(t, e.cell).sum(dim=(0, 1)).float()), e.shape) for t, e in pairs
        ]

    def groups(self) -> list[dict[str, Any]]:
        """Levels of free atoms apart from the rest."""
        rate = self.config.learning_rate
        levels = self.draft_model.levels
        rest = [p for p in self.parameters() if p is not levels]
        fast = {"params": [levels], "lr": LEVELS_FASTER * rate, "weight_decay": 0.0}
        return [fast, {"params": rest, "lr": rate}]

    def _errors(self, drafted: Tensor, example: Example) -> tuple[Tensor, Tensor]:
        atoms, step = len(drafted), Kind.edos.grid.step
        alone = example.rows.shape[1] != SHELLS
        if alone:
            drafted = drafted.sum(dim=(0, 1), keepdim=True)
        apart = drafted - example.rows
        together = apart.sum(dim=(0, 1))
        squared = ((apart @ self.smooth / step) ** 2).sum(dim=(0, 1)).mean() / atoms
        whole = ((together @ self.smooth / step) ** 2).mean() / atoms
        shares = _from_zero(apart).abs().mean(dim=-1).sum() / atoms
        area = _from_zero(together).abs().mean() / atoms
        if alone:
            return whole, 2.0 * area
        return squared + 0.5 * whole, shares + area

    def _terms(self, batch: list[Example]) -> list[Terms]:
        pairs = [e.cell.pairs for e in batch]
        terms: Terms = self.draft_model(join(pairs)).double()
        return terms.split(pairs)


def _from_zero(rows: Tensor) -> Tensor:
    """Sums from the energy zero, which lies in the middle, down and up, shape (..., B)."""
    below, above = rows.chunk(2, dim=-1)
    return torch.cat([below.flip(-1).cumsum(-1), above.cumsum(-1)], dim=-1)
