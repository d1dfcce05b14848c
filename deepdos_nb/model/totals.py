"""How many states a cell holds inside the window: fixed by chemistry, apart from the shape."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from deepdos_nb.core.grids import MODES_PER_ATOM
from deepdos_nb.model.config import ModelConfig

FEW = 0.02
"""States of a site that are added to its draft's, so that a factor can make some of none."""

MOST = 3.0
"""Bound on the logarithm of a site's factor."""


class PhononTotals(nn.Module):
    """Three modes for every atom."""

    def forward(self, sites: Tensor, weight: Tensor, draft: Tensor | None = None) -> Tensor:
        """States per cell, shape (C,), of sites (C, S, W) standing for `weight` (C, S) atoms."""
        return MODES_PER_ATOM * weight.sum(dim=1)


class ElectronTotals(nn.Module):
    """N_win as a sum of positive capacities, one for each site, so that it grows with the cell.

    With Stage 0, a site is also told how many states its draft (C, S, B) holds.
    """

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.reads, self.usual = config.draft, config.kind.states_per_atom
        last = nn.Linear(config.width, 1)
        # The right size from the start.
        nn.init.constant_(last.bias, self.usual)
        inputs = config.width + config.draft
        self.capacity = nn.Sequential(nn.Linear(inputs, config.width), nn.SiLU(), last)

    def forward(self, sites: Tensor, weight: Tensor, draft: Tensor | None = None) -> Tensor:
        """States per cell, shape (C,), of sites (C, S, W) standing for `weight` (C, S) atoms."""
        if draft is not None and self.reads:
            held = draft.sum(dim=-1, keepdim=True) / self.usual
            sites = torch.cat([sites, held], dim=-1)
        capacity = nn.functional.softplus(self.capacity(sites).squeeze(-1))
        return torch.einsum("cs,cs->c", capacity, weight)


class DraftedTotals(nn.Module):
    """N_win as what the draft holds in the window, times a factor for each site, at first one.

    A draft knows how many electrons there are and which bands lie too low to be seen: it misses
    N_win by half as much as capacities that are learnt from nothing.
    """

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.usual = config.kind.states_per_atom
        last = nn.Linear(config.width, 1)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.factor = nn.Sequential(nn.Linear(config.width + 1, config.width), nn.SiLU(), last)

    def forward(self, sites: Tensor, weight: Tensor, draft: Tensor) -> Tensor:
        """States per cell, shape (C,), of sites (C, S, W) standing for `weight` (C, S) atoms."""
        held = draft.sum(dim=-1)
        known = torch.cat([sites, held[..., None] / self.usual], dim=-1)
        # Bounded: what a crystal unlike any other is given must not overflow.
        factor = torch.exp(self.factor(known).squeeze(-1).clamp(-MOST, MOST))
        return torch.einsum("cs,cs->c", (held + FEW) * factor, weight)


def make_totals(config: ModelConfig) -> nn.Module:
    """The rule for the kind of spectrum."""
    if config.fixed_modes:
        return PhononTotals()
    return DraftedTotals(config) if config.counts_draft else ElectronTotals(config)
