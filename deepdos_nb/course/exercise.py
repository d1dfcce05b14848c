"""What an exercise is: a right answer, the wrong ones people give, and a sentence for each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Given = Mapping[str, Any]
"""What a notebook hands over beside the answer, by name, where the right one depends on it."""


class Unusable(Exception):
    """An answer that cannot be compared; its text is a sentence for the student."""


class Unanswered(Exception):
    """No answer yet."""


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that people give, and what to tell them.

    Parameters
    ----------
    answer : object
        The wrong answer; where it depends on what the notebook hands over, a function of those
        things by name. Where the exercise asks for a function, the wrong function itself.
    says : str
        What is wrong and what to think of next, in a sentence or two, without the answer.
    seen : callable, optional
        Tells from an answer, and from what the notebook hands over by name, whether it is this
        mistake; `answer` is then an example that the tests try. Without it, every answer equal to
        `answer` is.
    """

    answer: Any
    says: str
    seen: Callable[..., bool] | None = None


@dataclass(frozen=True, kw_only=True)
class Exercise(ABC):
    """What every exercise has.

    Parameters
    ----------
    right : object
        The right answer, or a function that makes it from what the notebook hands over, by name.
    hint : str
        Where to begin; said as long as there is no answer, and after a mistake nobody foresaw.
    praise : str
        What the right answer means.
    mistakes : tuple of Mistake
        In the order in which they are looked for.
    """

    right: Any
    hint: str
    praise: str
    mistakes: tuple[Mistake, ...]

    @abstractmethod
    def read(self, answer: Any, given: Given) -> Any:
        """The answer in the form in which it is compared.

        Raises
        ------
        Unanswered
        Unusable
        """

    @abstractmethod
    def same(self, value: Any, other: Any) -> bool:
        """Whether two answers, as read, count as equal."""

    @abstractmethod
    def difference(self, value: Any, right: Any) -> str:
        """What can be said about a wrong answer, as read, without giving the right one away."""

    def made(self, answer: Any, given: Given) -> Any:
        """A stored answer, made from what the notebook hands over where it depends on it."""
        return answer(**given) if callable(answer) else answer

    def passes(self, value: Any, given: Given) -> bool:
        """Whether an answer, as read, is right."""
        return self.same(value, self.read(self.made(self.right, given), given))

    def shows(self, mistake: Mistake, answer: Any, value: Any, given: Given) -> bool:
        """Whether an answer is a certain mistake; `value`: as read, None if unusable."""
        if mistake.seen is not None:
            try:
                return bool(mistake.seen(answer, **given))
            except Exception:  # whatever a student's object does, it is not this mistake
                return False
        if value is None:
            return False
        try:
            return self.same(value, self.read(self.made(mistake.answer, given), given))
        except Unusable:
            return False


def answered(answer: Any) -> Any:
    """The answer itself; `...` and None count as none.

    Raises
    ------
    Unanswered
    """
    if answer is ... or answer is None:
        raise Unanswered
    return answer


def plain(value: Any) -> Any:
    """A tensor as an array; everything else as it is."""
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    return value
