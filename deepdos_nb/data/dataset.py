"""A data set of any size: an index in memory, records read when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, overload

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.data.records import Record
from deepdos_nb.data.splits import PARTS, Part, part_of
from deepdos_nb.data.stores import Entry, MemoryStore, Store

if TYPE_CHECKING:
    import pandas as pd


class Dataset(Sequence[Record]):
    """Crystals with reference spectra, from one source or several.

    It is a sequence of `Record`: ``len(data)``, ``data[0]``, ``data[:10]`` and ``for r in data``
    work, and training takes it like a list. Parts of it (slices, `filter`, `split`) share one
    index and cost almost nothing.

    >>> import deepdos_nb as dd
    >>> data = dd.open_dataset("embedded-edos")                    # doctest: +SKIP
    >>> oxides = data.filter(elements=["O"], n_atoms=(1, 8))       # doctest: +SKIP
    >>> parts = oxides.split()                                     # doctest: +SKIP

    Parameters
    ----------
    stores : sequence of Store
        Where the records lie; a list of `Record` goes in through `Dataset.of`.
    name : str
    """

    def __init__(self, stores: Sequence[Store], *, name: str = "") -> None:
        self.name = name
        self._stores = tuple(stores)
        self._entries: list[Entry] = []
        ends = []
        for store in self._stores:
            self._entries += store.entries()
            ends.append(len(self._entries))
        self._starts: Array = np.array([0, *ends[:-1]])
        self._positions: Array = np.arange(len(self._entries))

    @classmethod
    def of(cls, records: Iterable[Record], *, name: str = "") -> Dataset:
        """A data set of records that are in memory."""
        return cls([MemoryStore(list(records))], name=name)

    def __len__(self) -> int:
        return len(self._positions)

    @overload
    def __getitem__(self, index: int) -> Record: ...
    @overload
    def __getitem__(self, index: slice) -> Dataset: ...
    def __getitem__(self, index: int | slice) -> Record | Dataset:
        if isinstance(index, slice):
            return self._part(self._positions[index])
        return self._read(int(self._positions[index]))

    def __iter__(self) -> Iterator[Record]:
        for position in self._positions:
            yield self._read(int(position))

    def __add__(self, other: Dataset) -> Dataset:
        """Both sets, this one first."""
        joined = Dataset((), name=" + ".join(filter(None, [self.name, other.name])))
        joined._stores = self._stores + other._stores
        joined._entries = self._entries + other._entries
        shift = len(self._entries)
        joined._starts = np.concatenate([self._starts, other._starts + shift])
        joined._positions = np.concatenate([self._positions, other._positions + shift])
        return joined

    def __repr__(self) -> str:
        elements = {e for entry in self.entries() for e in entry.elements}
        kinds = "/".join(sorted({entry.kind for entry in self.entries()})) or "empty"
        label = f"{self.name!r}, " if self.name else ""
        return f"Dataset({label}{kinds}, {len(self)} crystals, {len(elements)} elements)"

    def entries(self) -> Iterator[Entry]:
        """What the index knows of each record, without reading it."""
        for position in self._positions:
            yield self._entries[position]

    def filter(
        self,
        predicate: Callable[[Entry], bool] | None = None,
        *,
        elements: Iterable[str] | None = None,
        only: Iterable[str] | None = None,
        n_atoms: int | tuple[int, int] | None = None,
        gap: tuple[float, float] | None = None,
        source: str | Iterable[str] | None = None,
        kind: str | None = None,
        sites: bool | None = None,
    ) -> Dataset:
        """The records that fulfil every condition that is given; none of them is read for it.

        Parameters
        ----------
        predicate : callable, optional
            Takes an `Entry` (material_id, formula, elements, n_atoms, gap, source, …).
        elements : iterable of str, optional
            Symbols that must all occur.
        only : iterable of str, optional
            Symbols beside which none may occur.
        n_atoms : int or (int, int), optional
            Largest number of atoms per cell, or the smallest and the largest.
        gap : (float, float), optional
            Smallest and largest gap in eV; crystals of unknown gap are left out.
        source : str or iterable of str, optional
        kind : {"phdos", "edos"}, optional
        sites : bool, optional
            Whether site projections are known.
        """
        wanted = set(elements or ())
        allowed = None if only is None else set(only)
        low, high = (1, n_atoms) if isinstance(n_atoms, int) else n_atoms or (1, None)
        sources = {source} if isinstance(source, str) else None if source is None else set(source)

        def fits(e: Entry) -> bool:
            return (
                wanted.issubset(e.elements)
                and (allowed is None or allowed.issuperset(e.elements))
                and e.n_atoms >= low
                and (high is None or e.n_atoms <= high)
                and (gap is None or (e.gap is not None and gap[0] <= e.gap <= gap[1]))
                and (sources is None or e.source in sources)
                and (kind is None or e.kind == kind)
                and (sites is None or e.sites == sites)
                and (predicate is None or bool(predicate(e)))
            )

        keep = np.fromiter((fits(e) for e in self.entries()), dtype=bool, count=len(self))
        return self._part(self._positions[keep])

    def find(self, name: str) -> Dataset:
        """The records of this identifier or, where there is none, of this reduced formula."""
        exact = self.filter(lambda e: e.material_id == name)
        return exact if len(exact) else self.filter(lambda e: e.formula == name)

    def split(self) -> dict[Part, Dataset]:
        """Training, validation and test part by reduced formula, about 80/10/10.

        The rule (`part_of`) looks at the formula alone, so parts of different sets never leak into
        each other; materials of the held-out list are in no part.

        Returns
        -------
        dict of Dataset
            Keys "train", "valid", "test".
        """
        found = np.array([part_of(e) or "" for e in self.entries()], dtype="U5")
        return {part: self._part(self._positions[found == part]) for part in PARTS}

    def to_dataframe(self) -> pd.DataFrame:
        """One row for each record: identifier, formula, atoms, elements, gap, kind, source."""
        import pandas as pd

        columns = ("material_id", "formula", "n_atoms", "elements", "gap", "sites")
        frame = pd.DataFrame.from_records(
            [[getattr(e, c) for c in (*columns, "kind", "source")] for e in self.entries()],
            columns=[*columns, "kind", "source"],
        )
        frame["elements"] = frame["elements"].map(" ".join)
        return frame.rename(columns={"gap": "gap (eV)"}).astype({"gap (eV)": float})

    def _part(self, positions: Array) -> Dataset:
        part = Dataset((), name=self.name)
        part._stores, part._entries, part._starts = self._stores, self._entries, self._starts
        part._positions = positions
        return part

    def _read(self, position: int) -> Record:
        store = int(np.searchsorted(self._starts, position, side="right")) - 1
        return self._stores[store].read(position - int(self._starts[store]))
