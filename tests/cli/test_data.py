"""`deepdos data`: what is listed, fetched and shown, and how it fails."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from data_files import salts, write_petretto, write_phonondb
from source_files import Client, long_table, write_structures
from stored_labels import example_labels, write_embedded
from typer.testing import CliRunner

import deepdos_nb as dd
from deepdos_nb.cli import app
from deepdos_nb.cli.output import sparkline
from deepdos_nb.core.grids import grid_for
from deepdos_nb.data import catalogue
from deepdos_nb.data.catalogue import open_dataset
from deepdos_nb.data.label_shards import write_shard
from deepdos_nb.data.sources import embedded, materials_project, petretto
from deepdos_nb.data.sources.petretto import git_blob_sha1


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty place for downloads, and a package that holds no records."""
    place = tmp_path / "home"
    monkeypatch.setenv("DEEPDOS_DATA", str(place))
    monkeypatch.chdir(tmp_path)

    def shards(kind: str, folder: Path | None = None) -> list[Path]:
        return embedded.embedded_shards(kind, folder or tmp_path / "package")

    monkeypatch.setattr(catalogue, "embedded_shards", shards)
    monkeypatch.setattr(
        catalogue, "embedded_store", lambda k: embedded.embedded_store(k, tmp_path / "package")
    )
    return place


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["data", *map(str, arguments)], catch_exceptions=False)


def row(output: str, name: str) -> str:
    return next(line for line in output.splitlines() if line.strip().startswith(name))


def fails(reason: str, *arguments: object) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1, "one line"
    assert reason in result.stderr
    assert "Traceback" not in result.output


def test_list_says_what_is_here_and_how_to_get_the_rest(home, tmp_path):
    empty = run("list")
    assert empty.exit_code == 0
    for name in catalogue.SOURCES:
        assert f"{name} is not here." in empty.stdout
    assert "deepdos data get petretto" in empty.stdout

    write_embedded(tmp_path / "package", "edos")
    home.mkdir()
    write_petretto(home / "petretto.csv", salts())
    write_phonondb(home / "phonondb", salts())
    write_shard(home / "materials_project" / "shard-0000.npz", list(example_labels("edos"))[:3])
    filled = run("list").stdout
    for name, count in {
        "embedded-edos": len(dd.examples()),
        "petretto": len(salts()),
        "phonondb": len(salts()),
        "materials_project": 3,
    }.items():
        assert f" {count} " in row(filled, name)
        assert f"{name} is not here." not in filled
    assert "CC BY 4.0" in row(filled, "petretto")
    assert "embedded-phdos is not here." in filled


def test_show_describes_a_set(tmp_path):
    write_embedded(tmp_path / "package", "edos")
    text = run("show", "embedded-edos").stdout
    data = open_dataset("embedded-edos")
    assert row(text, "Crystals").split()[-1] == str(len(data))
    assert "2 without a gap" in row(text, "Gap known")
    oxides = len(data.filter(elements=["O"]))
    assert f"O {oxides}" in row(text, "Elements")
    parts = data.split()
    assert f"train {len(parts['train'])}, valid {len(parts['valid'])}" in row(text, "Split")


def test_show_draws_a_record(tmp_path):
    write_embedded(tmp_path / "package", "edos")
    result = run("show", "embedded-edos", "GaAs", "--figure", "out/gaas.svg")
    assert result.exit_code == 0
    text = result.stdout
    record = open_dataset("embedded-edos").find("GaAs")[0]
    assert sparkline(record.shape, 51) in row(text, "Total")
    for symbol, curve in record.reference().by_element().items():
        share = 100 * curve.sum() / record.reference().total.sum()
        assert sparkline(curve, 51) in row(text, symbol + " ")
        assert f"{share:.0f} %" in row(text, symbol + " ")
    assert "VBM, gap 1.50 eV" in row(text, "Energy zero")
    assert "PBE (GPAW)" in row(text, "Method")
    assert "MIT" in row(text, "Licence")
    assert f"{record.states:.2f}" in row(text, "States in the window")
    picture = (tmp_path / "out" / "gaas.svg").read_text("utf-8")
    assert picture.startswith("<?xml")
    assert "Reference: PBE (GPAW)." in picture


def test_show_takes_formulas_and_totals_without_sites(home):
    home.mkdir()
    write_petretto(home / "petretto.csv", salts() | {"own-10": salts()["own-8"]})
    result = run("show", "petretto", "MgO", "--figure", "mgo.png")
    assert result.exit_code == 0
    assert "own-8" in result.stdout
    assert "1 more of this formula: own-10" in result.stdout
    assert "total only" in row(result.stdout, "Projections")
    assert Path("mgo.png").read_bytes().startswith(b"\x89PNG")


