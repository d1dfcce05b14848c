"""Energies ask atoms: every bin of the spectrum gathers, by attention, what it needs of the sites.

Bins are queries: an energy embedding plus the crystal's. They attend to one another, then to the
atoms. Where Stage 0 drafts a spectrum, every source-attention head starts from it::

    logit[bin, site] = q·k / √d + log m_site + β_head · log(draft_site(bin) / mean draft(bin))

m being the atoms a site stands for and β = 1 at first, so that an energy looks first where states
are likely to be, and departs from that where it has learnt to. A map of a layer and head tells what
a bin gathered there, on its way to deciding; who owns the states is told by the density alone.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from deepdos_nb.model.batch import GraphBatch
from deepdos_nb.model.config import ModelConfig
from deepdos_nb.model.draft_reader import DraftReader, draft_height, draft_prior
from deepdos_nb.model.encoder import feed_forward


class Decoded(NamedTuple):
    """Output of the decoder for C crystals, S sites, B bins.

    bins : (C, B, W), final bin embeddings
    crystal : (C, W)
    bin_attention : tuple of (C, heads, B, B)
    source_attention : tuple of (C, heads, B, S)
    """

    bins: Tensor
    crystal: Tensor
    bin_attention: tuple[Tensor, ...]
    source_attention: tuple[Tensor, ...]


class Attention(nn.Module):
    """Multi-head attention that returns its map."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width, bias=False)
        self.key_value = nn.Linear(width, 2 * width, bias=False)
        self.out = nn.Linear(width, width)

    def forward(
        self, x: Tensor, source: Tensor, prior: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Update of x (C, B, W) from source (C, S, W), and the map (C, heads, B, S).

        `prior`, of a shape that broadcasts to the map's, is added to the logits.
        """
        q, k, v = self.heads_of(x, source)
        logits = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
        if prior is not None:
            logits = logits + prior
        attention = torch.softmax(logits, dim=-1)
        return self.out((attention @ v).transpose(1, 2).flatten(2)), attention

    def heads_of(self, x: Tensor, source: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries (C, heads, B, W / heads), keys and values (C, heads, S, W / heads)."""
        # See `NeighbourLayer`: weights are split, not products.
        key, value = self.key_value.weight.chunk(2)
        parts = (self.query(x), linear(source, key), linear(source, value))
        q, k, v = (t.unflatten(-1, (self.heads, -1)).transpose(1, 2) for t in parts)
        return q, k, v


class DecoderLayer(nn.Module):
    """Self-attention among bins, source attention to atoms, feed-forward; pre-norm, residual."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.norm_bins = nn.LayerNorm(config.width)
        self.bins = Attention(config.width, config.heads)
        self.norm_source = nn.LayerNorm(config.width)
        self.source = Attention(config.width, config.heads)
        self.belief = nn.Parameter(torch.ones(config.heads)) if config.grounded else None
        self.feed_forward = feed_forward(config.width, config.dropout)

    def forward(
        self, x: Tensor, sites: Tensor, count: Tensor, drafted: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """New bin embeddings (C, B, W), bin attention and source attention.

        `count` (C, S) is the logarithm of how many atoms a site stands for, `drafted` (C, B, S) the
        logarithm of its drafted share in units of an equal one.
        """
        y = self.norm_bins(x)
        update, bin_attention = self.bins(y, y)
        x = x + update
        prior = count[:, None, None]
        if self.belief is not None and drafted is not None:
            prior = prior + self.belief[:, None, None] * drafted[:, None]
        update, source_attention = self.source(self.norm_source(x), sites, prior)
        x = x + update
        return x + self.feed_forward(x), bin_attention, source_attention


class Decoder(nn.Module):
    """Atoms to what every energy has learnt of them."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        width = config.width
        self.energies = nn.Parameter(torch.empty(config.grid.n_bins, width))
        nn.init.normal_(self.energies, std=0.5)
        self.crystal = nn.Sequential(
            nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width), nn.LayerNorm(width)
        )
        self.draft = DraftReader(config) if config.draft else None
        self.layers = nn.ModuleList(DecoderLayer(config) for _ in range(config.decoder_layers))
        self.norm = nn.LayerNorm(width)

    def forward(self, sites: Tensor, batch: GraphBatch) -> Decoded:
        """From embeddings of the sites, shape (C, S, W)."""
        weight = batch.site_weight
        share = atom_share(weight)
        crystal = self.crystal(torch.einsum("cs,csw->cw", share, sites))
        x = self.energies + crystal[:, None]
        drafted = None
        if self.draft is not None:
            height = draft_height(batch, self.draft.unit)
            drafted = draft_prior(height, share).transpose(1, 2)
            x = x + self.draft.for_bins(height, share)
        # An orbit of m atoms counts m times in every softmax; padding counts never.
        count = torch.log(weight)
        bin_maps, source_maps = [], []
        for layer in self.layers:
            x, bin_map, source_map = layer(x, sites, count, drafted)
            bin_maps.append(bin_map)
            source_maps.append(source_map)
        return Decoded(self.norm(x), crystal, tuple(bin_maps), tuple(source_maps))


def atom_share(weight: Tensor) -> Tensor:
    """Share of the atoms each site row stands for, shape (C, S)."""
    return weight / weight.sum(dim=1, keepdim=True)
