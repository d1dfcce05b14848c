"""The data set inside the package: our own reference labels of crystals that registries ship.

Electrons are computed with GPAW (PBE, plane waves, tetrahedra), phonons with a machine-learnt
potential; see `deepdos_nb.labelling`. Every record carries its provenance: where the
structure comes from and under which licence, engine, settings, time and convergence.

Parts are drawn by reduced formula: see `deepdos_nb.data.splits.part_of`.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from pathlib import Path

from deepdos_nb.core.errors import DataError
from deepdos_nb.core.grids import Kind
from deepdos_nb.data.records import Record
from deepdos_nb.data.splits import PARTS, Known, Part, part_of
from deepdos_nb.data.stores import ShardStore

KNOWN = "known.json"
"""Formulas outside the training part that the shipped weights know from other sets."""


def embedded_shards(kind: str, folder: str | Path | None = None) -> list[Path]:
    """Shards of one kind, in order.

    Parameters
    ----------
    kind : {"edos", "phdos"}
    folder : path, optional
        Another folder with `edos/` and `phdos/`; the package's own without it.

    Raises
    ------
    DataError
        If there is none.
    """
    kind = Kind(kind)
    home = Path(folder) if folder is not None else Path(str(resources.files("deepdos_nb.data")))
    place = (home if folder is not None else home / "embedded") / kind
    shards = sorted(place.glob("shard-*.npz"))
    if not shards:
        raise DataError(
            f"this copy of the package holds no {kind} records.",
            source=str(place),
            remedy="Make some with `deepdos label`, or open another data set.",
        )
    return shards


def embedded_store(kind: str, folder: str | Path | None = None) -> ShardStore:
    """The records of one kind, read when asked for."""
    return ShardStore(embedded_shards(kind, folder), f"embedded-{kind}")


@cache
def _known_elsewhere(kind: str) -> frozenset[str]:
    path = Path(str(resources.files("deepdos_nb.data"))) / "embedded" / kind / KNOWN
    return frozenset(json.loads(path.read_text("utf-8"))) if path.is_file() else frozenset()


def honest_part(record: Known) -> Part | None:
    """Part of an embedded record as the shipped weights see it, for whoever shows their scores.

    The part of `part_of`, but "train" for what they have met in another set: the phonon weights
    learnt from the benchmark and phonondb (`scripts/known_formulas.py`).
    """
    if record.formula in _known_elsewhere(Kind(record.kind)):
        return "train"
    return part_of(record)


def load_embedded(kind: str, folder: str | Path | None = None) -> dict[Part, list[Record]]:
    """Read every record into memory, divided by reduced formula.

    Parameters
    ----------
    kind : {"edos", "phdos"}
    folder : path, optional
        As in `embedded_shards`.

    Returns
    -------
    dict
        Keys "train", "valid", "test"; held-out materials are in none.

    Raises
    ------
    DataError
        If there are no shards, or one is damaged.
    """
    store = embedded_store(kind, folder)
    parts: dict[Part, list[Record]] = {part: [] for part in PARTS}
    for row, entry in enumerate(store.entries()):
        if part := part_of(entry):
            parts[part].append(store.read(row))
    return parts
