"""DOSTransformer: energies ask atoms, then one another, once with a hint at the crystal system.

After Lee et al., "Density of states prediction of crystalline materials via prompt-guided
multi-modal transformer", NeurIPS 2023 (arXiv:2311.12856), from the paper's description.

    energies E ──cross-attention to atoms──► E¹
    [E¹ ⊕ g]        ──self-attention──► global prediction       g: the crystal, mean of its atoms
    [E¹ ⊕ g ⊕ P_k]  ──self-attention──► prompted prediction     P_k: prompt of crystal system k

Both go through the same self-attention and the same head, and both are trained; the answer is
their mean. Nothing from a calculation enters: energies are learnt vectors, one for each bin.
Atoms are averaged where the paper sums them, so that a supercell gives the same answer, and
padding never gets attention.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.crystal.symmetry import SYSTEMS
from deepdos_nb.model.baselines.common import (
    Baseline,
    CurveError,
    GraphEncoder,
    mean_pool,
    mlp,
)
from deepdos_nb.model.baselines.config import BaselineConfig
from deepdos_nb.model.batch import GraphBatch
from deepdos_nb.model.decoder import Attention
from deepdos_nb.model.encoder import feed_forward


class TransformerLayer(nn.Module):
    """Attention and feed-forward, pre-norm, residual; `Attention` is our decoder's."""

    def __init__(self, config: BaselineConfig):
        super().__init__()
        self.norm = nn.LayerNorm(config.width)
        self.attention = Attention(config.width, config.heads)
        self.dropout = nn.Dropout(config.dropout)
        self.feed_forward = feed_forward(config.width, config.dropout)

    def forward(
        self, x: Tensor, source: Tensor | None = None, prior: Tensor | None = None
    ) -> Tensor:
        """Update x (C, B, W) from source (C, S, W), or from itself without one."""
        y = self.norm(x)
        update, _ = self.attention(y, y if source is None else source, prior)
        x = x + self.dropout(update)
        return x + self.feed_forward(x)


class DOSTransformer(Baseline):
    """Graph encoder → cross-attention → self-attention, global and prompted → one number a bin."""

    reads_system = True

    def __init__(self, config: BaselineConfig):
        super().__init__(config)
        width = config.width
        self.encoder = GraphEncoder(config)
        self.norm = nn.LayerNorm(width)
        self.energies = nn.Parameter(0.5 * torch.randn(config.grid.n_bins, width))
        self.prompts = nn.Parameter(0.5 * torch.randn(len(SYSTEMS), width))
        self.cross = nn.ModuleList(TransformerLayer(config) for _ in range(config.cross_layers))
        self.mix_global = nn.Linear(2 * width, width)
        self.mix_system = nn.Linear(3 * width, width)
        self.among = nn.ModuleList(TransformerLayer(config) for _ in range(config.self_layers))
        self.out_norm = nn.LayerNorm(width)
        self.head = mlp(width, width, 1)

    def both(self, batch: GraphBatch) -> tuple[Tensor, Tensor]:
        """Global and prompted curves, each shape (C, B).

        Raises
        ------
        ConfigError
            If a crystal's system is unknown.
        """
        if bool((batch.system < 0).any()):
            raise ConfigError(
                "DOSTransformer needs the crystal system, and a graph in this batch has none.",
                remedy="Use `dataclasses.replace(graph, system=crystal_system(structure))`.",
            )
        nodes = self.norm(self.encoder(batch))
        sites, prior = batch.pad(nodes), torch.log(batch.site_weight)[:, None, None]
        x = self.energies.expand(len(sites), -1, -1)
        for layer in self.cross:
            x = layer(x, sites, prior)
        crystal = mean_pool(nodes, batch)[:, None].expand_as(x)
        prompt = self.prompts[batch.system][:, None].expand_as(x)
        alone = self.mix_global(torch.cat([x, crystal], dim=-1))
        prompted = self.mix_system(torch.cat([x, crystal, prompt], dim=-1))
        return self.finish(alone), self.finish(prompted)

    def finish(self, x: Tensor) -> Tensor:
        """Self-attention among energies and the head, (C, B, W) to (C, B)."""
        for layer in self.among:
            x = layer(x)
        return nn.functional.softplus(self.head(self.out_norm(x)).squeeze(-1))

    def forward(self, batch: GraphBatch) -> Tensor:
        """Total curves, shape (C, B): the mean of the global and the prompted one."""
        alone, prompted = self.both(batch)
        return 0.5 * (alone + prompted)

    def loss(
        self, batch: GraphBatch, reference: Tensor, error: CurveError | None = None
    ) -> dict[str, Tensor]:
        """Errors of both curves, L_global + β L_system; see `Baseline.loss`."""
        error = error or self.criterion()
        alone, prompted = (error(curve, reference).mean() for curve in self.both(batch))
        loss = alone + self.config.system_weight * prompted
        return {"global": alone, "system": prompted, "loss": loss}
