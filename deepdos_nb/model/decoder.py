"""Energy levels to spectrum: every bin asks every atom, then states are shared out.

Bins are queries: an energy embedding plus the crystal's. They attend to one another, then to the
atoms. From the final bin and atom embeddings come logits z[site, bin], and from these a density
p[site, bin] ≥ 0 that sums to one, so that the spectrum of an element is exactly the sum of its
sites' rows. How many states a site may own is physics, not learning:

- phonons: each of the N atoms owns 3 of the 3N modes: a softmax over bins for every site, times
  1/N, with one more bin for modes beyond the window;
- electrons: one softmax over all sites and bins together.

With Stage 0, bins and logits also read what springs or tight binding drafted for every site.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from deepdos_nb.model.batch import GraphBatch
from deepdos_nb.model.config import ModelConfig
from deepdos_nb.model.draft_reader import DraftReader
from deepdos_nb.model.encoder import feed_forward


class Decoded(NamedTuple):
    """Output of the decoder for C crystals, S sites, B bins.

    bins : (C, B, W), final bin embeddings
    crystal : (C, W)
    logits : (C, S, B) or (C, S, B + 1)
    density : (C, S, B), share of all states of the crystal
    outside : (C, S), share of all states beyond the window
    bin_attention : tuple of (C, heads, B, B)
    source_attention : tuple of (C, heads, B, S)
    """

    bins: Tensor
    crystal: Tensor
    logits: Tensor
    density: Tensor
    outside: Tensor
    bin_attention: tuple[Tensor, ...]
    source_attention: tuple[Tensor, ...]


class Attention(nn.Module):
    """Multi-head attention that returns its map; `prior` is added to the logits of every source."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width, bias=False)
        self.key_value = nn.Linear(width, 2 * width, bias=False)
        self.out = nn.Linear(width, width)

    def forward(
        self, x: Tensor, source: Tensor, prior: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Update of x (C, B, W) from source (C, S, W), and the map (C, heads, B, S)."""
        q, k, v = self.heads_of(x, source)
        logits = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
        if prior is not None:
            logits = logits + prior[:, None, None, :]
        attention = torch.softmax(logits, dim=-1)
        return self.out((attention @ v).transpose(1, 2).flatten(2)), attention

    def update(self, x: Tensor, source: Tensor) -> Tensor:
        """The update alone, by a fused kernel that never holds the map."""
        mixed = nn.functional.scaled_dot_product_attention(*self.heads_of(x, source))
        return self.out(mixed.transpose(1, 2).flatten(2))

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
        self.feed_forward = feed_forward(config.width, config.dropout)

    def forward(self, x: Tensor, sites: Tensor, prior: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """New bin embeddings (C, B, W), bin attention and source attention."""
        y = self.norm_bins(x)
        update, bin_attention = self.bins(y, y)
        x = x + update
        update, source_attention = self.source(self.norm_source(x), sites, prior)
        x = x + update
        return x + self.feed_forward(x), bin_attention, source_attention


class Decoder(nn.Module):
    """Bins and atoms to a site-resolved density."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        width, n_bins = config.width, config.grid.n_bins
        self.fixed_modes = config.fixed_modes
        self.energies = nn.Parameter(0.5 * torch.randn(n_bins, width))
        self.crystal = nn.Sequential(
            nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width), nn.LayerNorm(width)
        )
        self.layers = nn.ModuleList(DecoderLayer(config) for _ in range(config.decoder_layers))
        self.norm = nn.LayerNorm(width)
        self.bin_key = nn.Linear(width, width, bias=False)
        self.site_key = nn.Linear(width, width, bias=False)
        # What a site says of its own spectrum, whatever the bins asked; the last column of
        # phonons is the share of modes beyond the window.
        self.site_own = nn.Linear(width, n_bins + config.fixed_modes)
        nn.init.zeros_(self.site_own.weight)
        nn.init.zeros_(self.site_own.bias)
        if config.fixed_modes:
            nn.init.constant_(self.site_own.bias[-1:], -4.0)
        self.draft = DraftReader(width, config.kind.states_per_atom) if config.draft else None
        self.pooled = config.sharing == "pooled"

    def forward(self, nodes: Tensor, batch: GraphBatch) -> Decoded:
        """From node embeddings, shape (N, W)."""
        sites, weight = batch.pad(nodes), batch.site_weight
        crystal = self.crystal(torch.einsum("cs,csw->cw", atom_share(weight), sites))
        # An orbit of m atoms counts m times in every softmax; padding counts never.
        prior = torch.log(weight)
        x = self.energies + crystal[:, None]
        read = None
        if self.draft is not None:
            read = self.draft.read(batch)
            x = x + self.draft.for_bins(read, atom_share(weight))
        bin_maps, source_maps = [], []
        for layer in self.layers:
            x, bin_map, source_map = layer(x, sites, prior)
            bin_maps.append(bin_map)
            source_maps.append(source_map)
        bins = self.norm(x)
        logits = self.logits(bins, sites)
        if self.draft is not None and read is not None:
            own = self.draft.for_sites(read, sites, batch)
            logits = logits + nn.functional.pad(own, (0, int(self.fixed_modes)))
        if self.pooled:
            share = source_maps[-1].mean(dim=1).transpose(1, 2)
            density, outside = share_by_attention(logits.float(), weight, share, self.fixed_modes)
        else:
            density, outside = share_states(logits.float(), weight, self.fixed_modes)
        return Decoded(bins, crystal, logits, density, outside, tuple(bin_maps), tuple(source_maps))

    def logits(self, bins: Tensor, sites: Tensor) -> Tensor:
        """Logits z[site, bin], with a last column for "beyond the window" where modes are fixed."""
        pairs = self.site_key(sites) @ self.bin_key(bins).transpose(1, 2) / bins.shape[-1] ** 0.5
        if self.fixed_modes:
            pairs = nn.functional.pad(pairs, (0, 1))
        return pairs + self.site_own(sites)


