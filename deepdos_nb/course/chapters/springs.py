"""Chapter 2a, balls and springs: chains of masses, and how frequencies follow stiffness."""

from __future__ import annotations

from typing import Any

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.course.chapter import Chapter, Option, Question
from deepdos_nb.course.exercise import Mistake
from deepdos_nb.course.functions import Function
from deepdos_nb.course.numbers import Number


def two_springs(q: float, k1: float, k2: float, m: float) -> Array:
    """Frequencies of a chain of equal masses joined by two springs in turn, a = 1 apart."""
    off = -(k1 + k2 * np.exp(-2j * q)) / m
    matrix = [[(k1 + k2) / m, off], [np.conj(off), (k1 + k2) / m]]
    return np.sqrt(np.linalg.eigvalsh(matrix).clip(0))


def squared(q: float, k1: float, k2: float, m: float) -> Array:
    """The eigenvalues, ω²."""
    return two_springs(q, k1, k2, m) ** 2


def without_mass(q: float, k1: float, k2: float, m: float) -> Array:
    """Stiffness taken for frequency squared."""
    return two_springs(q, k1, k2, 1.0)


def half_the_phase(q: float, k1: float, k2: float, m: float) -> Array:
    """The phase over one spacing in place of the cell's two."""
    return two_springs(q / 2, k1, k2, m)


def falling(q: float, k1: float, k2: float, m: float) -> Array:
    """The higher branch first."""
    return two_springs(q, k1, k2, m)[::-1]


def chains() -> list[tuple[Any, ...]]:
    """Wave vectors, stiffnesses and masses."""
    return [(0.0, 1.0, 2.0, 1.0), (0.7, 1.0, 3.0, 2.0), (np.pi / 2, 2.0, 0.5, 1.5)]


CHAPTER = Chapter(
    exercises={
        "gap": Number(
            right=np.sqrt(2) - np.sqrt(2 / 3),
            hint="call chain with the right q; it gives both branches.",
            praise="From √(2k/M) to √(2k/m): at the zone boundary one kind of ball stands still.",
            mistakes=(
                Mistake(2 - 2 / 3, "You subtracted ω². Take the roots first."),
                Mistake(
                    np.sqrt(8 / 3),
                    "That is the distance of the branches at q = 0, where it is largest.",
                ),
                Mistake(np.sqrt(2), "That is the upper edge of the gap. Where is the lower one?"),
                Mistake(
                    np.sqrt(2 / 3), "That is the lower edge of the gap. Where is the upper one?"
                ),
            ),
        ),
        "stiffer": Number(
            right=2.0,
            hint="the matrix is proportional to k; what of ω?",
            praise="The eigenvalue is ω², so ω grows with the root of the stiffness.",
            mistakes=(
                Mistake(4.0, "The eigenvalue of the dynamical matrix is ω², not ω."),
                Mistake(16.0, "ω grows more slowly than the stiffness, not faster."),
                Mistake(0.5, "Stiffer springs make waves faster. Heavier masses make them slower."),
                Mistake(1.0, "Masses are the same, stiffnesses are not: something must change."),
            ),
        ),
        "two_springs": Function(
            right=two_springs,
            trials=chains,
            hint="both diagonal elements are (k1 + k2)/m. From the first ball of a cell the "
            "spring k1 leads to its partner, and k2 to the partner in the cell before, two "
            "spacings away.",
            praise="Equal masses and unequal springs have a gap as well: at the zone boundary, "
            "from √(2k/m) of the softer spring to that of the stiffer.",
            mistakes=(
                Mistake(squared, "Those are the eigenvalues, ω². Take the root."),
                Mistake(without_mass, "Divide by the mass: ω² is wanted, not a stiffness."),
                Mistake(half_the_phase, "A cell holds two balls and is two long: the phase is 2q."),
                Mistake(falling, "Right, but the lower branch should come first."),
            ),
        ),
        "coulomb": Number(
            right=-0.5,
            hint="k_L is the second derivative of V, k_T the first one over r.",
            praise="A stiff spring with a negative k_T: like charges, not a bond.",
            mistakes=(
                Mistake(0.5, "Mind the sign: a pair that pushes has a slope below zero."),
                Mistake(-2.0, "That is k_L / k_T, the other way round."),
                Mistake(-1.0, "Differentiate 1/r twice: a factor of two comes down."),
                Mistake(2.0, "That is k_L / k_T without its sign."),
            ),
        ),
    },
    quiz=(
        Question(
            "Why do three branches start at zero at Γ?",
            (
                Option(
                    "The springs have been trained so",
                    "It holds for any springs whatever, untrained ones too.",
                ),
                Option(
                    "Shifting the whole crystal stretches no spring",
                    "Along x, y and z: three ways, no force, no frequency.",
                ),
                Option(
                    "There are three atoms",
                    "There are three of them however many atoms the cell has.",
                ),
            ),
            "b",
        ),
        Question(
            "Where does the density of states have peaks?",
            (
                Option("Where a branch is flat", "Many waves then share one frequency."),
                Option("Where a branch is steep", "There few waves fall into a window."),
                Option("At the highest frequency only", "A branch may be flat anywhere."),
            ),
            "a",
        ),
        Question(
            "What can short springs not describe in an ionic crystal?",
            (
                Option("That atoms have masses", "The dynamical matrix divides by them."),
                Option(
                    "That Γ has acoustic modes", "The sum rule is built in, see the first question."
                ),
                Option(
                    "That longitudinal optical modes lie above transverse ones at Γ",
                    "Their electric field reaches over any distance.",
                ),
            ),
            "c",
        ),
    ),
)
