"""`deepdos label` and `dd.label`, with a stand-in for the engine."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
from crystals import mgo, rocksalt
from labels import made_up
from typer.testing import CliRunner

import deepdos_nb as dd
from deepdos_nb.cli import app
from deepdos_nb.core.errors import LabelError
from deepdos_nb.data.label_folder import Folder
from deepdos_nb.labelling import label as labelling

run = CliRunner()


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Labels at once; returns the names it was asked for."""
    asked: list[str] = []

    def compute(job, kind, settings=None, *, time_limit=None, server=None, log=None):
        asked.append(job.name)
        if "fails" in job.name:
            raise LabelError("did not converge.", source=job.name)
        return made_up(job.name, kind, job.structure)

    monkeypatch.setattr("deepdos_nb.labelling.queue.compute", compute)
    monkeypatch.setattr("deepdos_nb.labelling.queue.engine", lambda kind: "none")
    monkeypatch.setattr(labelling, "compute", compute)
    return asked


@pytest.fixture
def crystals(tmp_path: Path) -> Path:
    folder = tmp_path / "crystals"
    folder.mkdir()
    mgo().to(str(folder / "MgO.cif"))
    rocksalt("Na", "Cl", 5.6).to(str(folder / "POSCAR"), fmt="poscar")
    return folder


def test_a_folder_is_labelled_once(engine: list[str], crystals: Path, tmp_path: Path):
    out = tmp_path / "labels"
    done = run.invoke(app, ["label", str(crystals), "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "2 labelled, 0 failed" in done.output
    assert {label.name for label in Folder(out).labels()} == {"MgO.cif", "POSCAR"}
    again = run.invoke(app, ["label", str(crystals), "--out", str(out)])
    assert "0 labelled, 0 failed, 2 done before" in again.output
    assert len(engine) == 2


def test_failures_and_bad_files_are_named(engine: list[str], crystals: Path, tmp_path: Path):
    mgo().to(str(crystals / "fails.cif"))
    (crystals / "empty.cif").write_text("")
    out = tmp_path / "labels"
    done = run.invoke(app, ["label", str(crystals), "--out", str(out), "--no-retry"])
    assert done.exit_code == 2
    assert "fails.cif: did not converge." in done.output
    assert "empty.cif" in done.output
    assert "2 labelled, 1 failed" in done.output
    assert Folder(out).failures() == {"fails.cif": "did not converge."}


def test_another_kind_needs_another_folder(engine: list[str], crystals: Path, tmp_path: Path):
    out = tmp_path / "labels"
    run.invoke(app, ["label", str(crystals / "MgO.cif"), "--out", str(out)])
    other = ["label", str(crystals / "MgO.cif"), "--kind", "phdos", "--out"]
    refused = run.invoke(app, [*other, str(out)])
    assert refused.exit_code == 2
    assert "holds labels of kind edos" in " ".join(refused.output.split())
    assert "done before" not in refused.output
    done = run.invoke(app, [*other, f"{out}-phdos"])
    assert "1 labelled, 0 failed, 0 done before" in done.output


def test_equal_file_names_are_two_crystals(engine: list[str], tmp_path: Path):
    for name, structure in [("run1", mgo()), ("run2", rocksalt("Na", "Cl", 5.6))]:
        (tmp_path / name).mkdir()
        structure.to(str(tmp_path / name / "POSCAR"), fmt="poscar")
    files = [str(tmp_path / name / "POSCAR") for name in ("run1", "run2")]
    done = run.invoke(app, ["label", *files, "--out", str(tmp_path / "labels")])
    assert "2 labelled" in done.output
    assert engine == ["run1/POSCAR", "run2/POSCAR"]


def test_a_changed_file_is_told(engine: list[str], crystals: Path, tmp_path: Path):
    command = ["label", str(crystals / "MgO.cif"), "--out", str(tmp_path / "labels")]
    run.invoke(app, command)
    rocksalt("K", "Cl", 6.3).to(str(crystals / "MgO.cif"))
    again = run.invoke(app, command)
    assert "MgO: the label of this name is of another crystal" in again.output
    assert "1 done before" in again.output


def test_a_bad_line_stops_nobody(engine: list[str], tmp_path: Path):
    good = json.dumps({"name": "good", "structure": mgo().as_dict()}, default=float)
    large = json.dumps({"name": "large", "structure": (mgo() * 2).as_dict()}, default=float)
    path = tmp_path / "list.jsonl"
    path.write_text(f"nothing\n{large}\n{good}\n\n")
    command = ["label", str(path), "--out", str(tmp_path / "labels"), "--max-atoms", "8"]
    done = run.invoke(app, command)
    assert done.exit_code == 2
    assert engine == ["good"]
    assert "line 1: it is no crystal" in " ".join(done.output.split())


def test_lists_and_limits(engine: list[str], tmp_path: Path):
    entries = [{"name": f"c{i}", "structure": mgo().as_dict()} for i in range(4)]
    path = tmp_path / "list.jsonl"
    path.write_text("".join(json.dumps(e, default=float) + "\n" for e in entries))
    run.invoke(app, ["label", str(path), "--out", str(tmp_path / "labels"), "--limit", "3"])
    assert engine == ["c0", "c1", "c2"]


def test_without_an_engine_the_command_says_how_to_get_one(
    monkeypatch: pytest.MonkeyPatch, crystals: Path, tmp_path: Path
):
    def version(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("importlib.metadata.version", version)
    done = run.invoke(app, ["label", str(crystals), "--out", str(tmp_path / "labels")])
    assert done.exit_code == 2
    assert "gpaw is not installed" in done.output
    assert "deepdos doctor" in done.output


@pytest.mark.parametrize("kind", ["edos", "phdos"])
def test_label_in_a_notebook(engine: list[str], kind: str):
    reference = dd.label(rocksalt("Na", "Cl", 5.6), kind, progress=False)
    assert engine == ["NaCl"]
    assert reference.spectrum.kind == kind
    assert reference.spectrum.formula == "NaCl"
    assert reference.prediction is None
    assert "gpaw 0" in reference.describe()
    assert reference.plot() is not None


def test_label_beside_the_prediction_states_both_times(engine: list[str]):
    reference = dd.label(
        rocksalt("Na", "Cl", 5.6), "phdos", model=dd.load_model("phdos"), progress=True
    )
    assert reference.prediction is not None
    assert reference.prediction_seconds is not None
    assert 0 < reference.prediction_seconds < 10
    assert "times faster on this machine" in reference.describe()
    assert len(reference.plot().lines) >= 2


def test_a_failed_calculation_is_raised_where_it_was_asked_for(
    monkeypatch: pytest.MonkeyPatch,
):
    def compute(job, kind, settings=None, *, time_limit=None, server=None, log=None):
        raise LabelError("did not converge.", source=job.name)

    monkeypatch.setattr(labelling, "compute", compute)
    with pytest.raises(LabelError, match="MgO: did not converge"):
        dd.label(mgo(), progress=False)


def test_stage_is_read_from_the_report(tmp_path: Path):
    log = tmp_path / "report.txt"
    assert labelling._stage(log, "edos") == "density, setting up"
    log.write_text("|iter:   1| 17:35 |\n|iter:   2| 17:36 |\n")
    assert labelling._stage(log, "edos") == "density, cycle 2"
    (tmp_path / "report.txt.states").write_text("|iter:   1| 17:35 |\n")
    assert labelling._stage(log, "edos") == "states, cycle 1"
    log.write_text("relaxing the cell\ndisplacement 1 of 2, 54 atoms\n")
    assert labelling._stage(log, "phdos") == "displacement 1 of 2, 54 atoms"
