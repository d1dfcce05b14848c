"""Where Stage II starts: from the draft, or from a density that the decoder makes of its own.

How many states a site may own is physics, not learning:

- phonons: each of the N atoms owns 3 of the 3N modes, those beyond the window included, which are
  kept in one more cell at its upper end;
- electrons: all sites and bins share the states of the window.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from deepdos_nb.model.batch import GraphBatch
from deepdos_nb.model.config import ModelConfig
from deepdos_nb.model.decoder import Decoded, atom_share


class SiteLogits(nn.Module):
    """Logits z[site, bin] from bins and sites; phonons have one more column, beyond the window."""

    def __init__(self, config: ModelConfig, *, scale: float = 1.0):
        super().__init__()
        width = config.width
        self.extra = config.extra_cells
        self.bin_key = nn.Linear(width, width, bias=False)
        self.site_key = nn.Linear(width, width, bias=False)
        # What a site says of its own spectrum, whatever the bins asked.
        self.site_own = nn.Linear(width, config.grid.n_bins + self.extra)
        nn.init.zeros_(self.site_own.weight)
        nn.init.zeros_(self.site_own.bias)
        with torch.no_grad():
            self.site_key.weight.mul_(scale)

    def forward(self, decoded: Decoded, sites: Tensor) -> Tensor:
        """Shape (C, S, B) or (C, S, B + 1)."""
        keys = self.bin_key(decoded.bins).transpose(1, 2)
        pairs = self.site_key(sites) @ keys / keys.shape[1] ** 0.5
        logits: Tensor = nn.functional.pad(pairs, (0, self.extra)) + self.site_own(sites)
        return logits


class OwnStart(nn.Module):
    """The method as published: the density Stage I makes without any draft."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.fixed_modes = config.fixed_modes
        self.logits = SiteLogits(config)
        if config.fixed_modes:
            nn.init.constant_(self.logits.site_own.bias[-1:], -4.0)

    def forward(self, decoded: Decoded, sites: Tensor, batch: GraphBatch) -> Tensor:
        """Share of all states in each site and cell, shape (C, S, cells)."""
        logits = self.logits(decoded, sites).float()
        return share_states(logits, batch.site_weight, self.fixed_modes)


class DraftStart(nn.Module):
    """The draft as it is."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.fixed_modes = config.fixed_modes

    def forward(self, decoded: Decoded, sites: Tensor, batch: GraphBatch) -> Tensor:
        """Share of all states in each site and cell, shape (C, S, cells)."""
        assert batch.draft is not None, "the decoder has looked"
        draft = batch.draft.float()
        if self.fixed_modes:
            beyond = (1.0 - draft.sum(dim=-1, keepdim=True)).clamp_min(0.0)
            own = torch.cat([draft, beyond], dim=-1)
            own = own / own.sum(dim=-1, keepdim=True)
            return own * atom_share(batch.site_weight)[..., None]
        states = draft * batch.site_weight[..., None]
        return states / states.sum(dim=(1, 2), keepdim=True).clamp_min(1e-12)


def share_states(logits: Tensor, weight: Tensor, fixed_modes: bool) -> Tensor:
    """Turn logits into shares of the crystal's states, shape as the logits'.

    They sum to one for every crystal, and where modes are fixed to each site's share of atoms.

    Parameters
    ----------
    logits : Tensor, shape (C, S, cells)
    weight : Tensor, shape (C, S)
        Atoms each row stands for; zero marks padding.
    fixed_modes : bool
    """
    if fixed_modes:
        return torch.softmax(logits, dim=-1) * atom_share(weight)[..., None]
    joint = logits + torch.log(weight)[..., None]
    return torch.softmax(joint.flatten(1), dim=-1).view_as(logits)


class Shares(NamedTuple):
    """A density and what lies beyond its window.

    density : (..., S, B)
    outside : (..., S)
    """

    density: Tensor
    outside: Tensor


def split_cells(cells: Tensor, n_bins: int) -> Shares:
    """Window and what lies beyond it, of shares (..., S, cells)."""
    return Shares(cells[..., :n_bins], cells[..., n_bins:].sum(dim=-1))


def make_start(config: ModelConfig) -> nn.Module:
    """Where Stage II starts, as the configuration names it."""
    return DraftStart(config) if config.draft else OwnStart(config)
