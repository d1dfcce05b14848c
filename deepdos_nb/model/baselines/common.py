"""What the baselines share: their interface, the errors of a curve, message passing, pooling.

A baseline predicts one total curve per crystal. None of the published models says which site a
state belongs to, so there is no site-resolved density here, no share beyond the window and no
number of states: a curve is compared by its shape alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.model.baselines.config import BaselineConfig, Criterion
from deepdos_nb.model.batch import GraphBatch
from deepdos_nb.model.decoder import atom_share
from deepdos_nb.model.encoder import ElementEmbedding, RadialBasis

CurveError = Callable[[Tensor, Tensor], Tensor]
"""Predicted and reference curves, both (C, B), to the error of each crystal, (C,)."""

TINY = 1e-12


class Baseline(nn.Module, ABC):
    """A network from crystals to total curves, with its own loss."""

    reads_system = False
    """Whether it is told the crystal system, which takes a symmetry search a crystal."""

    draft_model: None = None

    def __init__(self, config: BaselineConfig):
        super().__init__()
        self.config = config

    @abstractmethod
    def forward(self, batch: GraphBatch) -> Tensor:
        """Total curves of C crystals, shape (C, B), never negative, on no particular scale."""

    @abstractmethod
    def loss(
        self, batch: GraphBatch, reference: Tensor, error: CurveError | None = None
    ) -> dict[str, Tensor]:
        """Terms of the loss and their sum ("loss").

        Parameters
        ----------
        batch : GraphBatch
        reference : Tensor, shape (C, B)
            Totals inside the window, summing to one.
        error : callable, optional
            Error of a curve; the one of `config.criterion` without it. It lets every model be
            trained on the same error as ours, so that architecture and loss are told apart.
        """

    def total(self, batch: GraphBatch) -> Tensor:
        """Total curves of C crystals, shape (C, B)."""
        curves: Tensor = self(batch)
        return curves

    def set_draft_model(self, draft_model: object | None) -> None:
        """Refuse what our own model may read.

        Raises
        ------
        ConfigError
            If there is a draft model.
        """
        if draft_model is not None:
            raise ConfigError("a baseline reads no drafts.", remedy="Train it without `--draft`.")

    def criterion(self) -> CurveError:
        """The error named in the configuration."""
        assert self.config.criterion is not None
        return curve_error(self.config.criterion)


def curve_error(name: Criterion) -> CurveError:
    """Error of a curve as published models train on it, each shape (C, B), (C, B) → (C,).

    - "mse", "rmse": of curves scaled to a maximum of one (Chen et al., Adv. Sci. 8, 2004214
      (2021); "MaxNorm" in Kong et al., Nat. Commun. 13, 949 (2022)).
    - "kl": Kullback-Leibler divergence of the reference from the prediction, curves scaled to a
      sum of one ("SumNorm, KL" in Kong et al.).
    - "wd": area between the cumulative curves in units of the window ("SumNorm, WD").
    """
    return _ERRORS[name]


def max_mse(curve: Tensor, reference: Tensor) -> Tensor:
    """Mean squared difference of curves scaled to a maximum of one."""
    peak, target = (c.amax(dim=-1, keepdim=True).clamp_min(TINY) for c in (curve, reference))
    return (curve / peak - reference / target).square().mean(dim=-1)


def max_rmse(curve: Tensor, reference: Tensor) -> Tensor:
    """Root of `max_mse`, with a finite slope at zero."""
    return (max_mse(curve, reference) + 1e-8).sqrt()


def sum_kl(curve: Tensor, reference: Tensor) -> Tensor:
    """Kullback-Leibler divergence of curves scaled to a sum of one."""
    p, q = _unit_sum(reference), _unit_sum(curve)
    return (torch.xlogy(p, p) - p * torch.log(q.clamp_min(1e-9))).sum(dim=-1)


def sum_wd(curve: Tensor, reference: Tensor) -> Tensor:
    """Wasserstein distance of curves scaled to a sum of one, in units of the window's width."""
    return (_unit_sum(curve) - _unit_sum(reference)).cumsum(dim=-1).abs().mean(dim=-1)


