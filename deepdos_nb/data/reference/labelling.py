"""Label many crystals: one process each, time limits, a second try, resumable after a kill.

A folder of labels holds

- `done/NAME.npz`     one finished crystal, until it is gathered into a shard,
- `shard-0000.npz` …  gathered crystals,
- `failures.jsonl`    name and reason of every crystal that failed twice.

A crystal found in any of them is not computed again.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from deepdos_nb.data.reference.electrons import ElectronSettings
from deepdos_nb.data.reference.phonons import PhononSettings
from deepdos_nb.data.reference.shards import Label, read_shard, write_shard
from deepdos_nb.errors import DataError, LabelError
from deepdos_nb.grids import Kind

if TYPE_CHECKING:
    from pymatgen.core import Structure

Settings = ElectronSettings | PhononSettings

SHARD_SIZE = 100
"""Crystals gathered into one shard."""


@dataclass(frozen=True)
class Job:
    """A crystal to label.

    Parameters
    ----------
    name : str
        Unique name.
    structure : Structure
    origin : dict
        Where the structure comes from: source, licence, identifier.
    """

    name: str
    structure: Structure
    origin: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What became of one job: `reason` is empty where it succeeded."""

    name: str
    reason: str = ""
    seconds: float = 0.0


def settings_for(kind: Kind) -> Settings:
    """The usual settings of a kind of spectrum."""
    return ElectronSettings() if kind == "edos" else PhononSettings()


def compute(
    job: Job, kind: Kind, settings: Settings | None = None, *, time_limit: float | None = None
) -> Label:
    """Label one crystal in a process of its own.

    Parameters
    ----------
    job : Job
    kind : {"edos", "phdos"}
    settings : ElectronSettings or PhononSettings, optional
    time_limit : float, optional
        Wall-clock seconds after which the process is ended.

    Returns
    -------
    Label

    Raises
    ------
    LabelError
        If the calculation fails or runs out of time.
    """
    settings = settings or settings_for(kind)
    with tempfile.TemporaryDirectory(prefix="deepdos-label-") as folder:
        job_file, out_file = Path(folder) / "job.json", Path(folder) / "out.npz"
        content = {
            "kind": kind,
            "structure": job.structure.as_dict(),
            "settings": asdict(settings),
        }
        job_file.write_text(json.dumps(content), encoding="utf-8")
        started = time.monotonic()
        command = [sys.executable, "-m", "deepdos_nb.data.reference.worker"]
        try:
            done = subprocess.run(
                [*command, str(job_file), str(out_file)],
                capture_output=True,
                text=True,
                timeout=time_limit,
                check=False,
                # A second thread per process costs more in waiting than it computes.
                env=os.environ | {"OMP_NUM_THREADS": "1"},
            )
        except subprocess.TimeoutExpired:
            raise LabelError(f"ran longer than {time_limit:.0f} s.", source=job.name) from None
        if done.returncode or not out_file.exists():
            raise LabelError(_reason(done), source=job.name)
        with np.load(out_file, allow_pickle=False) as file:
            data = {name: file[name] for name in file.files}
    facts = json.loads(str(data.pop("facts")))
    facts |= {"name": job.name, "kind": kind, "engine": engine(kind), "origin": job.origin}
    facts["wall"] = round(time.monotonic() - started, 2)
    return Label(facts=facts, **data)


def _reason(done: subprocess.CompletedProcess[str]) -> str:
    """The last line a failed process wrote, or the signal that ended it."""
    if done.returncode < 0:
        return f"the process was ended by signal {-done.returncode}."
    lines = done.stderr.strip().splitlines()
    return lines[-1][:300] if lines else f"the process ended with code {done.returncode}."


def engine(kind: Kind) -> str:
    """Name and version of what computes a kind of spectrum."""
    from importlib.metadata import PackageNotFoundError, version

    names = ("gpaw", "gpaw-data") if kind == "edos" else ("sevenn", "phonopy")
    try:
        return ", ".join(f"{name} {version(name)}" for name in names)
    except PackageNotFoundError as error:
        raise LabelError(
            f"{error.name} is not installed.",
            remedy="Run `deepdos doctor` for the commands that install it.",
        ) from None


