"""SHA-256 of weights, in a file beside them that `sha256sum --check` reads too."""

from __future__ import annotations

import hashlib
from pathlib import Path

from deepdos_nb.core.errors import WeightsError
from deepdos_nb.core.files import write_text

SUMS = "SHA256SUMS"
"""Its name."""


def add_sum(path: Path) -> None:
    """Note what a file holds now; other files' lines stay."""
    sums = _sums(path.parent) | {path.name: _sum(path)}
    lines = [f"{value}  {name}\n" for name, value in sorted(sums.items())]
    write_text(path.with_name(SUMS), "".join(lines))


def check_sum(path: Path) -> None:
    """Compare a file with what was noted; without a note anything is accepted.

    Raises
    ------
    WeightsError
        If the file has changed.
    """
    noted = _sums(path.parent).get(path.name)
    if noted is not None and noted != _sum(path):
        raise WeightsError(
            f"its content is not what {SUMS} beside it says.",
            source=str(path),
            remedy=f"Copy it again; if it was changed on purpose, delete its line in {SUMS}.",
        )


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sums(folder: Path) -> dict[str, str]:
    file = folder / SUMS
    if not file.exists():
        return {}
    lines = [line.split(maxsplit=1) for line in file.read_text("utf-8").splitlines()]
    return {words[1].lstrip("*"): words[0] for words in lines if len(words) == 2}
