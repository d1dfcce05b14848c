r"""Stage 0: springs between neighbouring atoms, learnt from spectra.

Each pair of atoms within reach is joined by a spring, stiff against stretching (k_L) and less so
against shearing (k_T), as Born and von Kármán drew crystals in 1912::

    Φ_ij = k_T 1 + (k_L − k_T) r̂ r̂ᵀ.

A small network says how stiff: one round of messages tells both atoms where they are, then a
perceptron, which does not care which end is which, reads the pair. `lattice_dynamics` does the
rest, with the true masses, the true lattice and no parameter. What comes out is a spectrum of every
site, drafted by mechanics, that the decoder reads beside the atoms.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from deepdos_nb.core.grids import MODES_PER_ATOM, Kind
from deepdos_nb.crystal.primitive import PrimitiveCell
from deepdos_nb.physics.environment import (
    DECAY,
    GAUSSIANS,
    STRONGEST,
    WEAKEST,
    WIDTH,
    AtomicEnvironment,
)
from deepdos_nb.physics.lattice_dynamics import phonon_cell, site_lines
from deepdos_nb.physics.pairs import PairCell, join

HIDDEN = 96

STIFFEST, SOFTEST = STRONGEST, WEAKEST
"""Bounds on ln k_L, k_L in eV/Å²."""


class ForceConstantNetwork(AtomicEnvironment):
    """Edges to force constants."""

    kind = Kind.phdos

    def __init__(self) -> None:
        super().__init__()
        self.pair = nn.Sequential(
            nn.Linear(2 * WIDTH + GAUSSIANS + 2, HIDDEN),
            nn.SiLU(),
            nn.Linear(HIDDEN, HIDDEN),
            nn.SiLU(),
            nn.Linear(HIDDEN, 2),
        )

    def force_constants(
        self, cell: PairCell
    ) -> tuple[Float[Tensor, " edges"], Float[Tensor, " edges"]]:
        """k_L and k_T of every edge, eV/Å²."""
        bonds = self.bonds(cell)
        atoms = self.atoms(cell, bonds)
        a, b = atoms[cell.receiver], atoms[cell.sender]
        lengths = [bonds.length[:, None] / 2, bonds.stretch[:, None]]
        ends = [a + b, (a - b).square(), bonds.radial, *lengths]
        stretching, shearing = self.pair(torch.cat(ends, dim=-1)).unbind(-1)
        free = (stretching - bonds.stretch / DECAY).clamp(SOFTEST, STIFFEST)
        along = torch.exp(free) * cell.envelope
        # Ions that repel may shear their bond at a gain, but stretching always costs more.
        return along, along * (0.2 + 0.6 * torch.tanh(shearing))

    def forward(self, cell: PairCell) -> Float[Tensor, "edges 3 3"]:
        """Force constants of every edge, eV/Å²."""
        along, across = self.force_constants(cell)
        unit = nn.functional.normalize(cell.vector, dim=-1).to(along.dtype)
        dyads = unit[:, :, None] * unit[:, None, :]
        one = torch.eye(3, dtype=along.dtype)
        return across[:, None, None] * one + (along - across)[:, None, None] * dyads

    def cell(self, primitive: PrimitiveCell) -> PairCell:
        """What the drafts of a crystal are made from."""
        return phonon_cell(primitive)

    def projected_dos(self, cells: Sequence[PairCell]) -> list[Float[Tensor, "atoms bins"]]:
        """Share of one atom's three modes in each bin, for each crystal; see `draft_spectra`."""
        constants = self(join(cells)).double().split([len(c.receiver) for c in cells])
        return [
            cell.over_orbits(site_lines(part, cell, self.kind.grid)) / MODES_PER_ATOM
            for part, cell in zip(constants, cells, strict=True)
        ]
