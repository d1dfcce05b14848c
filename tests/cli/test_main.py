"""The command line with a made-up model: what is shown, what is written, how it fails."""

from __future__ import annotations

import csv
import dataclasses
import json
import subprocess
import sys
import time
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pymatgen.core import Structure
from synthetic import make_spectrum
from typer.testing import CliRunner

import deepdos_nb as dd
from deepdos_nb.cli import app
from deepdos_nb.cli.output import sparkline, summary
from deepdos_nb.core.errors import ExtrapolationWarning, StructureError, WeightsError
from deepdos_nb.core.grids import Kind
from deepdos_nb.core.limits import MAX_ATOMS
from deepdos_nb.spectra.spectrum import Spectrum


class FakeModel:
    """Answers with fabricated spectra, and counts how it is asked."""

    def __init__(self, kind: Kind):
        self.kind = kind
        self.batches: list[int] = []
        self.refuse = ""

    def predict_many(
        self, structures: Iterable[Structure], *, max_atoms: int = MAX_ATOMS
    ) -> list[Spectrum]:
        structures = list(structures)
        self.batches.append(len(structures))
        spectra = [make_spectrum(s, self.kind) for s in structures]
        for i, s in enumerate(spectra):
            if s.formula == self.refuse:
                raise StructureError("is refused.", source=s.formula, remedy="Take another.")
            if "Sr" in s.symbols:
                warnings.warn("never seen Sr", ExtrapolationWarning, stacklevel=2)
                spectra[i] = dataclasses.replace(s, notes=("Extrapolation: Sr.",))
        return spectra


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[FakeModel]:
    models: list[FakeModel] = []

    def load_model(kind: str = "phdos", *, folder: Path | None = None) -> FakeModel:
        if folder is not None:
            raise WeightsError("no weights.", source=str(folder), remedy="Name another folder.")
        models.append(FakeModel(kind))
        return models[-1]

    monkeypatch.setattr(dd, "load_model", load_model, raising=False)
    monkeypatch.chdir(tmp_path)
    return models


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)


def path(name: str) -> Path:
    return dd.examples()[name]


def names(folder: Path) -> set[str]:
    return {p.name for p in folder.iterdir()}


