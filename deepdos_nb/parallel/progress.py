"""How far tasks are, in a terminal and in a notebook."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from deepdos_nb.parallel.tasks import Outcome

REFRESH = 2.0
"""Seconds between drawings: tasks take long, and more would flood a notebook's channel."""


def shown(
    outcomes: Iterable[Outcome], what: str, total: int | None, *, done: int = 0, show: bool = True
) -> Iterator[Outcome]:
    """The same outcomes, with a bar that counts them and the failures among them.

    Parameters
    ----------
    outcomes : iterable of Outcome
    what : str
        In front of the bar.
    total : int or None
        None where nobody knows.
    done : int
        Finished before.
    show : bool
        Whether to show anything.
    """
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    failed = 0
    with Progress(*columns, refresh_per_second=1 / REFRESH, disable=not show) as progress:
        bar = progress.add_task(what, total=total, completed=done)
        for outcome in outcomes:
            failed += outcome.error is not None
            words = f"{what}, {failed} failed" if failed else what
            progress.update(bar, advance=1, description=words)
            yield outcome
