"""Neighbour graphs kept on disk, so that a data set builds each of them once."""

from __future__ import annotations

import hashlib
import os
import uuid
from pathlib import Path
from typing import Any

import numpy as np

from deepdos_nb.arrays import Array
from deepdos_nb.data.records import Record
from deepdos_nb.graph import MARGIN, MIN_NEIGHBOURS, RADIUS, CrystalGraph

VERSION = 1
"""Changes when graphs are built differently, so that old files are not taken for new ones."""

_STORED = {
    "numbers": np.int16,
    "weight": np.float64,
    "receiver": np.int32,
    "sender": np.int32,
    "vector": np.float64,
    "image": np.int16,
    "cutoff": np.float64,
    "orbit": np.int32,
}


class GraphCache:
    """A folder of graphs, one safetensors file each, named by the hash of the crystal's content.

    Files are written under another name and renamed, so several processes may share a folder. One
    that is damaged is built again.

    Parameters
    ----------
    folder : path
    """

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)

    def path(self, record: Record) -> Path:
        """File of a record's graph; records of equal crystals share it."""
        key = content_hash(record)
        return self.folder / key[:2] / f"{key}.safetensors"

    def get(self, record: Record) -> CrystalGraph:
        """The record's quotient graph, bit for bit what `Record.graph` builds."""
        path = self.path(record)
        graph = _read(path)
        if graph is None:
            graph = record.graph()
            _write(path, graph)
        return graph


def content_hash(record: Record) -> str:
    """SHA-256 of everything a record's graph depends on, in hexadecimal."""
    digest = hashlib.sha256(f"{VERSION} {RADIUS} {MIN_NEIGHBOURS} {MARGIN}".encode())
    parts: tuple[tuple[Array, type], ...] = (
        (record.lattice, np.float64),
        (record.numbers, np.int64),
        (record.frac, np.float64),
        (record.orbits, np.int64),
    )
    for array, dtype in parts:
        digest.update(np.ascontiguousarray(array, dtype=dtype).tobytes())
    return digest.hexdigest()


def _read(path: Path) -> CrystalGraph | None:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        arrays = load(path.read_bytes())
        wide = {np.int16: np.int64, np.int32: np.int64, np.float64: np.float64}
        stored: dict[str, Any] = {n: arrays[n].astype(wide[t]) for n, t in _STORED.items()}
        return CrystalGraph(**stored)
    except (OSError, SafetensorError, KeyError, ValueError):
        return None


def _write(path: Path, graph: CrystalGraph) -> None:
    from safetensors.numpy import save

    content = save(
        {n: np.ascontiguousarray(getattr(graph, n), dtype=t) for n, t in _STORED.items()}
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        part.write_bytes(content)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
