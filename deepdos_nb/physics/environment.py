"""What a pair of atoms and each of its ends look like to the networks of Stage 0."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from deepdos_nb.crystal.elements import atomic_radii, element_features
from deepdos_nb.physics.pairs import PairCell

WIDTH = 48
"""Length of an atom's embedding."""

GAUSSIANS, NEAREST, FARTHEST = 12, -1.5, 4.0
"""Radial basis of r − R_i − R_j, the bond's length beyond the atoms' (learnt) radii, Å."""

DECAY = 0.4
"""Å over which a bond's strength falls by e before anything is learnt; bond valences: 0.37 Å."""

STRONGEST, WEAKEST = 6.0, -12.0
"""Bounds on the logarithm of a bond's strength."""


class Bonds(NamedTuple):
    """Geometry of every edge: length and length beyond the radii, Å, and its radial basis."""

    length: Float[Tensor, " edges"]
    stretch: Float[Tensor, " edges"]
    radial: Float[Tensor, "edges gaussians"]


class AtomicEnvironment(nn.Module):
    """Edges' geometry, and atoms told of their neighbours by one round of messages."""

    table: Tensor
    centres: Tensor

    def __init__(self) -> None:
        super().__init__()
        features = torch.tensor(element_features())
        self.register_buffer("table", features, persistent=False)
        self.register_buffer("centres", torch.linspace(NEAREST, FARTHEST, GAUSSIANS))
        self.radius = nn.Parameter(torch.from_numpy(atomic_radii().copy()))
        self.learnt = nn.Embedding(len(features), WIDTH)
        nn.init.normal_(self.learnt.weight, std=0.1)
        self.properties = nn.Linear(features.shape[1], WIDTH)
        self.valence = nn.Linear(2, WIDTH)
        self.edge = nn.Linear(GAUSSIANS, WIDTH, bias=False)
        self.sender = nn.Linear(WIDTH, WIDTH)
        self.update = after_messages()

    def bonds(self, cell: PairCell) -> Bonds:
        """Measure every edge."""
        i, j = cell.receiver, cell.sender
        length = cell.vector.norm(dim=-1).to(cell.envelope.dtype)
        stretch = length - self.radius[cell.numbers[i]] - self.radius[cell.numbers[j]]
        spacing = (FARTHEST - NEAREST) / GAUSSIANS
        radial = torch.exp(-(((stretch[:, None] - self.centres) / spacing) ** 2))
        return Bonds(length, stretch, radial)

    def atoms(self, cell: PairCell, bonds: Bonds) -> Float[Tensor, "atoms width"]:
        """Embeddings of the atoms in their surroundings."""
        numbers, i, j = cell.numbers, cell.receiver, cell.sender
        radial = bonds.radial * cell.envelope[:, None]
        strength = torch.exp((-bonds.stretch / DECAY).clamp(WEAKEST, STRONGEST)) * cell.envelope
        valence = torch.log(strength.new_zeros(len(numbers)).index_add(0, i, strength) + 1e-4)
        h = self.learnt(numbers) + self.properties(self.table[numbers])
        h = h + self.valence(torch.stack([valence, valence.square() / 4], dim=-1))
        messages = self.edge(radial) * self.sender(h)[j]
        return h + self.update(h + torch.zeros_like(h).index_add(0, i, messages))


def after_messages() -> nn.Sequential:
    """What an atom makes of itself and its messages."""
    return nn.Sequential(
        nn.LayerNorm(WIDTH), nn.Linear(WIDTH, WIDTH), nn.SiLU(), nn.Linear(WIDTH, WIDTH)
    )
