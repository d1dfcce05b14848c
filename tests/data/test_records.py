"""Readers of the public phonon data, on small files in the same formats."""

from __future__ import annotations

import numpy as np
import pytest
from crystals import mgo, rutile
from data_files import FREQUENCIES, peak, salts, write_petretto, write_phonondb

from deepdos_nb.core.errors import DataError
from deepdos_nb.data.sources import petretto
from deepdos_nb.data.sources.petretto import fetch_petretto, git_blob_sha1, load_petretto
from deepdos_nb.data.sources.phonondb import load_phonondb, to_benchmark_grid
from deepdos_nb.data.splits import benchmark_split, protocol, without_leaks
from deepdos_nb.data.training_sets import phonon_data


def test_petretto_rows_become_records(tmp_path):
    path = write_petretto(tmp_path / "data.csv", salts())
    records = {r.material_id: r for r in load_petretto(path)}
    assert set(records) == set(salts())
    record = records["own-9"]
    assert record.formula == "TiO2"
    assert sorted(np.bincount(record.orbits)) == [2, 4]
    assert record.shape.sum() == pytest.approx(1)
    assert record.structure.lattice.volume == pytest.approx(rutile().lattice.volume)
    np.testing.assert_allclose(
        record.structure.distance_matrix, rutile().distance_matrix, atol=1e-8
    )
    energies = np.linspace(0, 1000, 51)
    expected = peak(1500 / 22**0.5, energies)
    np.testing.assert_allclose(record.shape, expected / expected.sum(), atol=1e-12)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda t: t.replace("phdos", "dos"), "lacks columns phdos"),
        (lambda t: t.replace("'numbers'", "'symbols'"), "line 2 is malformed"),
        (
            lambda t: t.replace("{'numbers'", "__import__('os').system('true') or {'numbers'"),
            "line 2",
        ),
        (lambda t: t.replace("[0.0,", "[nope,"), "line 2 is malformed"),
    ],
)
def test_a_malformed_csv_names_file_and_line(tmp_path, change, reason):
    path = write_petretto(tmp_path / "data.csv", salts())
    path.write_text(change(path.read_text("utf-8")), "utf-8")
    with pytest.raises(DataError, match=reason) as caught:
        load_petretto(path)
    assert str(path) in str(caught.value)


