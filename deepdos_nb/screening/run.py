"""`screen`: any number of crystals, shard by shard, on one processor or many."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deepdos_nb.core.errors import ConfigError, DataError
from deepdos_nb.core.grids import Kind
from deepdos_nb.core.limits import MAX_ATOMS
from deepdos_nb.inference.ensemble import Ensemble
from deepdos_nb.inference.loading import load_model
from deepdos_nb.parallel.claims import Claims
from deepdos_nb.parallel.scheduler import open_scheduler
from deepdos_nb.parallel.tasks import LATER, Later, Task
from deepdos_nb.screening.items import digest
from deepdos_nb.screening.result import Screen
from deepdos_nb.screening.schema import arrow
from deepdos_nb.screening.shards import (
    Settings,
    agree,
    fingerprint,
    in_shards,
    make_shard,
    shard_files,
    shard_name,
    store_shard,
    stored_mark,
)
from deepdos_nb.screening.sources import describe, stream

SHARD = 512
"""Crystals of a shard unless told otherwise: some ten seconds of work, about a megabyte."""


@dataclass(frozen=True)
class Progress:
    """How far a screen is.

    Attributes
    ----------
    done, failed : int
        Crystals predicted, and not usable, in this run.
    kept : int
        Crystals of shards that were there before.
    """

    done: int = 0
    failed: int = 0
    kept: int = 0


def screen(
    sources: Any,
    kind: str = "phdos",
    *,
    out: str | Path = "deepdos-screen",
    model: Ensemble | None = None,
    max_atoms: int = MAX_ATOMS,
    shard: int = SHARD,
    workers: int = 1,
    scheduler: str | None = None,
    client: Any = None,
    report: Callable[[Progress], None] | None = None,
) -> Screen:
    """Predict any number of crystals into a folder of parquet files.

    Crystals are streamed: memory does not grow with their number. A crystal that cannot be used
    becomes a row with its reason. Interrupt it when you like: finished shards are kept, and the
    same call goes on; two calls on one folder share the work.

    Parameters
    ----------
    sources : str, path, Structure, Atoms, Dataset, or iterable of them
        Folders, patterns, lists, tables, databases, names of data sets, objects; see
        `screening.sources.stream`. A generator of objects can be read only once: to go on after an
        interruption, give the same one again from its beginning.
    kind : {"phdos", "edos"}
    out : path
        Folder of the screen.
    model : Ensemble, optional
        The shipped weights without it.
    max_atoms : int
        Larger crystals become rows with that reason.
    shard : int
        Crystals of a file; the unit of work and of resumption.
    workers : int
        Processes on this machine, by Dask.
    scheduler : str, optional
        Address of a Dask scheduler, whose workers are used.
    client : distributed.Client, optional
        Of a cluster of your own.
    report : callable, optional
        Told the `Progress` after every shard.

    Returns
    -------
    Screen

    Raises
    ------
    ConfigError
        If pyarrow is missing, a number makes no sense, or another screen lies in the folder.
    DataError
        If a source does not exist or holds nothing, or a generator that is used up would leave
        nothing of the screen in the folder.
    ClusterError
        If the scheduler cannot be reached, or a shard ended its workers every time; the others are
        finished first.
    """
    arrow()
    if shard < 1:
        raise ConfigError(f"shards of {shard} crystals hold nothing.")
    model = model or load_model(kind)
    if model.kind != Kind(kind):
        raise ConfigError(f"a model of kind {model.kind!r} cannot answer for {kind!r}.")
    folder = Path(out)
    settings = Settings(model.kind, fingerprint(model), max_atoms, shard)
    plan = _Plan(folder, sources, settings, report)
    agree(folder, settings, describe(sources))
    errors = []
    with (
        Claims(folder) as claims,
        open_scheduler(workers, address=scheduler, client=client) as pool,
    ):
        for outcome in pool.run(make_shard, plan.tasks(claims), common=(model, settings)):
            number = int(outcome.key)
            if outcome.error is None:
                plan.store(number, *outcome.value)
            else:
                errors.append(outcome.error)
            claims.release(shard_name(number))
    if errors:
        raise errors[0]
    plan.clear()
    return Screen(folder)


@dataclass
class _Plan:
    """Which shards there are to make, and how far they are."""

    folder: Path
    sources: Any
    settings: Settings
    report: Callable[[Progress], None] | None
    progress: Progress = field(default_factory=Progress)
    n_shards: int = 0

    def tasks(self, claims: Claims) -> Iterator[Task | Later]:
        """Shards that are neither finished nor made by another run, claimed for this one.

        Items of shards that others make are not held meanwhile: should that run die, the stream is
        read again.
        """
        wanted: set[int] | None = None
        while True:
            elsewhere: dict[int, tuple[str, int]] = {}
            for number, items in in_shards(stream(self.sources), self.settings.shard):
                self.n_shards = max(self.n_shards, number + 1)
                if wanted is not None and number not in wanted:
                    continue
                mark = digest(items)
                if self.finished(number, mark):
                    self._tell(kept=len(items))
                elif not claims.take(shard_name(number)):
                    elsewhere[number] = mark, len(items)
                elif self.finished(number, mark):
                    claims.release(shard_name(number))
                    self._tell(kept=len(items))
                else:
                    yield Task(str(number), (mark, items))
            yield from self._while_others_work(elsewhere, claims)
            if not elsewhere:
                return
            if isinstance(self.sources, Iterator):
                raise ConfigError(
                    "another run ended before its shards were done, and crystals that come from a "
                    "generator cannot be read twice.",
                    source=str(self.folder),
                    remedy="Call again with the same crystals: what is finished is kept.",
                )
            wanted = set(elsewhere)

    def _while_others_work(
        self, elsewhere: dict[int, tuple[str, int]], claims: Claims
    ) -> Iterator[Later]:
        """Wait until others have finished, or one of them has died; what is left is left."""
        while elsewhere:
            for number, (mark, size) in list(elsewhere.items()):
                if self.finished(number, mark):
                    del elsewhere[number]
                    self._tell(kept=size)
            if any(claims.take(shard_name(number)) for number in elsewhere):
                return
            if elsewhere:
                yield LATER

    def finished(self, number: int, mark: str) -> bool:
        """Whether a shard of just these items is there."""
        return stored_mark(self.folder / shard_name(number)) == mark

    def store(self, number: int, file: bytes, done: int, failed: int) -> None:
        """Take in what a worker made."""
        store_shard(self.folder, number, file)
        self._tell(done=done, failed=failed)

    def clear(self) -> None:
        """Remove shards beyond the last one, of a time when the sources held more.

        Raises
        ------
        DataError
            If that would be all of them.
        """
        stored = shard_files(self.folder)
        if stored and not self.n_shards:
            raise DataError(
                "the sources gave no crystal, and the screen that lies here is kept.",
                source=str(self.folder),
                remedy="A generator gives its crystals only once: make a new one, or delete the "
                "folder.",
            )
        for path in stored[self.n_shards :]:
            path.unlink()

    def _tell(self, done: int = 0, failed: int = 0, kept: int = 0) -> None:
        was = self.progress
        self.progress = Progress(was.done + done, was.failed + failed, was.kept + kept)
        if self.report is not None:
            self.report(self.progress)
