"""Data sets: one record for both kinds, an index in memory, everything else read when asked for."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from crystals import crystals, mgo, rutile
from data_files import salts, write_phonondb
from hypothesis import given
from stored_labels import example_labels, make_label, write_embedded

import deepdos_nb as dd
from deepdos_nb.core.errors import DataError
from deepdos_nb.core.files import write_arrays
from deepdos_nb.core.grids import grid_for
from deepdos_nb.data import stores
from deepdos_nb.data.catalogue import open_dataset
from deepdos_nb.data.dataset import Dataset
from deepdos_nb.data.label_shards import Label, write_shard
from deepdos_nb.data.labelled import to_record
from deepdos_nb.data.records import Record
from deepdos_nb.data.sources.embedded import embedded_shards, embedded_store, load_embedded
from deepdos_nb.data.sources.phonondb import load_phonondb
from deepdos_nb.data.splits import hashed_part, part_of, protocol

KINDS = ("edos", "phdos")


def records(kind: str) -> list[Record]:
    return [to_record(label, "made-up") for label in example_labels(kind)]


@pytest.fixture
def edos(tmp_path: Path) -> Dataset:
    write_embedded(tmp_path, "edos")
    return Dataset([embedded_store("edos", tmp_path)], name="embedded-edos")


# --- records ---------------------------------------------------------------------------------


@given(structure=crystals())
def test_every_share_of_a_record_adds_up(structure):
    electrons = to_record(make_label(structure, "edos", "e"), "made-up")
    counts = np.bincount(electrons.orbits)
    np.testing.assert_allclose(counts @ electrons.site_shape, electrons.shape, atol=1e-6)
    assert electrons.shape.sum() == pytest.approx(1)
    np.testing.assert_allclose(electrons.orbital_shape.sum(1), electrons.site_shape, atol=1e-6)
    assert electrons.states == pytest.approx(2.5 * len(structure), rel=1e-5)
    assert not electrons.outside.any()

    phonons = to_record(make_label(structure, "phdos", "p"), "made-up")
    np.testing.assert_allclose(phonons.site_shape.sum(1) + phonons.outside, 1, atol=1e-6)
    assert phonons.states == pytest.approx(3 * len(structure), rel=1e-5)
    assert electrons.formula == structure.composition.reduced_formula


@pytest.mark.parametrize("kind", KINDS)
def test_references_are_absolute_and_in_the_order_of_the_atoms(kind):
    label = make_label(rutile(), kind, "TiO2")
    spectrum = to_record(label, "made-up").reference()
    grid = grid_for(kind)
    per_atom = label.states.sum(axis=1)[label.orbits]
    np.testing.assert_allclose(spectrum.sites * grid.step, per_atom, rtol=1e-4, atol=1e-5)
    assert spectrum.states == pytest.approx(6 * (2.5 if kind == "edos" else 3.0), rel=1e-4)
    assert spectrum.symbols == [site.specie.symbol for site in rutile()]
    assert spectrum.source == (
        "PBE (GPAW)" if kind == "edos" else "ML-potential phonons (SevenNet)"
    )


def test_modes_beyond_the_window_stay_counted():
    label = make_label(mgo(), "phdos", "MgO")
    half = Label(label.lattice, label.numbers, label.frac, label.orbits, label.states, label.facts)
    half.states[1] *= 0.5
    record = to_record(half, "made-up")
    np.testing.assert_allclose(record.outside, [0, 0.5], atol=1e-6)
    assert record.states == pytest.approx(4.5)
    spectrum = record.reference()
    np.testing.assert_allclose(
        spectrum.sites.sum(1) * spectrum.grid.step + spectrum.outside, 3.0, rtol=1e-5
    )


def test_a_label_of_neither_kind_or_without_states_is_refused():
    label = make_label(mgo(), "edos", "MgO")
    label.facts["kind"] = "optical"
    with pytest.raises(DataError, match="MgO is no label of electrons or phonons"):
        to_record(label, "made-up")
    label.facts["kind"] = "phdos"
    with pytest.raises(DataError, match="states of shape"):
        to_record(label, "made-up")
    label.facts["kind"] = "edos"
    label.states[:] = 0
    with pytest.raises(DataError, match="holds no states"):
        to_record(label, "made-up")


def test_totals_without_sites_are_shared_evenly_on_request_only():
    full = records("phdos")[0]
    total = Record("x", "phdos", full.lattice, full.numbers, full.frac, full.orbits, full.shape)
    with pytest.raises(DataError, match="no site projections"):
        total.reference()
    spectrum = total.reference(even=True)
    np.testing.assert_allclose(spectrum.total / spectrum.total.sum(), full.shape, atol=1e-12)
    assert spectrum.states == pytest.approx(3 * full.n_atoms)
    assert "shared evenly" in spectrum.notes[0]
    electrons = records("edos")[0]
    scaleless = Record(
        "x", "edos", full.lattice, full.numbers, full.frac, full.orbits, electrons.shape
    )
    with pytest.raises(DataError, match="no absolute scale"):
        scaleless.reference(even=True)


# --- embedded set and splits -----------------------------------------------------------------


def test_embedded_records_carry_their_provenance(tmp_path):
    write_embedded(tmp_path, "edos")
    found = [r for part in load_embedded("edos", tmp_path).values() for r in part]
    kept = {n for n in dd.examples() if dd.example(n).composition.reduced_formula not in held_out()}
    assert {r.material_id for r in found} == kept
    record = next(r for r in found if r.material_id == "MgO")
    assert (record.source, record.zero, record.gap) == ("embedded-edos", "VBM", 1.5)
    assert record.provenance["origin"]["licence"] == "MIT"
    original = next(x for x in example_labels("edos") if x.name == "MgO")
    stored = record.site_shape * record.states
    np.testing.assert_allclose(stored, original.states.sum(1), rtol=3e-3, atol=1e-3)


def held_out() -> set[str]:
    return set(protocol().held_out_edos.values())


def test_a_copy_without_records_says_so(tmp_path):
    for kind in KINDS:
        with pytest.raises(DataError, match=f"no {kind} records.*deepdos label"):
            embedded_shards(kind, tmp_path)
    (tmp_path / "edos").mkdir()
    with pytest.raises(DataError, match="no edos records"):
        load_embedded("edos", tmp_path)
    (tmp_path / "edos" / "shard-0000.npz").write_bytes(b"junk")
    with pytest.raises(DataError, match=r"shard-0000.npz: not a shard of labels"):
        load_embedded("edos", tmp_path)


def test_the_hash_split_is_fixed_and_has_the_stated_shares():
    # Written out, because a split that moves makes every earlier score a lie.
    assert [hashed_part(f) for f in ("MgO", "TiO2", "LiF")] == ["train", "valid", "test"]
    parts = [hashed_part(f"A{i}B{j}") for i in range(100) for j in range(100)]
    shares = pd.Series(parts).value_counts(normalize=True)
    assert shares["train"] == pytest.approx(0.8, abs=0.02)
    assert shares["valid"] == pytest.approx(0.1, abs=0.01)


def test_no_formula_is_in_two_parts_and_held_out_ones_are_in_none(edos):
    parts = edos.split()
    formulas = {k: {r.formula for r in part} for k, part in parts.items()}
    assert not formulas["train"] & formulas["valid"]
    assert not (formulas["train"] | formulas["valid"]) & formulas["test"]
    everything = set().union(*formulas.values())
    assert everything == {e.formula for e in edos.entries()} - held_out()

    name, formula = next((k, v) for k, v in protocol().held_out_edos.items() if v == "PbS")
    for entry in (
        stores.Entry(name, "edos", "x", "Unknown", (), 2, None, True),
        stores.Entry("another", "edos", "x", formula, (), 2, None, True),
    ):
        assert part_of(entry) is None
        assert part_of(entry._replace(kind="phdos", material_id="y", formula="MgO"))


def test_phonon_records_join_the_part_the_benchmark_gives_their_formula():
    rules = protocol()
    entry = stores.Entry("own", "phdos", "embedded-phdos", "", (), 2, None, True)
    for part, materials in (("valid", rules.valid), ("test", rules.test)):
        for formula in set(materials.values()) - set(rules.held_out_phdos.values()):
            assert part_of(entry._replace(formula=formula)) == part
    benchmark = entry._replace(source="petretto", formula=next(iter(rules.test.values())))
    assert part_of(benchmark) == "train", "the benchmark's own split is by identifier"
    assert part_of(benchmark._replace(material_id=next(iter(rules.test)))) == "test"
    assert part_of(benchmark._replace(material_id=next(iter(rules.held_out_phdos)))) is None


# --- the object ------------------------------------------------------------------------------


def test_it_is_a_sequence(edos):
    names = sorted(dd.examples())
    assert len(edos) == len(names)
    assert [r.material_id for r in edos] == names
    assert edos[3].material_id == names[3]
    assert edos[-1].material_id == names[-1]
    assert [r.material_id for r in edos[2:5]] == names[2:5]
    with pytest.raises(IndexError):
        edos[len(names)]
    assert repr(edos).startswith("Dataset('embedded-edos', edos, 13 crystals")


def test_filters_agree_with_what_they_say(edos):
    every = list(edos)

    def names(part: Dataset) -> set[str]:
        return {r.material_id for r in part}

    def where(rule) -> set[str]:
        return {r.material_id for r in every if rule(r)}

    symbols = {r.material_id: {s.symbol for s in r.structure.elements} for r in every}
    assert names(edos.filter(elements=["O"])) == where(lambda r: "O" in symbols[r.material_id])
    assert names(edos.filter(only=["Mg", "O", "Si"])) == {"MgO", "SiO2", "Si"} & names(edos)
    assert names(edos.filter(n_atoms=2)) == where(lambda r: r.n_atoms <= 2)
    assert names(edos.filter(n_atoms=(3, 5))) == where(lambda r: 3 <= r.n_atoms <= 5)
    assert names(edos.filter(gap=(0, 0.1))) == {"Al", "NiAl"}
    assert names(edos.filter(lambda e: e.formula.startswith("S"))) == where(
        lambda r: r.formula.startswith("S")
    )
    assert len(edos.filter(source="elsewhere")) == 0
    assert len(edos.filter(source=["embedded-edos"], kind="edos", sites=True)) == len(edos)
    assert len(edos.filter(sites=False)) == 0
    assert names(edos.filter(elements=["O"]).filter(n_atoms=2)) == {"MgO"}


def test_find_takes_identifiers_before_formulas(edos):
    assert [r.material_id for r in edos.find("MgO")] == ["MgO"]
    assert len(edos.find("CuO")) == 0
    joined = edos + Dataset.of(records("phdos"))
    assert [r.kind for r in joined.find("MgO")] == ["edos", "phdos"]


def test_sets_join(edos, tmp_path):
    phonons = Dataset.of(records("phdos"), name="phonons")
    both = edos.filter(elements=["O"]) + phonons[:3]
    assert [r.kind for r in both] == ["edos"] * len(edos.filter(elements=["O"])) + ["phdos"] * 3
    assert both[-1].material_id == phonons[2].material_id
    assert both.name == "embedded-edos + phonons"


def test_the_index_as_a_table(edos):
    frame = edos.to_dataframe()
    assert list(frame["material_id"]) == sorted(dd.examples())
    row = frame.set_index("material_id").loc["SrTiO3"]
    assert (row["formula"], row["n_atoms"], row["elements"]) == ("SrTiO3", 5, "O Sr Ti")
    assert (row["gap (eV)"], row["source"], row["kind"]) == (1.5, "embedded-edos", "edos")
    assert np.isnan(Dataset.of(records("phdos")).to_dataframe()["gap (eV)"]).all()
    assert len(edos[:0].to_dataframe()) == 0


def test_each_shard_is_read_once(edos, monkeypatch, tmp_path):
    opened: list[str] = []
    real = stores.read_shard
    monkeypatch.setattr(stores, "read_shard", lambda p: opened.append(p.name) or real(p))
    list(edos)
    assert opened == ["shard-0000.npz", "shard-0001.npz", "shard-0002.npz"]
    list(edos)
    assert len(opened) == 3, "they are still in memory"
    small = Dataset([stores.ShardStore(embedded_shards("edos", tmp_path), "x", kept=1)])
    opened.clear()
    list(small)
    assert len(opened) == 3
    small[0]
    assert len(opened) == 4, "only one shard is kept"


def test_a_crystal_in_two_files_counts_once(tmp_path):
    labels = list(example_labels("edos"))
    write_shard(tmp_path / "shard-0000.npz", labels[:4])
    write_shard(tmp_path / "done" / "single.npz", labels[3:4])
    write_shard(tmp_path / "done" / "other.npz", labels[5:6])
    data = open_dataset(tmp_path)
    assert [r.material_id for r in data] == [x.name for x in (*labels[:4], labels[5])]


# --- size ------------------------------------------------------------------------------------


def write_many(folder: Path, count: int, size: int = 500) -> None:
    """Shards of rock salts: what `write_shard` writes, made in one go."""
    pairs = np.array([(a, b) for a in range(3, 90) for b in range(3, 90) if a < b], dtype=np.uint8)
    states = np.zeros((2 * size, 4, 128), dtype=np.float16)
    states[:, :2, 10:20] = 0.125
    lattice = np.broadcast_to(4.2 * np.eye(3, dtype=np.float32), (size, 3, 3))
    frac = np.tile(np.array([[0, 0, 0], [0.5, 0.5, 0.5]], dtype=np.float32), (size, 1))
    for k in range(count // size):
        numbers = pairs[(np.arange(size) + k * size) % len(pairs)]
        facts = "\n".join(
            json.dumps({"name": f"own-{k * size + i}", "kind": "edos", "gap": i / size})
            for i in range(size)
        )
        write_arrays(
            folder / f"shard-{k:04d}.npz",
            {
                "lattice": lattice,
                "numbers": numbers.ravel(),
                "frac": frac,
                "orbits": np.tile(np.array([0, 1], dtype=np.uint16), size),
                "states": states,
                "atoms": np.full(size, 2, dtype=np.uint16),
                "facts": np.frombuffer(facts.encode(), dtype=np.uint8),
            },
        )


def test_a_hundred_thousand_records_do_not_fill_the_memory(tmp_path):
    count = 100_000
    write_many(tmp_path, count)
    tracemalloc.start()
    try:
        data = Dataset([stores.ShardStore(sorted(tmp_path.glob("shard-*.npz")), "many", kept=2)])
        assert len(data) == count
        index, _ = tracemalloc.get_traced_memory()
        parts = data.split()
        wide = data.filter(elements=["O"], gap=(0.5, 1.0))
        read = [data[i] for i in range(0, count, 25_000)]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [r.material_id for r in read] == [f"own-{i}" for i in range(0, count, 25_000)]
    assert 0 < len(wide) < 0.02 * count
    assert 0.95 * count < sum(map(len, parts.values())) <= count
    one = read[0]
    everything = count * (one.site_shape.nbytes + one.orbital_shape.nbytes + one.shape.nbytes)
    assert index < 0.1 * everything, f"the index takes {index / 1e6:.0f} MB"
    assert peak < 0.3 * everything, f"{peak / 1e6:.0f} MB of {everything / 1e6:.0f} MB"


# --- opening ---------------------------------------------------------------------------------


def test_open_by_path(tmp_path):
    write_embedded(tmp_path, "phdos")
    assert len(open_dataset(tmp_path / "phdos")) == len(dd.examples())
    folder = write_phonondb(tmp_path / "db", salts())
    data = open_dataset(str(folder))
    for record, expected in zip(data, load_phonondb(folder), strict=True):
        assert record.material_id == expected.material_id
        np.testing.assert_array_equal(record.site_shape, expected.site_shape)


def test_unknown_names_suggest_the_near_one():
    with pytest.raises(DataError, match=r"Did you mean petretto\? Known are embedded-edos"):
        open_dataset("petreto")


def test_known_sets_that_are_not_here_name_the_command(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPDOS_DATA", str(tmp_path))
    for name in ("petretto", "phonondb", "materials_project"):
        with pytest.raises(DataError, match=rf"not here yet.*deepdos data get {name}"):
            dd.open_dataset(name)
    frame = dd.datasets()
    assert list(frame.index)[:3] == ["embedded-edos", "embedded-phdos", "petretto"]
    assert frame.loc["petretto", "records"] == 0
    write_phonondb(tmp_path / "phonondb", salts())
    frame = dd.datasets()
    assert frame.loc["phonondb", "records"] == len(salts())
    assert frame.loc["phonondb", "getting"] == ""
    assert "MP_API_KEY" in frame.loc["materials_project", "getting"]
    assert len(dd.open_dataset("phonondb")) == len(salts())
