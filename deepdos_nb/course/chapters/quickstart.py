"""Chapter 0, the quickstart: reading a spectrum and a transport."""

from __future__ import annotations

from typing import Any

import numpy as np

from deepdos_nb.course.chapter import Chapter, Option, Question
from deepdos_nb.course.exercise import Mistake
from deepdos_nb.course.numbers import Number, Word


def shares_below(spectrum: Any, limit: float) -> dict[str, float]:
    """Share of the states below a wavenumber that each element owns."""
    sites = spectrum.window_share(0.0, limit)
    owner = np.array(spectrum.symbols)
    return {e: float(sites[owner == e].sum()) for e in dict.fromkeys(spectrum.symbols)}


def owner(spectrum: Any) -> str:
    """The element with most states below 300 cm⁻¹."""
    shares = shares_below(spectrum, 300.0)
    return max(shares, key=shares.__getitem__)


def runner_up(spectrum: Any) -> str:
    """The element with fewest states there."""
    shares = shares_below(spectrum, 300.0)
    return min(shares, key=shares.__getitem__)


def mean_wavenumber(spectrum: Any) -> float:
    """Of all modes inside the window, cm⁻¹."""
    return float(np.average(spectrum.energies, weights=spectrum.total))


def way(trace: Any) -> float:
    """Mean way of a state from the draft to the prediction, cm⁻¹."""
    return float(np.abs(trace.cdf[-1] - trace.cdf[0]).sum() * trace.grid.step)


CHAPTER = Chapter(
    exercises={
        "owner": Word(
            right=owner,
            hint="drag from 0 to 300 in the view and read the table; or sum the rows of "
            "spectrum.by_element() over the bins below 300 cm⁻¹.",
            praise="Heavy atoms vibrate slowly: they own most of the low end.",
            mistakes=(
                Mistake(
                    runner_up,
                    "That element owns the fewest states there. The larger part is asked for, and "
                    "heavy atoms vibrate slowly.",
                ),
                Mistake(
                    lambda spectrum: "".join(dict.fromkeys(spectrum.symbols)),
                    "That is the crystal. One of its elements is asked for.",
                    seen=lambda answer, spectrum: len([c for c in answer if c.isupper()]) > 1,
                ),
                Mistake(
                    "Xe",
                    "There is no such element in this crystal.",
                    seen=lambda answer, spectrum: answer not in spectrum.symbols,
                ),
            ),
        ),
        "mean": Number(
            right=mean_wavenumber,
            unit="cm⁻¹",
            hint="spectrum.energies and spectrum.total are all you need; 1 % is close enough.",
            praise="Each wavenumber counts as often as there are modes at it.",
            mistakes=(
                Mistake(
                    lambda spectrum: spectrum.energies.mean(),
                    "That is the middle of the axis. A wavenumber must count as often as there are "
                    "modes at it: weigh it with the density.",
                ),
                Mistake(
                    lambda spectrum: (spectrum.energies * spectrum.total).mean(),
                    "You weighed the wavenumbers but did not divide by the sum of the weights.",
                ),
                Mistake(
                    lambda spectrum: (spectrum.energies * spectrum.total).sum(),
                    "You weighed the wavenumbers but did not divide by the sum of the weights.",
                ),
                Mistake(
                    lambda spectrum: spectrum.energies[spectrum.total.argmax()],
                    "That is where the highest peak stands, not the mean.",
                ),
            ),
        ),
        "way": Number(
            right=way,
            unit="cm⁻¹",
            hint="np.abs of a difference of two rows of trace.cdf, a sum, and the width of a cell, "
            "trace.grid.step.",
            praise="The draft by springs is good: a state need not go far.",
            mistakes=(
                Mistake(
                    lambda trace: (trace.cdf[-1] - trace.cdf[0]).sum() * trace.grid.step,
                    "Without the absolute value, states that move left cancel those that move "
                    "right. That is the shift of the mean.",
                ),
                Mistake(
                    lambda trace: np.abs(trace.cdf[-1] - trace.cdf[0]).sum(),
                    "An area has a width, too: multiply by that of a cell, trace.grid.step.",
                ),
                Mistake(
                    lambda trace: np.abs(trace.cdf[-1] - trace.cdf[0]).max(),
                    "That is the largest difference of the two sums. The area between them is "
                    "asked for.",
                ),
            ),
        ),
    },
    quiz=(
        Question(
            "Two atoms in a cell: how many modes does its phonon density of states hold?",
            (
                Option("2", "Each atom can move along x, y and z."),
                Option("6", "Three directions for each of two atoms, 3N."),
                Option(
                    "It depends on the springs",
                    "Springs say at which wavenumbers the modes lie, not how many there are.",
                ),
            ),
            "b",
        ),
        Question(
            "What does the grey band around the predicted curve tell?",
            (
                Option(
                    "The spread of the copies of the model",
                    "That is smaller: the copies share a part of their errors.",
                ),
                Option(
                    "The largest error possible",
                    "About a third of the reference values lie outside it.",
                ),
                Option(
                    "Its width holds 68 % of the reference values of validation crystals",
                    "It is one standard deviation of the error, as validation crystals taught it.",
                ),
            ),
            "c",
        ),
        Question(
            "An atom gets much attention at 200 cm⁻¹. Does it own many states there?",
            (
                Option(
                    "Yes, attention is the share of states",
                    "The weights of a bin add up to one, also where there are no states at all.",
                ),
                Option(
                    "Often, but only its site density says so",
                    "Attention says where the model looked; trace.ownership says who owns.",
                ),
                Option(
                    "No, the two have nothing to do with each other",
                    "Attention starts from the draft's shares, and often ends near them.",
                ),
            ),
            "b",
        ),
    ),
)
