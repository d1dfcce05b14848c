"""Label many crystals: one process each, time limits, a second try, resumable after a kill."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deepdos_nb.core.errors import DataWarning, LabelError
from deepdos_nb.core.grids import Kind
from deepdos_nb.data.label_folder import SHARD_SIZE, Folder
from deepdos_nb.data.label_shards import Label
from deepdos_nb.labelling.jobs import Job, twice
from deepdos_nb.labelling.process import SETTINGS, Settings, compute, engine
from deepdos_nb.labelling.same_crystal import cell_of, could_be_of, same_crystal
from deepdos_nb.labelling.server import WorkerServer
from deepdos_nb.parallel.claims import Claims, unclaimed
from deepdos_nb.parallel.scheduler import open_scheduler
from deepdos_nb.parallel.tasks import LATER, Later, Task

if TYPE_CHECKING:
    from deepdos_nb.parallel.scheduler import Client

GATHERING = "gathering shards"
"""What a run claims before it moves labels into shards."""


@dataclass(frozen=True)
class Outcome:
    """What became of one job: `reason` is empty where it succeeded."""

    name: str
    reason: str = ""
    seconds: float = 0.0


def label_many(
    jobs: Iterable[Job],
    out: str | Path,
    kind: Kind,
    settings: Settings | None = None,
    *,
    workers: int = 1,
    time_limit: float = 600.0,
    retry: bool = True,
    report: Callable[[Outcome], None] | None = None,
    address: str | None = None,
    client: Client | None = None,
) -> dict[str, int]:
    """Label crystals into a folder, going on where an earlier run stopped.

    Several runs may share a folder, on several machines too: they share the crystals. A crystal is
    known by its name; a DataWarning tells where the label of that name is visibly of another one.

    Parameters
    ----------
    jobs : iterable of Job
    out : path
        Folder of labels.
    kind : {"edos", "phdos"}
    settings : optional
    workers : int
        Calculations at a time on this machine.
    time_limit : float
        Wall-clock seconds for each attempt.
    retry : bool
        Try a failed crystal again with `settings.safer()`.
    report : callable, optional
        Called with the `Outcome` of each crystal.
    address, client : optional
        A Dask scheduler whose workers calculate, see `parallel.scheduler.open_scheduler`.

    Returns
    -------
    dict
        Counts under "labelled", "failed" and "skipped" (finished earlier, or by another run).

    Raises
    ------
    LabelError
        If the engine is not installed.
    DataError
        If the folder holds labels of another kind, or two different crystals have one name.
    """
    settings = settings or SETTINGS[kind]()
    engine(kind)
    folder = Folder(out)
    folder.check_kind(kind)
    counts = {"labelled": 0, "failed": 0, "skipped": 0}
    with (
        open_scheduler(workers, address=address, client=client) as scheduler,
        Claims(folder.path) as claims,
    ):
        tasks = _tasks(jobs, kind, folder, claims, counts)
        common = (kind, settings, time_limit, retry)
        try:
            for done in scheduler.run(attempt, tasks, common=common):
                outcome = _settled(folder, kind, done.key, done.get())
                claims.release(done.key)
                counts["failed" if outcome.reason else "labelled"] += 1
                if not outcome.reason and counts["labelled"] % SHARD_SIZE == 0:
                    _gather(folder, claims)
                if report:
                    report(outcome)
        finally:
            close_server()
        _gather(folder, claims)
    return counts


def attempt(
    kind: Kind, settings: Settings, time_limit: float, retry: bool, job: Job
) -> Label | LabelError:
    """Label one crystal, with a second try; its error where both fail."""
    server = _server(kind)
    try:
        return compute(job, kind, settings, time_limit=time_limit, server=server)
    except LabelError as error:
        # More time would be needed for the safer settings, not less.
        if not retry or "ran longer" in error.reason:
            return error
    try:
        return compute(job, kind, settings.safer(), time_limit=time_limit, server=server)
    except LabelError as error:
        return error


def _tasks(
    jobs: Iterable[Job], kind: Kind, folder: Folder, claims: Claims, counts: dict[str, int]
) -> Iterator[Task | Later]:
    """Jobs that nobody has done or is doing; counts those that somebody has."""
    known: dict[str, Job] = {}

    def names() -> Iterator[str]:
        for job in jobs:
            if job.name not in known:
                known[job.name] = job
                yield job.name
            elif same_crystal(cell_of(known[job.name].structure), cell_of(job.structure)):
                counts["skipped"] += 1
            else:
                raise twice(job.name)

    def finished(name: str) -> bool:
        found = folder.has(name)
        counts["skipped"] += found
        label = folder.find(name) if found else None
        if label is not None and not could_be_of(label, known[name].structure, kind):
            warnings.warn(
                f"{name}: the label of this name is of another crystal, and is kept. "
                "Give the new one another name, or choose another folder.",
                DataWarning,
                stacklevel=2,
            )
        return found

    for name in unclaimed(names(), finished, claims):
        yield LATER if isinstance(name, Later) else Task(name, (known[name],))


def _settled(folder: Folder, kind: Kind, name: str, result: Label | LabelError) -> Outcome:
    if isinstance(result, LabelError):
        folder.fail(name, result.reason, kind)
        return Outcome(name, result.reason)
    folder.add(result)
    return Outcome(name, seconds=float(result.facts["seconds"]))


def _gather(folder: Folder, claims: Claims) -> None:
    if claims.take(GATHERING):
        folder.gather()
        claims.release(GATHERING)


# Of this process: it loads the engine once, and ends with it.
_servers: dict[Kind, WorkerServer] = {}


def _server(kind: Kind) -> WorkerServer | None:
    # Without fork (Windows), every calculation loads the engine itself.
    if not hasattr(os, "fork"):
        return None
    if kind not in _servers:
        _servers[kind] = WorkerServer(kind)
    return _servers[kind]


def close_server() -> None:
    """End the servers of this process."""
    while _servers:
        _servers.popitem()[1].close()
