"""What goes to a scheduler and what comes back."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol


class Later(Enum):
    """What a stream of tasks says when it has nothing to do just now, but may have later."""

    LATER = "later"


LATER = Later.LATER


@dataclass(frozen=True)
class Task:
    """One call of the function that a scheduler runs.

    Parameters
    ----------
    key : str
        What the outcome is known by; unique among the tasks of a run.
    arguments : tuple
        Passed on by position.
    """

    key: str
    arguments: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What became of a task: its value, or the error that ended it.

    Attributes
    ----------
    key : str
    value : object
        None where it failed.
    error : Exception or None
    traceback : str
        Of the error, as Python prints it; empty where there is none.
    """

    key: str
    value: Any = None
    error: Exception | None = None
    traceback: str = ""

    def get(self) -> Any:
        """The value.

        Raises
        ------
        Exception
            The error of a task that failed.
        """
        if self.error is not None:
            raise self.error
        return self.value


class Scheduler(Protocol):
    """Runs tasks, some at a time, and gives outcomes as they come."""

    @property
    def slots(self) -> int:
        """Tasks at a time."""

    def run(
        self,
        function: Callable[..., Any],
        tasks: Iterable[Task | Later],
        *,
        common: tuple[Any, ...] = (),
    ) -> Iterator[Outcome]:
        """Call a function for every task.

        Tasks are taken only when there is room for them, so their stream may be endless. Closing
        the iterator, or an interruption, cancels what has not begun.

        Parameters
        ----------
        function : callable
            Of a module, so that other processes find it. Called with `common`, then with the
            task's arguments.
        tasks : iterable of Task or LATER
        common : tuple
            First arguments of every call, sent to a process once. They must not be changed.

        Yields
        ------
        Outcome
            In the order in which tasks end. An error of the function is an outcome, not an end.

        Raises
        ------
        ClusterError
            If the scheduler itself is gone.
        """


def failed(key: str, error: BaseException) -> Outcome:
    """The outcome of a task that raised; what is no `Exception` is raised again."""
    if not isinstance(error, Exception):
        raise error
    return Outcome(key, error=error, traceback="".join(traceback.format_exception(error)))
