"""The errors of one curve against its reference, each with the protocol it was taken by."""

from __future__ import annotations

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.markdown import number
from deepdos_nb.metrics.scores import mse, r2_per_crystal, wasserstein
from deepdos_nb.widgets.base.payload import Curves

MAX = "max-normalised"
SUM = "sum-normalised"


def chips(data: Curves, step: int) -> list[dict[str, str]]:
    """Scores of a prediction at a step, and of every baseline; empty without a reference.

    Returns
    -------
    list of dict
        name, value, protocol, and words: one sentence that says it all.
    """
    reference = data.reference
    if reference is None or not reference.values.any():
        return []
    made = _chips("", data.steps[step].sum(axis=0), reference.values, data, reference.name)
    for line in data.lines:
        if not line.is_reference:
            made += _chips(line.name, line.values, reference.values, data, reference.name)[:1]
    return made


def _chips(
    name: str, predicted: Array, reference: Array, data: Curves, against: str
) -> list[dict[str, str]]:
    p, r, grid = predicted[None], reference[None], data.grid
    values = (
        ("MSE", f"{mse(p, r, 'max'):.4f}", MAX, "Mean squared error"),
        ("R²", number(float(r2_per_crystal(p, r, "max")[0]), ".3f"), MAX, "R² of this crystal"),
        (
            "WD",
            f"{wasserstein(p, r, grid.step)[0]:.3g} {grid.unit}",
            SUM,
            "First Wasserstein distance",
        ),
    )
    scaled = {
        MAX: "both curves divided by their own maximum",
        SUM: "both curves divided by their own sum",
    }
    whose = f" of {name}" if name else ""
    return [
        {
            "name": f"{name} {short}".strip(),
            "value": value.replace("-", "−"),
            "protocol": protocol,
            "words": f"{words}{whose} against {against}, {scaled[protocol]}: {value}.",
        }
        for short, value, protocol, words in values
    ]