class Folder:
    """A folder of labels; see the module's description for its files."""

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self.singles = self.path / "done"
        self.failures_file = self.path / "failures.jsonl"
        self.singles.mkdir(parents=True, exist_ok=True)

    def shards(self) -> list[Path]:
        """Gathered files, in order."""
        return sorted(self.path.glob("shard-*.npz"))

    def labels(self) -> Iterator[Label]:
        """Every label, gathered ones first, none twice."""
        seen: set[str] = set()
        for path in [*self.shards(), *sorted(self.singles.glob("*.npz"))]:
            for label in read_shard(path):
                if label.name not in seen:
                    seen.add(label.name)
                    yield label

    def failures(self) -> dict[str, str]:
        """Reason of every recorded failure, by name."""
        if not self.failures_file.exists():
            return {}
        found = {}
        for line in self.failures_file.read_text("utf-8").splitlines():
            try:
                entry = json.loads(line)
            except json.JSONDecodeError:
                continue  # a line cut short by a kill: that crystal is tried again
            found[entry["name"]] = entry["reason"]
        return found

    def finished(self) -> set[str]:
        """Names that need no more work."""
        return {label.name for label in self.labels()} | set(self.failures())

    def add(self, label: Label) -> None:
        """Store one label."""
        write_shard(self.singles / f"{_file_name(label.name)}.npz", [label])

    def fail(self, name: str, reason: str) -> None:
        """Record a failure, in one write."""
        line = json.dumps({"name": name, "reason": reason}) + "\n"
        with self.failures_file.open("a", encoding="utf-8") as file:
            file.write(line)

    def gather(self, *, everything: bool = False) -> int:
        """Move single labels into shards of `SHARD_SIZE`; returns how many were moved."""
        gathered = {label.name for path in self.shards() for label in read_shard(path)}
        moved = 0
        singles = sorted(self.singles.glob("*.npz"), key=lambda p: (p.stat().st_mtime, p.name))
        # Left over by a kill between writing a shard and removing what it holds.
        fresh = []
        for path in singles:
            label = next(read_shard(path))
            if label.name in gathered:
                path.unlink()
            else:
                fresh.append((path, label))
        while len(fresh) >= SHARD_SIZE or (everything and fresh):
            batch, fresh = fresh[:SHARD_SIZE], fresh[SHARD_SIZE:]
            used = {p.name for p in self.shards()}
            name = next(n for n in (f"shard-{i:04d}.npz" for i in count()) if n not in used)
            write_shard(self.path / name, [label for _, label in batch])
            for path, _ in batch:
                path.unlink()
            moved += len(batch)
        return moved


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
    settings = settings or settings_for(kind)
    engine(kind)
    folder = Folder(out)
    finished = folder.finished()
    counts = {"labelled": 0, "failed": 0, "skipped": 0}

    def work(job: Job) -> Label | LabelError:
        try:
            return compute(job, kind, settings, time_limit=time_limit)
        except LabelError as error:
            # More time would be needed for the safer settings, not less.
            if not retry or "ran longer" in error.reason:
                return error
        try:
            return compute(job, kind, settings.safer(), time_limit=time_limit)
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
    folder.gather()
    return counts


def read_jobs(path: str | Path) -> Iterator[Job]:
    """Jobs from a JSON-lines file with keys name, structure and, optionally, origin.

    Raises
    ------
    DataError
        If a line is malformed; the message names it.
    """
    from pymatgen.core import Structure

    try:
        with Path(path).open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                try:
                    entry = json.loads(line)
                    structure = Structure.from_dict(entry["structure"])
                    yield Job(str(entry["name"]), structure, dict(entry.get("origin", {})))
                except (ValueError, KeyError, TypeError) as error:
                    raise DataError(
                        f"line {number} is no crystal ({error}).", source=str(path)
                    ) from error
    except FileNotFoundError:
        raise DataError("no such file.", source=str(path)) from None


def _file_name(name: str) -> str:
    """A safe file name for any identifier, distinct for distinct ones."""
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", name)[:60]
    return f"{plain}-{hashlib.sha1(name.encode()).hexdigest()[:8]}"
