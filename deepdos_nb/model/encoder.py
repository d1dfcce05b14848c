"""Atoms to embeddings: an edge-aware Transformer on the periodic crystal graph.

Each atom attends over its neighbours. Edges enter keys additively and values multiplicatively
(a continuous filter), the smooth cutoff enters the softmax as a prior weight. Distances alone
do not fix bond angles, so every layer also collects moments of its neighbourhood::

    m_c,lm = Σ_j w_c(h_j, r_ij) Y_lm(r̂_ij),      l = 0, 1, 2,

whose lengths ``|m_c,l|`` do not change when the crystal is turned.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from deepdos_nb.crystal.elements import element_features
from deepdos_nb.crystal.graph import BASIS_START, BASIS_STOP, basis_exponents
from deepdos_nb.model.batch import GraphBatch
from deepdos_nb.model.config import ModelConfig


class Encoded(NamedTuple):
    """Output of the encoder.

    layers : tuple of (N, W), embeddings before the first and after every layer
    attention : tuple of (N, heads, M), weights over each node's neighbours
    """

    layers: tuple[Tensor, ...]
    attention: tuple[Tensor, ...]

    @property
    def nodes(self) -> Tensor:
        """Final embeddings, shape (N, W)."""
        return self.layers[-1]


class ElementEmbedding(nn.Module):
    """Atomic number → vector: tabulated properties through a linear map, plus a learnt part."""

    table: Tensor

    def __init__(self, width: int):
        super().__init__()
        # A copy: weights that are loaded or averaged are written into it.
        table = torch.tensor(element_features())
        self.register_buffer("table", table)
        self.properties = nn.Linear(table.shape[1], width)
        self.learnt = nn.Embedding(len(table), width)
        nn.init.normal_(self.learnt.weight, std=0.1)

    def forward(self, numbers: Tensor) -> Tensor:
        """Shape (N,) to (N, W)."""
        return self.properties(self.table[numbers]) + self.learnt(numbers)


class RadialBasis(nn.Module):
    """Distance → Gaussians, evenly spaced, times the smooth cutoff; see `basis_exponents`."""

    centres: Tensor

    def __init__(self, size: int):
        super().__init__()
        centres = torch.linspace(BASIS_START, BASIS_STOP, size)
        self.register_buffer("centres", centres, persistent=False)

    def forward(self, distance: Tensor, envelope: Tensor) -> Tensor:
        """Shape (N, M) to (N, M, radial)."""
        return torch.exp(basis_exponents(distance, self.centres)) * envelope[..., None]


class NeighbourLayer(nn.Module):
    """Attention over neighbours and angular moments, a gated residual, a feed-forward network."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        width, self.heads, self.moments = config.width, config.heads, config.moments
        self.sizes = [width, width, config.moments]
        self.norm = nn.LayerNorm(width)
        self.query = nn.Linear(width, width, bias=False)
        self.sender = nn.Linear(width, sum(self.sizes))
        self.edge = nn.Linear(config.radial, sum(self.sizes), bias=False)
        self.update = nn.Sequential(
            nn.Linear(width + 3 * config.moments, 2 * width),
            nn.SiLU(),
            nn.Dropout(config.dropout),
            nn.Linear(2 * width, width),
        )
        self.gate = nn.Linear(2 * width, width)
        self.feed_forward = feed_forward(width, config.dropout)

    def forward(self, h: Tensor, radial: Tensor, batch: GraphBatch) -> tuple[Tensor, Tensor]:
        """New embeddings (N, W) and attention (N, heads, M)."""
        x = self.norm(h)
        key, value, moment = self.edges(x, radial, batch)
        message, attention = self.attend(self.query(x), key, value, batch)
        invariants = self.invariant_moments(moment, batch)
        update = self.update(torch.cat([message, invariants], dim=-1))
        h = h + torch.sigmoid(self.gate(torch.cat([x, update], dim=-1))) * update
        return h + self.feed_forward(h), attention

    def edges(self, x: Tensor, radial: Tensor, batch: GraphBatch) -> tuple[Tensor, Tensor, Tensor]:
        """Key, value and moment of every edge, shapes (N, M, W), (N, M, W), (N, M, moments)."""
        # Keys add, values and moments multiply. Splitting weights instead of products spares the
        # backward pass from gluing three tables of all edges together.
        weights, biases = (t.split(self.sizes) for t in (self.sender.weight, self.sender.bias))
        ends = (linear(x, w, b) for w, b in zip(weights, biases, strict=True))
        far = [gather(end, batch.neighbour) for end in ends]
        near = [linear(radial, part) for part in self.edge.weight.split(self.sizes)]
        return far[0] + near[0], far[1] * near[1], far[2] * near[2]

    def attend(
        self, query: Tensor, key: Tensor, value: Tensor, batch: GraphBatch
    ) -> tuple[Tensor, Tensor]:
        """Softmax over each row of neighbours, with the cutoff as prior weight."""
        q = query.unflatten(-1, (self.heads, -1))
        k = key.unflatten(-1, (self.heads, -1))
        v = value.unflatten(-1, (self.heads, -1))
        logits = torch.einsum("nhd,nmhd->nhm", q, k) / q.shape[-1] ** 0.5
        prior = torch.log(batch.envelope + 1e-9).masked_fill(~batch.edge, -torch.inf)
        attention = torch.softmax(logits + prior[:, None], dim=-1)
        return torch.einsum("nhm,nmhd->nhd", attention, v).flatten(1), attention

    def invariant_moments(self, moment: Tensor, batch: GraphBatch) -> Tensor:
        """Lengths of the l = 1, 2 moments beside the plain sum of l = 0, shape (N, 3 · moments)."""
        if not self.moments:
            return moment.new_zeros(len(moment), 0)
        sums = moment.transpose(1, 2) @ batch.harmonics
        zeroth, first, second = sums.split([1, 3, 5], dim=-1)
        lengths = [(m.square().sum(-1) + 1e-6).sqrt() for m in (first, second)]
        return torch.cat([zeroth.squeeze(-1), *lengths], dim=-1)


class Encoder(nn.Module):
    """Stack of `NeighbourLayer` on element embeddings."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.elements = ElementEmbedding(config.width)
        self.radial = RadialBasis(config.radial)
        self.layers = nn.ModuleList(NeighbourLayer(config) for _ in range(config.encoder_layers))
        self.norm = nn.LayerNorm(config.width)

    def forward(self, batch: GraphBatch) -> Encoded:
        """Embed every node of a batch."""
        radial = self.radial(batch.distance, batch.envelope)
        h = self.elements(batch.numbers)
        layers, attentions = [h], []
        for layer in self.layers:
            h, attention = layer(h, radial, batch)
            layers.append(h)
            attentions.append(attention)
        layers[-1] = self.norm(h)
        return Encoded(tuple(layers), tuple(attentions))


def gather(nodes: Tensor, neighbour: Tensor) -> Tensor:
    """Rows of the neighbours, (N, W) to (N, M, W)."""
    return nodes.index_select(0, neighbour.flatten()).unflatten(0, neighbour.shape)


def feed_forward(width: int, dropout: float) -> nn.Sequential:
    """Pre-normed two-layer network."""
    return nn.Sequential(
        nn.LayerNorm(width),
        nn.Linear(width, 2 * width),
        nn.SiLU(),
        nn.Dropout(dropout),
        nn.Linear(2 * width, width),
    )
