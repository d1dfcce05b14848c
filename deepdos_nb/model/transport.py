"""Stage II: a learnt transport that refines a spectrum and neither creates nor destroys states.

The density obeys a continuity equation ∂p/∂t + ∂(v p)/∂E = 0 with no flux through the window's
ends. One explicit step of its donor-cell (first-order upwind, finite-volume) scheme takes a part
of every cell's states to the left, a part to the right, and lets the rest stay::

    p'_i = p_i − l_i p_i − r_i p_i + l_{i+s} p_{i+s} + r_{i−s} p_{i−s},      l, r ≥ 0,  l + r ≤ 1.

Parts come from a softmax over (left, stay, right), so the step is non-negative for any weights;
what leaves one cell enters another, so it conserves. With a stride s > 1 the scheme acts on s
interleaved grids and reaches s cells at once. In the classical scheme with face velocities the
bound reads ``|v Δt / ΔE| ≤ ½`` per face, because a cell may be emptied through both of its faces.
See R. J. LeVeque, Finite Volume Methods for Hyperbolic Problems (2002), chapter 4.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from deepdos_nb.model.config import ModelConfig
from deepdos_nb.model.decoder import Attention, Decoded

LEFT, STAY, RIGHT = range(3)

NARROWEST = 1e-3
"""Cells; a cell of no width would hold no place to count its states in."""


class Refined(NamedTuple):
    """Output of Stage II for K steps.

    density : (K + 1, C, S, B), before the first and after every step
    fractions : (K, C, B, 3), parts moved left, kept, moved right
    """

    density: Tensor
    fractions: Tensor


def move_fractions(logits: Tensor, stride: int) -> Tensor:
    """Softmax over (left, stay, right); what would leave the window stays (no flux).

    Parameters
    ----------
    logits : Tensor, shape (..., B, 3)
    stride : int

    Returns
    -------
    Tensor, shape (..., B, 3), each row summing to one
    """
    n_bins = logits.shape[-2]
    index = torch.arange(n_bins, device=logits.device)
    left, stay, right = torch.softmax(logits, dim=-1).unbind(-1)
    out_left, out_right = left * (index < stride), right * (index >= n_bins - stride)
    return torch.stack([left - out_left, stay + out_left + out_right, right - out_right], dim=-1)


def donor_step(density: Tensor, fractions: Tensor, stride: int) -> Tensor:
    """One conserving, non-negative step.

    Parameters
    ----------
    density : Tensor, shape (..., B), non-negative
    fractions : Tensor, shape (..., B, 3), as `move_fractions` gives them
    stride : int

    Returns
    -------
    Tensor, shape (..., B)
    """
    left, right = density * fractions[..., LEFT], density * fractions[..., RIGHT]
    # The donor keeps exactly what it did not give away, so rounding cannot drift with the number of
    # steps; the clamp only meets a cell emptied to within the last digit.
    stay = (density - left - right).clamp_min(0.0)
    return stay + pad(left, (0, stride))[..., stride:] + pad(right, (stride, 0))[..., :-stride]


class VelocityField(nn.Module):
    """f_θ(crystal, bins, time, current density) → logits of (left, stay, right) for every bin."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        width, n_bins = config.reasoner_width, config.grid.n_bins
        self.n_bins = n_bins
        self.bins = nn.Linear(config.width, width)
        self.crystal = nn.Linear(config.width, width)
        self.time = nn.Sequential(nn.Linear(8, width), nn.SiLU(), nn.Linear(width, width))
        self.state = nn.Conv1d(2, width, kernel_size=7, padding=3)
        self.norm_attention = nn.LayerNorm(width)
        self.attention = Attention(width, 4)
        self.norm_local = nn.LayerNorm(width)
        self.local = nn.Sequential(
            nn.Conv1d(width, width, kernel_size=5, padding=2),
            nn.SiLU(),
            nn.Conv1d(width, width, kernel_size=1),
        )
        moves = nn.Linear(width, 3)
        # Most states stay at first; a zero head would give the lower layers no gradient.
        nn.init.normal_(moves.weight, std=0.05)
        moves.bias.data = torch.tensor([0.0, 2.0, 0.0])
        self.head = nn.Sequential(nn.LayerNorm(width), nn.SiLU(), moves)

    def context(self, decoded: Decoded) -> Tensor:
        """What stays the same from step to step, shape (C, B, width)."""
        context: Tensor = self.bins(decoded.bins) + self.crystal(decoded.crystal)[:, None]
        return context

    def forward(self, context: Tensor, time: float, density: Tensor) -> Tensor:
        """Logits, shape (C, B, 3), for a density of shape (C, B) at time 0 ≤ t ≤ 1."""
        clock = torch.tensor([time], device=density.device)
        phase = 2 * torch.pi * clock[:, None] * torch.arange(1, 5, device=density.device)
        x = context + self.time(torch.cat([phase.sin(), phase.cos()], dim=-1))
        x = x + self.state(self.features(density)).transpose(1, 2)
        y = self.norm_attention(x)
        x = x + self.attention.update(y, y)
        x = x + self.local(self.norm_local(x).transpose(1, 2)).transpose(1, 2)
        return self.head(x)

    def features(self, density: Tensor) -> Tensor:
        """The density in units of its mean, compressed, and its CDF, shape (C, 2, B)."""
        shape = density / density.sum(dim=-1, keepdim=True).clamp_min(1e-12)
        return torch.stack([torch.log1p(self.n_bins * shape), shape.cumsum(-1)], dim=1)