def _unit_sum(curve: Tensor) -> Tensor:
    return curve / curve.sum(dim=-1, keepdim=True).clamp_min(TINY)


_ERRORS: dict[Criterion, CurveError] = {
    "mse": max_mse,
    "rmse": max_rmse,
    "kl": sum_kl,
    "wd": sum_wd,
}


class GatedConvolution(nn.Module):
    r"""Gated convolution of CGCNN (Xie and Grossman, Phys. Rev. Lett. 120, 145301 (2018), eq. 5).

    v_i ← v_i + Σ_j σ(z_ij W_f + b_f) ⊙ g(z_ij W_s + b_s),    z_ij = v_i ⊕ v_j ⊕ u_ij,

    with g = softplus. Two things differ. The published edges are the twelve nearest neighbours;
    ours are all within a smooth cutoff, so every term is weighted by the cutoff, which also
    silences the padding of the neighbour table. Layer norms stand for batch norms, so that the
    other crystals of a batch change nothing.
    """

    def __init__(self, width: int, radial: int, dropout: float):
        super().__init__()
        self.receiver = nn.Linear(width, 2 * width)
        self.sender = nn.Linear(width, 2 * width, bias=False)
        self.edge = nn.Linear(radial, 2 * width, bias=False)
        self.norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, h: Tensor, radial: Tensor, batch: GraphBatch) -> Tensor:
        """New embeddings, shape (N, W), from h (N, W) and radial (N, M, R)."""
        # z W is a sum of three products, and those of the atoms need not be done for each edge.
        far = self.sender(h).index_select(0, batch.neighbour.flatten())
        z = self.receiver(h)[:, None] + far.unflatten(0, batch.neighbour.shape) + self.edge(radial)
        gate, signal = z.chunk(2, dim=-1)
        message = torch.sigmoid(gate) * nn.functional.softplus(signal)
        total = torch.einsum("nm,nmw->nw", batch.envelope, message)
        return nn.functional.softplus(h + self.dropout(self.norm(total)))


class GraphEncoder(nn.Module):
    """Element embeddings refined by message passing.

    The inputs are those of our own encoder (`ElementEmbedding`, `RadialBasis`): tabulated element
    properties and Gaussians of distances, as in the papers, whose tables differ a little from one
    another. Equal inputs leave the architectures to be compared.

    Parameters
    ----------
    config : BaselineConfig
    layers : sequence of modules with the signature of `GatedConvolution.forward`, optional
        Gated convolutions without it.
    """

    def __init__(self, config: BaselineConfig, layers: list[nn.Module] | None = None):
        super().__init__()
        self.elements = ElementEmbedding(config.width)
        self.radial = RadialBasis(config.radial)
        self.layers = nn.ModuleList(
            layers
            or [
                GatedConvolution(config.width, config.radial, config.dropout)
                for _ in range(config.layers)
            ]
        )

    def forward(self, batch: GraphBatch) -> Tensor:
        """Embeddings of every node, shape (N, W)."""
        radial = self.radial(batch.distance, batch.envelope)
        h: Tensor = self.elements(batch.numbers)
        for layer in self.layers:
            h = layer(h, radial, batch)
        return h


def mean_pool(nodes: Tensor, batch: GraphBatch) -> Tensor:
    """Mean over the atoms of each crystal, shape (N, W) to (C, W).

    Every node counts as often as it stands for atoms, padding never.
    """
    return torch.einsum("cs,csw->cw", atom_share(batch.site_weight), batch.pad(nodes))


def mlp(*sizes: int, dropout: float = 0.0) -> nn.Sequential:
    """Linear layers of the given sizes with SiLU and dropout between them."""
    layers: list[nn.Module] = []
    for i, (a, b) in enumerate(pairwise(sizes)):
        layers += [nn.SiLU(), nn.Dropout(dropout)] if i else []
        layers.append(nn.Linear(a, b))
    return nn.Sequential(*layers)


def parameter_count(model: nn.Module) -> int:
    """Number of trainable parameters."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
