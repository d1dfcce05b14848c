"""Files that are complete or not there, and where the package lies."""

from __future__ import annotations

import hashlib
import os
import re
import tokenize
import uuid
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deepdos_nb.core.arrays import Array


PACKAGE = Path(__file__).parents[1]
"""The folder of this package."""

DAMAGED_ARCHIVE: tuple[type[Exception], ...] = (
    OSError,
    EOFError,
    ValueError,
    LookupError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
    tokenize.TokenError,
)
"""What reading a zip file, such as numpy's npz, raises if it is empty, cut short, altered, or lacks
what is looked for; each of them came up when bytes of a good one were changed at random."""


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """A temporary file beside `path`, which takes its place when the block ends well.

    Whatever goes wrong inside leaves the old file, or none, and no temporary one. Several processes
    may write the same file at once: the last one wins, and readers never see a part of it. Nor do
    they after a power cut.

    Parameters
    ----------
    path : path
        Missing folders above it are made.

    Yields
    ------
    Path
        Where to write: a hidden file that ends in ``.part``, so that no search for files of a kind
        finds it.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        yield part
        _to_disk(part)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _to_disk(path: Path) -> None:
    """Wait until a file's content is on the disk, which its new name could reach before it."""
    # Windows wants the right to write, which a file that was copied may lack elsewhere.
    with path.open("rb" if os.name == "posix" else "rb+") as file:
        os.fsync(file.fileno())


def write_text(path: str | Path, text: str) -> Path:
    """Write a text file (UTF-8) so that it is complete or not there; returns its path."""
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8")
    return Path(path)


def write_arrays(path: str | Path, arrays: Mapping[str, Array]) -> Path:
    """Write a compressed npz file so that it is complete or not there; returns its path."""
    import numpy as np

    with replacing(path) as part, part.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **dict(arrays))
    return Path(path)


def safe_name(name: str) -> str:
    """A safe file name for any identifier, distinct for distinct ones."""
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", name)[:60]
    return f"{plain}-{hashlib.sha1(name.encode()).hexdigest()[:8]}"


def remove_parts(folder: str | Path, *, but: str = "") -> None:
    """Remove what killed processes left half written, in a folder where nobody writes now.

    Parameters
    ----------
    folder : path
    but : str
        Folders below it that hold something of this name are left alone.
    """
    for place, folders, files in os.walk(folder):
        if but:
            folders[:] = [name for name in folders if not Path(place, name, but).exists()]
        for name in files:
            if name.startswith(".") and name.endswith(".part"):
                Path(place, name).unlink(missing_ok=True)
