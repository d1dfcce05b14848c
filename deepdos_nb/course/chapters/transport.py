"""Chapter 5, transport: the donor-cell step, numerical diffusion and the Wasserstein distance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.course.chapter import Chapter, Option, Question
from deepdos_nb.course.exercise import Mistake
from deepdos_nb.course.functions import Function
from deepdos_nb.course.numbers import Number


def donor_step(p: Array, left: Array, right: Array, stride: int = 1) -> Array:
    """One conserving, non-negative step; what would leave the window stays."""
    to_left, to_right = p * left, p * right
    to_left[:stride] = 0.0
    to_right[-stride:] = 0.0
    after: Array = p - to_left - to_right
    after[:-stride] += to_left[stride:]
    after[stride:] += to_right[:-stride]
    return after


def around_the_ends(p: Array, left: Array, right: Array, stride: int = 1) -> Array:
    """What leaves at one end comes in at the other."""
    to_left, to_right = p * left, p * right
    moved: Array = p - to_left - to_right + np.roll(to_left, -stride) + np.roll(to_right, stride)
    return moved


def lost_at_the_ends(p: Array, left: Array, right: Array, stride: int = 1) -> Array:
    """What would leave the window is taken off, and arrives nowhere."""
    after: Array = p * (1 - left - right)
    after[:-stride] += (p * left)[stride:]
    after[stride:] += (p * right)[:-stride]
    return after


def given_but_not_taken(p: Array, left: Array, right: Array, stride: int = 1) -> Array:
    """The receiver gains what the donor keeps."""
    after: Array = p.copy()
    after[:-stride] += (p * left)[stride:]
    after[stride:] += (p * right)[:-stride]
    return after


def receivers_parts(p: Array, left: Array, right: Array, stride: int = 1) -> Array:
    """The parts of the cell that receives, where those of the donor belong."""
    into_left, into_right = left[:-stride] * p[stride:], right[stride:] * p[:-stride]
    after: Array = p.copy()
    after[:-stride] += into_left - into_right
    after[stride:] += into_right - into_left
    return after


def swapped(p: Array, left: Array, right: Array, stride: int = 1) -> Array:
    """Left and right in each other's place."""
    return donor_step(p, right, left, stride)


def one_cell(p: Array, left: Array, right: Array, stride: int = 1) -> Array:
    """The stride forgotten."""
    return donor_step(p, left, right, 1)


def trials() -> Iterator[tuple[Any, ...]]:
    """Random shares and parts, with states at both ends."""
    random = np.random.default_rng(5)
    for bins, stride in ((7, 1), (12, 2), (9, 3)):
        left, _, right = random.dirichlet([1.0, 1.0, 1.0], size=bins).T
        yield random.dirichlet(np.ones(bins)), left, right, stride


CHAPTER = Chapter(
    exercises={
        "step": Function(
            right=donor_step,
            trials=trials,
            hint="compute p * left and p * right first, set to zero what would leave the window, "
            "take both from p, then add them to shifted slices.",
            praise="What one cell hands out another receives: it conserves, for any parts.",
            mistakes=(
                Mistake(
                    around_the_ends,
                    "What leaves at one end of the window comes in at the other: np.roll goes "
                    "around. No flux crosses the ends.",
                ),
                Mistake(
                    lost_at_the_ends,
                    "States are lost at the ends: a cell gives away what no cell receives. What "
                    "would leave the window stays.",
                ),
                Mistake(
                    given_but_not_taken,
                    "States are made: cells receive, but those who give still have all they had.",
                ),
                Mistake(
                    swapped,
                    "Left and right are in each other's place. To the left is towards index 0.",
                ),
                Mistake(
                    receivers_parts,
                    "The parts are those of the cell that gives, not of the one that receives: "
                    "multiply p by them first, then shift.",
                ),
                Mistake(one_cell, "It is right for a stride of one cell only."),
            ),
        ),
        "diffusion": Number(
            right=7.2,
            unit="cells²",
            hint="in every step the variance grows by c (1 − c); count the steps from the way and "
            "the Courant number.",
            praise="A peak of one cell ends up about 2.7 cells wide on either side.",
            mistakes=(
                Mistake(0.24, "That is what one step adds. How many does it take to get there?"),
                Mistake(2.88, "Twelve steps get it 4.8 cells far at c = 0.4; it needs more."),
                Mistake(7.2**0.5, "That is the width, σ. The variance is its square."),
                Mistake(4.8, "Each step adds c (1 − c), not c²."),
                Mistake(
                    12.0, "Each step adds c (1 − c), not c: what moves as a whole stays sharp."
                ),
            ),
        ),
        "distance": Number(
            right=lambda grid: 3 * grid.step,
            unit="cm⁻¹",
            hint="how far does each state have to go, and how wide is a cell?",
            praise="Whatever the shape: the distance is the way, and it has a unit.",
            mistakes=(
                Mistake(3.0, "That is in cells. How wide is one, in cm⁻¹?"),
                Mistake(lambda grid: grid.step, "That would be one cell."),
                Mistake(
                    lambda grid: (3 * grid.step) ** 2,
                    "That is the square of the way. The distance is the way itself.",
                ),
                Mistake(0.0, "The shapes are equal, but one lies elsewhere: it has to be carried."),
            ),
        ),
    },
    quiz=(
        Question(
            "A scheme's fluxes are wrong by a factor of two. What still holds?",
            (
                Option(
                    "States are conserved",
                    "Whatever crosses a face leaves one cell and enters another; sums telescope.",
                ),
                Option(
                    "No density is negative",
                    "Twice the flux may ask a cell for more than it holds.",
                ),
                Option(
                    "The peaks arrive where they should",
                    "They go twice as far.",
                ),
            ),
            "a",
        ),
        Question(
            "Why can the model's step not make a density negative?",
            (
                Option(
                    "Negative values are set to zero afterwards",
                    "That would make states. It is never needed.",
                ),
                Option(
                    "The network was punished for it in training",
                    "It holds with random weights, too.",
                ),
                Option(
                    "Each cell hands out parts of what it holds, and the parts add up to one",
                    "The result is a sum of products of numbers that are not negative.",
                ),
            ),
            "c",
        ),
        Question(
            "A peak lies at the right place but is 20 % too small. Can moving states mend that?",
            (
                Option(
                    "Yes, the missing states are made at the peak",
                    "A transport makes no states.",
                ),
                Option(
                    "Only with states brought from elsewhere",
                    "And if the crystal as a whole has too few of them, not at all: for electrons "
                    "a correction and a total of their own do that.",
                ),
                Option(
                    "Yes, by a larger Courant number",
                    "That moves faster. The number of states stays what it is.",
                ),
            ),
            "b",
        ),
    ),
)
