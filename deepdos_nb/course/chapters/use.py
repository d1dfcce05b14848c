"""Chapter 8, using it: a gap by counting, valence electrons, and how gaps bow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.grids import Kind
from deepdos_nb.course.chapter import Chapter, Option, Question
from deepdos_nb.course.exercise import Mistake
from deepdos_nb.course.functions import Function
from deepdos_nb.course.numbers import Number


def first(energies: Array, reached: Array) -> float:
    """The first of the energies where something is reached; the last one if it never is."""
    return float(energies[np.argmax(reached)] if reached.any() else energies[-1])


def way_up(energies: Array, total: Array, n_atoms: int, few: float = 0.2) -> float:
    """Energy of the first bin above zero where the count of states per atom reaches `few`.

    The end of the window if it does not get there: at least that far.
    """
    above = energies > 0
    count = np.cumsum(total[above]) * (energies[1] - energies[0]) / n_atoms
    return first(energies[above], count >= few)


def from_below(energies: Array, total: Array, n_atoms: int, few: float = 0.2) -> float:
    """Counts from the lower end of the window."""
    count = np.cumsum(total) * (energies[1] - energies[0]) / n_atoms
    return first(energies, count >= few)


def per_cell(energies: Array, total: Array, n_atoms: int, few: float = 0.2) -> float:
    """Counts states of the cell, not of an atom."""
    return way_up(energies, total, 1, few)


def without_width(energies: Array, total: Array, n_atoms: int, few: float = 0.2) -> float:
    """Adds up densities."""
    above = energies > 0
    return first(energies[above], np.cumsum(total[above]) / n_atoms >= few)


def by_height(energies: Array, total: Array, n_atoms: int, few: float = 0.2) -> float:
    """First bin where the density itself reaches `few`."""
    above = energies > 0
    return first(energies[above], total[above] / n_atoms >= few)


def never_reached(energies: Array, total: Array, n_atoms: int, few: float = 0.2) -> float:
    """Takes the first bin where the count is not reached at all."""
    above = energies > 0
    count = np.cumsum(total[above]) * (energies[1] - energies[0]) / n_atoms
    return float(energies[above][np.argmax(count >= few)])


def trials() -> Iterator[tuple[Any, ...]]:
    """An insulator, a metal, something between, and a gap wider than the electronic grid."""
    energies = Kind.edos.grid.energies
    for gap, height, n_atoms, few in (
        (2.1, 6.0, 3, 0.2),
        (0.3, 3.0, 4, 0.5),
        (1.2, 5.0, 8, 0.1),
        (6.0, 5.0, 3, 0.2),
    ):
        smooth = 1 / (1 + np.exp(-(energies - gap) / 0.3)) + 1 / (
            1 + np.exp((energies + 0.5) / 0.06)
        )
        yield energies, height * np.clip(smooth, 0, 1) + 0.01, n_atoms, few


CHAPTER = Chapter(
    exercises={
        "gap": Function(
            right=way_up,
            trials=trials,
            hint="keep the bins with energies > 0; np.cumsum their densities, times the width of a "
            "bin, over the number of atoms; np.argmax of the comparison finds the first, and any() "
            "says whether there is one.",
            praise="Counting does not care how noisy a gap is, only how empty.",
            mistakes=(
                Mistake(
                    from_below,
                    "You count from the lower end of the window. Begin at the zero of energy.",
                ),
                Mistake(per_cell, "These are states per cell: divide by the number of atoms."),
                Mistake(
                    without_width,
                    "A density becomes a number of states when it is multiplied by the width of "
                    "its bin.",
                ),
                Mistake(
                    by_height,
                    "That is where the density itself is that high. Add it up from zero.",
                ),
                Mistake(
                    never_reached,
                    "Where the window ends before the count is reached, np.argmax of nothing but "
                    "False is 0, the first bin. Return the last energy then.",
                ),
            ),
        ),
        "electrons": Number(
            right=18,
            within=1e-6,
            hint="the group of each element, less ten beyond the transition metals.",
            praise="Eight of s and p, ten of d: look where it stands in the figure.",
            mistakes=(
                Mistake(28, "Tin's ten d electrons lie deep: less ten beyond group 12."),
                Mistake(8, "Cobalt's d electrons are valence electrons, it is a transition metal."),
                Mistake(41 + 27 + 50, "Those are all electrons. Only those in the valence count."),
            ),
        ),
        "bowing": Number(
            right=lambda gaps: 4 * ((gaps[0] + gaps[2]) / 2 - gaps[1]),
            unit="eV",
            atol=2e-3,
            hint="put x = ½ into the formula and solve it for b.",
            praise="The middle lies below the line by a quarter of b.",
            mistakes=(
                Mistake(
                    lambda gaps: (gaps[0] + gaps[2]) / 2 - gaps[1],
                    "That is how far the middle lies below the line, which is b x (1 − x), not b.",
                ),
                Mistake(
                    lambda gaps: 2 * ((gaps[0] + gaps[2]) / 2 - gaps[1]),
                    "At x = ½, x (1 − x) is a quarter, not a half.",
                ),
                Mistake(
                    lambda gaps: 4 * (gaps[1] - (gaps[0] + gaps[2]) / 2),
                    "The sign: b is positive where the middle lies below the line.",
                ),
            ),
        ),
    },
    quiz=(
        Question(
            "A prediction carries the note that its nearest neighbours are unusually far apart. "
            "What do you do with it?",
            (
                Option(
                    "Doubt it: check the file, then compute it",
                    "Often a unit or a cell is wrong. If not, the model has not seen the like.",
                ),
                Option("Trust it, the band is only twice as wide", "No coverage is stated then."),
                Option(
                    "Nothing, notes are for developers",
                    "They are the only sign that the model is guessing.",
                ),
            ),
            "a",
        ),
        Question(
            "A screen of a thousand picks fifty, and precision on test crystals is 0.8. How many "
            "of the fifty are right?",
            (
                Option("Forty, for certain", "That is an estimate, and from other crystals."),
                Option(
                    "About forty, if the candidates are like the test crystals",
                    "Candidates that were built by substitution are further from what was trained "
                    "on, so expect fewer.",
                ),
                Option("Fifty", "Then the precision would be one."),
            ),
            "b",
        ),
        Question(
            "What does the predicted density of states of CuPtFeCoNi say about its magnetism?",
            (
                Option(
                    "The moment is the area between the curves of iron and copper",
                    "Those are elements. Moments come from the two spins.",
                ),
                Option(
                    "It is not magnetic, there is one curve only",
                    "There is one curve because the model adds up both spins.",
                ),
                Option(
                    "Nothing by itself: it is the sum of both spins",
                    "References of magnetic crystals are computed with spin and then added up.",
                ),
            ),
            "c",
        ),
    ),
)