def atom_share(weight: Tensor) -> Tensor:
    """Share of the atoms each site row stands for, shape (C, S)."""
    return weight / weight.sum(dim=1, keepdim=True)


def share_states(logits: Tensor, weight: Tensor, fixed_modes: bool) -> tuple[Tensor, Tensor]:
    """Turn logits into shares of the crystal's states.

    Parameters
    ----------
    logits : Tensor, shape (C, S, B + 1) where modes are fixed, else (C, S, B)
    weight : Tensor, shape (C, S)
        Atoms each row stands for; zero marks padding.
    fixed_modes : bool

    Returns
    -------
    density : Tensor, shape (C, S, B)
    outside : Tensor, shape (C, S)
        Together they sum to one for every crystal, and to each site's share of atoms where
        modes are fixed.
    """
    if fixed_modes:
        shares = torch.softmax(logits, dim=-1) * atom_share(weight)[..., None]
        return shares[..., :-1], shares[..., -1]
    joint = logits + torch.log(weight)[..., None]
    density = torch.softmax(joint.flatten(1), dim=-1).view_as(logits)
    return density, density.new_zeros(density.shape[:2])


def share_by_attention(
    logits: Tensor, weight: Tensor, attention: Tensor, fixed_modes: bool
) -> tuple[Tensor, Tensor]:
    """Share out the states of every bin as the attention map says; the alternative for comparison.

    One spectrum of the crystal comes from its atoms' mean logits. The sites add up to it, but
    nothing gives a phonon site three modes.

    Parameters
    ----------
    logits, weight, fixed_modes
        As in `share_states`.
    attention : Tensor, shape (C, S, B)
        Of every bin over the sites; sums to one over them.

    Returns
    -------
    density, outside
        As from `share_states`.
    """
    own = atom_share(weight)
    shares = torch.softmax(torch.einsum("cs,csb->cb", own, logits), dim=-1)
    inside = shares[:, None, : attention.shape[-1]] * attention
    beyond = shares[:, -1:] * own if fixed_modes else torch.zeros_like(own)
    return inside, beyond
