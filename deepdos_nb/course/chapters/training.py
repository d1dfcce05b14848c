"""Chapter 6, train it: what nothing knows, steps, averaged weights, and what an ensemble gains."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.course.chapter import Chapter, Option, Question
from deepdos_nb.course.exercise import Mistake
from deepdos_nb.course.functions import Function
from deepdos_nb.course.numbers import Number


def steps_of(training: Any) -> int:
    """Steps of the optimiser in a whole run of one seed."""
    return int(training.history["step"].max())


def steps_per_epoch(training: Any) -> int:
    """Steps of one epoch."""
    return int(training.history["step"].min())


def epochs_of(training: Any) -> int:
    """Epochs of a run."""
    return int(training.history["epoch"].max())


def averaged(weights: Array, decay: float) -> Array:
    """The moving average after every step, the first weight being taken as it is."""
    kept = [weights[0]]
    for n, weight in enumerate(weights[1:], start=1):
        d = min(decay, (1 + n) / (10 + n))
        kept.append(d * kept[-1] + (1 - d) * weight)
    return np.array(kept)


def long_memory(weights: Array, decay: float) -> Array:
    """Without the shorter memory at the start."""
    kept = [weights[0]]
    for weight in weights[1:]:
        kept.append(decay * kept[-1] + (1 - decay) * weight)
    return np.array(kept)


def swapped(weights: Array, decay: float) -> Array:
    """The decay on the new weight in the place of the old average."""
    kept = [weights[0]]
    for n, weight in enumerate(weights[1:], start=1):
        d = min(decay, (1 + n) / (10 + n))
        kept.append(d * weight + (1 - d) * kept[-1])
    return np.array(kept)


def late(weights: Array, decay: float) -> Array:
    """Counting from zero at the second weight."""
    kept = [weights[0]]
    for n, weight in enumerate(weights[1:]):
        d = min(decay, (1 + n) / (10 + n))
        kept.append(d * kept[-1] + (1 - d) * weight)
    return np.array(kept)


def paths() -> Iterator[tuple[Array, float]]:
    """Weights that wander."""
    rng = np.random.default_rng(6)
    yield np.array([1.0, 0.0, 0.0, 0.0]), 0.99
    yield rng.normal(size=12), 0.5
    yield rng.normal(size=(40, 3)).cumsum(axis=0), 0.9


def ambiguity(curves: Array) -> Array:
    """Mean square distance of the seeds from their mean, over seeds and bins."""
    return np.asarray(((curves - curves.mean(axis=0)) ** 2).mean())


def one_less(curves: Array) -> Array:
    """The sample variance, divided by one seed less."""
    return np.asarray(curves.var(axis=0, ddof=1).mean())


def rooted(curves: Array) -> Array:
    """Its root."""
    return np.asarray(curves.std(axis=0).mean())


def over_bins(curves: Array) -> Array:
    """Distances from the mean over bins."""
    return np.asarray(((curves - curves.mean(axis=1, keepdims=True)) ** 2).mean())


def added_up(curves: Array) -> Array:
    """A sum in the place of a mean."""
    return np.asarray(((curves - curves.mean(axis=0)) ** 2).sum())


def members() -> Iterator[tuple[Array]]:
    """Curves of several seeds."""
    rng = np.random.default_rng(7)
    for seeds in (2, 3, 5):
        yield (rng.random((seeds, 9)),)


CHAPTER = Chapter(
    exercises={
        "steps": Number(
            right=steps_of,
            within=1e-6,
            hint="crystals over batch size, rounded up, times epochs.",
            praise="The schedule knows this number beforehand: it decides when the rate must "
            "have fallen to nothing.",
            mistakes=(
                Mistake(steps_per_epoch, "That is one epoch. The run has more."),
                Mistake(
                    epochs_of,
                    "That is the number of epochs. One epoch shows every crystal once, a batch "
                    "at each step.",
                ),
                Mistake(
                    lambda training: steps_of(training) - epochs_of(training),
                    "The last batch of an epoch may be smaller, but it is a batch: round up.",
                ),
                Mistake(
                    lambda training: len(training.data.train) * epochs_of(training),
                    "A step takes a batch of crystals, not a single one.",
                ),
            ),
        ),
        "average": Function(
            right=averaged,
            trials=paths,
            hint="start with the first weight; at every later one take d = min(decay, "
            "(1 + n) / (10 + n)) of the average and the rest of the weight, n = 1, 2, …",
            praise="The random start is forgotten after a few dozen steps, and the end is as "
            "smooth as `decay` says.",
            mistakes=(
                Mistake(
                    long_memory,
                    "With a fixed decay a short run ends with the random weights it began with. "
                    "What is the decay of the n-th step?",
                ),
                Mistake(
                    swapped,
                    "The decay belongs to the old average, what is left of it to the new weight.",
                ),
                Mistake(late, "Almost: n is 1 at the second weight, not 0."),
                Mistake(
                    lambda weights, decay: averaged(weights, decay)[-1],
                    "That is the last average only; one for every weight is asked for.",
                ),
            ),
        ),
        "spread": Function(
            right=ambiguity,
            trials=members,
            hint="subtract the mean over seeds, square, and take the mean over everything.",
            praise="An ensemble is better than its members on average by exactly this much.",
            mistakes=(
                Mistake(one_less, "Divide by the number of seeds, not by one less."),
                Mistake(rooted, "That is its root: squares are compared with squared errors here."),
                Mistake(over_bins, "Take the mean over seeds, axis 0, bin by bin."),
                Mistake(added_up, "A mean over seeds and bins is asked for, not a sum."),
            ),
        ),
    },
    quiz=(
        Question(
            "The training error falls, the validation error rises. What happens?",
            (
                Option(
                    "The learning rate is too low",
                    "Then both would fall, only slowly.",
                ),
                Option(
                    "The network learns by heart what only the training crystals have",
                    "It has more weights than there are curves to explain: more data or fewer "
                    "weights, dropout, or stopping at the best epoch help.",
                ),
                Option(
                    "The validation part has errors",
                    "It may have, but they do not grow from epoch to epoch.",
                ),
            ),
            "b",
        ),
        Question(
            "Why is the test part not looked at until the end?",
            (
                Option(
                    "It takes too long",
                    "It takes as long as the validation part.",
                ),
                Option(
                    "It has other elements",
                    "It is drawn like the others, by formula.",
                ),
                Option(
                    "Whatever is chosen by a score is fitted to it",
                    "The best epoch was chosen on the validation part, so its score is too good; "
                    "a part that chose nothing tells the truth.",
                ),
            ),
            "c",
        ),
        Question(
            "When is fine-tuning worth more than training from nothing?",
            (
                Option(
                    "When few curves of one's own are like what the weights have learnt",
                    "Bonds and masses are known then, and a few curves shift what is different.",
                ),
                Option(
                    "Always",
                    "Ten thousand curves of another kind teach more than weights that have to "
                    "unlearn.",
                ),
                Option(
                    "When the own curves are exact copies of the training data",
                    "Then there is nothing to learn.",
                ),
            ),
            "a",
        ),
    ),
)
