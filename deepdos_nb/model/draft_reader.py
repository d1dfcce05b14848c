"""How the decoder reads the draft of Stage 0: what is where, and how much to believe of it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.model.batch import GraphBatch

CHANNELS = 32
FLOOR = 0.02
"""Added to a draft, in units of its mean, before its logarithm is taken."""


class DraftReader(nn.Module):
    """Local features of every site's drafted curve, for the bins and for the logits."""

    def __init__(self, width: int, unit: float = 1.0):
        super().__init__()
        self.unit = unit
        self.local = nn.Sequential(
            nn.Conv1d(3, CHANNELS, kernel_size=7, padding=3),
            nn.SiLU(),
            nn.Conv1d(CHANNELS, CHANNELS, kernel_size=5, padding=2),
            nn.SiLU(),
        )
        self.bins = nn.Linear(CHANNELS, width)
        self.site = nn.Linear(width, CHANNELS)
        self.out = nn.Linear(CHANNELS, 1)
        self.belief = nn.Parameter(torch.tensor(0.3))

    def read(self, batch: GraphBatch) -> Tensor:
        """Features of every site and bin, shape (C, S, B, CHANNELS).

        Raises
        ------
        ConfigError
            If a graph of the batch has no draft.
        """
        height = self._height(batch)
        held = height.cumsum(-1) / height.shape[-1]
        curves = [torch.log1p(height), held, torch.log(height + FLOOR) / 4]
        features = self.local(torch.stack(curves, dim=2).flatten(0, 1))
        return features.unflatten(0, height.shape[:2]).transpose(-1, -2)

    def for_bins(self, read: Tensor, share: Tensor) -> Tensor:
        """What bins are told of the whole crystal, shape (C, B, width); `share` is (C, S)."""
        mean = torch.einsum("cs,csbf->cbf", share, read)
        told: Tensor = self.bins(mean)
        return told

    def for_sites(self, read: Tensor, sites: Tensor, batch: GraphBatch) -> Tensor:
        """Contribution to the logits, shape (C, S, B); `sites` are embeddings (C, S, width)."""
        weighed = torch.einsum("csbf,csf->csb", read, self.site(sites)) / CHANNELS**0.5
        drafted = torch.log(self._height(batch) + FLOOR)
        return self.out(read).squeeze(-1) + weighed + self.belief * drafted

    def _height(self, batch: GraphBatch) -> Tensor:
        """Drafts with a mean of about one, shape (C, S, B)."""
        if batch.draft is None:
            raise ConfigError(
                "this model reads drafts, and a graph in this batch has none.",
                remedy="Build graphs with `model_input(structure, draft_model=model.draft_model)`.",
            )
        return batch.draft * (batch.draft.shape[-1] / self.unit)
