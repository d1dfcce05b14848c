"""Notebooks made for one test: a few cells of code, written where the browser can open them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import nbformat


def write_sheet(folder: Path, name: str, cells: Sequence[str]) -> Path:
    """Write a notebook of code cells and return its path."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in cells],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    path = folder / f"{name}.ipynb"
    nbformat.write(notebook, path)
    return path
