"""Who works at what in a folder that several runs share, on one machine or on many.

A run keeps a file of its own in the folder and touches it as long as it lives; a claim is a hard
link to that file, named after the work. Links are made by one run only, also on a shared file
system, and one touch refreshes all of them. Whoever finds a claim whose run is dead does not
remove it, which two runs could do at once, but makes the next one above it: `NAME.0`, `NAME.1`.
"""

from __future__ import annotations

import json
import os
import platform
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import psutil

from deepdos_nb.core.files import remove_parts, safe_name
from deepdos_nb.core.nesting import parse_json
from deepdos_nb.parallel.tasks import LATER, Later

BEAT = 5.0
"""Seconds between two signs of life."""

EXPIRY = 60.0
"""Seconds without one after which a run on another machine counts as dead."""

PLACE = ".claims"
RUNS = "run-*.json"


class Claims:
    """Claims of one run on the work in a folder.

    Within the block the run gives signs of life; after it, nothing of it is left. What dead runs
    left in the folder, claims and half-written files, goes as soon as no other run is alive.

    Parameters
    ----------
    folder : path
        Where results go; claims lie in `.claims` below it.
    beat, expiry : float
        Seconds between signs of life, and without one until a run counts as dead. A process that
        is gone from this machine is dead at once.
    """

    def __init__(self, folder: str | Path, *, beat: float = BEAT, expiry: float = EXPIRY):
        self.folder, self.beat, self.expiry = Path(folder), beat, expiry
        self.place = self.folder / PLACE
        self.token = uuid.uuid4().hex[:12]
        self._own = self.place / f"run-{self.token}.json"
        self._held: dict[str, Path] = {}
        self._lock = threading.Lock()
        self._end = threading.Event()
        self._beating = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> Self:
        self._sign_on()
        self._beating.start()
        if not self.others():
            # Below it may be folders that other runs share.
            remove_parts(self.folder, but=PLACE)
            self._clear()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._beating.join()
        for name in list(self._held):
            self._let_go(name)
        if not self.others():
            self._clear()
        self._own.unlink(missing_ok=True)
        with suppress(OSError):  # another run has signed on
            self.place.rmdir()

    def take(self, key: str) -> bool:
        """Claim some work; whether it is ours now.

        Another run may have finished it and let it go a moment before: look for its result after
        this, not only before.
        """
        name = safe_name(key)
        if name in self._held:
            return True
        generations = self._generations(name)
        last = max(generations, default=-1)
        if generations and not self._dead(generations[last]):
            return False
        path = self.place / f"{name}.{last + 1}"
        if not self._create(path):
            return False
        with self._lock:
            self._held[name] = path
        return True

    def release(self, key: str) -> None:
        """Let work go: its result is there, or it shall be tried again."""
        self._let_go(safe_name(key))

    def others(self) -> bool:
        """Whether another run is alive in this folder."""
        runs = [path for path in self.place.glob(RUNS) if path != self._own]
        return any(not self._dead(path) for path in runs)

    def _sign_on(self) -> None:
        text = json.dumps({"machine": machine(), **_process(os.getpid()), "token": self.token})
        while True:
            self.place.mkdir(parents=True, exist_ok=True)
            try:
                self._own.write_text(text, encoding="utf-8")
                return
            except FileNotFoundError:  # another run signed off just now, and took the folder along
                continue

    def _beat(self) -> None:
        while not self._end.wait(self.beat):
            with self._lock:
                paths = [self._own, *self._held.values()]
            for path in paths:
                with suppress(OSError):
                    os.utime(path)

    def _create(self, path: Path) -> bool:
        try:
            os.link(self._own, path)
        except FileExistsError:
            return False
        except OSError:  # a file system without hard links
            try:
                with path.open("x", encoding="utf-8") as file:
                    file.write(self._own.read_text(encoding="utf-8"))
            except FileExistsError:
                return False
        return True

    def _generations(self, name: str) -> dict[int, Path]:
        found = {}
        for path in self.place.glob(f"{name}.*"):
            with suppress(ValueError):
                found[int(path.name.removeprefix(f"{name}."))] = path
        return found

    def _dead(self, path: Path) -> bool:
        """Whether the run that a claim or a sign of life belongs to is gone."""
        try:
            text, seen = path.read_text(encoding="utf-8"), path.stat().st_mtime
            os.utime(self._own)
            # The file system's own clock: those of two machines may differ.
            silent = self._own.stat().st_mtime - seen
        except FileNotFoundError:
            return True
        with suppress(ValueError, KeyError):
            run: dict[str, Any] = parse_json(text)
            if run["machine"] == machine():
                return _process(run["pid"])["started"] != run["started"]
        return silent > self.expiry

    def _let_go(self, name: str) -> None:
        with self._lock:
            own = self._held.pop(name, None)
        if own is None:
            return
        mine = int(own.name.rpartition(".")[2])
        for generation, path in sorted(self._generations(name).items()):
            if generation <= mine:
                path.unlink(missing_ok=True)

    def _clear(self) -> None:
        """Remove what dead runs left; only while no other is alive, which might rely on it."""
        for path in self.place.iterdir():
            if path != self._own and self._dead(path):
                path.unlink(missing_ok=True)


def unclaimed(
    keys: Iterable[str], finished: Callable[[str], bool], claims: Claims
) -> Iterator[str | Later]:
    """Work that is neither finished nor claimed by another run, claimed for this one.

    Parameters
    ----------
    keys : iterable of str
    finished : callable
        Whether the result of a key is there.
    claims : Claims
        Release a key when its result is stored.

    Yields
    ------
    str or LATER
        Keys as given; then, while others work at the rest, `LATER`, until all of it is finished
        or a dead run's part has been taken over.
    """
    waiting: list[str] = []

    def ours(some: Iterable[str]) -> Iterator[str]:
        """Those to be done here; what others work at waits."""
        for key in some:
            if finished(key):
                continue
            if not claims.take(key):
                waiting.append(key)
            elif finished(key):
                claims.release(key)
            else:
                yield key

    yield from ours(keys)
    while waiting:
        again = waiting.copy()
        waiting.clear()
        yield from ours(again)
        if waiting:
            yield LATER


def machine() -> str:
    """The machine we are on, and the view of its processes where a container has its own."""
    try:
        view = os.readlink("/proc/self/ns/pid")
    except OSError:
        view = ""
    return f"{platform.node()} {view}".strip()


def _process(pid: int) -> dict[str, Any]:
    """What tells a process from a later one of the same number; started 0: there is none."""
    try:
        process = psutil.Process(pid)
        gone = process.status() == psutil.STATUS_ZOMBIE
        return {"pid": pid, "started": 0.0 if gone else round(process.create_time(), 2)}
    except psutil.NoSuchProcess:
        return {"pid": pid, "started": 0.0}
