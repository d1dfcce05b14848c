"""Which data go into which model: the phonon recipe behind the shipped weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deepdos_nb.data.records import Record
from deepdos_nb.data.sources.petretto import load_petretto
from deepdos_nb.data.sources.phonondb import load_phonondb
from deepdos_nb.data.splits import benchmark_split, without_leaks


@dataclass(frozen=True)
class PhononData:
    """Training, validation and test records of the phonon benchmark.

    `test_sites` are phonondb's site-projected records of the test materials, never trained on.
    """

    train: list[Record]
    valid: list[Record]
    test: list[Record]
    test_sites: list[Record]


def phonon_data(
    petretto: str | Path | None = None, phonondb: str | Path | None = None
) -> PhononData:
    """Read the benchmark and, if named, phonondb without anything that shares a formula with it.

    Parameters
    ----------
    petretto : path, optional
        ``data.csv``; downloaded and verified without it.
    phonondb : path, optional
        Folder with `structures.jsonl` and `phdos_sites.npz`; without it only the benchmark's
        own training part is used (like for like with published models).
    """
    parts = benchmark_split(load_petretto(petretto))
    more = load_phonondb(phonondb) if phonondb is not None else []
    tested = {r.material_id for r in parts["test"]}
    return PhononData(
        train=parts["train"] + without_leaks(more),
        valid=parts["valid"],
        test=parts["test"],
        test_sites=[r for r in more if r.material_id in tested],
    )


def seen_elements(records: Sequence[Record]) -> list[int]:
    """Atomic numbers that occur in the records, sorted."""
    return sorted({int(z) for record in records for z in record.numbers})
