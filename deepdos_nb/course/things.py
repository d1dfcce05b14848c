"""Exercises answered by an object of which certain things must hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from deepdos_nb.course.exercise import Exercise, Given, Mistake, Unusable, answered


@dataclass(frozen=True, kw_only=True)
class Thing(Exercise):
    """Any object: a structure, a spectrum, a data frame.

    Every mistake needs its `seen`, or else an answer that is the very same value.

    Parameters
    ----------
    right : callable
        Makes one right answer of many; only the tests use it.
    holds : callable
        Whether an answer is right: takes it, and what the notebook hands over by name.
    """

    holds: Callable[..., bool]

    def read(self, answer: Any, given: Given) -> Any:
        """The object itself."""
        return answered(answer)

    def same(self, value: Any, other: Any) -> bool:
        """The same object; objects of other libraries may compare in odd ways."""
        return value is other

    def passes(self, value: Any, given: Given) -> bool:
        """Ask the object.

        Raises
        ------
        Unusable
            If it has not what is needed to ask.
        """
        try:
            return bool(self.holds(value, **given))
        except Exception as error:  # whatever a student's object does
            kind, words = type(value).__name__, " ".join(str(error).split())
            raise Unusable(f"An object of type {kind} will not do: {words}.") from None

    def difference(self, value: Any, right: Any) -> str:
        """Nothing more can be said."""
        return "Not yet what is asked for."

    def shows(self, mistake: Mistake, answer: Any, value: Any, given: Given) -> bool:
        """By `seen` alone."""
        return mistake.seen is not None and super().shows(mistake, answer, value, given)
