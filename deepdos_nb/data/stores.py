"""Where records lie: an index that fits into memory, and records that are read when asked for."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, Protocol

from deepdos_nb.core.arrays import Array
from deepdos_nb.data.label_shards import Label, read_outlines, read_shard
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
            for row, outline in enumerate(read_outlines(path)):
                if outline.name in seen:
                    continue
                seen.add(outline.name)
                self._rows.append((block, row))
                gap = outline.facts.get("gap")
                yield entry_of(
                    outline.name,
                    str(outline.facts.get("kind", "")),
                    self.source,
                    outline.numbers,
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


def label_files(folder: Path) -> list[Path]:
    """Shards of a folder of labels, then what is not gathered into one yet."""
    return [*sorted(folder.glob("shard-*.npz")), *sorted((folder / "done").glob("*.npz"))]
