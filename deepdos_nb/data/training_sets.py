"""Which data go into which model: the recipes behind the shipped weights and the benchmark."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from deepdos_nb.core.errors import ConfigError, DataError
from deepdos_nb.core.grids import Kind
from deepdos_nb.data.catalogue import open_dataset
from deepdos_nb.data.dataset import Dataset
from deepdos_nb.data.records import Record
from deepdos_nb.data.sources.embedded import embedded_store, load_embedded
from deepdos_nb.data.sources.petretto import load_petretto
from deepdos_nb.data.sources.phonondb import load_phonondb
from deepdos_nb.data.splits import PARTS, benchmark_split, small_parts, without_leaks

FIRST_EDITION = 1019
"""Electronic labels of the package's first edition; later ones stand behind them."""


@dataclass(frozen=True)
class TrainingData:
    """Training, validation and test records of one kind.

    `test_sites` are site-projected records of test materials, never trained on: phonondb's for the
    phonon benchmark, the test records themselves for the embedded labels. `test_first` are the test
    records of the first edition of labels that have grown since, on which scores of all editions
    compare.
    """

    train: list[Record]
    valid: list[Record]
    test: list[Record]
    test_sites: list[Record]
    test_first: list[Record] = field(default_factory=list)
    name: str = ""
    """Of the data set, where it is not what the shipped weights were trained on."""

    @property
    def kind(self) -> Kind:
        """Kind of spectrum."""
        return self.train[0].kind

    def fraction(self, fraction: float) -> TrainingData:
        """The same with a part of the training records.

        Records are drawn by formula, in an order of their own that depends on nothing else, so that
        a smaller part lies within every larger one and polymorphs stay together.

        Parameters
        ----------
        fraction : float
            Of the training records, 0 < fraction ≤ 1.

        Raises
        ------
        ConfigError
            If the fraction leaves nothing, or is above one.
        """
        wanted = round(fraction * len(self.train))
        if not 0 < wanted <= len(self.train):
            raise ConfigError(f"a fraction of {fraction:g} of {len(self.train)} training records.")
        if wanted == len(self.train):
            return self
        return replace(self, train=sorted(self.train, key=_draw)[:wanted])


def _draw(record: Record) -> tuple[str, str]:
    return hashlib.sha256(f"part {record.formula}".encode()).hexdigest(), record.material_id


def phonon_data(
    petretto: str | Path | None = None,
    phonondb: str | Path | None = None,
    *,
    train_on_phonondb: bool = True,
) -> TrainingData:
    """Read the benchmark and, if named, phonondb without anything that shares a formula with it.

    Parameters
    ----------
    petretto : path, optional
        ``data.csv``; downloaded and verified without it.
    phonondb : path, optional
        Folder with `structures.jsonl` and `phdos_sites.npz`; without it only the benchmark's
        own training part is used (like for like with published models).
    train_on_phonondb : bool
        Otherwise only the site projections of test materials are taken from there.
    """
    parts = benchmark_split(load_petretto(petretto))
    more = load_phonondb(phonondb) if phonondb is not None else []
    tested = {r.material_id for r in parts["test"]}
    return TrainingData(
        train=parts["train"] + (without_leaks(more) if train_on_phonondb else []),
        valid=parts["valid"],
        test=parts["test"],
        test_sites=[r for r in more if r.material_id in tested],
    )


def embedded_data(kind: str, folder: str | Path | None = None) -> TrainingData:
    """The labels inside the package, divided by formula.

    Parameters
    ----------
    kind : {"phdos", "edos"}
    folder : path, optional
        See `load_embedded`.
    """
    parts = load_embedded(kind, folder)
    train, valid, test = (parts[part] for part in PARTS)
    first: list[Record] = []
    if Kind(kind) is Kind.edos and folder is None:
        entries = list(embedded_store(kind).entries())[:FIRST_EDITION]
        known = {entry.material_id for entry in entries}
        first = [record for record in test if record.material_id in known]
    return TrainingData(train, valid, test, test, first)


def training_data(
    kind: str,
    petretto: str | Path | None = None,
    phonondb: str | Path | None = None,
    source: str | Path | None = None,
) -> TrainingData:
    """What a model of a kind is trained on.

    Without a `source`, what the shipped weights were trained on, see `phonon_data` and
    `embedded_data`; with one, its records, see `source_data`.

    Raises
    ------
    ConfigError
        If copies of the benchmark's data are named beside a source, or for electrons.
    """
    if source is not None:
        if petretto is not None or phonondb is not None:
            raise ConfigError(
                "either a data set of its own or copies of the benchmark's, not both.",
                source=str(source),
            )
        return source_data(kind, source)
    if Kind(kind) is Kind.phdos:
        return phonon_data(petretto, phonondb)
    if petretto is not None or phonondb is not None:
        raise ConfigError(
            "the benchmark's data are phonons, and electrons are asked for.",
            source=str(phonondb if petretto is None else petretto),
            remedy="Leave it out, or ask for phonons.",
        )
    return embedded_data(Kind.edos)


def source_data(kind: str, source: str | Path | Dataset) -> TrainingData:
    """Records of one kind of a known data set, or of a file or folder of your own.

    Every source is divided by formula, the same formula always into the same part, and materials
    of the held-out list are in none; so models trained on one are tested on another without a leak.
    In a small set formulas of the training part join the other two, see `small_parts`.

    Parameters
    ----------
    kind : {"phdos", "edos"}
    source : str, path or Dataset
        As `open_dataset` takes it.

    Raises
    ------
    DataError
        If the data set is not here, or holds no records of this kind for one of the parts.
    """
    kind = Kind(kind)
    whole = source if isinstance(source, Dataset) else open_dataset(source)
    data = whole.filter(kind=kind)
    entries = list(data.entries())
    places = small_parts(entries)
    rows = {part: [i for i, p in enumerate(places) if p == part] for part in PARTS}
    if empty := [part for part in PARTS if not rows[part]]:
        raise DataError(
            f"no {kind.adjective} records for the parts {', '.join(empty)}.",
            source=whole.name if isinstance(source, Dataset) else str(source),
            remedy="Parts are drawn by formula, 80/10/10: add materials of other formulas.",
        )
    train, valid, test = ([data[i] for i in rows[part]] for part in PARTS)
    sites = [record for record in test if record.site_shape is not None]
    return TrainingData(train, valid, test, sites, name=whole.name)


def seen_elements(records: Sequence[Record]) -> list[int]:
    """Atomic numbers that occur in the records, sorted."""
    return sorted({int(z) for record in records for z in record.numbers})
