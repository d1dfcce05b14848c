"""Mat2Spec: spectra from probabilistic embeddings, aligned with those of the label.

After Kong et al., "Density of states prediction for materials discovery via contrastive learning
from probabilistic embeddings", Nat. Commun. 13, 949 (2022), from the paper's description.

    crystal ──graph encoder──► mixture of K Gaussians ──► z_x ──┐
                                    ▲ KL                        ├─shared decoder──► d ──► spectrum
    reference ──label encoder──► mixture of K Gaussians ──► z_y ┘                   └──► InfoNCE

The lower path exists in training only: it gives the decoder an easier task whose embeddings the
upper path must meet.

Where the paper leaves room, this is ours: the form of the alignment (`mixture_kl`), the relaxed
draw from a mixture (`Mixture.draw`), the weights of the terms.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from deepdos_nb.model.baselines.common import Baseline, CurveError, GraphEncoder, mlp
from deepdos_nb.model.baselines.config import BaselineConfig
from deepdos_nb.model.batch import GraphBatch


class Mixture(NamedTuple):
    """Mixture of K Gaussians with diagonal covariance in W dimensions, for C crystals.

    log_share : (C, K), logarithms of the mixing coefficients
    mean, log_std : (C, K, W)
    """

    log_share: Tensor
    mean: Tensor
    log_std: Tensor

    def draw(self, noise: bool) -> Tensor:
        """Σ_k α_k (μ_k + σ_k ε_k), shape (C, W); the mixture's mean without noise.

        Summing the components' draws keeps the gradient of the coefficients α, which picking one
        component at random would not.
        """
        sample = self.mean
        if noise:
            sample = sample + self.log_std.exp() * torch.randn_like(sample)
        return torch.einsum("ck,ckw->cw", self.log_share.exp(), sample)


def mixture_kl(p: Mixture, q: Mixture) -> Tensor:
    """Bound on KL(p‖q) of two mixtures whose components correspond, shape (C,).

    KL(p‖q) ≤ KL(α‖β) + Σ_k α_k KL(p_k‖q_k), the chain rule of relative entropy (Do, IEEE Signal
    Process. Lett. 10, 115 (2003)); the Gaussians' own divergence has a closed form. It is
    averaged over the W dimensions of the second term, so that its weight does not depend on W.
    """
    share = p.log_share.exp()
    coefficients = (share * (p.log_share - q.log_share)).sum(dim=-1)
    ratio = p.log_std - q.log_std
    shift = (p.mean - q.mean) * torch.exp(-q.log_std)
    gaussians = 0.5 * ((2 * ratio).exp() + shift.square() - 1) - ratio
    return coefficients + (share * gaussians.mean(dim=-1)).sum(dim=-1)


def info_nce(a: Tensor, b: Tensor, temperature: float) -> Tensor:
    """Contrastive loss of two views (C, W) of the same C crystals, a single number.

    The cosine of a crystal's own two views is to exceed those with the other crystals of the
    batch: mean cross-entropy over rows and columns of the table of cosines over `temperature`.
    """
    unit_a, unit_b = (nn.functional.normalize(t, dim=-1) for t in (a, b))
    logits = unit_a @ unit_b.T / temperature
    own = torch.arange(len(a), device=a.device)
    rows = nn.functional.cross_entropy(logits, own)
    return 0.5 * (rows + nn.functional.cross_entropy(logits.T, own))


class GraphAttention(nn.Module):
    """Edge-aware attention over neighbours, as in GATGNN, from which Mat2Spec's encoder comes.

    Louis et al., Phys. Chem. Chem. Phys. 22, 18141 (2020): each head scores the pair and weighs
    the same pair's features,

        s_ij = g(W [v_i ⊕ v_j ⊕ u_ij]),   a_ij = softmax_j(⟨a, s_ij⟩),   v_i ← v_i + Σ_j a_ij s_ij.

    The smooth cutoff enters the softmax as a prior weight, so that padding gets none.
    """

    def __init__(self, width: int, radial: int, heads: int, dropout: float):
        super().__init__()
        self.heads = heads
        self.receiver = nn.Linear(width, width)
        self.sender = nn.Linear(width, width, bias=False)
        self.edge = nn.Linear(radial, width, bias=False)
        self.score = nn.Parameter(torch.randn(heads, width // heads) / (width // heads) ** 0.5)
        self.out = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, h: Tensor, radial: Tensor, batch: GraphBatch) -> Tensor:
        """New embeddings, shape (N, W), from h (N, W) and radial (N, M, R)."""
        x = self.norm(h)
        far = self.sender(x).index_select(0, batch.neighbour.flatten())
        z = self.receiver(x)[:, None] + far.unflatten(0, batch.neighbour.shape) + self.edge(radial)
        pair = nn.functional.softplus(z).unflatten(-1, (self.heads, -1))
        prior = torch.log(batch.envelope + 1e-9).masked_fill(~batch.edge, -torch.inf)
        logits = torch.einsum("nmhd,hd->nmh", pair, self.score) + prior[..., None]
        message = torch.einsum("nmh,nmhd->nhd", torch.softmax(logits, dim=1), pair).flatten(1)
        return h + self.dropout(self.out(message))


class GaussianMixtureHead(nn.Module):
    """A vector to the coefficients, means and widths of K Gaussians."""

    def __init__(self, width: int, components: int, size: int):
        super().__init__()
        self.components, self.size = components, size
        self.share = nn.Linear(width, components)
        self.gaussians = nn.Linear(width, 2 * components * size)

    def forward(self, x: Tensor) -> Mixture:
        """Shape (C, width) to a mixture in `size` dimensions."""
        mean, log_std = self.gaussians(x).unflatten(-1, (self.components, -1)).chunk(2, dim=-1)
        # Between e^-3 and e^3, smoothly: an unbounded width makes the divergence explode.
        return Mixture(self.share(x).log_softmax(dim=-1), mean, 3 * torch.tanh(log_std / 3))


class Mat2Spec(Baseline):
    """Graph encoder → Gaussian mixture → decoder, with a label path in training."""

    def __init__(self, config: BaselineConfig):
        super().__init__(config)
        width, n_bins, dropout = config.width, config.grid.n_bins, config.dropout
        self.encoder = GraphEncoder(
            config,
            [
                GraphAttention(width, config.radial, config.heads, dropout)
                for _ in range(config.layers)
            ],
        )
        self.norm = nn.LayerNorm(width)
        self.pool = nn.Linear(width, 1, bias=False)
        self.feature = nn.Sequential(mlp(width, 2 * width, width, dropout=dropout), nn.SiLU())
        self.feature_mixture = GaussianMixtureHead(width, config.components, width)
        self.label = nn.Sequential(mlp(n_bins, 2 * width, width, dropout=dropout), nn.SiLU())
        self.label_mixture = GaussianMixtureHead(width, config.components, width)
        self.decoder = nn.Sequential(mlp(width, 2 * width, width, dropout=dropout), nn.SiLU())
        self.projection = mlp(width, width, width)
        self.spectrum = nn.Linear(width, n_bins)

    def embed(self, batch: GraphBatch) -> Mixture:
        """The crystal's probabilistic embedding.

        Atoms are pooled with learnt attention; an orbit of m atoms counts m times.
        """
        sites = batch.pad(self.norm(self.encoder(batch)))
        logits = self.pool(sites).squeeze(-1) + torch.log(batch.site_weight)
        crystal = torch.einsum("cs,csw->cw", torch.softmax(logits, dim=-1), sites)
        return self.feature_mixture(self.feature(crystal))

    def embed_label(self, reference: Tensor) -> Mixture:
        """The reference curve's probabilistic embedding, from shape (C, B); training only."""
        # Curves that sum to one have entries of about 1 / B; scale them to about one.
        return self.label_mixture(self.label(reference * reference.shape[-1]))

    def decode(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Hidden vector (C, W) and curve (C, B) of an embedding (C, W), from either path."""
        hidden = self.decoder(z)
        return hidden, nn.functional.softplus(self.spectrum(hidden))

    def forward(self, batch: GraphBatch) -> Tensor:
        """Total curves, shape (C, B), from the crystal alone."""
        return self.decode(self.embed(batch).draw(noise=self.training))[1]

    def loss(
        self, batch: GraphBatch, reference: Tensor, error: CurveError | None = None
    ) -> dict[str, Tensor]:
        """Errors of both paths' curves, alignment and contrast; see `Baseline.loss`."""
        error, config = error or self.criterion(), self.config
        feature, label = self.embed(batch), self.embed_label(reference)
        hidden_x, curve_x = self.decode(feature.draw(noise=self.training))
        hidden_y, curve_y = self.decode(label.draw(noise=self.training))
        terms = {
            "curve": error(curve_x, reference).mean(),
            "label_curve": error(curve_y, reference).mean(),
            "kl": mixture_kl(label, feature).mean(),
            "contrast": info_nce(
                self.projection(hidden_x), self.projection(hidden_y), config.temperature
            ),
        }
        loss = (
            terms["curve"]
            + terms["label_curve"]
            + config.kl_weight * terms["kl"]
            + config.contrastive_weight * terms["contrast"]
        )
        return terms | {"loss": loss}
