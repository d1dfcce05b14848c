"""Where records lie: an index that fits into memory, and records that are read when asked for."""

from __future__ import annotations

import math
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import DataError
from deepdos_nb.core.nesting import parse_json
from deepdos_nb.data.label_shards import Label, read_shard
from deepdos_nb.data.labelled import to_record
from deepdos_nb.data.records import Record, reduced_formula

KEPT_SHARDS = 16
"""Shards a store keeps in memory: a hundred small crystals each, some megabytes in all."""


class Entry(NamedTuple):
    """What the index knows of a record; the spectrum itself stays on disk.

    Attributes
    ----------
    material_id, kind, source : str
        As in `Record`.
    formula : str
        Reduced chemical formula.
    elements : tuple of str
        Symbols, in alphabetical order.
    n_atoms : int
        Atoms per cell.
    gap : float or None
        eV, where known.
    sites : bool
        Whether site projections are known.
    """

    material_id: str
    kind: str
    source: str
    formula: str
    elements: tuple[str, ...]
    n_atoms: int
    gap: float | None
    sites: bool


class Store(Protocol):
    """Records of one source, numbered from zero."""

    def entries(self) -> Iterator[Entry]:
        """Index of the records, in order."""

    def read(self, row: int) -> Record:
        """The record of one row."""


@lru_cache(maxsize=200_000)
def names(composition: tuple[tuple[int, int], ...]) -> tuple[str, tuple[str, ...]]:
    """Reduced formula and element symbols of (atomic number, count) pairs."""
    from pymatgen.core import Element

    symbols = sorted(Element.from_Z(z).symbol for z, _ in composition)
    return reduced_formula(composition), tuple(symbols)


def entry_of(
    name: str,
    kind: str,
    source: str,
    numbers: Array,
    *,
    gap: float | None = None,
    sites: bool = True,
) -> Entry:
    """Index entry of a crystal with these atomic numbers."""
    counts = Counter(numbers.tolist())
    # In reduced form, so that crystals of one formula share its text.
    common = math.gcd(*counts.values())
    formula, symbols = names(tuple((z, counts[z] // common) for z in sorted(counts)))
    return Entry(name, kind, source, formula, symbols, len(numbers), gap, sites)


class MemoryStore:
    """Records that are in memory already."""

    def __init__(self, records: Sequence[Record]):
        self.records = list(records)

    def entries(self) -> Iterator[Entry]:
        """Index of the records, in order."""
        for r in self.records:
            yield entry_of(
                r.material_id,
                r.kind,
                r.source,
                r.numbers,
                gap=r.gap,
                sites=r.site_shape is not None,
            )

    def read(self, row: int) -> Record:
        """The record of one row."""
        return self.records[row]


class ShardStore:
    """Labels in shards, as `deepdos label` writes them.

    Parameters
    ----------
    paths : sequence of Path
        Shards, read in this order; a name that occurred before is passed over.
    source : str
    kept : int
        Shards kept in memory at most.
    """

    def __init__(self, paths: Sequence[Path], source: str, *, kept: int = KEPT_SHARDS):
        self.paths, self.source, self.kept = list(paths), source, kept
        self._rows: list[tuple[int, int]] = []
        self._shards: dict[int, tuple[Label, ...]] = {}

    def entries(self) -> Iterator[Entry]:
        """Index of the records, in order; spectra are not read for it."""
        seen: set[str] = set()
        self._rows = []
        for block, path in enumerate(self.paths):
            for row, (facts, numbers) in enumerate(_contents(path)):
                name = str(facts["name"])
                if name in seen:
                    continue
                seen.add(name)
                self._rows.append((block, row))
                gap = facts.get("gap")
                yield entry_of(
                    name,
                    str(facts.get("kind", "")),
                    self.source,
                    numbers,
                    gap=None if gap is None else float(gap),
                )

    def read(self, row: int) -> Record:
        """The record of one row; its shard stays in memory for its neighbours."""
        block, position = self._rows[row]
        # Taken out and put back, so that the shard used longest ago comes first.
        shard = self._shards.pop(block, None) or tuple(read_shard(self.paths[block]))
        self._shards[block] = shard
        while len(self._shards) > self.kept:
            self._shards.pop(next(iter(self._shards)), None)
        return to_record(shard[position], self.source)


def _contents(path: Path) -> list[tuple[dict[str, Any], Array]]:
    """Facts and atomic numbers of a shard, without decompressing its spectra."""
    try:
        with np.load(path, allow_pickle=False) as file:
            facts = [parse_json(line) for line in file["facts"].tobytes().decode().splitlines()]
            numbers = np.split(file["numbers"], np.cumsum(file["atoms"].astype(np.int64))[:-1])
        return list(zip(facts, numbers, strict=True))
    except FileNotFoundError:
        raise DataError("no such file.", source=str(path)) from None
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise DataError(f"not a shard of labels ({error}).", source=str(path)) from error


def label_files(folder: Path) -> list[Path]:
    """Shards of a folder of labels, then what is not gathered into one yet."""
    return [*sorted(folder.glob("shard-*.npz")), *sorted((folder / "done").glob("*.npz"))]
