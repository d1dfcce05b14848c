"""Copies of the course: as it is, and for students, without solutions and outputs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from deepdos_nb.core.errors import ConfigError, DataError
from deepdos_nb.core.files import PACKAGE, replacing, write_text

SOLUTION = "solution"
"""Tag of a cell that holds a solution."""


def course_folder() -> Path:
    """Where the chapters lie: beside the package in a checkout, inside it once installed.

    Raises
    ------
    DataError
        If they are in neither place.
    """
    for folder in (PACKAGE / "tutorials", PACKAGE.parent / "tutorials"):
        if (folder / "00_quickstart.ipynb").is_file():
            return folder
    raise DataError(
        "the chapters of the course are missing.",
        source="tutorials/",
        remedy="Install the package again: pip install --force-reinstall --no-deps deepdos-nb",
    )


def chapters_to(folder: Path) -> list[tuple[Path, Path]]:
    """Every chapter and where its copy goes.

    Raises
    ------
    ConfigError
        If a copy would take the place of a file: somebody may have worked in it.
    """
    pairs = [(path, folder / path.name) for path in sorted(course_folder().glob("*.ipynb"))]
    for _, target in pairs:
        if target.exists():
            raise ConfigError(
                "is there already, perhaps with somebody's work in it.",
                source=str(target),
                remedy="Choose another folder, or move the file away.",
            )
    return pairs


def copy_course(folder: Path) -> list[Path]:
    """Copy every chapter as it is, outputs included; the paths of the copies.

    Raises
    ------
    ConfigError
        If a chapter is there already.
    """
    pairs = chapters_to(folder)
    for source, target in pairs:
        with replacing(target) as part:
            shutil.copyfile(source, part)
    return [target for _, target in pairs]


def copy_for_students(folder: Path) -> list[Path]:
    """Copy every chapter without its solutions and outputs; the paths of the copies.

    Raises
    ------
    ConfigError
        If a chapter is there already.
    """
    pairs = chapters_to(folder)
    for source, target in pairs:
        notebook = json.loads(source.read_text(encoding="utf-8"))
        text = json.dumps(for_students(notebook), ensure_ascii=False, indent=1)
        write_text(target, text + "\n")
    return [target for _, target in pairs]


def for_students(notebook: dict[str, Any]) -> dict[str, Any]:
    """A notebook as read from JSON, without solutions, outputs and how it was executed."""
    cells = []
    for cell in notebook["cells"]:
        if SOLUTION in cell.get("metadata", {}).get("tags", ()):
            continue
        if cell["cell_type"] == "code":
            cell = cell | {"outputs": [], "execution_count": None}
        cells.append(cell)
    metadata = {key: notebook["metadata"][key] for key in ("kernelspec", "language_info")}
    return notebook | {"cells": cells, "metadata": metadata}
