"""What models read of whole data sets; drafts are kept on disk, since all seeds read the same."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.files import replacing
from deepdos_nb.crystal.graph import CrystalGraph
from deepdos_nb.data.records import Record
from deepdos_nb.physics.draft import DraftMemory, DraftModel
from deepdos_nb.physics.model_input import model_input


def record_inputs(
    records: Sequence[Record],
    draft_model: DraftModel | None = None,
    folder: str | Path | None = None,
) -> list[CrystalGraph]:
    """`model_input` of every record, one node a symmetry orbit.

    Parameters
    ----------
    records : sequence of Record
    draft_model : DraftModel, optional
        For models that read drafts.
    folder : path, optional
        Where drafts are kept between calls, in one file for each draft model.
    """
    if draft_model is None:
        return [model_input(r.structure, r.orbits) for r in records]
    file = None if folder is None else Path(folder) / f"drafts-{fingerprint(draft_model)}.npz"
    memory = DraftMemory(draft_model, most=None)
    if file is not None:
        memory.drafts.update(_read(file))
    known = len(memory.drafts)
    inputs = [model_input(r.structure, r.orbits, memory) for r in records]
    if file is not None and len(memory.drafts) > known:
        _write(file, memory.drafts)
    return inputs


def fingerprint(draft_model: DraftModel) -> str:
    """Twelve hexadecimal digits that tell draft models apart."""
    digest = hashlib.sha256()
    for name, value in sorted(draft_model.state_dict().items()):
        digest.update(name.encode() + value.cpu().numpy().tobytes())
    return digest.hexdigest()[:12]


def _read(file: Path) -> dict[str, Array]:
    try:
        with np.load(file, allow_pickle=False) as stored:
            rows = np.split(stored["rows"], stored["offset"][1:-1])
            return dict(zip(stored["crystals"].tolist(), rows, strict=True))
    except (OSError, KeyError, ValueError, BadZipFile):
        return {}  # absent or damaged: computed again


def _write(file: Path, drafts: dict[str, Array]) -> None:
    rows = list(drafts.values())
    offset = np.cumsum([0, *map(len, rows)])
    with replacing(file) as part, part.open("wb") as out:
        np.savez(out, crystals=np.array(list(drafts)), rows=np.concatenate(rows), offset=offset)
