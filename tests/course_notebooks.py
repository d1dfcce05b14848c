"""The chapters as the tests see them: their exercises, and their solutions put in."""

from __future__ import annotations

import copy
import re
from pathlib import Path

import nbformat

ROOT = Path(__file__).parents[1]
TUTORIALS = sorted((ROOT / "tutorials").glob("*.ipynb"))
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)


def tags(cell: nbformat.NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])


def code_of(notebook: nbformat.NotebookNode) -> str:
    return "\n".join(c.source for c in notebook.cells if c.cell_type == "code")


def exercises_asked(notebook: nbformat.NotebookNode) -> list[str]:
    """Full names of the exercises that a chapter checks."""
    return re.findall(r'course\.check\(\s*"([\w.]+)"', code_of(notebook))


def solved(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """A copy in which every cell tagged `exercise` is the next solution's code."""
    notebook = copy.deepcopy(notebook)
    for index, cell in enumerate(notebook.cells):
        if "exercise" in tags(cell):
            solution = next(c for c in notebook.cells[index + 1 :] if "solution" in tags(c))
            (cell.source,) = BLOCK.findall(solution.source)
    return notebook