def test_show_takes_folders_without_a_scale(tmp_path):
    folder = tmp_path / "mine"
    write_structures(folder, "MgO")
    grid = grid_for("edos")
    long_table(folder, {"MgO": (grid.energies, 1 + np.sin(grid.energies))}, "energy (eV),dos")
    (folder / "dataset.json").write_text('{"density": "arbitrary"}')
    result = run("show", "mine", "MgO", "--figure", "mine.png")
    assert result.exit_code == 0
    assert "States in the window" not in result.stdout
    assert Path("mine.png").exists()


def test_show_says_what_is_wrong(home, tmp_path):
    fails("petretto is not here yet. Run `deepdos data get petretto`", "show", "petretto")
    fails("Did you mean petretto?", "show", "petreto")
    write_embedded(tmp_path / "package", "edos")
    fails("holds no MgO2. Did you mean MgO", "show", "embedded-edos", "MgO2")
    fails(
        "--figure shows one record. Name a material", "show", "embedded-edos", "--figure", "a.png"
    )
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "shard-0000.npz").write_bytes(b"junk")
    fails("not a shard of labels", "show", "bad")


def test_get_downloads_and_verifies_the_benchmark(home, tmp_path, monkeypatch):
    source = write_petretto(tmp_path / "public.csv", salts())

    def copy(url, known_hash, fname, path, downloader):
        path.mkdir(exist_ok=True)
        (path / fname).write_bytes(source.read_bytes())

    monkeypatch.setattr("pooch.retrieve", copy)
    fails("no published version", "get", "petretto")
    assert not list(home.iterdir())
    monkeypatch.setattr(petretto, "BLOBS", frozenset({git_blob_sha1(source)}))
    result = run("get", "petretto")
    assert result.exit_code == 0
    assert f"{len(salts())} records, hash verified, in {home / 'petretto.csv'}" in result.stdout
    assert len(open_dataset("petretto")) == len(salts())


def test_get_from_the_materials_project(home, monkeypatch):
    monkeypatch.delenv("MP_API_KEY", raising=False)
    fails("asks for a key", "get", "materials_project", "--elements", "Mg,O")
    client = Client()
    monkeypatch.setattr(materials_project, "connect", lambda: client)
    fails("Give either --ids or --elements", "get", "materials_project")
    fails("Give either", "get", "materials_project", "--ids", "mp-1", "--elements", "O")
    result = run("get", "materials_project", "--elements", "Mg,O", "--max-atoms", "8")
    assert result.exit_code == 0
    assert client.criteria["elements"] == ["Mg", "O"]
    assert client.criteria["num_sites"] == (1, 8)
    assert "3 new, 0 there already, 1 left out" in result.stdout
    assert "mp-2: left out, No density of states data found" in result.stdout
    Path("ids.txt").write_text("mp-1\nmp-77\n")
    result = run("get", "materials_project", "--ids", "ids.txt")
    assert "1 new, 1 there already, 0 left out" in result.stdout
    assert len(open_dataset("materials_project")) == 4
    assert run("show", "materials_project", "mp-77").exit_code == 0


def test_get_converts_archives(home, tmp_path):
    pytest.importorskip("phonopy", reason="phonopy is not installed (extra: label)")
    from archives import copper, pack, solve, write_material

    fails("--archives FOLDER", "get", "phonondb")
    (tmp_path / "originals").mkdir()
    fails("there are no phonondb archives", "get", "phonondb", "--archives", "originals")
    pack(write_material(tmp_path / "originals" / "mp-30-20180417", solve(copper())), ".tar.xz")
    result = run("get", "phonondb", "--archives", "originals")
    assert result.exit_code == 0, result.output
    assert "1 new, 1 there already, 0 left out" in result.stdout, "folder and archive are one"
    assert open_dataset("phonondb")[0].formula == "Cu"


def test_get_what_is_part_of_the_package_or_unknown(tmp_path):
    fails("this copy of the package holds no phdos records", "get", "embedded-phdos")
    write_embedded(tmp_path / "package", "phdos")
    assert (
        f"part of the package: {len(dd.examples())} records" in run("get", "embedded-phdos").stdout
    )
    fails("no data set has this name", "get", "nothing")


def test_help_loads_nothing_heavy():
    code = (
        "import sys\nfrom deepdos_nb.cli import app\ntry:\n    app(['data', '--help'])\n"
        "except SystemExit:\n    pass\n"
        "print([m for m in ('torch', 'pymatgen', 'pandas', 'numpy', 'pooch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    for command in ("list", "get", "show"):
        assert command in done.stdout
