"""Exercises answered by a function, tried on inputs that the student does not see."""

from __future__ import annotations

import copy
import inspect
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from deepdos_nb.core.arrays import Array
from deepdos_nb.course.exercise import Exercise, Given, Unanswered, Unusable, answered
from deepdos_nb.course.numbers import array_difference, arrays_agree, as_array


@dataclass(frozen=True, kw_only=True)
class Function(Exercise):
    """A function.

    Parameters
    ----------
    right : callable
        The function as it should be; its parameters are the ones asked for.
    trials : callable
        Makes the hidden inputs, a tuple of arguments each, from what the notebook hands over by
        name. It must make the same ones every time.
    within, atol : float
        Relative tolerance, of the largest value of a result, and absolute tolerance.
    """

    trials: Callable[..., Iterable[tuple[Any, ...]]]
    within: float = 1e-5
    atol: float = 1e-8

    def made(self, answer: Any, given: Given) -> Any:
        """Functions are stored as they are."""
        return answer

    def read(self, answer: Any, given: Given) -> list[Array]:
        """What the function returns on every trial."""
        function = answered(answer)
        if not callable(function):
            kind = type(function).__name__
            raise Unusable(f"A function is asked for; this is of type {kind}. Leave out the call.")
        results: list[Array] = []
        for number, arguments in enumerate(self.trials(**given), 1):
            try:
                results.append(self._result(function, arguments))
            except Unanswered:
                if not results:
                    raise
                raise Unusable(
                    f"On hidden input {number} your function returned nothing. Does every branch "
                    "end with a return?"
                ) from None
        return results

    def same(self, value: list[Array], other: list[Array]) -> bool:
        """The same results on every trial."""
        return len(value) == len(other) and all(
            arrays_agree(a, b, self.within, self.atol) for a, b in zip(value, other, strict=True)
        )

    def difference(self, value: list[Array], right: list[Array]) -> str:
        """What is wrong on the first input that gives a wrong result."""
        for number, (mine, theirs) in enumerate(zip(value, right, strict=True), 1):
            if not arrays_agree(mine, theirs, self.within, self.atol):
                # Stated for one number as well as for an array.
                said = array_difference(mine, theirs) if theirs.ndim else "Its value is wrong."
                return f"On hidden input {number} of {len(right)}: {said}"
        return "It works here."

    def _result(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Array:
        """Call on a copy of the arguments, since students' functions may change them."""
        _bind(function, arguments, self.right)
        try:
            result = function(*copy.deepcopy(arguments))
        except NotImplementedError:
            raise Unanswered from None
        except Exception as error:  # the student's own error, told in a sentence
            raise Unusable(_told(error, function)) from None
        if result is None or result is ...:
            raise Unanswered
        return as_array(result, "Your function should return numbers")


def _bind(function: Callable[..., Any], arguments: tuple[Any, ...], right: Any) -> None:
    """Refuse a function that cannot take these arguments."""
    try:
        inspect.signature(function).bind(*arguments)
    except TypeError:
        names = ", ".join(inspect.signature(right).parameters)
        raise Unusable(
            f"Your function should take {len(arguments)} argument"
            f"{'s' if len(arguments) > 1 else ''}: ({names})."
        ) from None
    except ValueError:  # built-in functions may not tell
        return


def _told(error: Exception, function: Callable[..., Any]) -> str:
    """An error in a sentence, with the line of the function it came from."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if code is not None and frame.filename == code.co_filename
    ]
    where = f" in line {lines[-1]} of its cell" if lines else ""
    words = " ".join(str(error).split()) or "without a word"
    return f"Your function stopped{where} with {type(error).__name__}: {words}."
