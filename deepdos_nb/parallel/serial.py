"""One task after the other, in this process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from deepdos_nb.parallel.tasks import Later, Outcome, Task, failed

POLL = 0.5
"""Seconds until a stream of tasks that had nothing to do is asked again."""


class Serial:
    """The scheduler of whoever has one processor, or no Dask."""

    slots = 1

    def run(
        self,
        function: Callable[..., Any],
        tasks: Iterable[Task | Later],
        *,
        common: tuple[Any, ...] = (),
    ) -> Iterator[Outcome]:
        """Call a function for every task; see `Scheduler.run`."""
        for task in tasks:
            if isinstance(task, Later):
                time.sleep(POLL)
                continue
            try:
                outcome = Outcome(task.key, function(*common, *task.arguments))
            except Exception as error:
                outcome = failed(task.key, error)
            yield outcome
