"""Copies of the course: what students get, and what is never replaced."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from course_notebooks import TUTORIALS, tags
from typer.testing import CliRunner

from deepdos_nb.cli import app


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 0, result.output
    return result.output


def test_the_course_is_copied_as_it_is(tmp_path: Path):
    said = run("tutorials", str(tmp_path / "new" / "course"))
    assert f"{len(TUTORIALS)} chapters" in said
    for source in TUTORIALS:
        assert (tmp_path / "new" / "course" / source.name).read_bytes() == source.read_bytes()


def test_students_get_no_solutions(tmp_path: Path):
    run("student", str(tmp_path))
    for source in TUTORIALS:
        notebook = nbformat.read(tmp_path / source.name, as_version=4)
        nbformat.validate(notebook)
        original = nbformat.read(source, as_version=4)
        assert len(notebook.cells) == sum("solution" not in tags(c) for c in original.cells)
        text = "\n".join(c.source for c in notebook.cells)
        assert "<summary>Solution" not in text
        assert "course.check(" in text
        assert not any(c.get("outputs") for c in notebook.cells)
        assert set(notebook.metadata) == {"kernelspec", "language_info"}


@pytest.mark.parametrize("command", ["tutorials", "student"])
def test_somebodys_work_is_not_replaced(tmp_path: Path, command: str):
    mine = tmp_path / TUTORIALS[-1].name
    mine.write_text("my answers")
    result = CliRunner().invoke(app, [command, str(tmp_path)])
    assert result.exit_code == 2
    assert "is there already" in result.output
    assert mine.read_text() == "my answers"
    assert list(tmp_path.iterdir()) == [mine]