def test_predict_shows_a_table_and_writes_files(loaded: list[FakeModel], tmp_path: Path) -> None:
    result = run("predict", path("MgO"), path("SrTiO3"), "--out", "o", "--format", "both")
    assert result.exit_code == 0, result.output
    assert loaded[0].batches == [2], "all files in one batch"

    spectrum = make_spectrum(dd.read_structure(path("SrTiO3")))
    row = next(line for line in result.stdout.splitlines() if line.strip().startswith("SrTiO3"))
    total, energies = spectrum.total, spectrum.energies
    mean = (energies * total).sum() / total.sum()
    spread = 100 * spectrum.spread.mean() / total.max()
    expected = (
        f"{spectrum.states:.1f}",
        f"{energies[total.argmax()]:.0f}",
        f"{mean:.0f}",
        *(f"{k} {100 * v.sum() / total.sum():.0f} %" for k, v in spectrum.by_element().items()),
        f"{spread:.1f} %",
    )
    for text in ("5", *expected):
        assert text in row
    assert "SrTiO3: Extrapolation: Sr." in result.stdout
    assert "7 files in o/" in result.stdout

    files = {f"{n}_phdos.{e}" for n in ("MgO", "SrTiO3") for e in ("csv", "json", "png")}
    assert names(tmp_path / "o") == files | {"summary_phdos.csv"}
    frame = pd.read_csv(tmp_path / "o" / "SrTiO3_phdos.csv")
    np.testing.assert_allclose(frame["total"], total, rtol=1e-6)
    np.testing.assert_allclose(frame[["Sr", "Ti", "O"]].sum(axis=1), total, rtol=1e-6)
    written = json.loads((tmp_path / "o" / "SrTiO3_phdos.json").read_text(encoding="utf-8"))
    np.testing.assert_allclose(written["total"], total)
    assert written["density_unit"] == "states/cm⁻¹/cell"
    with (tmp_path / "o" / "summary_phdos.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [r["file"] for r in rows] == ["MgO", "SrTiO3"]
    assert float(rows[1]["mean"]) == pytest.approx(mean, rel=1e-5)
    assert rows[1]["notes"] == "Extrapolation: Sr."


def test_defaults_are_stated(loaded: list[FakeModel], tmp_path: Path) -> None:
    result = run("predict", path("MgO"))
    assert names(tmp_path / "deepdos-out") == {
        "MgO_phdos.csv",
        "MgO_phdos.png",
        "summary_phdos.csv",
    }
    assert "3 files in deepdos-out/" in result.stdout
    help_text = run("predict", "--help").stdout
    for word in ("deepdos-out", "phdos", "csv", "png", "--weights", "--max-atoms", "--quiet"):
        assert word in help_text


def test_electrons_have_no_mean_frequency(loaded: list[FakeModel], tmp_path: Path) -> None:
    result = run("predict", path("GaAs"), "--kind", "edos", "--figure", "svg", "--out", "o")
    assert result.exit_code == 0
    assert loaded[0].kind == "edos"
    assert "Mean" not in result.stdout
    assert "eV" in result.stdout
    svg = (tmp_path / "o" / "GaAs_edos.svg").read_text(encoding="utf-8")
    assert svg.startswith("<?xml")


def test_nothing_is_written_where_nothing_is_wanted(
    loaded: list[FakeModel], tmp_path: Path
) -> None:
    result = run("predict", path("MgO"), "--format", "none", "--figure", "none")
    assert result.exit_code == 0
    assert "MgO" in result.stdout
    assert "files in" not in result.stdout
    assert names(tmp_path) == set()


def test_one_bad_file_does_not_stop_the_others(loaded: list[FakeModel], tmp_path: Path) -> None:
    (tmp_path / "junk.cif").write_text("no crystal", encoding="utf-8")
    result = run("predict", "junk.cif", path("MgO"), "gone.cif", "--out", "o")
    assert result.exit_code == 2
    assert "MgO_phdos.csv" in names(tmp_path / "o")
    errors = result.stderr.splitlines()
    assert len(errors) == 2, "one line for each"
    assert errors[0].startswith("error: junk.cif: no crystal structure could be read")
    assert errors[1] == "error: gone.cif: there is no such file. Check the path and the spelling."
    assert "Traceback" not in result.output
    assert "junk" not in result.stdout


def test_a_structure_the_model_refuses_does_not_stop_the_others(
    loaded: list[FakeModel], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(FakeModel, "__init__", _refusing_mgo)
    result = run("predict", path("MgO"), path("Si"), "--out", "o", "--figure", "none")
    assert result.exit_code == 2
    assert names(tmp_path / "o") == {"Si_phdos.csv", "summary_phdos.csv"}
    assert result.stderr.count("MgO.cif: MgO: is refused. Take another.") == 1


def _refusing_mgo(self: FakeModel, kind: Kind) -> None:
    self.kind, self.batches, self.refuse = kind, [], "MgO"


def test_no_model_is_loaded_for_bad_files_alone(loaded: list[FakeModel], tmp_path: Path) -> None:
    assert run("predict", "gone.cif").exit_code == 2
    assert loaded == []
    assert names(tmp_path) == set()


def test_quiet_shows_errors_only(loaded: list[FakeModel], tmp_path: Path) -> None:
    result = run("predict", path("MgO"), "gone.cif", "--quiet", "--out", "o")
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert "MgO_phdos.png" in names(tmp_path / "o")


def test_package_errors_are_one_line_and_exit_code_two(loaded: list[FakeModel]) -> None:
    result = run("predict", path("MgO"), "--weights", "nowhere")
    assert result.exit_code == 2
    assert result.stderr == "error: nowhere: no weights. Name another folder.\n"
    assert result.stdout == ""


def test_an_unwritable_folder_is_one_line_too(loaded: list[FakeModel], tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    result = run("predict", path("MgO"), "--out", "taken/o")
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "taken/o: files cannot be written there" in result.stderr


def test_usage_errors_name_the_choices(loaded: list[FakeModel]) -> None:
    result = run("predict", path("MgO"), "--kind", "optical")
    assert result.exit_code == 2
    assert "phdos" in result.stderr
    assert "edos" in result.stderr


def test_files_of_one_name_do_not_overwrite_each_other(
    loaded: list[FakeModel], tmp_path: Path
) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "POSCAR").write_text(
            str(dd.example("MgO").to(fmt="poscar")), encoding="utf-8"
        )
    result = run("predict", "a/POSCAR", "b/POSCAR", "a/POSCAR", "--figure", "none", "--out", "o")
    assert result.exit_code == 0
    assert names(tmp_path / "o") == {
        "a_POSCAR_phdos.csv",
        "a_POSCAR-2_phdos.csv",
        "b_POSCAR_phdos.csv",
        "summary_phdos.csv",
    }


def test_long_lists_are_predicted_in_batches(
    loaded: list[FakeModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deepdos_nb.cli.predict.BATCH", 2)
    files = [path(n) for n in ("MgO", "Si", "GaAs", "Al", "NiAl")]
    result = run("predict", *files, "--format", "none", "--figure", "none")
    assert loaded[0].batches == [2, 2, 1]
    positions = [result.stdout.index(f"\n {n} ") for n in ("MgO", "Si", "GaAs", "Al", "NiAl")]
    assert positions == sorted(positions), "in the order they were given"


def test_demo_shows_every_example_with_its_spectrum(
    loaded: list[FakeModel], tmp_path: Path
) -> None:
    result = run("demo", "--out", "o")
    assert result.exit_code == 0
    assert names(tmp_path / "o") == {f"{n}_phdos.png" for n in dd.examples()}
    for name, file in dd.examples().items():
        row = next(s for s in result.stdout.splitlines() if s.strip().startswith(f"{name} "))
        assert sparkline(make_spectrum(dd.read_structure(file)).total) in row


def test_sparklines_follow_the_curve() -> None:
    ramp = sparkline(np.linspace(0, 1, 26))
    assert len(ramp) == 26
    assert list(ramp) == sorted(ramp)
    assert (ramp[0], ramp[-1]) == ("▁", "█")
    assert sparkline(np.zeros(51)) == "▁" * 26
    peak = np.zeros(51)
    peak[30] = 2.0
    assert sparkline(peak).count("█") == 1


def test_summary_of_a_known_spectrum() -> None:
    mgo = dd.example("MgO")
    sites = np.zeros((2, 51))
    sites[0, 10], sites[1, 30] = 1.0, 3.0
    numbers = summary(Spectrum("phdos", mgo, sites))
    assert numbers["states"] == pytest.approx(80.0)
    assert numbers["peak"] == 600.0
    assert numbers["mean"] == pytest.approx(500.0)
    assert numbers["shares"] == {"Mg": 0.25, "O": 0.75}
    assert numbers["band"] is None


def test_version_and_commands() -> None:
    assert run("--version").stdout.strip() == f"deepdos {dd.__version__}"
    text = run("--help").stdout
    for command in ("predict", "demo", "train", "score"):
        assert command in text


def test_help_is_fast_and_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom deepdos_nb.cli import app\ntry:\n    app(['--help'])\n"
        "except SystemExit:\n    pass\n"
        "print([m for m in ('torch', 'pymatgen', 'ase', 'matplotlib', 'pandas', 'numpy') "
        "if m in sys.modules])"
    )
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert time.perf_counter() - start < 5.0, "generous, for busy machines"