class Stepwise(nn.Module):
    """K steps of one operator, each told by the velocity network; the operators fill in `step`."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.strides = config.strides
        self.velocity = VelocityField(config)

    def step(self, logits: Tensor, density: Tensor, stride: int) -> tuple[Tensor, Tensor]:
        """New density (C, S, B) and what left each cell downwards, stayed, left upwards (C, B, 3).

        One operator moves every site's row, so sites add up at every step.
        """
        raise NotImplementedError

    def forward(self, decoded: Decoded) -> Refined:
        """Refine the decoder's density."""
        density = decoded.density
        densities, moves = [density], []
        # Round-off is part of the promise: this stage stays in float32 under mixed precision.
        with torch.autocast(density.device.type, enabled=False):
            context = self.velocity.context(_float(decoded))
            for k, stride in enumerate(self.strides):
                logits = self.velocity(context, k / len(self.strides), density.sum(dim=1))
                density, fractions = self.step(logits, density, stride)
                densities.append(density)
                moves.append(fractions)
        return Refined(torch.stack(densities), torch.stack(moves))


class TransportReasoner(Stepwise):
    """Conserving steps from cell to cell, `stride` cells apart."""

    def step(self, logits: Tensor, density: Tensor, stride: int) -> tuple[Tensor, Tensor]:
        """See `Stepwise`."""
        fractions = move_fractions(logits, stride)
        return donor_step(density, fractions[:, None], stride), fractions


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
    """Monotone remaps of the cell faces by the same network, another conserving operator.

    The three outputs are summed into one logit of each cell's width. `Refined.fractions` are the
    parts that leave a cell downwards, stay, and leave it upwards, however far.
    """

    def step(self, logits: Tensor, density: Tensor, stride: int) -> tuple[Tensor, Tensor]:
        """See `Stepwise`."""
        matrix = remap(moved_faces(logits.sum(dim=-1)))
        stay = matrix.diagonal(dim1=-2, dim2=-1)
        moved = torch.stack([matrix.triu(1).sum(-2), stay, matrix.tril(-1).sum(-2)], -1)
        return density @ matrix.transpose(-1, -2), moved


class ResidualReasoner(Stepwise):
    """The honest control: the same network corrects logits; a softmax per site conserves too.

    The three outputs are summed into one correction δ of each bin, and every site's row is
    multiplied by exp(δ) and scaled back to its states inside the window. `Refined.fractions` then
    only says that all states stay.
    """

    def step(self, logits: Tensor, density: Tensor, stride: int) -> tuple[Tensor, Tensor]:
        """See `Stepwise`."""
        delta = logits.sum(dim=-1)
        factor = torch.exp(delta - delta.amax(dim=-1, keepdim=True))
        moved = density * factor[:, None]
        scale = density.sum(-1, keepdim=True) / moved.sum(-1, keepdim=True).clamp_min(1e-30)
        still = density.new_tensor([0.0, 1.0, 0.0]).expand_as(logits)
        return moved * scale, still


class NoReasoner(nn.Module):
    """Stage I alone."""

    def forward(self, decoded: Decoded) -> Refined:
        """Pass the decoder's density on."""
        density = decoded.density
        return Refined(density[None], density.new_zeros(0, len(density), density.shape[-1], 3))


def make_reasoner(config: ModelConfig) -> nn.Module:
    """Stage II as the configuration names it."""
    if config.refiner == "none":
        return NoReasoner()
    operators = {
        "transport": TransportReasoner,
        "remap": RemapReasoner,
        "residual": ResidualReasoner,
    }
    return operators[config.refiner](config)


def _float(decoded: Decoded) -> Decoded:
    return decoded._replace(bins=decoded.bins.float(), crystal=decoded.crystal.float())
