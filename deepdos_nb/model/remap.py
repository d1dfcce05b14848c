"""Another conserving operator: cell faces move, and cells take their states along."""

from __future__ import annotations

import torch
from torch import Tensor

from deepdos_nb.model.transport import Stepwise

NARROWEST = 1e-3
"""Cells; a cell of no width would hold no place to count its states in."""


def moved_faces(logits: Tensor) -> Tensor:
    """Monotone map of the cell faces, in cells, from exactly 0 to B, shape (..., B + 1).

    Every cell's new width is its part in a softmax, and never below `NARROWEST`; equal logits leave
    all faces where they are.
    """
    width = torch.softmax(logits, dim=-1) * logits.shape[-1]
    width = NARROWEST + (1 - NARROWEST) * width
    inner = width[..., :-1].cumsum(dim=-1)
    first, last = torch.zeros_like(width[..., :1]), torch.full_like(width[..., :1], width.shape[-1])
    return torch.cat([first, torch.minimum(inner, last), last], dim=-1)


def remap(faces: Tensor) -> Tensor:
    """Share of each old cell's states that ends up in each new cell, shape (..., B new, B old).

    A cell's states stay evenly spread between its two faces wherever these move, and are counted in
    the fixed cells they meet: columns sum to one. There is no bound on how far a face may move, and
    the exact optimal transport between two spectra is such a map.
    """
    n_bins = faces.shape[-1] - 1
    grid = torch.arange(n_bins + 1, device=faces.device, dtype=faces.dtype)
    low, high = faces[..., None, :-1], faces[..., None, 1:]
    bottom, top = grid[:-1, None], grid[1:, None]
    overlap = (torch.minimum(high, top) - torch.maximum(low, bottom)).clamp_min(0.0)
    return overlap / overlap.sum(dim=-2, keepdim=True).clamp_min(1e-12)


class RemapReasoner(Stepwise):
    """Monotone remaps of every site's cell faces, told by the same network.

    The three outputs are summed into one logit of each cell's width. The fractions are the parts
    that leave a cell downwards, stay, and leave it upwards, however far.
    """

    def step(self, logits: Tensor, cells: Tensor, stride: int) -> tuple[Tensor, Tensor]:
        """See `Stepwise`."""
        matrix = remap(moved_faces(logits.sum(dim=-1)))
        stay = matrix.diagonal(dim1=-2, dim2=-1)
        moved = torch.stack([matrix.triu(1).sum(-2), stay, matrix.tril(-1).sum(-2)], -1)
        after = torch.einsum("csij,csj->csi", matrix, cells)
        # Columns sum to one but for round-off, which would add up from step to step.
        scale = cells.sum(-1, keepdim=True) / after.sum(-1, keepdim=True).clamp_min(1e-30)
        return after * scale, moved
