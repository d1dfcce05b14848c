"""Label many crystals: one process each, time limits, a second try, resumable after a kill."""

from __future__ import annotations

import os
import queue
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from deepdos_nb.core.errors import LabelError
from deepdos_nb.core.grids import Kind
from deepdos_nb.data.label_folder import SHARD_SIZE, Folder
from deepdos_nb.data.label_shards import Label
from deepdos_nb.labelling.jobs import Job
from deepdos_nb.labelling.process import SETTINGS, Settings, compute, engine
from deepdos_nb.labelling.server import WorkerServer


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
) -> dict[str, int]:
    """Label crystals into a folder, going on where an earlier run stopped.

    Parameters
    ----------
    jobs : iterable of Job
    out : path
        Folder of labels.
    kind : {"edos", "phdos"}
    settings : optional
    workers : int
        Calculations at a time.
    time_limit : float
        Wall-clock seconds for each attempt.
    retry : bool
        Try a failed crystal again with `settings.safer()`.
    report : callable, optional
        Called with the `Outcome` of each crystal.

    Returns
    -------
    dict
        Counts under "labelled", "failed" and "skipped" (finished earlier).

    Raises
    ------
    LabelError
        If the engine is not installed.
    """
    settings = settings or SETTINGS[kind]()
    engine(kind)
    folder = Folder(out)
    finished = folder.finished()
    counts = {"labelled": 0, "failed": 0, "skipped": 0}

    servers: queue.SimpleQueue[WorkerServer | None] = queue.SimpleQueue()
    for _ in range(workers):
        # Without fork (Windows), every calculation loads the engine itself.
        servers.put(WorkerServer(kind) if hasattr(os, "fork") else None)

    def work(job: Job) -> Label | LabelError:
        server = servers.get()
        try:
            return attempt(job, server)
        finally:
            servers.put(server)

    def attempt(job: Job, server: WorkerServer | None) -> Label | LabelError:
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

    def settle(future: Future[Label | LabelError], job: Job) -> None:
        result = future.result()
        if isinstance(result, LabelError):
            folder.fail(job.name, result.reason)
            counts["failed"] += 1
            outcome = Outcome(job.name, result.reason)
        else:
            folder.add(result)
            counts["labelled"] += 1
            outcome = Outcome(job.name, seconds=float(result.facts["seconds"]))
            if counts["labelled"] % SHARD_SIZE == 0:
                folder.gather()
        if report:
            report(outcome)

    running: dict[Future[Label | LabelError], Job] = {}
    pool = ThreadPoolExecutor(workers)
    try:
        for job in jobs:
            if job.name in finished:
                counts["skipped"] += 1
                continue
            finished.add(job.name)
            running[pool.submit(work, job)] = job
            if len(running) >= workers:
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    settle(future, running.pop(future))
        for future in list(running):
            settle(future, running.pop(future))
    finally:
        pool.shutdown(cancel_futures=True)
        while not servers.empty():
            if server := servers.get():
                server.close()
    folder.gather()
    return counts
