"""The doctor: what it finds here, and what it says where something is missing or does not fit."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import deepdos_nb as dd
from deepdos_nb.cli import app
from deepdos_nb.diagnostics import checks
from deepdos_nb.diagnostics.checks import Check
from deepdos_nb.diagnostics.doctor import Checkup, doctor
from deepdos_nb.widgets.base import ngl
from deepdos_nb.widgets.base.probe import BrowserProbe


def by_name(checkup: Checkup) -> dict[str, Check]:
    return {check.name: check for check in checkup.checks}


@pytest.fixture
def missing(monkeypatch: pytest.MonkeyPatch):
    """Pretend that packages are not installed."""
    real = checks.version_of

    def hide(*packages: str) -> None:
        monkeypatch.setattr(checks, "version_of", lambda p: "" if p in packages else real(p))

    return hide


def test_the_function_stays_a_function():
    """Importing a module of the same name would put the module in its place."""
    assert dd.doctor is doctor
    assert callable(dd.doctor)


def test_this_environment_is_in_order():
    checkup = doctor(gpu=False)
    found = by_name(checkup)
    assert checkup.ok, checkup.describe()
    assert found["Python"].found == ".".join(map(str, sys.version_info[:3]))
    assert found["weights (phonon)"].status == "ok"
    assert found["embedded data sets"].found.startswith("edos and phdos")
    assert found["nglview"].status == "ok"
    assert "in order" in checkup.describe()
    assert "GPU" not in found


@pytest.mark.parametrize(
    ("package", "remedy", "essential"),
    [
        ("anywidget", "pip install deepdos-nb", True),
        ("torch", "pip install deepdos-nb", True),
        ("voila", "pip install 'deepdos-nb[app]'", False),
        ("phonopy", "pip install 'deepdos-nb[label]'", False),
    ],
)
def test_what_is_missing_comes_with_its_command(missing, package, remedy, essential):
    missing(package)
    checkup = doctor(gpu=False)
    check = by_name(checkup)[package]
    assert (check.status, check.remedy, check.essential) == ("missing", remedy, essential)
    assert checkup.ok is not essential
    assert remedy in checkup.describe()


def test_without_dask_everything_runs_one_after_the_other(missing):
    assert by_name(doctor(gpu=False))["Dask"].status == "ok"
    missing("distributed")
    check = by_name(doctor(gpu=False))["Dask"]
    assert (check.status, check.essential) == ("missing", False)
    assert "one task after the other" in check.found
    assert check.remedy == "pip install 'deepdos-nb[cluster]'"


def test_gpaw_comes_with_everything_it_is_compiled_from(missing):
    missing("gpaw")
    lines = by_name(doctor(gpu=False))["gpaw"].remedy.splitlines()
    assert lines[0] == "apt-get install libxc-dev libopenblas-dev libfftw3-dev gcc g++"
    assert lines[2] == "GPAW_CONFIG=$PWD/gpaw-config.py pip install 'deepdos-nb[label]'"


def test_the_siteconfig_command_writes_valid_python(missing, tmp_path: Path):
    missing("gpaw")
    command = by_name(doctor(gpu=False))["gpaw"].remedy.splitlines()[1]
    subprocess.run(["sh", "-c", command], cwd=tmp_path, check=True)
    settings: dict[str, object] = {}
    for line in (tmp_path / "gpaw-config.py").read_text().splitlines():
        name, _, value = line.partition(" = ")
        settings[name] = json.loads(value.replace("'", '"').replace("True", "true").lower())
    assert settings == {
        "compiler": "g++",
        "libraries": ["xc", "openblas", "fftw3"],
        "fftw": True,
        "mpi": False,
    }


def test_setups_are_asked_for_where_gpaw_has_none(missing, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("GPAW_SETUP_PATH", raising=False)
    real = checks.version_of
    answers = {"gpaw": "26.7.0", "gpaw-data": ""}
    monkeypatch.setattr(checks, "version_of", lambda p: answers.get(p, real(p)))
    check = by_name(doctor(gpu=False))["GPAW set-ups"]
    assert (check.status, check.remedy) == ("missing", "pip install gpaw-data==1.2.1")


def test_a_widget_that_would_stay_blank_is_explained(monkeypatch: pytest.MonkeyPatch):
    words = "nglview asks for 4.0.1, JupyterLab has 3.1.5; mend it with: pip install nglview==4.0"
    monkeypatch.setattr(ngl, "nglview_problem", lambda: words)
    check = by_name(doctor(gpu=False))["nglview"]
    assert check.status == "broken"
    assert "JupyterLab has 3.1.5" in check.found
    assert check.remedy == "pip install nglview==4.0"


def test_a_missing_extension_is_a_failure(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(checks, "extension_version", lambda name: "")
    checkup = doctor(gpu=False)
    check = by_name(checkup)["JupyterLab's part of anywidget"]
    assert check.status == "broken"
    assert "stay blank" in check.found
    assert "pip install --force-reinstall" in check.remedy
    assert not checkup.ok
    assert "Not in order" in checkup.verdict()


@pytest.mark.parametrize("name", ["weights (phonon)", "weights (electronic)"])
def test_missing_weights_are_a_failure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str):
    monkeypatch.setattr(checks, "PACKAGE", tmp_path)
    found = by_name(doctor(gpu=False))[name]
    assert (found.status, found.essential) == ("missing", True)
    assert "pip install" in found.remedy


def test_downloaded_data_sets_are_listed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("DEEPDOS_DATA", str(tmp_path))
    assert by_name(doctor(gpu=False))["other data sets"].status == "note"
    (tmp_path / "petretto.csv").write_bytes(bytes(1_500_000))
    assert by_name(doctor(gpu=False))["petretto.csv"].found.startswith("1.5 MB")


def test_without_the_gpu_line_torch_is_not_loaded():
    code = (
        "import sys; from deepdos_nb.diagnostics.doctor import doctor; doctor(gpu=False)\n"
        "print(*sorted({'torch', 'pymatgen', 'gpaw', 'lightning', 'matplotlib'} & {*sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_command_prints_a_table_and_fails_only_for_what_is_essential(missing):
    run = CliRunner()
    done = run.invoke(app, ["doctor", "--no-gpu"])
    assert done.exit_code == 0
    assert "anywidget" in done.output
    # All of them, because a machine may lack some to begin with.
    missing("gpaw", "gpaw-data", "sevenn", "phonopy", "voila")
    done = run.invoke(app, ["doctor", "--no-gpu"])
    assert done.exit_code == 0
    assert "libfftw3-dev" in done.output
    assert "4 optional parts are not there" in done.output
    missing("anywidget")
    done = run.invoke(app, ["doctor", "--no-gpu"])
    assert done.exit_code == 1
    assert "Not in order: anywidget" in done.output


def test_command_speaks_json(missing):
    missing("anywidget")
    done = CliRunner().invoke(app, ["doctor", "--no-gpu", "--json"])
    answer = json.loads(done.output)
    assert (done.exit_code, answer["ok"]) == (1, False)
    (check,) = (c for c in answer["checks"] if c["name"] == "anywidget")
    assert check["status"] == "missing"


def test_a_notebook_asks_the_browser():
    data, _ = doctor(gpu=False)._repr_mimebundle_()
    assert {"application/vnd.jupyter.widget-view+json", "image/png", "text/plain"} <= set(data)
    probe = BrowserProbe(rows=[], verdict="fine", words="fine")
    probe.ping = 3
    assert probe.pong == 3
    probe.webgl = "WebGL 2, a card"
    assert "a card" in probe.describe()
