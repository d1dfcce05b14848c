"""The notebook that looks for candidates, on a few crystals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest
from notebook_runs import FOLDER
from typer.testing import CliRunner

import deepdos_nb as dd
from deepdos_nb.cli import app
from deepdos_nb.core.grids import Kind
from deepdos_nb.metrics.valence_gap import vb_gap


def execute(folder: Path, **parameters: Any) -> nbformat.NotebookNode:
    papermill.execute_notebook(
        FOLDER / "screen.ipynb",
        folder / "screen.ipynb",
        parameters={"out": str(folder / "out"), "exchange": 1} | parameters,
        kernel_name="python3",
        cwd=FOLDER,
        progress_bar=False,
    )
    return nbformat.read(folder / "screen.ipynb", as_version=4)


def some_with_a_gap(folder: Path) -> Path:
    """The first embedded crystals whose reference has what is looked for, and salts."""
    folder.mkdir()
    grid, left = Kind.edos.grid, 5
    for record in dd.open_dataset("embedded-edos").filter(n_atoms=4):
        curve = record.shape * (record.states or 0.0) / grid.step
        if vb_gap(grid.energies, curve, min_width=1.5) is not None:
            record.structure.to(str(folder / f"{record.formula}.cif"))
            left -= 1
        if not left:
            break
    for salt in ("MgO", "NaCl"):
        dd.example(salt).to(str(folder / f"{salt}.cif"))
    return folder


@pytest.mark.slow
def test_candidates_are_found_drawn_and_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    source = some_with_a_gap(tmp_path / "in")
    few = {"source": str(source), "max_atoms": 8, "min_width": 1.0, "best": 4}
    notebook = execute(tmp_path, **few)
    outputs = [o for cell in notebook.cells for o in cell.get("outputs", [])]
    assert sum("image/png" in o.get("data", {}) for o in outputs) == 2
    assert len(dd.Screen(tmp_path / "out").to_dataframe()) > 10
    asked: list[str] = []

    def label_many(jobs: Any, *_: Any, **__: Any) -> dict[str, int]:
        asked.extend(job.name for job in jobs)
        return {"labelled": len(asked), "failed": 0, "skipped": 0}

    monkeypatch.setattr("deepdos_nb.labelling.queue.label_many", label_many)
    printed = "".join(o["text"] for o in outputs if "text" in o)
    command = next(line for line in printed.splitlines() if line.startswith("deepdos label"))
    done = CliRunner().invoke(app, command.split()[1:])
    assert done.exit_code == 0, done.output
    assert 1 <= len(asked) <= 4


@pytest.mark.slow
def test_a_parameter_without_sense_is_refused_in_one_sentence(tmp_path: Path):
    with pytest.raises(papermill.PapermillExecutionError) as caught:
        execute(tmp_path, best=0)
    told = "best: 0 is not allowed here. Give a whole number in [1, 1000]."
    assert caught.value.evalue == told
    assert not (tmp_path / "out").exists()
