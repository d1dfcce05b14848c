"""The experiments' notebooks run offline on the set inside the package, and share their runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import papermill
import pytest

from deepdos_nb.model.baselines import NAMES
from deepdos_nb.variants import ALONE, BARE, OURS, PROJECTIONS

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


@pytest.mark.slow
def test_experiments_run_and_the_second_reads_the_runs_of_the_first(tmp_path: Path):
    one_epoch: dict[str, int] = {}
    rows, figures = execute("benchmark", tmp_path, longer=one_epoch, dropouts=[0.2])
    assert rows["variant"].tolist() == [OURS, BARE["phdos"], ALONE["phdos"], *NAMES]
    assert figures == 2
    best = tmp_path / "runs" / OURS / "dropout-0.2" / "seed-0" / "best.ckpt"
    stamp = best.stat().st_mtime_ns

    parts, figures = execute(
        "data_efficiency", tmp_path, longer=one_epoch, models=[OURS], fractions=[0.1, 1.0]
    )
    assert figures == 1
    small, whole = parts["n_train"]
    assert small == round(0.1 * whole)

    ablations, figures = execute("ablations", tmp_path)
    assert figures == 1
    assert len(ablations) == 10
    assert best.stat().st_mtime_ns == stamp
    sizes, figures = execute("ensemble", tmp_path)
    assert figures == 1
    assert sizes["mse_max"].tolist() == rows["mse_max"][:1].tolist()
    for table in (parts, ablations):
        same = table[(table["variant"] == OURS) & (table["n_train"] == whole)]
        assert same["mse_max"].tolist() == rows["mse_max"][:1].tolist()
    # one epoch, whatever it is worth, is not the same network ten times
    assert ablations["mse_max"].nunique() == 10


@pytest.mark.slow
def test_sites_and_gaps_are_read_from_the_runs_of_electrons(tmp_path: Path):
    few = {"epochs": 1, "runs": str(tmp_path / "runs")}
    rows, figures = execute("sites", tmp_path, kind="edos", **few)
    assert figures == 1
    assert rows["variant"].tolist() == [OURS, PROJECTIONS]
    assert rows["element_told_cosine_median"].between(0, 1).all()
    assert rows["element_draft_cosine_median"].nunique() == 2  # one was told sites, one was not
    stamp = (tmp_path / "runs" / OURS / "dropout-0.2" / "seed-0" / "best.ckpt").stat().st_mtime_ns
    gaps, _ = execute("gap_screen", tmp_path, longer={}, **few)
    assert gaps["variant"].tolist() == [OURS, BARE["edos"], ALONE["edos"], *NAMES]
    assert gaps["positives"].nunique() == 1
    assert gaps["mse_max"].nunique() == 6
    again = tmp_path / "runs" / OURS / "dropout-0.2" / "seed-0" / "best.ckpt"
    assert again.stat().st_mtime_ns == stamp
