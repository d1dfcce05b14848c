"""How the decoder reads the draft of Stage 0."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.model.batch import GraphBatch
from deepdos_nb.model.config import ModelConfig

CHANNELS = 32
FLOOR = 0.02
"""Added to a draft, in units of its mean, before its logarithm is taken."""


def draft_height(batch: GraphBatch, unit: float) -> Tensor:
    """Drafts of one atom of each site in units of the mean bin, shape (C, S, B).

    Parameters
    ----------
    batch : GraphBatch
    unit : float
        What an atom has in the window, about.

    Raises
    ------
    ConfigError
        If a graph of the batch has no draft.
    """
    if batch.draft is None:
        raise ConfigError(
            "this model reads drafts, and a graph in this batch has none.",
            remedy="Build graphs with `model_input(structure, draft_model=model.draft_model)`.",
        )
    return batch.draft * (batch.draft.shape[-1] / unit)


def draft_prior(height: Tensor, share: Tensor) -> Tensor:
    """Logarithm of an atom's draft over the mean atom's, in every bin, shape (C, S, B).

    Parameters
    ----------
    height : Tensor, shape (C, S, B)
    share : Tensor, shape (C, S)
        Of the atoms, zero in the padding.
    """
    mean = torch.einsum("cs,csb->cb", share, height)
    return torch.log(height + FLOOR) - torch.log(mean + FLOOR)[:, None]


def curve_features(height: Tensor) -> Tensor:
    """A curve as networks read it: compressed, cumulated and as a logarithm, shape (..., 3, B)."""
    held = height.cumsum(-1) / height.shape[-1]
    return torch.stack([torch.log1p(height), held, torch.log(height + FLOOR) / 4], dim=-2)


class DraftReader(nn.Module):
    """What bins are told of the crystal's draft."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.unit = config.kind.states_per_atom
        self.local = nn.Sequential(
            nn.Conv1d(3, CHANNELS, kernel_size=7, padding=3),
            nn.SiLU(),
            nn.Conv1d(CHANNELS, CHANNELS, kernel_size=5, padding=2),
            nn.SiLU(),
        )
        self.bins = nn.Linear(CHANNELS, config.width)

    def for_bins(self, height: Tensor, share: Tensor) -> Tensor:
        """Local features of the atoms' curves, averaged, shape (C, B, width)."""
        features = self.local(curve_features(height).flatten(0, 1)).unflatten(0, height.shape[:2])
        told: Tensor = self.bins(torch.einsum("cs,csfb->cbf", share, features))
        return told
