"""What models read of whole data sets; drafts are kept on disk, since all seeds read the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.files import DAMAGED_ARCHIVE, replacing
from deepdos_nb.crystal.graph import CrystalGraph, build_graph
from deepdos_nb.crystal.primitive import primitive_cell
from deepdos_nb.data.records import Record
from deepdos_nb.parallel.scheduler import open_scheduler
from deepdos_nb.parallel.tasks import Task
from deepdos_nb.physics.draft import (
    DRAFT_REVISION,
    DraftMemory,
    DraftModel,
    crystal_key,
    draft_spectra,
)
from deepdos_nb.physics.model_input import model_input

CHUNK = 256
"""Crystals drafted between two writes."""


def record_inputs(
    records: Sequence[Record],
    draft_model: DraftModel | None = None,
    folder: str | Path | None = None,
    *,
    workers: int = 1,
) -> list[CrystalGraph]:
    """`model_input` of every record, one node a symmetry orbit.

    Parameters
    ----------
    records : sequence of Record
    draft_model : DraftModel, optional
        For models that read drafts.
    folder : path, optional
        Where drafts are kept between calls, some files for each draft model. They are written as
        they are made, so that whoever is interrupted goes on from there.
    workers : int
        Processes that draft.
    """
    if draft_model is None:
        return [model_input(r.structure, r.orbits) for r in records]
    memory = DraftMemory(draft_model, most=None)
    name = f"drafts-{DRAFT_REVISION}-{fingerprint(draft_model)}"
    if folder is not None:
        for file in sorted(Path(folder).glob(f"{name}*.npz")):
            memory.drafts.update(_read(file))
    for made in _missing(records, memory, workers):
        memory.drafts.update(made)
        if folder is not None:
            _write(Path(folder) / f"{name}-{_digest(made)}.npz", made)
    return [model_input(r.structure, r.orbits, memory) for r in records]


def _missing(
    records: Sequence[Record], memory: DraftMemory, workers: int
) -> Iterator[dict[str, Array]]:
    """Drafts that the memory lacks, some at a time, as they are made."""
    lacking = {key: r for r in records if (key := crystal_key(r.structure)) not in memory.drafts}
    keys = list(lacking)
    chunks = [keys[start : start + CHUNK] for start in range(0, len(keys), CHUNK)]
    # A few crystals are drafted before another process has imported what it needs.
    with open_scheduler(min(max(workers, 1), max(len(chunks), 1))) as scheduler:
        tasks = (Task(str(i), ([lacking[k] for k in c],)) for i, c in enumerate(chunks))
        for outcome in scheduler.run(drafts, tasks, common=(memory.draft_model,)):
            yield dict(zip(chunks[int(outcome.key)], outcome.get(), strict=True))


def drafts(draft_model: DraftModel, records: Sequence[Record]) -> list[Array]:
    """Drafted spectra of the sites of every record, see `draft_spectra`."""
    structures = [record.structure for record in records]
    cells = [primitive_cell(structure, build_graph(structure)) for structure in structures]
    return [rows[0] for rows in draft_spectra([draft_model], cells)]


def fingerprint(draft_model: DraftModel) -> str:
    """Twelve hexadecimal digits that tell draft models apart."""
    digest = hashlib.sha256()
    for name, value in sorted(draft_model.state_dict().items()):
        digest.update(name.encode() + value.cpu().numpy().tobytes())
    return digest.hexdigest()[:12]


def _digest(keys: Mapping[str, Array]) -> str:
    return hashlib.sha256("".join(keys).encode()).hexdigest()[:12]


def _read(file: Path) -> dict[str, Array]:
    try:
        with np.load(file, allow_pickle=False) as stored:
            rows = np.split(stored["rows"], stored["offset"][1:-1])
            return dict(zip(stored["crystals"].tolist(), rows, strict=True))
    except DAMAGED_ARCHIVE:
        return {}  # absent or damaged: computed again


def _write(file: Path, drafts: Mapping[str, Array]) -> None:
    rows = list(drafts.values())
    offset = np.cumsum([0, *map(len, rows)])
    with replacing(file) as part, part.open("wb") as out:
        np.savez(out, crystals=np.array(list(drafts)), rows=np.concatenate(rows), offset=offset)
