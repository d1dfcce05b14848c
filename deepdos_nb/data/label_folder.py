"""A folder of labels on its way to becoming a data set.

It holds

- `done/NAME.npz`     one finished crystal, until it is gathered into a shard,
- `shard-0000.npz` …  gathered crystals,
- `failures.jsonl`    name and reason of every crystal that failed.

A crystal found in any of them needs no more work: it is known by its name, so all labels are of one
kind. Several runs may add to a folder at once; only one of them may gather.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

from deepdos_nb.core.errors import DataError
from deepdos_nb.core.files import safe_name
from deepdos_nb.core.grids import Kind
from deepdos_nb.core.nesting import parse_json
from deepdos_nb.data.label_shards import Label, Outline, read_outlines, read_shard, write_shard

SHARD_SIZE = 100
"""Crystals gathered into one shard."""


class Folder:
    """Labels and failures in a folder, which is made if it is not there."""

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self.singles = self.path / "done"
        self.failures_file = self.path / "failures.jsonl"
        self._gathered: dict[tuple[str, int], dict[str, Outline]] = {}
        self.singles.mkdir(parents=True, exist_ok=True)

    def shards(self) -> list[Path]:
        """Gathered files, in order."""
        return sorted(self.path.glob("shard-*.npz"))

    def labels(self) -> Iterator[Label]:
        """Every label, gathered ones first, none twice."""
        seen: set[str] = set()
        singles = sorted(self.singles.glob("*.npz"))
        read = self.shards()
        for path in [*read, *singles]:
            if path.exists() or path not in singles:
                yield from _unseen(path, seen)
        # What another run has gathered in the meantime.
        for path in self.shards():
            if path not in read:
                yield from _unseen(path, seen)

    def has(self, name: str) -> bool:
        """Whether a crystal needs no more work: it is labelled, or has failed."""
        # Singles first: what is gathered meanwhile is in its shard before its own file goes.
        if self._single(name).exists():
            return True
        return any(name in self._shard(path) for path in self.shards()) or name in self.failures()

    def find(self, name: str) -> Outline | None:
        """The label of a name, without its spectrum; None where there is none."""
        if found := _outlines(self._single(name)).get(name):
            return found
        gathered = map(self._shard, self.shards())
        return next((shard[name] for shard in gathered if name in shard), None)

    def check_kind(self, kind: Kind) -> None:
        """Make sure that what lies here is of this kind, or nothing.

        Raises
        ------
        DataError
            If it is of another one.
        """
        stored = [*map(_outlines, self.singles.glob("*.npz")), *map(self._shard, self.shards())]
        kinds = {str(label.facts.get("kind", "")) for found in stored for label in found.values()}
        kinds |= {str(entry.get("kind", "")) for entry in self._failures()}
        if others := sorted(kinds - {"", str(kind)}):
            raise DataError(
                f"the folder holds labels of kind {others[0]}.",
                source=str(self.path),
                remedy=f"Choose another for those of kind {kind}, {self.path}-{kind} for example.",
            )

    def _shard(self, path: Path) -> dict[str, Outline]:
        key = path.name, path.stat().st_mtime_ns
        if key not in self._gathered:
            self._gathered[key] = _outlines(path)
        return self._gathered[key]

    def _single(self, name: str) -> Path:
        return self.singles / f"{safe_name(name)}.npz"

    def failures(self) -> dict[str, str]:
        """Reason of every recorded failure, by name."""
        return {entry["name"]: entry["reason"] for entry in self._failures()}

    def _failures(self) -> list[dict[str, Any]]:
        if not self.failures_file.exists():
            return []
        found = []
        for line in self.failures_file.read_text("utf-8").splitlines():
            try:
                found.append(parse_json(line))
            except json.JSONDecodeError:
                continue  # a line cut short by a kill: that crystal is tried again
        return found

    def finished(self) -> set[str]:
        """Names that need no more work."""
        return {label.name for label in self.labels()} | set(self.failures())

    def add(self, label: Label) -> None:
        """Store one label."""
        write_shard(self._single(label.name), [label])

    def fail(self, name: str, reason: str, kind: Kind | None = None) -> None:
        """Record a failure, in one write; `check_kind` reads its kind."""
        entry = {"name": name, "reason": reason} | ({"kind": str(kind)} if kind else {})
        line = json.dumps(entry) + "\n"
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


def _outlines(path: Path) -> dict[str, Outline]:
    """Labels of a file by name; none where it is not there, or has gone into a shard meanwhile."""
    try:
        return {label.name: label for label in read_outlines(path)}
    except DataError:
        if path.exists():
            raise
        return {}


def _unseen(path: Path, seen: set[str]) -> Iterator[Label]:
    for label in read_shard(path):
        if label.name not in seen:
            seen.add(label.name)
            yield label
