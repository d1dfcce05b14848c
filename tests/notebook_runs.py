"""Experiments' notebooks, run on the set inside the package."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import papermill

FOLDER = Path(__file__).parents[1] / "notebooks"
QUICK = {"epochs": 1, "workers": 2, "seeds": [0]}


def execute(name: str, folder: Path, **parameters: Any) -> tuple[pd.DataFrame, int]:
    """Run a notebook; its table of scores and the number of its figures."""
    results = folder / "results" / f"{name}.csv"
    papermill.execute_notebook(
        FOLDER / f"{name}.ipynb",
        folder / f"{name}.ipynb",
        parameters=QUICK | {"runs": str(folder / "runs"), "results": str(results)} | parameters,
        kernel_name="python3",
        cwd=FOLDER,
        progress_bar=False,
    )
    notebook = nbformat.read(folder / f"{name}.ipynb", as_version=4)
    outputs = [o for c in notebook.cells for o in c.get("outputs", [])]
    return pd.read_csv(results), sum("image/png" in o.get("data", {}) for o in outputs)
