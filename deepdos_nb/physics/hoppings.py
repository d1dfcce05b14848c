r"""Stage 0 of electrons: levels of atoms and hoppings between them, learnt from spectra.

A tight-binding model: every atom brings an s and a p shell and the next s shell, which is empty in
the free atom (sp³s*: Vogl, Hjalmarson and Dow, J. Phys. Chem. Solids 44, 365 (1983)); from the
fourth row on transition metals and what stands before them a d shell too. They start from the
levels of the free atom. Every pair within reach is joined by Slater-Koster hoppings that fall off
exponentially, in the proportions of Harrison's universal parameters (Electronic Structure and the
Properties of Solids, 1980). Their orbitals overlap in the same proportions (Wolfsberg and Helmholz,
J. Chem. Phys. 20, 837 (1952)). A small network corrects all of it: it shifts levels and scales
hoppings and overlaps by what the atoms and their surroundings are. `tight_binding` does the rest.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from deepdos_nb.core.grids import Kind
from deepdos_nb.crystal.elements import atomic_levels
from deepdos_nb.crystal.primitive import PrimitiveCell
from deepdos_nb.physics.environment import GAUSSIANS, WIDTH, AtomicEnvironment, after_messages
from deepdos_nb.physics.pairs import PairCell, join
from deepdos_nb.physics.slater_koster import ANGULAR, CHANNELS, REVERSED
from deepdos_nb.physics.tight_binding import OrbitalCell, Terms, orbital_cell, site_states

HIDDEN = 96

START = {
    "ssσ": -1.6,
    "spσ": 1.9,
    "psσ": -1.9,
    "sdσ": -1.6,
    "dsσ": -1.6,
    "ppσ": 3.2,
    "ppπ": -1.0,
    "pdσ": -1.9,
    "pdπ": 1.0,
    "dpσ": 1.9,
    "dpπ": -1.0,
    "ddσ": -1.6,
    "ddπ": 1.0,
    "ddδ": -0.15,
    "tsσ": -0.8,
    "stσ": -0.8,
    "ttσ": -1.0,
    "tpσ": 1.6,
    "ptσ": -1.6,
    "tdσ": -0.8,
    "dtσ": -0.8,
}
"""Hoppings between atoms that touch, eV; signs and proportions about Harrison's."""

DECAYS = {
    "ss": 1.1,
    "sp": 1.1,
    "pp": 1.1,
    "sd": 0.9,
    "pd": 0.8,
    "dd": 0.6,
    "st": 1.1,
    "pt": 1.1,
    "dt": 0.9,
    "tt": 1.1,
}
"""Å over which each falls by e: the smaller the orbitals, the faster."""

FIELD_DECAY, FIELD = 0.8, 0.5
"""Å and eV: reach and scale of what neighbours do to the orbitals of an atom."""

OVERLAP = -0.04
"""Overlap for a hopping of 1 eV: orbitals that bond have a positive one."""

CLOSEST, FARTHEST = 2.5, -12.0
"""Bounds on the exponent of every decay."""


class HoppingNetwork(AtomicEnvironment):
    """Atoms and edges to the terms of a Hamiltonian."""

    kind = Kind.edos
    start: Tensor
    decay: Tensor
    reverse: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.levels = nn.Parameter(torch.from_numpy(atomic_levels().copy()))
        self.edge_again = nn.Linear(GAUSSIANS, WIDTH, bias=False)
        self.sender_again = nn.Linear(WIDTH, WIDTH)
        self.update_again = after_messages()
        self.shift = _perceptron(WIDTH, len(ANGULAR), layers=1)
        self.pair = _perceptron(2 * WIDTH + GAUSSIANS + 2, 3 * len(CHANNELS), layers=2)
        decay = [DECAYS["".join(sorted(c[:2], key="spdt".index))] for c in CHANNELS]
        for name, values in (
            ("start", torch.tensor([START[c] for c in CHANNELS])),
            ("decay", torch.tensor(decay)),
            ("reverse", torch.tensor(REVERSED)),
        ):
            self.register_buffer(name, values, persistent=False)

    def forward(self, cell: PairCell) -> Terms:
        """Levels of every atom, hoppings, fields and overlaps of every edge."""
        bonds = self.bonds(cell)
        i, j, envelope = cell.receiver, cell.sender, cell.envelope[:, None]
        h = self.atoms(cell, bonds)
        messages = self.edge_again(bonds.radial * envelope) * self.sender_again(h)[j]
        h = h + self.update_again(h + torch.zeros_like(h).index_add(0, i, messages))
        levels = self.levels[cell.numbers] + 2.0 * self.shift(h)
        stretch = bonds.stretch[:, None]
        about = [bonds.radial, bonds.length[:, None] / 2, stretch]
        here = self.pair(torch.cat([h[i], h[j], *about], dim=-1))
        there = self.pair(torch.cat([h[j], h[i], *about], dim=-1))
        n = len(CHANNELS)
        hop, field, overlap = here.split(n, dim=-1)
        back, _, overlap_back = (part[:, self.reverse] for part in there.split(n, dim=-1))
        field = (field + field[:, self.reverse]) / 2
        fields = FIELD * field * self._fall(stretch / FIELD_DECAY) * envelope
        # A bond is the same from both ends.
        fall = self.start * self._fall(stretch / self.decay) * envelope
        hoppings = fall * (1.0 + (hop + back) / 2)
        overlaps = OVERLAP * fall * (1.0 + (overlap + overlap_back) / 2)
        return Terms(levels, hoppings, fields, overlaps)

    def cell(self, primitive: PrimitiveCell) -> OrbitalCell:
        """What the drafts of a crystal are made from."""
        return orbital_cell(primitive)

    def projected_dos(self, cells: Sequence[OrbitalCell]) -> list[Float[Tensor, "atoms bins"]]:
        """States of one atom in each bin of the window, for each crystal; see `draft_spectrum`."""
        pairs = [cell.pairs for cell in cells]
        terms = self(join(pairs)).double().split(pairs)
        return [site_states(own, cell).sum(dim=1) for own, cell in zip(terms, cells, strict=True)]

    @staticmethod
    def _fall(exponent: Tensor) -> Tensor:
        return torch.exp((-exponent).clamp(FARTHEST, CLOSEST))


def _perceptron(inputs: int, outputs: int, *, layers: int) -> nn.Sequential:
    """Its last layer is small, so that what it corrects counts first."""
    parts: list[nn.Module] = [nn.Linear(inputs, HIDDEN), nn.SiLU()]
    for _ in range(layers - 1):
        parts += [nn.Linear(HIDDEN, HIDDEN), nn.SiLU()]
    last = nn.Linear(HIDDEN, outputs)
    with torch.no_grad():
        last.weight.mul_(0.3)
        last.bias.zero_()
    return nn.Sequential(*parts, last)
