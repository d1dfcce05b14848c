"""Files that are complete or not there, also after a power cut."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from deepdos_nb.core.files import DAMAGED_ARCHIVE, replacing, write_arrays, write_text


def test_the_content_is_on_the_disk_before_the_name(tmp_path: Path, monkeypatch):
    path = write_text(tmp_path / "a.txt", "old")
    seen: list[tuple[str, str]] = []

    def fsync(descriptor: int) -> None:
        seen.append((os.pread(descriptor, 10, 0).decode(), path.read_text("utf-8")))

    monkeypatch.setattr(os, "fsync", fsync)
    write_text(path, "new")
    assert seen == [("new", "old")]
    assert path.read_text("utf-8") == "new"


def test_what_goes_wrong_leaves_the_old_file(tmp_path: Path, monkeypatch):
    path = write_text(tmp_path / "a.txt", "old")

    def full(descriptor: int) -> None:
        raise OSError("no space left on device")

    with pytest.raises(ZeroDivisionError), replacing(path) as part:
        part.write_text(str(1 / 0) if part.write_text("half") else "")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        write_text(path, "new")
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
    assert path.read_text("utf-8") == "old"


def test_damage_of_every_sort_is_known(tmp_path: Path):
    """Cut short anywhere, or with a byte changed, a file reads well or raises what is listed."""
    path = write_arrays(tmp_path / "a.npz", {"x": np.arange(999) % 7, "y": np.array(["a", "bc"])})
    whole, rng = path.read_bytes(), np.random.default_rng(0)
    kinds = set()
    for number in range(1500):
        damaged = bytearray(whole[: number if number < 300 else None])
        if number >= 300:
            damaged[rng.integers(len(damaged))] = rng.integers(256)
        path.write_bytes(damaged)
        try:
            with np.load(path, allow_pickle=False) as file:
                assert file["x"].size + file["y"].size
        except DAMAGED_ARCHIVE as error:
            kinds.add(type(error).__name__)
    assert {"EOFError", "BadZipFile", "error"} <= kinds
