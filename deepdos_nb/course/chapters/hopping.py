"""Chapter 2b, electrons that hop: chains of atoms, and counting electrons."""

from __future__ import annotations

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.course.chapter import Chapter, Option, Question
from deepdos_nb.course.exercise import Mistake
from deepdos_nb.course.functions import Function
from deepdos_nb.course.numbers import Number


def gap(bands: Array, electrons: int) -> float:
    """Lowest empty minus highest filled energy, zero for a metal; bands has shape (k, band)."""
    filled = electrons // 2
    return float(max(bands[:, filled].min() - bands[:, filled - 1].max(), 0.0))


def same_k(bands: Array, electrons: int) -> float:
    """The smallest distance at one and the same k."""
    filled = electrons // 2
    return float((bands[:, filled] - bands[:, filled - 1]).min())


def one_per_band(bands: Array, electrons: int) -> float:
    """Forgetting that every band takes two electrons."""
    return float(max(bands[:, electrons].min() - bands[:, electrons - 1].max(), 0.0))


def negative(bands: Array, electrons: int) -> float:
    """Negative where bands overlap."""
    filled = electrons // 2
    return float(bands[:, filled].min() - bands[:, filled - 1].max())


def bands_of_a_chain(shift: float, overlap: float) -> Array:
    """Eight bands on thirty k, made up; each wave is shifted against the one below."""
    k = np.linspace(0, np.pi, 30)[:, None]
    centres = np.array([-4.0, -2.5, 1.0, 2.5 - overlap, 6.0, 8.0, 9.5, 11.0])
    return np.sort(centres + 0.5 * np.cos(k + shift * np.arange(8)), axis=1)


def trials() -> list[tuple[Array, int]]:
    """An insulator, one with an indirect gap, and a metal."""
    return [
        (bands_of_a_chain(0.0, 0.0), 4),
        (bands_of_a_chain(1.3, 0.4), 6),
        (bands_of_a_chain(1.3, 1.5), 6),
        (bands_of_a_chain(0.6, 0.2), 2),
    ]


CHAPTER = Chapter(
    exercises={
        "width": Number(
            right=4.0,
            hint="call chain at k = 0, where both ends of the band are.",
            praise="The band reaches from 2t to −2t.",
            mistakes=(
                Mistake(2.0, "That is one half of it: the band reaches as far up as down."),
                Mistake(1.0, "That is the hopping. Every atom has two neighbours to hop to."),
                Mistake(8.0, "Twice too much: the band reaches from 2t to −2t."),
                Mistake(0.0, "That is at ka = π/2, where both folded bands meet in the middle."),
            ),
        ),
        "gap": Number(
            right=3.0,
            hint="what is left of the matrix where cos(ka) = 0?",
            praise="At ka = π/2 the two kinds do not see each other, and levels are as they were.",
            mistakes=(
                Mistake(5.0, "That is the distance at k = 0, where it is largest."),
                Mistake(1.5, "Half of it: from the middle to one band. The gap is between both."),
                Mistake(0.0, "It closes only where the atoms are equal."),
                Mistake(6.0, "Twice too much. Look at the matrix at ka = π/2: it is diagonal."),
            ),
        ),
        "counting": Function(
            right=gap,
            trials=trials,
            hint="electrons // 2 bands are filled. Compare the highest energy of the last filled "
            "band with the lowest of the first empty one, each over all k.",
            praise="A metal has none, an insulator one, and nobody had to be told which is which.",
            mistakes=(
                Mistake(
                    same_k,
                    "That is the smallest distance at one and the same k, the direct gap. The "
                    "highest filled and the lowest empty state may lie at different k.",
                ),
                Mistake(
                    one_per_band, "A band takes two electrons for each cell, one of each spin."
                ),
                Mistake(
                    negative,
                    "Where the bands overlap the crystal is a metal, and its gap is zero, not "
                    "negative.",
                ),
            ),
        ),
    },
    quiz=(
        Question(
            "What makes a band wide?",
            (
                Option("Many electrons", "They fill bands and do not change their width here."),
                Option("A large level", "Levels say where the band lies."),
                Option("Strong hopping between neighbours", "In the chain it is 4|t| wide."),
            ),
            "c",
        ),
        Question(
            "A cell has seven valence electrons and no magnetism. Metal or insulator?",
            (
                Option("Metal", "Bands take two each: the seventh leaves one half full."),
                Option("Insulator", "Seven electrons cannot fill bands of two to the brim."),
                Option("It depends on the gap", "There is a half-filled band whatever the gaps."),
            ),
            "a",
        ),
        Question(
            "From what did the model learn its levels and hoppings?",
            (
                Option("From band structures", "None was ever shown."),
                Option(
                    "From densities of states",
                    "Those of every shell of every atom; the rest is physics.",
                ),
                Option("From measured gaps", "It met no gap as such, measured or computed."),
            ),
            "b",
        ),
    ),
)
