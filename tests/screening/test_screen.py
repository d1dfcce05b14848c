"""A screen: right numbers, one row for every crystal, resumed, shared and killed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ase.build import bulk
from crystals import mgo, rocksalt, rutile, triclinic
from networks import random_model
from pymatgen.core import Structure
from typer.testing import CliRunner

import deepdos_nb as dd
from deepdos_nb.cli import app
from deepdos_nb.core.errors import ConfigError, DataError
from deepdos_nb.metrics.observables import heat_capacity
from deepdos_nb.metrics.valence_gap import vb_gap
from deepdos_nb.parallel.claims import Claims
from deepdos_nb.screening import run as running
from deepdos_nb.screening.schema import columns
from deepdos_nb.screening.shards import shard_name

run = CliRunner()
KINDS = ("phdos", "edos")


def some() -> list[tuple[str, Structure]]:
    salts = [(f"{c}{a}", rocksalt(c, a, 5.6)) for c in ("Na", "K") for a in ("Cl", "Br", "I")]
    return [("rutile", rutile()), *salts, ("MgO", mgo()), ("triclinic", triclinic())]


@pytest.fixture(scope="module")
def quick() -> dd.Ensemble:
    """A small network with no draft: what is tested here is the way to and from it."""
    return dd.Ensemble([random_model("phdos", seed) for seed in range(2)], device="cpu")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.mark.parametrize("kind", KINDS)
def test_rows_hold_what_predict_answers(kind, tmp_path):
    crystals = some()
    found = dd.screen(crystals, kind, out=tmp_path, shard=4)
    assert len(found) == len(crystals)
    assert len(found.files) == 3
    table = found.to_dataframe(list(columns(kind)))
    assert list(table["name"]) == [name for name, _ in crystals]
    spectra = dd.load_model(kind).predict_many([structure for _, structure in crystals])
    for (_, row), spectrum in zip(table.iterrows(), spectra, strict=True):
        height = spectrum.total.max()
        np.testing.assert_allclose(row["total"], spectrum.total, atol=1e-4 * height)
        np.testing.assert_allclose(row["band"], spectrum.band, atol=1e-3 * height)
        by_element = np.reshape(row["by_element"], (len(row["elements"]), -1))
        for symbol, curve in zip(row["elements"], by_element, strict=True):
            expected = spectrum.by_element()[symbol]
            np.testing.assert_allclose(curve, expected, atol=1e-4 * height)
        np.testing.assert_allclose(by_element.sum(axis=0), row["total"], rtol=1e-5, atol=1e-6)
        assert row["states"] == pytest.approx(spectrum.states, rel=1e-4)
        assert tuple(row["cautions"]) == spectrum.notes
        assert row["formula"] == spectrum.formula
        if kind == "phdos":
            modes = spectrum.states / len(spectrum.structure)
            heat = heat_capacity(spectrum.total[None], found.grid.energies, modes=modes)
            assert row["heat_capacity"] == pytest.approx(float(heat[0]), rel=1e-4)
        else:
            gap = vb_gap(found.grid.energies, spectrum.total)
            assert row["valence_gap"] == pytest.approx(gap.width if gap else 0.0, abs=1e-2)
    structures = found.structures(["KBr", "rutile"])
    assert structures["rutile"] == rutile()
    assert structures["KBr"] == dict(crystals)["KBr"]


def test_electrons_know_insulators_from_metals(tmp_path):
    metals = [(symbol, bulk(symbol)) for symbol in ("Al", "Cu")]
    salts = [("NaCl", rocksalt("Na", "Cl", 5.64)), ("MgO", mgo())]
    gaps = dd.screen([*metals, *salts], "edos", out=tmp_path).to_dataframe().set_index("name")
    assert (gaps.loc[["Al", "Cu"], "gap"] == 0).all()
    assert (gaps.loc[["NaCl", "MgO"], "gap"] > 2).all()


def test_embeddings_of_equal_crystals_are_equal(tmp_path):
    """Another cell and other axes of a crystal, and another crystal."""
    crystals = [("a", rocksalt("Na", "Cl", 5.6)), ("b", rocksalt("Na", "Cl", 5.6) * (1, 1, 2))]
    crystals.append(("c", rocksalt("K", "Cl", 5.6)))
    a, b, c = np.stack(dd.screen(crystals, out=tmp_path).to_dataframe(["embedding"])["embedding"])
    assert np.abs(a - b).max() < 1e-3 < np.abs(a - c).max()


def test_bad_crystals_are_rows_with_reasons(quick, tmp_path):
    good, path = tmp_path / "in", tmp_path / "in" / "bad.cif"
    good.mkdir()
    mgo().to(str(good / "good.cif"))
    path.write_text("data_x\n_cell_length_a 4\n")
    (good / "list.jsonl").write_text('{"name": "half"}\n' + json.dumps(mgo().as_dict()) + "\n")
    found = dd.screen(good, model=quick, out=tmp_path / "out")
    assert list(found.to_dataframe()["name"]) == ["good.cif", "list.jsonl:2"]
    bad = found.bad.set_index("name")["error"]
    assert set(bad.index) == {"bad.cif", "half"}
    assert bad.str.len().min() > 20


def test_a_crystal_that_breaks_the_numerics_leaves_the_others_alone(quick, tmp_path, monkeypatch):
    inner = dd.Ensemble.outputs

    def outputs(self, graphs):
        if any(19 in g.numbers for g in graphs):
            raise RuntimeError("made up")
        return inner(self, graphs)

    monkeypatch.setattr(dd.Ensemble, "outputs", outputs)
    found = dd.screen(some(), model=quick, out=tmp_path)
    assert set(found.bad["name"]) == {"KCl", "KBr", "KI"}
    assert len(found.to_dataframe()) == len(some()) - 3


def test_nothing_usable_is_a_screen_too(quick, tmp_path):
    found = dd.screen([("big", mgo() * (2, 2, 2))], model=quick, out=tmp_path, max_atoms=4)
    assert len(found.bad) == 1
    assert not len(found.to_dataframe())


def test_an_interrupted_screen_goes_on_and_ends_the_same(quick, tmp_path):
    crystals = some()
    dd.screen(crystals, model=quick, out=tmp_path / "whole", shard=2)

    def interrupt(progress: running.Progress) -> None:
        if progress.done >= 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dd.screen(crystals, model=quick, out=tmp_path / "parts", shard=2, report=interrupt)
    kept = set(contents(tmp_path / "parts"))
    assert kept == {"_screen.json", shard_name(0), shard_name(1)}
    told: list[running.Progress] = []
    dd.screen(crystals, model=quick, out=tmp_path / "parts", shard=2, report=told.append)
    assert told[-1] == running.Progress(done=5, failed=0, kept=4)
    assert contents(tmp_path / "parts") == contents(tmp_path / "whole")


def test_a_damaged_or_outdated_shard_is_made_again(quick, tmp_path):
    crystals = some()
    dd.screen(crystals, model=quick, out=tmp_path, shard=2)
    before = contents(tmp_path)
    damaged = tmp_path / shard_name(1)
    damaged.write_bytes(damaged.read_bytes()[:-100])
    dd.screen(crystals, model=quick, out=tmp_path, shard=2)
    assert contents(tmp_path) == before
    fewer = [("new", rutile()), *crystals[1:4]]
    told: list[running.Progress] = []
    dd.screen(fewer, model=quick, out=tmp_path, shard=2, report=told.append)
    assert told[-1] == running.Progress(done=2, failed=0, kept=2)
    after = contents(tmp_path)
    assert set(after) == {"_screen.json", shard_name(0), shard_name(1)}
    assert after[shard_name(1)] == before[shard_name(1)]


def test_another_screen_in_the_folder_is_left_alone(quick, tmp_path):
    dd.screen([("MgO", mgo())], model=quick, out=tmp_path)
    before = contents(tmp_path)
    with pytest.raises(ConfigError, match="another screen lies"):
        dd.screen([("MgO", mgo())], model=quick, out=tmp_path, max_atoms=7)
    with pytest.raises(ConfigError, match="kind"):
        dd.screen([("MgO", mgo())], "edos", model=quick, out=tmp_path)
    assert contents(tmp_path) == before


def test_two_runs_share_a_folder(quick, tmp_path):
    """Another run makes a shard meanwhile: it is waited for, and not made twice."""
    crystals = some()
    dd.screen(crystals, model=quick, out=tmp_path / "whole", shard=5)
    name, made = shard_name(0), []
    (tmp_path / "shared").mkdir()
    with Claims(tmp_path / "shared") as other:
        assert other.take(name)

        def finish(progress: running.Progress) -> None:
            made.append(progress)
            if len(made) == 1:
                file = (tmp_path / "whole" / name).read_bytes()
                (tmp_path / "shared" / name).write_bytes(file)
                other.release(name)

        dd.screen(crystals, model=quick, out=tmp_path / "shared", shard=5, report=finish)
    assert made[-1] == running.Progress(done=4, failed=0, kept=5)
    assert contents(tmp_path / "shared") == contents(tmp_path / "whole")


def test_what_a_run_lets_go_unfinished_is_taken_over(quick, tmp_path):
    crystals = some()
    dd.screen(crystals, model=quick, out=tmp_path / "whole", shard=5)
    (tmp_path / "shared").mkdir()
    with Claims(tmp_path / "shared") as other:
        other.take(shard_name(0))
        dd.screen(
            crystals,
            model=quick,
            out=tmp_path / "shared",
            shard=5,
            report=lambda progress: other.release(shard_name(0)),
        )
    assert contents(tmp_path / "shared") == contents(tmp_path / "whole")


def test_a_generator_is_streamed(quick, tmp_path):
    """No more crystals are asked for than the shards that are being made hold."""
    asked = 0

    def crystals() -> Iterator[tuple[str, Structure]]:
        nonlocal asked
        for name, structure in some():
            asked += 1
            yield name, structure

    seen: list[int] = []
    dd.screen(crystals(), model=quick, out=tmp_path, shard=2, report=lambda _: seen.append(asked))
    assert seen == [2, 4, 6, 8, 9]


def test_a_generator_that_is_used_up_removes_nothing(quick, tmp_path):
    crystals = iter(some())
    dd.screen(crystals, model=quick, out=tmp_path, shard=5)
    before = contents(tmp_path)
    assert len(before) == 3
    with pytest.raises(DataError, match=r"gave no crystal.*make a new one"):
        dd.screen(crystals, model=quick, out=tmp_path, shard=5)
    assert contents(tmp_path) == before
    assert not len(dd.screen([], model=quick, out=tmp_path / "new"))


def test_the_table_answers_pandas_and_duckdb(quick, tmp_path):
    duckdb = pytest.importorskip("duckdb")
    found = dd.screen(
        [*some(), ("bad", bulk("Si") * (9, 9, 9))], model=quick, out=tmp_path, shard=4
    )
    ours = found.to_dataframe().sort_values("mean_frequency")["name"].tolist()
    asked = found.query(
        "SELECT name FROM screen WHERE mean_frequency IS NOT NULL ORDER BY mean_frequency"
    )
    assert asked["name"].tolist() == ours
    with pytest.raises(ConfigError, match="cannot answer"):
        found.query("SELECT nothing FROM screen")
    table = pd.read_parquet(tmp_path)
    count = duckdb.sql(f"SELECT count(*) FROM '{tmp_path}/*.parquet'").fetchall()
    assert len(table) == len(found) == count[0][0]
    with pytest.raises(ConfigError, match="no column"):
        found.to_dataframe(["gap"])
    with pytest.raises(DataError, match="no crystal"):
        found.structures(["bad"])
    assert set(found.columns.index) == set(table.columns)


def test_a_folder_without_a_screen_says_so(quick, tmp_path):
    with pytest.raises(DataError, match="no screen"):
        dd.Screen(tmp_path)
    (tmp_path / "_screen.json").write_text('{"kind": "nonsense"}')
    with pytest.raises(DataError, match="cannot be read"):
        dd.Screen(tmp_path)


def test_the_command(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    mgo().to(str(folder / "MgO.cif"))
    (folder / "bad.cif").write_text("nothing")
    out = tmp_path / "out"
    done = run.invoke(app, ["screen", str(folder), "--exchange", "2", "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "4 crystals, 1 of them not usable, in 1 files" in done.output
    assert "bad.cif: " in done.output
    assert dd.Screen(out).to_dataframe()["name"].str.startswith("MgO.cif").all()
    missing = run.invoke(app, ["screen", str(tmp_path / "none"), "--out", str(out)])
    assert missing.exit_code == 2
