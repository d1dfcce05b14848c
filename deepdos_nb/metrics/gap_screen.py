"""Scores of a screen for the gap inside the valence band, from predicted and reference gaps.

A material is a positive where it has such a gap (`vb_gap` finds a window, not None). Whether the
screen says so is one question, answered by `confusion`; where it puts the window is another,
answered by `iou` and the errors of the edges.

A score that divides by nothing is not made up: it is nan, see each property. Only Matthews'
coefficient has a value there by its own logic, namely zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan, sqrt

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import ConfigError
from deepdos_nb.metrics.valence_gap import Gap


@dataclass(frozen=True)
class Confusion:
    """How many materials were found rightly, found wrongly, missed, and left out rightly.

    Parameters
    ----------
    found, false_alarms, missed, rejected : int
        True positives, false positives, false negatives, true negatives.
    """

    found: int
    false_alarms: int
    missed: int
    rejected: int

    @property
    def precision(self) -> float:
        """Share of the materials picked that are positives; nan where none was picked."""
        return _ratio(self.found, self.found + self.false_alarms)

    @property
    def recall(self) -> float:
        """Share of the positives that were picked; nan where there are no positives."""
        return _ratio(self.found, self.found + self.missed)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, 2 TP / (2 TP + FP + FN).

        Zero where nothing was found though there was something to find, or something was picked;
        nan where there are no positives and none was picked.
        """
        return _ratio(2 * self.found, 2 * self.found + self.false_alarms + self.missed)

    @property
    def mcc(self) -> float:
        """Matthews correlation coefficient, −1 … 1.

        Zero where the answers or the references are all the same: such a set cannot tell a screen
        from a constant, even if all of it is right.
        """
        tp, fp, fn, tn = self.found, self.false_alarms, self.missed, self.rejected
        product = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
        return (tp * tn - fp * fn) / sqrt(product) if product else 0.0


def confusion(predicted: Sequence[Gap | None], reference: Sequence[Gap | None]) -> Confusion:
    """Count positives and negatives, material by material, wherever the windows lie.

    Raises
    ------
    ConfigError
        If the two differ in length.
    """
    if len(predicted) != len(reference):
        raise ConfigError(
            f"{len(predicted)} predicted gaps do not pair with {len(reference)} reference gaps."
        )
    pairs = [(p is not None, r is not None) for p, r in zip(predicted, reference, strict=True)]
    return Confusion(
        found=pairs.count((True, True)),
        false_alarms=pairs.count((True, False)),
        missed=pairs.count((False, True)),
        rejected=pairs.count((False, False)),
    )


def iou(a: Gap | None, b: Gap | None) -> float:
    """Intersection over union of two windows: 1 where they are the same, 0 where they are apart.

    Zero where only one of them exists, nan where neither does.
    """
    if a is None and b is None:
        return nan
    if a is None or b is None:
        return 0.0
    common = max(0.0, min(a.high, b.high) - max(a.low, b.low))
    return _ratio(common, a.width + b.width - common)


def gap_scores(
    predicted: Sequence[Gap | None], reference: Sequence[Gap | None]
) -> dict[str, float]:
    """Every score of a screen, by name.

    ``n``, ``positives`` (of the reference), ``picked`` (by the screen), ``precision``, ``recall``,
    ``f1``, ``mcc``; ``iou_found``, the mean IoU over the materials rightly found, and ``iou_any``,
    over those where either has a window, so that a miss and a false alarm count zero;
    ``low_edge_mae``, ``high_edge_mae`` and ``width_mae`` in eV over those rightly found. The last
    five are nan where there is nothing to average.

    Parameters
    ----------
    predicted, reference : sequence of Gap or None
        One for each material, in the same order.

    Raises
    ------
    ConfigError
        If the two differ in length.
    """
    counts = confusion(predicted, reference)
    pairs = list(zip(predicted, reference, strict=True))
    both = [(p, r) for p, r in pairs if p is not None and r is not None]
    return {
        "n": float(len(pairs)),
        "positives": float(counts.found + counts.missed),
        "picked": float(counts.found + counts.false_alarms),
        "precision": counts.precision,
        "recall": counts.recall,
        "f1": counts.f1,
        "mcc": counts.mcc,
        "iou_found": _mean([iou(p, r) for p, r in both]),
        "iou_any": _mean([iou(p, r) for p, r in pairs if p is not None or r is not None]),
        "low_edge_mae": _mean([abs(p.low - r.low) for p, r in both]),
        "high_edge_mae": _mean([abs(p.high - r.high) for p, r in both]),
        "width_mae": _mean([abs(p.width - r.width) for p, r in both]),
    }


def precision_recall(emptiness: Array, positive: Array) -> tuple[Array, Array]:
    """Precision and recall as a screen takes more and more materials, the emptiest window first.

    Parameters
    ----------
    emptiness : ndarray, shape (n,)
        `emptiest_window` of every prediction. Infinite ones are never picked.
    positive : ndarray of bool, shape (n,)
        Whether the reference has a gap.

    Returns
    -------
    precision, recall : ndarray, shape (picks,)
        One point for every value of `emptiness` at which materials come in.

    Raises
    ------
    ConfigError
        If the arrays differ in length, or nothing is positive.
    """
    emptiness, positive = np.asarray(emptiness, float), np.asarray(positive, bool)
    if emptiness.shape != positive.shape or not positive.any():
        raise ConfigError("precision and recall need one answer a material, and a positive one.")
    order = np.argsort(emptiness, kind="stable")
    order = order[np.isfinite(emptiness[order])]
    found = np.cumsum(positive[order])
    # Materials that are equally empty come in together.
    ends = np.flatnonzero(np.append(np.diff(emptiness[order]) > 0, True)) if len(order) else order
    return found[ends] / (ends + 1.0), found[ends] / positive.sum()


def average_precision(precision: Array, recall: Array) -> float:
    """Area under the steps of a curve of `precision_recall`, Σ P_i (R_i − R_{i−1})."""
    return float(np.sum(precision * np.diff(recall, prepend=0.0)))


def f1_interval(
    predicted: Sequence[Gap | None],
    reference: Sequence[Gap | None],
    *,
    draws: int = 2000,
    level: float = 0.95,
) -> tuple[float, float]:
    """Interval of F₁ by drawing materials again with replacement (bootstrap, percentiles)."""
    if len(predicted) != len(reference):
        raise ConfigError(f"{len(predicted)} predictions for {len(reference)} references.")
    picked = np.array([gap is not None for gap in predicted])
    true = np.array([gap is not None for gap in reference])
    drawn = np.random.default_rng(0).integers(0, len(true), (draws, len(true)))
    hits = (picked & true)[drawn].sum(axis=1)
    both = picked[drawn].sum(axis=1) + true[drawn].sum(axis=1)
    values = 2.0 * hits / np.maximum(both, 1)
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(values, [tail, 1.0 - tail])
    return float(low), float(high)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else nan


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else nan
