"""What a mean squared error hardly sees: where bands end, empty gaps, steep flanks.

All functions take arrays of shape (n_crystals, n_bins) of any scale, and give one score for each
crystal. A curve's *edges* are where it rises or falls through `LEVEL` of its highest value, found
between bins by straight lines.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.metrics.scores import normalise

LEVEL = 0.1
"""Part of the highest value at which an edge is read."""

FARTHEST = 5
"""Bins: a reference edge without a predicted one nearer than this counts as missed by so much."""

EMPTY = 0.02
"""Part of the highest value below which a bin of the reference counts as empty."""

NARROWEST = 3
"""Bins of the narrowest gap."""


class Edges(NamedTuple):
    """Where a curve crosses the level, in bins: upwards and downwards."""

    rising: Array
    falling: Array


def edges(curve: Array) -> Edges:
    """Edges of one curve of shape (n_bins,); the ends of the window are none."""
    height = normalise(np.asarray(curve, dtype=float)[None], "max")[0] - LEVEL
    above = height >= 0
    left = np.flatnonzero(above[1:] != above[:-1])
    place = left + height[left] / (height[left] - height[left + 1])
    rises = above[left + 1]
    return Edges(place[rises], place[~rises])


def edge_error(predicted: Array, reference: Array, step: float) -> Array:
    """Mean distance from each reference edge to the nearest predicted edge of the same direction.

    In the unit of `step`; at most `FARTHEST` bins for each edge, zero for a reference without any.
    """
    errors = np.zeros(len(reference))
    for i, (p, r) in enumerate(zip(predicted, reference, strict=True)):
        distances = [
            np.abs(np.append(there, np.inf) - edge).min().clip(max=FARTHEST)
            for there, here in zip(edges(p), edges(r), strict=True)
            for edge in here
        ]
        errors[i] = step * np.mean(distances) if distances else 0.0
    return errors


def gaps(reference: Array) -> Array:
    """Bins inside gaps of each curve, shape (n_crystals, n_bins), bool.

    At least `NARROWEST` empty bins in a row, with states below and above them.
    """
    empty = normalise(reference, "max") < EMPTY
    inside = np.zeros_like(empty)
    for row, gap in zip(empty, inside, strict=True):
        turns = np.flatnonzero(np.diff(row.astype(int), prepend=0, append=0))
        for begin, end in zip(turns[::2], turns[1::2], strict=True):
            gap[begin:end] = begin > 0 and end < len(row) and end - begin >= NARROWEST
    return inside


def gap_filling(predicted: Array, reference: Array) -> Array:
    """Predicted mean density inside the reference's gaps, over the mean of all bins.

    Zero is right; nan for a reference without a gap.
    """
    inside = gaps(reference)
    curves, width = normalise(predicted, "sum"), inside.sum(axis=1)
    filled = (curves * inside).sum(axis=1) * curves.shape[1]
    return np.divide(filled, width, out=np.full(len(width), np.nan), where=width > 0)


def slope_error(predicted: Array, reference: Array) -> Array:
    """Squared error of the steps from bin to bin, over the reference's own squared steps.

    One is the score of a flat curve.
    """
    p, r = (np.diff(normalise(c, "sum"), axis=1) for c in (predicted, reference))
    error: Array = ((p - r) ** 2).sum(axis=1) / np.maximum((r**2).sum(axis=1), 1e-30)
    return error


def sharp_scores(predicted: Array, reference: Array, step: float) -> dict[str, float]:
    """Means over crystals: ``edge_error``, ``gap_filling`` (where there are gaps), ``slope_error``.

    Also ``gap_crystals``, how many have a gap; ``gap_filling`` is nan where none has.
    """
    filling = gap_filling(predicted, reference)
    counted = filling[~np.isnan(filling)]
    return {
        "edge_error": float(edge_error(predicted, reference, step).mean()),
        "gap_crystals": float(len(counted)),
        "gap_filling": float(counted.mean()) if len(counted) else float("nan"),
        "slope_error": float(slope_error(predicted, reference).mean()),
    }
