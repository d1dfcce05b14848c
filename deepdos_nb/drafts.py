"""Drafts for whole data sets, kept on disk: seeds of an ensemble read the same ones."""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Sequence
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from deepdos_nb.arrays import Array
from deepdos_nb.data.graph_cache import content_hash
from deepdos_nb.data.records import Record
from deepdos_nb.graph import build_graph
from deepdos_nb.model.drafter import Drafter, with_draft


def orbit_drafts(
    records: Sequence[Record], drafter: Drafter, folder: str | Path | None = None
) -> list[Array]:
    """Drafts of every record's symmetry orbits, each of shape (n_orbits, n_bins).

    Parameters
    ----------
    records : sequence of Record
    drafter : Drafter
    folder : path, optional
        Where drafts are kept between calls, in one file for each drafter.
    """
    file = None if folder is None else Path(folder) / f"drafts-{fingerprint(drafter)}.npz"
    known = {} if file is None else _read(file)
    keys = [content_hash(r) for r in records]
    fresh = {k: _draft(r, drafter) for k, r in zip(keys, records, strict=True) if k not in known}
    if fresh and file is not None:
        _write(file, known | fresh)
    drafts = known | fresh
    return [drafts[k] for k in keys]


def fingerprint(drafter: Drafter) -> str:
    """Twelve hexadecimal digits that tell drafters apart."""
    digest = hashlib.sha256()
    for name, value in sorted(drafter.state_dict().items()):
        digest.update(name.encode() + value.cpu().numpy().tobytes())
    return digest.hexdigest()[:12]


def _draft(record: Record, drafter: Drafter) -> Array:
    structure = record.structure
    draft = with_draft(build_graph(structure), structure, drafter).quotient(record.orbits).draft
    assert draft is not None
    return draft


def _read(file: Path) -> dict[str, Array]:
    try:
        with np.load(file, allow_pickle=False) as stored:
            rows = np.split(stored["rows"], stored["offset"][1:-1])
            return dict(zip(stored["keys"].tolist(), rows, strict=True))
    except (OSError, KeyError, ValueError, BadZipFile):
        return {}  # absent or damaged: computed again


def _write(file: Path, drafts: dict[str, Array]) -> None:
    rows = list(drafts.values())
    offset = np.cumsum([0, *map(len, rows)])
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f".{file.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        with part.open("wb") as out:
            np.savez(out, keys=np.array(list(drafts)), rows=np.concatenate(rows), offset=offset)
        os.replace(part, file)
    finally:
        part.unlink(missing_ok=True)
