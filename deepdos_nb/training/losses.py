"""What training minimises: the shape of the total, its CDF at every step, and what else is known.

Known for some crystals are the curves of sites, for electrons also the number of states.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from deepdos_nb.model.reasoner import Prediction

FEW = 0.02
"""Sites with fewer states than this part of an equal share have no shape to learn from."""

CLOSE = 0.05
"""Logarithm of the number of states up to which its error counts by the square."""


@dataclass
class Target:
    """References of C crystals.

    Parameters
    ----------
    shape : (C, B)
        Total inside the window, summing to one.
    site_shape : (C, S, B)
        Share of one atom's states per bin, zero where unknown.
    site_outside : (C, S)
        Share of one atom's states beyond the window, zero where unknown.
    site_known : bool (C,)
        Crystals whose site projections are known.
    states : (C,)
        Electrons: states per cell inside the window. Zero where unknown, and for phonons, whose
        number needs no learning.
    materials : tuple of str
        Identifiers of the crystals, where known.
    """

    shape: Tensor
    site_shape: Tensor
    site_outside: Tensor
    site_known: Tensor
    states: Tensor
    materials: tuple[str, ...] = ()

    def to(self, device: torch.device | str) -> Target:
        """Copy to a device."""
        return Target(
            self.shape.to(device),
            self.site_shape.to(device),
            self.site_outside.to(device),
            self.site_known.to(device),
            self.states.to(device),
            self.materials,
        )


@dataclass(frozen=True)
class LossWeights:
    """Weight of each term of the loss; zero switches a term off.

    Parameters
    ----------
    cdf : float
        Area between CDFs, averaged over every step. For a displaced peak the squared error of
        densities gives the velocity almost no gradient, the CDF does.
    stage_one : float
        Squared error of the density that Stage II starts from, where that is learnt.
    sites : float
        Squared error and CDF distance of every site's curve. Zero trains on totals alone.
    states : float
        Absolute logarithm of predicted over true states in the window, for electrons. The number
        has a head of its own, so that the weight shifts little but how fast that head learns.
    """

    cdf: float = 1.0
    stage_one: float = 0.3
    sites: float = 0.0
    states: float = 0.1


def unit_sum(density: Tensor) -> Tensor:
    """Scale the last axis to sum one."""
    return density / density.sum(dim=-1, keepdim=True).clamp_min(1e-12)


def shape_error(density: Tensor, reference: Tensor) -> Tensor:
    """Squared error in units of the reference's maximum, averaged over bins, shape (...,).

    Half of it on the max-normalised curve, as the benchmark scores it, half on the sum-normalised
    one, which keeps the gradient of a peak that is merely too low.
    """
    peak = reference.amax(dim=-1, keepdim=True).clamp_min(1e-12)
    target = reference / peak
    by_sum = (unit_sum(density) / peak - target).square().mean(dim=-1)
    own_peak = density.amax(dim=-1, keepdim=True).clamp_min(1e-12)
    by_max = (density / own_peak - target).square().mean(dim=-1)
    return 0.5 * (by_sum + by_max)


def cdf_error(density: Tensor, reference: Tensor) -> Tensor:
    """Area between the CDFs in units of the window's width, shape (...,)."""
    return (unit_sum(density) - reference).cumsum(dim=-1).abs().mean(dim=-1)


def spectrum_loss(
    prediction: Prediction, target: Target, site_weight: Tensor, weights: LossWeights
) -> dict[str, Tensor]:
    """Terms of the loss and their sum ("loss"), each averaged over crystals.

    Parameters
    ----------
    prediction : Prediction
    target : Target
    site_weight : Tensor, shape (C, S)
        Atoms each site row stands for; zero in the padding.
    weights : LossWeights
    """
    totals = prediction.steps.density.sum(dim=2)
    terms = {
        "shape": shape_error(totals[-1], target.shape).mean(),
        "stage_one": shape_error(totals[0], target.shape).mean(),
        "cdf": cdf_error(totals, target.shape).mean(),
    }
    loss = terms["shape"] + weights.stage_one * terms["stage_one"] + weights.cdf * terms["cdf"]
    if weights.sites:
        terms["sites"] = site_error(prediction, target, site_weight)
        loss = loss + weights.sites * terms["sites"]
    if weights.states:
        terms["states"] = states_error(prediction.states, target.states)
        loss = loss + weights.states * terms["states"]
    return terms | {"loss": loss}


def states_error(predicted: Tensor, reference: Tensor) -> Tensor:
    """Mean magnitude of ln(predicted / reference) over crystals of known number, both (C,).

    Squared below `CLOSE` (Huber's loss): the square everywhere would be that of the few crystals
    whose number is far off.
    """
    known = reference > 0
    if not known.any():
        return predicted.new_zeros(())
    off = torch.log(predicted[known] / reference[known])
    return nn.functional.huber_loss(off, torch.zeros_like(off), delta=CLOSE) / CLOSE


def site_error(prediction: Prediction, target: Target, site_weight: Tensor) -> Tensor:
    """Shape and CDF error of site curves, averaged over the atoms of crystals that know them.

    A site's curve counts by its states inside the window, in units of an equal share per atom: one
    whose modes all lie beyond has no shape to compare, and below `FEW` of an equal share the shape
    is noise. The unit matters because the two kinds count differently. A phonon row is a share of
    one atom's own three modes, so an equal share is one, whatever the cell. An electronic row is a
    share of the whole cell, so an equal share is 1/n, and a fixed bound would drop every atom of a
    large cell. The mean over the atoms of what lies inside and beyond is the one or the other.
    """
    share = site_weight * target.site_known[:, None]
    count = share.sum()
    if count == 0:
        return prediction.density.new_zeros(())
    inside = target.site_shape.sum(dim=-1)
    reference = unit_sum(target.site_shape)
    curve = shape_error(prediction.density, reference) + cdf_error(prediction.density, reference)
    own = site_weight / site_weight.sum(dim=1, keepdim=True)
    beyond = (prediction.outside / own.clamp_min(1e-12) - target.site_outside).square()
    equal = ((inside + target.site_outside) * own).sum(dim=1, keepdim=True)
    relative = inside / equal.clamp_min(1e-12)
    compared = torch.where(relative > FEW, relative * curve, 0.0)
    return ((compared + beyond) * share).sum() / count
