"""`deepdos tutorials` and `deepdos student`: the course, copied into a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Folder = Annotated[Path, typer.Argument(help="Made if it is missing; nothing in it is replaced.")]


def tutorials(folder: Folder) -> None:
    """Copy the chapters of the course, as they ran, with exercises and solutions."""
    from deepdos_nb.course.folder import copy_course

    _say(copy_course(folder), folder)


def student(folder: Folder) -> None:
    """Copy the chapters for students: exercises without their solutions, nothing run yet."""
    from deepdos_nb.course.folder import copy_for_students

    _say(copy_for_students(folder), folder)


def _say(copies: list[Path], folder: Path) -> None:
    typer.echo(f"{len(copies)} chapters in {folder}/. Open them with: jupyter lab {folder}")