def test_a_missing_file_says_so(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        load_petretto(tmp_path / "none.csv")
    with pytest.raises(DataError, match="no such file"):
        load_phonondb(tmp_path)


def test_git_blob_hash_of_known_content(tmp_path):
    path = tmp_path / "hello"
    path.write_bytes(b"hello\n")
    assert git_blob_sha1(path) == "ce013625030ba8dba906f756967f9e9ca394464a"


def test_download_is_verified_and_kept_once(tmp_path, monkeypatch):
    source = write_petretto(tmp_path / "public.csv", salts())
    url, cache = source.as_uri(), tmp_path / "cache"

    def copy(url, known_hash, fname, path):
        path.mkdir(exist_ok=True)
        (path / fname).write_bytes(source.read_bytes())

    monkeypatch.setattr("pooch.retrieve", copy)
    with pytest.raises(DataError, match="no published version"):
        fetch_petretto(cache, url=url)
    assert list(cache.iterdir()) == []

    monkeypatch.setattr(petretto, "BLOBS", frozenset({git_blob_sha1(source)}))
    kept = fetch_petretto(cache, url=url)
    assert kept.read_bytes() == source.read_bytes()
    monkeypatch.setattr("pooch.retrieve", lambda *a, **k: pytest.fail("downloaded twice"))
    assert fetch_petretto(cache, url=url) == kept
    kept.write_text("altered")
    with pytest.raises(pytest.fail.Exception):
        fetch_petretto(cache, url=url)


def test_no_network_is_one_clear_error(tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise ConnectionError("network is unreachable")

    monkeypatch.setattr("pooch.retrieve", refuse)
    with pytest.raises(DataError, match=r"download failed .* pass the path of a copy"):
        fetch_petretto(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_phonondb_sites_keep_three_modes_each(tmp_path):
    records = load_phonondb(write_phonondb(tmp_path / "db", salts()))
    assert len(records) == len(salts())
    for record in records:
        assert record.site_shape is not None
        mass = record.site_shape.sum(axis=1) + record.outside
        np.testing.assert_allclose(mass, 1.0, atol=1e-5)
        reference = record.reference()
        np.testing.assert_allclose(
            reference.sites.sum(1) * reference.grid.step + reference.outside, 3.0, rtol=1e-5
        )
        assert reference.total / reference.total.sum() == pytest.approx(record.shape, abs=2e-3)


def test_modes_beyond_the_window_are_counted(tmp_path):
    """Li at 2000/√3 = 1155 cm⁻¹ lies beyond 1000 but for its tail, F at 667 lies inside."""
    record = load_phonondb(write_phonondb(tmp_path / "db", {"own": salts()["own-0"]}))[0]
    by_number = dict(zip(record.numbers[[0, 1]], record.outside[record.orbits], strict=True))
    assert by_number[3] > 0.99
    assert by_number[9] == 0


def test_unstable_records_are_left_out(tmp_path):
    folder = write_phonondb(tmp_path / "db", salts(), imag=0.02)
    assert load_phonondb(folder) == []
    assert len(load_phonondb(folder, max_imaginary=0.1)) == len(salts())


def test_phonondb_files_of_different_releases_are_refused(tmp_path):
    folder = write_phonondb(tmp_path / "db", salts())
    lines = (folder / "structures.jsonl").read_text("utf-8").splitlines(keepends=True)
    (folder / "structures.jsonl").write_text("".join(lines[1:]), "utf-8")
    with pytest.raises(DataError, match="do not fit"):
        load_phonondb(folder)
    (folder / "structures.jsonl").write_text('{"mp_id": 1}\n', "utf-8")
    with pytest.raises(DataError, match="line 1 lacks"):
        load_phonondb(folder)
    (folder / "phdos_sites.npz").write_bytes(b"junk")
    with pytest.raises(DataError, match="not a phonondb array file"):
        load_phonondb(folder)


def test_benchmark_grid_is_linear_until_clipped_and_keeps_smooth_curves():
    curve = peak(400.0, width=80.0)
    sampled = to_benchmark_grid(FREQUENCIES, curve)
    np.testing.assert_allclose(sampled, peak(400.0, np.linspace(0, 1000, 51), 80.0), atol=0.02)
    both = to_benchmark_grid(FREQUENCIES, np.stack([curve, 2 * curve]))
    np.testing.assert_allclose(both[1], 2 * both[0])
    assert to_benchmark_grid(FREQUENCIES, peak(300.0, width=4.0)).min() == 0


def test_protocol_parts_are_disjoint():
    rules = protocol()
    assert (len(rules.valid), len(rules.test)) == (147, 142)
    assert (len(rules.held_out_phdos), len(rules.held_out_edos)) == (50, 100)
    assert not rules.valid.keys() & rules.test.keys()
    assert not set(rules.valid.values()) & set(rules.test.values())
    assert not rules.held_out_phdos.keys() & (rules.valid.keys() | rules.test.keys())


def test_split_and_leak_rules(tmp_path):
    rules = protocol()
    tested, held = next(iter(rules.test)), next(iter(rules.held_out_phdos))
    structures = {tested: rutile(), held: salts()["own-1"], "own-2": salts()["own-2"]}
    parts = benchmark_split(load_petretto(write_petretto(tmp_path / "a.csv", structures)))
    assert [r.material_id for r in parts["test"]] == [tested]
    assert [r.material_id for r in parts["train"]] == ["own-2"]
    assert parts["valid"] == []

    kept = {f for f in (rules.valid | rules.test | rules.held_out_phdos).values() if f}
    records = load_petretto(write_petretto(tmp_path / "b.csv", salts() | {held: rutile()}))
    clean = without_leaks(records)
    assert {r.material_id for r in clean} == {
        r.material_id for r in records if r.material_id != held and r.formula not in kept
    }
    assert held not in {r.material_id for r in clean}


def test_recipe_keeps_test_materials_out_of_training(tmp_path):
    rules = protocol()
    tested = next(iter(rules.test))
    table = write_petretto(tmp_path / "a.csv", {tested: mgo(), "own-2": salts()["own-2"]})
    folder = write_phonondb(tmp_path / "db", {tested: mgo(), "own-3": salts()["own-3"]})
    data = phonon_data(table, folder)
    assert {r.material_id for r in data.train} <= {"own-2", "own-3"}
    assert [r.material_id for r in data.test] == [tested]
    assert [r.material_id for r in data.test_sites] == [tested]
    assert data.test_sites[0].site_shape is not None
