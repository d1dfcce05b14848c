"""Files that a power cut has left empty: each reader says which one it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deepdos_nb.core.errors import DataError
from deepdos_nb.data.baseline_curves import read_baseline_curves
from deepdos_nb.data.catalogue import open_dataset
from deepdos_nb.data.label_folder import Folder
from deepdos_nb.data.label_shards import read_outlines, read_shard
from deepdos_nb.data.sources.jarvis import rewrite
from deepdos_nb.data.sources.phonondb import PhonondbStore
from deepdos_nb.training import draft_cache


def _phonondb(path: Path) -> PhonondbStore:
    path.rename(path.with_name("phdos_sites.npz"))
    return PhonondbStore(path.parent)


def _folder(path: Path) -> None:
    place = Folder(path.parent / "labels")
    path.rename(place.singles / path.name)
    place.check_kind("edos")


@pytest.mark.parametrize("cut", [0, 30])
@pytest.mark.parametrize(
    "read",
    [
        lambda path: list(read_shard(path)),
        read_outlines,
        lambda path: open_dataset(path.parent),
        read_baseline_curves,
        lambda path: rewrite(path, path.with_name("jarvis.jsonl")),
        _phonondb,
        _folder,
    ],
)
def test_an_empty_or_short_file_is_named(tmp_path: Path, read: Callable[[Path], Any], cut: int):
    path = tmp_path / "shard-0000.npz"
    path.write_bytes(b"PK\x03\x04"[:cut] + bytes(max(cut - 4, 0)))
    with pytest.raises(DataError, match=r"(shard-0000|phdos_sites)\.npz: "):
        read(path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 and no more"])
def test_damaged_drafts_are_made_again(tmp_path: Path, content: bytes):
    path = tmp_path / "drafts-0.npz"
    path.write_bytes(content)
    assert draft_cache._read(path) == {}
