r"""Stage 0: springs between neighbouring atoms, learnt from spectra.

Each pair of atoms within reach is joined by a spring, stiff against stretching (k_L) and less so
against shearing (k_T), as Born and von Kármán drew crystals in 1912:

    Φ_ij = k_T 1 + (k_L − k_T) r̂ r̂ᵀ.

A small network says how stiff: one round of messages tells both atoms where they are, then a
perceptron, which does not care which end is which, reads the pair. `lattice_dynamics` does the
rest, with the true masses, the true lattice and no parameter. What comes out is a spectrum of every
site, drafted by mechanics, that the decoder reads beside the atoms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from deepdos_nb.arrays import Array
from deepdos_nb.graph import CrystalGraph
from deepdos_nb.grids import grid_for
from deepdos_nb.model.elements import atomic_radii, element_features
from deepdos_nb.model.lattice_dynamics import SpringCell, drawn, modes, spring_cell
from deepdos_nb.primitive import primitive_cell

if TYPE_CHECKING:
    from pymatgen.core import Structure

WIDTH, HIDDEN = 48, 96
GAUSSIANS, NEAREST, FARTHEST = 12, -1.5, 4.0
"""Radial basis of r − R_i − R_j, the bond's length beyond the atoms' (learnt) radii, Å."""

DECAY = 0.4
"""Å over which stiffness falls by e before anything is learnt; bond valences fall by 0.37 Å."""

STIFFEST, SOFTEST = 6.0, -12.0
"""Bounds on ln k_L, k_L in eV/Å²."""


class SpringNetwork(nn.Module):
    """Edges to force constants."""

    table: Tensor
    centres: Tensor

    def __init__(self) -> None:
        super().__init__()
        features = torch.from_numpy(element_features())
        self.register_buffer("table", features, persistent=False)
        self.register_buffer("centres", torch.linspace(NEAREST, FARTHEST, GAUSSIANS))
        self.radius = nn.Parameter(torch.from_numpy(atomic_radii().copy()))
        self.learnt = nn.Embedding(len(features), WIDTH)
        nn.init.normal_(self.learnt.weight, std=0.1)
        self.properties = nn.Linear(features.shape[1], WIDTH)
        self.valence = nn.Linear(2, WIDTH)
        self.edge = nn.Linear(GAUSSIANS, WIDTH, bias=False)
        self.sender = nn.Linear(WIDTH, WIDTH)
        self.update = nn.Sequential(
            nn.LayerNorm(WIDTH), nn.Linear(WIDTH, WIDTH), nn.SiLU(), nn.Linear(WIDTH, WIDTH)
        )
        self.pair = nn.Sequential(
            nn.Linear(2 * WIDTH + GAUSSIANS + 2, HIDDEN),
            nn.SiLU(),
            nn.Linear(HIDDEN, HIDDEN),
            nn.SiLU(),
            nn.Linear(HIDDEN, 2),
        )

    def stiffness(self, cell: SpringCell) -> tuple[Tensor, Tensor]:
        """k_L and k_T of every edge, eV/Å², shape (E,) each."""
        i, j, envelope = cell.receiver, cell.sender, cell.envelope
        length = cell.vector.norm(dim=-1).to(envelope.dtype)
        stretch = length - self.radius[cell.numbers[i]] - self.radius[cell.numbers[j]]
        spacing = (FARTHEST - NEAREST) / GAUSSIANS
        radial = torch.exp(-(((stretch[:, None] - self.centres) / spacing) ** 2))
        strength = torch.exp((-stretch / DECAY).clamp(SOFTEST, STIFFEST)) * envelope
        atoms = self.atoms(cell, radial * envelope[:, None], strength)
        a, b = atoms[i], atoms[j]
        ends = [a + b, (a - b).square(), radial, length[:, None] / 2, stretch[:, None]]
        stretching, shearing = self.pair(torch.cat(ends, dim=-1)).unbind(-1)
        along = torch.exp((stretching - stretch / DECAY).clamp(SOFTEST, STIFFEST)) * envelope
        # Ions that repel may shear their bond at a gain, but stretching always costs more.
        return along, along * (0.2 + 0.6 * torch.tanh(shearing))

    def atoms(self, cell: SpringCell, radial: Tensor, strength: Tensor) -> Tensor:
        """Embeddings of the atoms in their surroundings, shape (N, WIDTH)."""
        numbers, i, j = cell.numbers, cell.receiver, cell.sender
        valence = torch.log(strength.new_zeros(len(numbers)).index_add(0, i, strength) + 1e-4)
        h = self.learnt(numbers) + self.properties(self.table[numbers])
        h = h + self.valence(torch.stack([valence, valence.square() / 4], dim=-1))
        messages = self.edge(radial) * self.sender(h)[j]
        return h + self.update(h + torch.zeros_like(h).index_add(0, i, messages))

    def forward(self, cell: SpringCell) -> Tensor:
        """Force constants of every edge, eV/Å², shape (E, 3, 3)."""
        along, across = self.stiffness(cell)
        unit = nn.functional.normalize(cell.vector, dim=-1).to(along.dtype)
        dyads = unit[:, :, None] * unit[:, None, :]
        one = torch.eye(3, dtype=along.dtype)
        return across[:, None, None] * one + (along - across)[:, None, None] * dyads


def join(cells: Sequence[SpringCell]) -> SpringCell:
    """Several cells as one, so that the network runs once; wave vectors are left behind."""
    start = 0
    receivers, senders = [], []
    for cell in cells:
        receivers.append(cell.receiver + start)
        senders.append(cell.sender + start)
        start += len(cell.numbers)
    first = cells[0]
    return SpringCell(
        torch.cat([c.numbers for c in cells]),
        torch.cat(receivers),
        torch.cat(senders),
        torch.cat([c.vector for c in cells]),
        torch.cat([c.envelope for c in cells]),
        first.q[:0],
        first.weight[:0],
    )


@torch.no_grad()
def draft(springs: SpringNetwork, structure: Structure, graph: CrystalGraph) -> Array:
    """Spectra of the sites as springs have them.

    Parameters
    ----------
    springs : SpringNetwork
    structure : pymatgen Structure
    graph : CrystalGraph
        Of all its atoms.

    Returns
    -------
    ndarray, shape (n_atoms, n_bins), float32
        Share of one atom's three modes in each bin; what lies beyond the window is missing.
    """
    primitive = primitive_cell(structure, graph)
    cell = spring_cell(primitive)
    device = springs.radius.device
    springs = springs.cpu()
    wavenumbers, share = modes(springs(cell).double(), cell)
    springs.to(device)
    lines = drawn(wavenumbers, grid_for("phdos"))
    sites = torch.einsum("q,qnm,qmb->nb", cell.weight, share, lines) / 3
    return sites.float().numpy()[primitive.member]


def with_draft(
    graph: CrystalGraph, structure: Structure, springs: SpringNetwork | None
) -> CrystalGraph:
    """The graph of all atoms of a crystal with its draft; as it is without springs."""
    if springs is None:
        return graph
    return replace(graph, draft=draft(springs, structure, graph))


def same_springs(a: SpringNetwork | None, b: SpringNetwork | None) -> bool:
    """Whether two networks give the same drafts."""
    if a is None or b is None:
        return a is b
    theirs = b.state_dict()
    return all(torch.equal(value, theirs[name]) for name, value in a.state_dict().items())
