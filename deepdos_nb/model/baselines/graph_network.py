"""A plain graph network: message passing, a mean over atoms, one dense head for all bins.

It plays the part that the equivariant network of Chen et al. (Adv. Sci. 8, 2004214 (2021)) and its
tutorial play in published comparisons: what a competent network gives without any idea of
energies. The layers are those of CGCNN (Xie and Grossman, Phys. Rev. Lett. 120, 145301 (2018)),
which see distances and no angles.
"""

from __future__ import annotations

from torch import Tensor, nn

from deepdos_nb.model.baselines.common import (
    Baseline,
    CurveError,
    GraphEncoder,
    mean_pool,
    mlp,
)
from deepdos_nb.model.baselines.config import BaselineConfig
from deepdos_nb.model.batch import GraphBatch


class GraphNetwork(Baseline):
    """Gated convolutions → mean over atoms → dense head."""

    def __init__(self, config: BaselineConfig):
        super().__init__(config)
        width = config.width
        self.encoder = GraphEncoder(config)
        self.norm = nn.LayerNorm(width)
        self.head = mlp(width, 2 * width, 2 * width, config.grid.n_bins, dropout=config.dropout)

    def forward(self, batch: GraphBatch) -> Tensor:
        """Total curves, shape (C, B)."""
        crystal = self.norm(mean_pool(self.encoder(batch), batch))
        return nn.functional.softplus(self.head(crystal))

    def loss(
        self, batch: GraphBatch, reference: Tensor, error: CurveError | None = None
    ) -> dict[str, Tensor]:
        """Error of the curve; see `Baseline.loss`."""
        curve = (error or self.criterion())(self(batch), reference).mean()
        return {"curve": curve, "loss": curve}
