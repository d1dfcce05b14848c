"""Scores of predicted spectra, one function each; every protocol is named by its normalisation.

All functions take arrays of shape (n_crystals, n_bins). There are three conventions, which give
different numbers, and the first comes in two normalisations:

- shape, "max": each curve divided by its own maximum, as phonon benchmarks do;
- shape, "sum": each curve divided by its own sum;
- oracle total, "oracle": the prediction is rescaled to the reference's sum (it is told the true
  total), then both are divided by the reference's maximum;
- end-to-end, "end_to_end": nothing is rescaled, so that the model's own total counts too; both are
  divided by the reference's maximum. Both must be absolute, in the same unit.

The number of states enters only the last. "max" punishes a blurred peak twice, because lowering it
raises all the rest of the curve. Where the predicted total is right, "end_to_end" is "oracle".
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from deepdos_nb.core.arrays import Array

Protocol = Literal["max", "oracle", "sum", "end_to_end"]
PROTOCOLS: tuple[Protocol, ...] = ("max", "oracle", "sum")
"""The protocols that any scale will do for."""

LEAST_VARIANCE = 1e-24
"""Share of its summed squares below which a reference's variance is round-off."""


def normalise(curves: Array, protocol: Literal["max", "sum"]) -> Array:
    """Scale each curve to maximum one or sum one; an all-zero curve stays zero."""
    curves = np.asarray(curves, dtype=float)
    scale = curves.max(-1, keepdims=True) if protocol == "max" else curves.sum(-1, keepdims=True)
    return np.divide(curves, scale, out=np.zeros_like(curves), where=scale > 0)


def normalise_pair(predicted: Array, reference: Array, protocol: Protocol) -> tuple[Array, Array]:
    """Both sets of curves as the protocol compares them."""
    if protocol == "oracle":
        p, r = normalise(predicted, "sum"), normalise(reference, "sum")
        peak = np.maximum(r.max(axis=-1, keepdims=True), 1e-30)
        return p / peak, r / peak
    if protocol == "end_to_end":
        p, r = np.asarray(predicted, dtype=float), np.asarray(reference, dtype=float)
        peak = np.maximum(r.max(axis=-1, keepdims=True), 1e-30)
        return p / peak, r / peak
    return normalise(predicted, protocol), normalise(reference, protocol)


def mse(
    predicted: Array, reference: Array, protocol: Protocol = "max", *, bins: Array | None = None
) -> float:
    """Mean squared error over all bins of all crystals.

    Parameters
    ----------
    predicted, reference : ndarray, shape (n_crystals, n_bins)
    protocol : {"max", "oracle", "sum", "end_to_end"}
    bins : ndarray of bool, shape (n_bins,), optional
        Average over these bins only. Curves are still normalised by the whole window, so that the
        errors of two halves average to the error of the whole.
    """
    p, r = normalise_pair(predicted, reference, protocol)
    return float(np.mean((p - r)[:, _counted(bins)] ** 2))


def mse_per_crystal(predicted: Array, reference: Array, protocol: Protocol = "max") -> Array:
    """Mean squared error of each curve, shape (n_crystals,); their mean is `mse`."""
    p, r = normalise_pair(predicted, reference, protocol)
    return ((p - r) ** 2).mean(axis=1)


def mae(
    predicted: Array, reference: Array, protocol: Protocol = "max", *, bins: Array | None = None
) -> float:
    """Mean absolute error over all bins of all crystals; parameters as in `mse`."""
    p, r = normalise_pair(predicted, reference, protocol)
    return float(np.mean(np.abs(p - r)[:, _counted(bins)]))


def _counted(bins: Array | None) -> Array | slice:
    return slice(None) if bins is None else np.asarray(bins, dtype=bool)


def r2_pooled(predicted: Array, reference: Array, protocol: Protocol = "max") -> float:
    """Variance-weighted R²: one minus the summed squared error over the summed variance per bin.

    The variance of each bin is taken over the crystals of the set, then summed over bins. Without
    any, as of a single crystal, the score is nan.
    """
    p, r = normalise_pair(predicted, reference, protocol)
    error, spread = ((p - r) ** 2).sum(), ((r - r.mean(axis=0)) ** 2).sum()
    return float(_r2(error, spread, (r**2).sum()))


def r2_per_crystal(predicted: Array, reference: Array, protocol: Protocol = "max") -> Array:
    """R² of each curve against its own mean over the bins, shape (n_crystals,).

    It is nan where the reference is flat.
    """
    p, r = normalise_pair(predicted, reference, protocol)
    error = ((p - r) ** 2).sum(axis=1)
    spread = ((r - r.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    return _r2(error, spread, (r**2).sum(axis=1))


def _r2(error: Array, spread: Array, squares: Array) -> Array:
    """R² from summed squares: errors, deviations from the mean, and the references' own."""
    known = spread > LEAST_VARIANCE * squares
    return 1.0 - np.divide(error, spread, out=np.full_like(error, np.nan), where=known)


def wasserstein(predicted: Array, reference: Array, step: float) -> Array:
    """First Wasserstein distance of each pair of sum-normalised curves, shape (n_crystals,).

    On a line it is the area between the CDFs, ``step · Σ_i |F_i − G_i|``, in the unit of `step`.
    """
    p, r = normalise(predicted, "sum"), normalise(reference, "sum")
    return step * np.abs(np.cumsum(p - r, axis=1)).sum(axis=1)


def mean_energy(curves: Array, energies: Array) -> Array:
    """First moment of each sum-normalised curve, shape (n_crystals,)."""
    return normalise(curves, "sum") @ energies


def mean_energy_error(predicted: Array, reference: Array, energies: Array) -> Array:
    """Predicted less reference first moment, shape (n_crystals,), in the unit of `energies`."""
    return mean_energy(predicted, energies) - mean_energy(reference, energies)


def cosine(predicted: Array, reference: Array) -> Array:
    """Cosine similarity of each pair of curves, shape (n_crystals,)."""
    p, r = np.asarray(predicted, dtype=float), np.asarray(reference, dtype=float)
    norm = np.linalg.norm(p, axis=1) * np.linalg.norm(r, axis=1)
    return (p * r).sum(axis=1) / np.maximum(norm, 1e-30)


def shape_scores(predicted: Array, reference: Array, energies: Array) -> dict[str, float]:
    """Every shape score of a set, by name.

    Parameters
    ----------
    predicted, reference : ndarray, shape (n_crystals, n_bins)
        Any scale; only shapes are compared.
    energies : ndarray, shape (n_bins,)
        Uniform.

    Returns
    -------
    dict of str to float
        An R² without variance to explain is nan; its mean over crystals leaves those out.
    """
    step = float(energies[1] - energies[0])
    distance = wasserstein(predicted, reference, step)
    shift = mean_energy_error(predicted, reference, energies)
    scores = {"n": float(len(np.asarray(reference)))}
    for protocol in PROTOCOLS:
        scores[f"mse_{protocol}"] = mse(predicted, reference, protocol)
        scores[f"mae_{protocol}"] = mae(predicted, reference, protocol)
        scores[f"r2_pooled_{protocol}"] = r2_pooled(predicted, reference, protocol)
        r2 = r2_per_crystal(predicted, reference, protocol)
        known = r2[np.isfinite(r2)]
        scores[f"r2_crystal_mean_{protocol}"] = float(known.mean()) if len(known) else float("nan")
    return scores | {
        "wd_mean": float(distance.mean()),
        "wd_median": float(np.median(distance)),
        "mean_energy_mae": float(np.abs(shift).mean()),
    }
