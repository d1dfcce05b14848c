"""Stage II: a learnt transport moves states along the energy axis, and neither makes nor loses any.

The density obeys a continuity equation ∂p/∂t + ∂(v p)/∂E = 0 with no flux through the ends. One
explicit step of its donor-cell (first-order upwind, finite-volume) scheme takes a part of every
cell's states to the left, a part to the right, and lets the rest stay::

    p'_i = p_i − l_i p_i − r_i p_i + l_{i+s} p_{i+s} + r_{i−s} p_{i−s},      l, r ≥ 0,  l + r ≤ 1.

Parts come from a softmax over (left, stay, right), so the step is non-negative for any weights;
what leaves one cell enters another, so it conserves. With a stride s > 1 the scheme acts on s
interleaved grids and reaches s cells at once. In the classical scheme with face velocities the
bound reads ``|v Δt / ΔE| ≤ ½`` per face, because a cell may be emptied through both of its faces.
See R. J. LeVeque, Finite Volume Methods for Hyperbolic Problems (2002), chapter 4.

A draft by physics has its peaks nearly right and in the wrong place: moving states is the operator
for that. Every site moves its own states, none changes hands. Electrons end with one step more: a
factor for every site and bin, since their number in the window is not fixed site by site.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from deepdos_nb.model.config import ModelConfig
from deepdos_nb.model.decoder import Decoded
from deepdos_nb.model.draft_reader import curve_features
from deepdos_nb.model.start import SiteLogits

LEFT, STAY, RIGHT = range(3)

STILL = 2.0
"""Logit of staying before anything is learnt: most states stay."""

FLOOR = 1e-2
"""Added to a density, in units of its mean, where a softmax shall find states everywhere."""

VANISHED = 1e-20
"""Part of the states below which factors have lost them to round-off."""


class Refined(NamedTuple):
    """Output of Stage II for K steps, the correction included where there is one.

    cells : (K + 1, C, S, cells), before the first and after every step
    fractions : (K, C, cells, 3), parts of the crystal's states moved left, kept, moved right
    """

    cells: Tensor
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


def joint_fractions(density: Tensor, fractions: Tensor) -> Tensor:
    """Parts of all sites' states together that move, shape (C, B, 3).

    The same step with these, done to the total, gives the total of the sites' steps.

    Parameters
    ----------
    density : Tensor, shape (C, S, B)
    fractions : Tensor, shape (C, S, B, 3)
    """
    moved = torch.einsum("csb,csbm->cbm", density, fractions)
    total = density.sum(dim=1)[..., None]
    still = moved.new_tensor([0.0, 1.0, 0.0]).expand_as(moved)
    return torch.where(total > 0, moved / total.clamp_min(1e-30), still)


class VelocityField(nn.Module):
    """f_θ(site, bins, current density, step) → logits of (left, stay, right) in every cell."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        width = config.reasoner_width
        self.extra = config.extra_cells
        self.site = nn.Linear(config.width, width)
        self.bins = nn.Linear(config.width, width)
        self.time = nn.Parameter(torch.empty(len(config.strides), width))
        nn.init.normal_(self.time, std=0.1)
        self.curve = nn.Conv1d(3, width, kernel_size=7, padding=3)
        self.local = nn.Sequential(
            nn.SiLU(),
            nn.Conv1d(width, width, kernel_size=5, padding=2),
            nn.SiLU(),
            nn.Conv1d(width, width, kernel_size=5, padding=2),
            nn.SiLU(),
        )
        moves = nn.Linear(width, 3)
        # A zero head would give the lower layers no gradient.
        nn.init.normal_(moves.weight, std=0.05)
        moves.bias.data = torch.tensor([0.0, STILL, 0.0])
        self.moves = moves

    def context(self, decoded: Decoded, sites: Tensor) -> Tensor:
        """What stays the same from step to step, shape (C, S, width, cells)."""
        bins = pad(self.bins(decoded.bins.float()).transpose(1, 2), (0, self.extra))
        context: Tensor = self.site(sites.float())[..., None] + bins[:, None]
        return context

    def forward(self, context: Tensor, density: Tensor, step: int) -> Tensor:
        """Logits, shape (C, S, cells, 3), for a density of shape (C, S, cells)."""
        own = density / density.sum(dim=-1, keepdim=True).clamp_min(1e-12)
        curve = self.curve(curve_features(own * own.shape[-1]).flatten(0, 1))
        x = context.flatten(0, 1) + curve + self.time[step][:, None]
        x = x + self.local(x)
        logits: Tensor = self.moves(x.transpose(1, 2)).unflatten(0, density.shape[:2])
        return logits


