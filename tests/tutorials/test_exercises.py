"""The quickstart's exercises: unanswered they pass, right answers count, wrong ones do not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

NOTEBOOK = Path(__file__).parents[2] / "tutorials" / "00_quickstart.ipynb"


@pytest.fixture(scope="module")
def cells() -> list[nbformat.NotebookNode]:
    return nbformat.read(NOTEBOOK, as_version=4).cells


@pytest.fixture(scope="module")
def solutions(cells: list[nbformat.NotebookNode]) -> list[str]:
    """The code the notebook itself offers as solutions, in order."""
    text = next(c.source for c in cells if "<summary>Solutions</summary>" in c.source)
    return re.findall(r"^\d+\. `([^`]+)`", text, flags=re.MULTILINE)


@pytest.fixture(scope="module")
def chapter(cells: list[nbformat.NotebookNode]) -> dict[str, Any]:
    """What is defined when a student reaches the exercises, without the view."""
    names: dict[str, Any] = {}
    for cell in cells:
        if cell.cell_type == "code" and not re.search(r"\blook\b|answer_", cell.source):
            exec(cell.source, names)
    return names


def exercise(cells: list[nbformat.NotebookNode], number: int) -> str:
    return next(c.source for c in cells if c.source.startswith(f"answer_{number} = ..."))


@pytest.mark.parametrize("number", [1, 2, 3])
def test_exercise(
    number: int,
    cells: list[nbformat.NotebookNode],
    solutions: list[str],
    chapter: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
):
    source = exercise(cells, number)
    assert len(solutions) == 3
    exec(source, chapter)
    assert "Not answered yet" in capsys.readouterr().out
    # The first solution uses names the exercise defines below its answer; they are there by now.
    exec(source.replace("...", solutions[number - 1], 1), chapter)
    assert "Right!" in capsys.readouterr().out
    wrong = "'Xe'" if number == 1 else f"1.1 * ({solutions[number - 1]})"
    with pytest.raises(AssertionError, match="is not right"):
        exec(source.replace("...", wrong, 1), chapter)


def test_parameters_cell_is_tagged(cells: list[nbformat.NotebookNode]):
    tagged = [c for c in cells if "parameters" in c.metadata.get("tags", [])]
    assert len(tagged) == 1
    names: dict[str, Any] = {}
    exec(tagged[0].source, names)
    assert {"example", "out_dir"} <= set(names)
