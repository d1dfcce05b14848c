"""Exercises answered by a number, an array or a word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.course.exercise import Exercise, Given, Unusable, answered, plain


@dataclass(frozen=True, kw_only=True)
class Number(Exercise):
    """One number.

    Parameters
    ----------
    within : float
        Relative tolerance.
    atol : float
        Absolute tolerance, for right answers near zero.
    unit : str
        Named where an answer is out by a power of ten.
    """

    within: float = 0.01
    atol: float = 0.0
    unit: str = ""

    def read(self, answer: Any, given: Given) -> float:
        """A float."""
        value = plain(answered(answer))
        if isinstance(value, str):
            raise Unusable(f"{value!r} is text. Give a bare number, without quotes or a unit.")
        if isinstance(value, bool):
            raise Unusable(f"{value} is an answer to a question; give a number.")
        if callable(value):
            raise Unusable("That is a function. Call it, and give the number it returns.")
        try:
            array = np.asarray(value, dtype=float)
        except (TypeError, ValueError):
            name = type(value).__name__
            raise Unusable(f"A number is asked for; this is of type {name}.") from None
        if array.size != 1:
            raise Unusable(f"One number is asked for; this is an array of shape {array.shape}.")
        number = float(array.reshape(()))
        if not np.isfinite(number):
            raise Unusable(f"{number} is no finite number. Is something divided by zero?")
        return number

    def same(self, value: float, other: float) -> bool:
        """Equal within the tolerances."""
        return abs(value - other) <= self.within * abs(other) + self.atol

    def difference(self, value: float, right: float) -> str:
        """Sign, power of ten, or which side it lies on."""
        if right and self.same(-value, right):
            return "Right but for its sign."
        for power in (-6, -3, -2, -1, 1, 2, 3, 6):
            if right and self.same(value * 10.0**power, right):
                return f"The digits are right, the power of ten is not{self._asked()}."
        side = "large" if value > right else "small"
        return f"{value:.4g} is too {side}."

    def _asked(self) -> str:
        return f": the answer is asked for in {self.unit}" if self.unit else ""


@dataclass(frozen=True, kw_only=True)
class Values(Exercise):
    """An array of numbers.

    Parameters
    ----------
    within, atol : float
        Relative tolerance, of the largest value, and absolute tolerance.
    """

    within: float = 1e-5
    atol: float = 1e-8

    def read(self, answer: Any, given: Given) -> Array:
        """An array of floats."""
        return as_array(answered(answer), "Numbers are asked for")

    def same(self, value: Array, other: Array) -> bool:
        """Same shape, and equal within the tolerances."""
        return arrays_agree(value, other, self.within, self.atol)

    def difference(self, value: Array, right: Array) -> str:
        """The shape, or the place where it is worst."""
        return array_difference(value, right)


@dataclass(frozen=True, kw_only=True)
class Word(Exercise):
    """A word, such as the symbol of an element; capitals and blanks do not count."""

    def read(self, answer: Any, given: Given) -> str:
        """Lower case, without blanks."""
        answer = answered(answer)
        text = getattr(answer, "symbol", answer)
        if not isinstance(text, str):
            raise Unusable(f"A word in quotes is asked for; this is {answer!r}.")
        return "".join(text.lower().split())

    def same(self, value: str, other: str) -> bool:
        """Equal."""
        return value == other

    def difference(self, value: str, right: str) -> str:
        """Nothing more can be said."""
        return "It is not that one."


def as_array(value: Any, wanted: str) -> Array:
    """An array of floats.

    Raises
    ------
    Unusable
        Naming the type, unequal rows, or values that are no numbers.
    """
    value = plain(value)
    if callable(value):
        raise Unusable(f"{wanted}; this is a function. Call it.")
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise Unusable(f"{wanted}; this is of type {type(value).__name__}.") from None
    if not np.isfinite(array).all():
        count = int((~np.isfinite(array)).sum())
        raise Unusable(f"{count} of the {array.size} values are not finite (nan or inf).")
    return array


def arrays_agree(value: Array, other: Array, within: float, atol: float) -> bool:
    """Same shape, and nowhere apart by more than a part of the largest value."""
    if value.shape != other.shape:
        return False
    size = float(np.abs(other).max(initial=0.0))
    return bool((np.abs(value - other) <= within * size + atol).all())


def array_difference(value: Array, right: Array) -> str:
    """The shape, the sign, a constant factor, or the place where two arrays differ most."""
    if value.shape != right.shape:
        extra = ""
        if value.shape == right.shape[::-1] and len(right.shape) == 2:
            extra = " Is it transposed?"
        return f"The shape is {value.shape}; {right.shape} is asked for.{extra}"
    if not right.size:
        return "It is empty."
    if np.allclose(value, -right):
        return "Right but for the sign."
    big = np.abs(right) > 1e-9 * np.abs(right).max()
    ratios = value[big] / right[big]
    if ratios.size and ratios.size == right.size and np.ptp(ratios) < 1e-4 * abs(ratios.mean()):
        return "The shape of the curve is right, but all values are out by one factor."
    worst = np.unravel_index(int(np.abs(value - right).argmax()), right.shape)
    place = ", ".join(map(str, worst))
    where = f" It is furthest off at index {place}." if place else ""
    share = float(np.isclose(value, right, rtol=1e-4, atol=1e-9).mean())
    return f"{100 * share:.0f} % of the values are right.{where}"