class Stepwise(nn.Module):
    """K steps of one operator, each told by the velocity network; the operators fill in `step`."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.strides = config.strides
        self.velocity = VelocityField(config)
        self.correction = SiteLogits(config, scale=0.1) if config.corrects else None

    def step(self, logits: Tensor, cells: Tensor, stride: int) -> tuple[Tensor, Tensor]:
        """New cells (C, S, cells) and fractions (C, S, cells, 3)."""
        raise NotImplementedError

    def forward(self, cells: Tensor, decoded: Decoded, sites: Tensor) -> Refined:
        """Refine the starting density, shape (C, S, cells)."""
        steps, moves = [cells], []
        # Round-off is part of the promise: this stage stays in float32 under mixed precision.
        with torch.autocast(cells.device.type, enabled=False):
            context = self.velocity.context(decoded, sites)
            for k, stride in enumerate(self.strides):
                logits = self.velocity(context, cells, k)
                after, fractions = self.step(logits, cells, stride)
                moves.append(joint_fractions(cells, fractions))
                steps.append(after)
                cells = after
            if self.correction is not None:
                factor = self.correction(decoded, sites).float()
                moves.append(torch.zeros_like(moves[-1]) + moves[-1].new_tensor([0.0, 1.0, 0.0]))
                steps.append(reweigh(cells, factor))
        return Refined(torch.stack(steps), torch.stack(moves))


def reweigh(cells: Tensor, logits: Tensor, *, by_site: bool = False) -> Tensor:
    """Multiply every cell of every site by exp(logit) and scale back, so that no state is lost.

    Parameters
    ----------
    cells, logits : Tensor, shape (C, S, cells)
        Cells without states stay without.
    by_site : bool
        Every site keeps its states; otherwise the crystal does.
    """
    over = (2,) if by_site else (1, 2)
    highest = logits.masked_fill(cells <= 0, -1e4).amax(dim=over, keepdim=True)
    weighed = cells * torch.exp((logits - highest).clamp_max(0.0))
    total, held = (part.sum(dim=over, keepdim=True) for part in (weighed, cells))
    lost = total < VANISHED * held
    if lost.any():
        # The highest factor met a cell with next to nothing, and all others vanished beside it.
        weighed = torch.where(lost, _shares(cells, logits, over), weighed)
        total = torch.where(lost, 1.0, total)
    return weighed * (held / total.clamp_min(1e-30))


def _shares(cells: Tensor, logits: Tensor, over: tuple[int, ...]) -> Tensor:
    """The same by logarithms, which reach further, and sum to one."""
    joint = (logits + torch.log(cells)).clamp_min(torch.finfo(logits.dtype).min)
    return torch.softmax(joint.flatten(over[0]), dim=-1).view_as(cells)


class TransportReasoner(Stepwise):
    """Conserving steps from cell to cell, `stride` cells apart, every site by itself."""

    def step(self, logits: Tensor, cells: Tensor, stride: int) -> tuple[Tensor, Tensor]:
        """See `Stepwise`."""
        fractions = move_fractions(logits, stride)
        return donor_step(cells, fractions, stride), fractions


class FactorReasoner(Stepwise):
    """The honest control: the same network multiplies instead of moving, and conserves too.

    Its three outputs are summed into one correction δ of each cell; every site's row is multiplied
    by exp(g δ) and scaled back to its states.
    """

    GAIN = 1.0
    """g; tuned on validation crystals, where 10 was worse."""

    def __init__(self, config: ModelConfig):
        super().__init__(config)
        self.by_site = config.fixed_modes

    def step(self, logits: Tensor, cells: Tensor, stride: int) -> tuple[Tensor, Tensor]:
        """See `Stepwise`."""
        delta = self.GAIN * (logits.sum(dim=-1) - STILL)
        return reweigh(cells, delta, by_site=self.by_site), _all_stay(logits)


class SoftmaxReasoner(FactorReasoner):
    """The same with a floor under the density: states may appear where the start had none."""

    GAIN = 3.0
    """Tuned on validation crystals, where 1 was worse."""

    def step(self, logits: Tensor, cells: Tensor, stride: int) -> tuple[Tensor, Tensor]:
        """See `Stepwise`."""
        raised = cells + FLOOR * cells.mean(dim=-1, keepdim=True)
        scale = cells.sum(dim=-1, keepdim=True) / raised.sum(dim=-1, keepdim=True).clamp_min(1e-30)
        return super().step(logits, raised * scale, stride)


class NoReasoner(nn.Module):
    """The control without Stage II: the start, and for a draft the decoder's factor on it."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.by_site = config.fixed_modes
        self.correction = SiteLogits(config, scale=0.1) if config.draft else None

    def forward(self, cells: Tensor, decoded: Decoded, sites: Tensor) -> Refined:
        """Pass the start on."""
        steps = [cells]
        if self.correction is not None:
            factor = self.correction(decoded, sites).float()
            steps.append(reweigh(cells, factor, by_site=self.by_site))
        still = cells.new_tensor([0.0, 1.0, 0.0])
        shape = (len(steps) - 1, len(cells), cells.shape[-1], 3)
        return Refined(torch.stack(steps), still.expand(shape))


def _all_stay(logits: Tensor) -> Tensor:
    return logits.new_tensor([0.0, 1.0, 0.0]).expand_as(logits)
