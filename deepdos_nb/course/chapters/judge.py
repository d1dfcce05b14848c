"""Chapter 7, judging: leaks, a protocol, and the error of a mean."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.course.chapter import Chapter, Option, Question
from deepdos_nb.course.exercise import Mistake
from deepdos_nb.course.functions import Function
from deepdos_nb.course.numbers import Number


def leaked(train_formulas: Sequence[str], test_formulas: Sequence[str]) -> float:
    """Share of the test crystals whose formula was trained on."""
    known = set(train_formulas)
    return sum(formula in known for formula in test_formulas) / len(test_formulas)


def leaked_count(train_formulas: Sequence[str], test_formulas: Sequence[str]) -> float:
    """Their number."""
    return leaked(train_formulas, test_formulas) * len(test_formulas)


def leaked_training(train_formulas: Sequence[str], test_formulas: Sequence[str]) -> float:
    """Share of the training crystals whose formula is tested."""
    return leaked(test_formulas, train_formulas)


def leaked_formulas(train_formulas: Sequence[str], test_formulas: Sequence[str]) -> float:
    """Share of the different formulas of the test part."""
    return len(set(train_formulas) & set(test_formulas)) / len(set(test_formulas))


def leaked_of_all(train_formulas: Sequence[str], test_formulas: Sequence[str]) -> float:
    """Their number over that of all crystals."""
    count = leaked_count(train_formulas, test_formulas)
    return count / (len(train_formulas) + len(test_formulas))


def formulas() -> Iterator[tuple[Any, ...]]:
    """Lists in which some formulas occur more than once."""
    yield ["MgO", "TiO2", "TiO2", "NaCl"], ["TiO2", "TiO2", "ZnO", "GaAs", "MgO"]
    yield ["Si", "Ge"], ["C", "Sn", "Pb"]
    yield ["Al"] * 5 + ["Cu"], ["Al", "Cu", "Cu"]


def mse_max(predicted: Array, reference: Array) -> float:
    """Mean squared error of curves divided by their own maximum."""
    p = predicted / predicted.max(axis=1, keepdims=True)
    r = reference / reference.max(axis=1, keepdims=True)
    return float(((p - r) ** 2).mean())


def mse_by_reference(predicted: Array, reference: Array) -> float:
    """Both divided by the maximum of the reference."""
    peak = reference.max(axis=1, keepdims=True)
    return float((((predicted - reference) / peak) ** 2).mean())


def mse_by_largest(predicted: Array, reference: Array) -> float:
    """Divided by the largest value of the whole set."""
    return float(((predicted / predicted.max() - reference / reference.max()) ** 2).mean())


def mse_by_bin(predicted: Array, reference: Array) -> float:
    """Divided by the maximum over crystals."""
    return float(
        ((predicted / predicted.max(axis=0) - reference / reference.max(axis=0)) ** 2).mean()
    )


def mse_by_sum(predicted: Array, reference: Array) -> float:
    """Divided by their sums."""
    p = predicted / predicted.sum(axis=1, keepdims=True)
    r = reference / reference.sum(axis=1, keepdims=True)
    return float(((p - r) ** 2).mean())


def mae_max(predicted: Array, reference: Array) -> float:
    """The absolute error."""
    p = predicted / predicted.max(axis=1, keepdims=True)
    r = reference / reference.max(axis=1, keepdims=True)
    return float(np.abs(p - r).mean())


def curves() -> Iterator[tuple[Any, ...]]:
    """Positive curves of different sizes."""
    random = np.random.default_rng(7)
    for n, bins in ((1, 6), (4, 9)):
        size = random.uniform(0.5, 20.0, size=(n, 1))
        yield size * random.uniform(0.1, 1.0, (n, bins)), random.uniform(0.1, 1.0, (n, bins))


CHAPTER = Chapter(
    exercises={
        "leak": Function(
            right=leaked,
            trials=formulas,
            hint="make a set of the training formulas, count the test formulas that are in it, and "
            "divide by how many test formulas there are.",
            praise="Ask it of every split you are shown.",
            mistakes=(
                Mistake(
                    leaked_count, "That is their number. The share of the test part is asked for."
                ),
                Mistake(
                    leaked_training,
                    "That is the share of the training crystals that are tested. The question is "
                    "how much of the test has been seen.",
                ),
                Mistake(
                    leaked_formulas,
                    "You counted different formulas. A formula that the test holds twice is tested "
                    "twice.",
                ),
                Mistake(
                    leaked_of_all,
                    "Divide by the number of test crystals, not by that of all crystals.",
                ),
            ),
        ),
        "protocol": Function(
            right=mse_max,
            trials=curves,
            hint="divide each row by its own maximum, max(axis=1, keepdims=True), both the "
            "predicted and the reference, then average the squared difference.",
            praise="The number of states drops out: this scores shapes.",
            mistakes=(
                Mistake(
                    mse_by_reference,
                    "Both are divided by the reference's maximum. That is another protocol; here "
                    "each curve is divided by its own.",
                ),
                Mistake(
                    mse_by_largest,
                    "You divided by the largest value of the whole set. Each crystal has a maximum "
                    "of its own: axis=1.",
                ),
                Mistake(
                    mse_by_bin,
                    "The maximum runs over the crystals of each bin. It is to run over the bins of "
                    "each crystal: axis=1.",
                ),
                Mistake(mse_by_sum, "These are divided by their sums, not by their maxima."),
                Mistake(mae_max, "That is the absolute error. It is to be squared."),
            ),
        ),
        "error": Number(
            right=lambda errors: errors.std(ddof=1) / np.sqrt(len(errors)),
            within=0.005,
            hint="the standard deviation with ddof=1, over the root of the number of crystals.",
            praise="Four times the crystals would halve it.",
            mistakes=(
                Mistake(
                    lambda errors: errors.std(ddof=1),
                    "That is how much crystals differ. The mean of many is surer than one of them.",
                ),
                Mistake(
                    lambda errors: errors.std(ddof=1) / len(errors),
                    "Divide by the root of the number of crystals, not by the number.",
                ),
                Mistake(
                    lambda errors: errors.var(ddof=1) / len(errors),
                    "That is its square, the variance of the mean.",
                ),
                Mistake(
                    lambda errors: errors.mean() / np.sqrt(len(errors)),
                    "It is the standard deviation that is divided by the root, not the mean.",
                ),
            ),
        ),
    },
    quiz=(
        Question(
            "A paper reports R² = 0.9 on a random split of a data set with many polymorphs. What "
            "can be said?",
            (
                Option(
                    "The model generalises well",
                    "Perhaps, but part of the test had twins in training.",
                ),
                Option(
                    "The model is bad",
                    "That does not follow either. The split does not tell.",
                ),
                Option(
                    "Little about new compounds, before it is split by formula",
                    "How much is lost by that depends on how much the model remembers.",
                ),
            ),
            "c",
        ),
        Question(
            "Model A has an MSE (max) of 0.040, model B an MSE (oracle) of 0.030. Which is better?",
            (
                Option(
                    "It cannot be told from these",
                    "One prediction has both scores, and they differ by more than that.",
                ),
                Option("B, its error is smaller", "The two are scaled in different ways."),
                Option(
                    "A, the oracle was told the total",
                    "It was, but by how much that helps differs from model to model.",
                ),
            ),
            "a",
        ),
        Question(
            "The paired interval of a difference contains zero, and the unpaired bars overlap. "
            "What follows?",
            (
                Option("The models are equal", "More crystals or seeds may still tell them apart."),
                Option(
                    "These crystals do not tell which is better",
                    "That is all an interval around zero says.",
                ),
                Option(
                    "The better mean wins",
                    "Another draw of crystals might turn it around.",
                ),
            ),
            "b",
        ),
    ),
)
