"""Chapter 2, what a density of states is: counting levels, normalisation, edges and gaps."""

from __future__ import annotations

from typing import Any

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.course.chapter import Chapter, Option, Question
from deepdos_nb.course.exercise import Mistake
from deepdos_nb.course.functions import Function
from deepdos_nb.course.numbers import Number


def gaussian_dos(levels: Array, energies: Array, width: float) -> Array:
    """One normalised Gaussian for each level, their mean at every energy."""
    return unnormalised(levels, energies, width) / (width * np.sqrt(2 * np.pi))


def unnormalised(levels: Array, energies: Array, width: float) -> Array:
    """Gaussians of height one."""
    return np.exp(-((energies[:, None] - levels) ** 2) / (2 * width**2)).mean(axis=1)


def summed(levels: Array, energies: Array, width: float) -> Array:
    """The sum in place of the mean."""
    return len(levels) * gaussian_dos(levels, energies, width)


def without_two(levels: Array, energies: Array, width: float) -> Array:
    """The exponent without its factor of two."""
    inside = np.exp(-((energies[:, None] - levels) ** 2) / width**2).mean(axis=1)
    return inside / (width * np.sqrt(2 * np.pi))


def over_energies(levels: Array, energies: Array, width: float) -> Array:
    """Averaged over the energies: one value a level."""
    return gaussian_dos(energies, levels, width)


def level_trials() -> list[tuple[Any, ...]]:
    """A chain, and a few levels."""
    k = np.linspace(0, np.pi, 30)
    return [
        (-2 * np.cos(k), np.linspace(-3, 3, 41), 0.15),
        (np.array([-1.0, 0.2, 0.3]), np.linspace(-2, 2, 25), 0.4),
    ]


def find_gap(energies: Array, density: Array, floor: float) -> float:
    """Length of the empty stretch that begins within 0.5 eV of zero; zero if none does."""
    empty = density <= floor
    starts = energies[empty & (energies > -0.5) & (energies < 0.5)]
    return length(energies, empty, starts[0]) if len(starts) else 0.0


def length(energies: Array, empty: Array, start: float) -> float:
    """From an empty energy to the next one with states."""
    return float(energies[~empty & (energies > start)].min() - start)


def anywhere(energies: Array, density: Array, floor: float) -> float:
    """The first empty stretch above −0.5 eV, however far up it begins."""
    empty = density <= floor
    starts = energies[empty & (energies > -0.5)]
    return length(energies, empty, starts[0]) if len(starts) else 0.0


def from_zero(energies: Array, density: Array, floor: float) -> float:
    """Measured from zero, not from where the states end."""
    gap = find_gap(energies, density, floor)
    start = energies[(density <= floor) & (energies > -0.5)]
    return gap + float(start[0]) if gap else 0.0


def all_empty(energies: Array, density: Array, floor: float) -> float:
    """Every empty bin, wherever it lies."""
    return float((density <= floor).sum() * (energies[1] - energies[0]))


def curve_trials() -> list[tuple[Array, Array, float]]:
    """An insulator with a second gap far below, a semiconductor with soft edges, a metal."""
    e = np.linspace(-4, 4, 128)
    insulator = np.where((e < -0.02) & (e > -2) | (e < -3), 1.0, 0.0) + np.where(e > 2.4, 0.7, 0.0)
    soft = np.exp(-(((e + 1.2) / 0.6) ** 2)) + 0.8 * (e > 0.9) + 1e-4
    metal = np.where((e < 1.5) | (e > 2.5), 1.0 + 0.5 * np.cos(e), 0.0)
    return [(e, insulator, 1e-3), (e, soft, 0.01), (e, metal, 1e-3)]


def filled(spectrum: Any) -> float:
    """States of a cell between the lower end of the window and zero."""
    return float(spectrum.total[spectrum.energies < 0].sum() * spectrum.grid.step)


CHAPTER = Chapter(
    exercises={
        "gaussians": Function(
            right=gaussian_dos,
            trials=level_trials,
            hint="energies[:, None] - levels has a row for every energy and a column for every "
            "level; average over the levels.",
            praise="Every level counts once, however wide you draw it.",
            mistakes=(
                Mistake(
                    unnormalised,
                    "The area under a Gaussian of height one is σ√(2π): divide by it, or levels "
                    "count more the wider you draw them.",
                ),
                Mistake(summed, "A density for one cell: average over the levels, do not sum."),
                Mistake(without_two, "The exponent is −(E − ε)²/(2σ²): the 2 is missing."),
                Mistake(
                    over_energies,
                    "You averaged over the energies. One value for every energy is asked for, "
                    "averaged over the levels.",
                ),
            ),
        ),
        "filled": Number(
            right=filled,
            within=0.02,
            hint="a density times a width is a number: sum spectrum.total where the energies are "
            "below zero, times spectrum.grid.step.",
            praise="These are the electrons that the window shows; deeper ones lie below it.",
            mistakes=(
                Mistake(
                    lambda spectrum: spectrum.total[spectrum.energies < 0].sum(),
                    "That is a sum of densities. Multiply by the width of a bin.",
                ),
                Mistake(
                    lambda spectrum: spectrum.total.sum() * spectrum.grid.step,
                    "That counts the whole window. States above zero hold no electrons.",
                ),
                Mistake(
                    lambda spectrum: 2 * filled(spectrum),
                    "Both spins are counted in this density already.",
                ),
                Mistake(
                    lambda spectrum: (
                        spectrum.total[spectrum.energies > 0].sum() * spectrum.grid.step
                    ),
                    "Those are the empty states, above zero.",
                ),
            ),
        ),
        "gap": Function(
            right=find_gap,
            trials=curve_trials,
            hint="find the energies with density at or below the floor that lie within 0.5 eV of "
            "zero. None: a metal. Else the gap reaches from the first of them to the next "
            "energy with states.",
            praise="Read off a density, a gap is as exact as the grid and the blur allow.",
            mistakes=(
                Mistake(
                    anywhere,
                    "A metal may have an empty stretch further up. Only one that begins within "
                    "0.5 eV of zero is a gap.",
                ),
                Mistake(
                    from_zero,
                    "The states need not end exactly at zero: measure from the first empty energy.",
                ),
                Mistake(
                    all_empty,
                    "You counted every empty bin. Only the stretch at zero is asked for.",
                ),
            ),
        ),
    },
    quiz=(
        Question(
            "A mesh of wave vectors is made twice as fine along each of three axes. What happens "
            "to the number of states in the density?",
            (
                Option("It grows eightfold", "Each wave vector then counts an eighth."),
                Option("Nothing", "It is a mean over wave vectors; the curve becomes smoother."),
                Option("It doubles", "A finer mesh samples the same bands."),
            ),
            "b",
        ),
        Question(
            "Where does a smooth band put a van Hove point into the density?",
            (
                Option("Where it crosses another band", "Their densities just add up."),
                Option("At the Fermi level", "That depends on how many electrons there are."),
                Option("Where its slope is zero", "Many waves share nearly one energy there."),
            ),
            "c",
        ),
        Question(
            "How does the phonon density of a three-dimensional crystal begin at low wavenumbers?",
            (
                Option("As ν²", "Sound: waves below ν fill a sphere, their number grows as ν³."),
                Option("Constant", "That is a chain, in one dimension."),
                Option("As √ν", "That is how free electrons begin, at the bottom of a band."),
            ),
            "a",
        ),
    ),
)
