"""JARVIS: its file as published, on a small piece in the same format."""

from __future__ import annotations

import hashlib
import json
import threading
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pooch
import pytest
from crystals import mgo
from pymatgen.core import Lattice, Structure
from stored_labels import write_embedded

from deepdos_nb.core.errors import DataError
from deepdos_nb.core.grids import grid_for
from deepdos_nb.data import training_sets
from deepdos_nb.data.catalogue import SOURCES
from deepdos_nb.data.sources.jarvis import (
    ENERGIES,
    FILE,
    JarvisStore,
    fetch_jarvis,
    jarvis_file,
    rewrite,
)
from deepdos_nb.data.splits import hashed_part, part_of, protocol


def atoms_of(structure: Structure, *, cartesian: bool = False) -> dict:
    """A crystal as JARVIS writes it."""
    return {
        "lattice_mat": structure.lattice.matrix.tolist(),
        "coords": (structure.cart_coords if cartesian else structure.frac_coords).tolist(),
        "elements": [site.specie.symbol for site in structure],
        "abc": list(structure.lattice.abc),
        "angles": list(structure.lattice.angles),
        "cartesian": cartesian,
        "props": [""] * len(structure),
    }


def bands(bottom: float, top: float, empty_from: float) -> list[float]:
    """A filled band and an empty one, scaled to a maximum of one."""
    filled = (bottom <= ENERGIES) & (top >= ENERGIES)
    return np.where(filled, 1.0, np.where(empty_from <= ENERGIES, 0.5, 0.0)).tolist()


def crystal(jid: str, structure: Structure, curve: object, **options: bool) -> dict:
    return {
        "jid": jid,
        "atoms": atoms_of(structure, **options),
        "edos_up": curve,
        "pdos_elast": "na",
    }


INSULATOR, METAL = bands(-3.0, 0.0, 4.0), bands(-4.0, 2.5, 9.9)


def published(folder: Path, crystals: list[dict]) -> Path:
    """The zip file of the repository."""
    path = folder / f"{FILE}-8-18-2021.json.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(path.stem, json.dumps(crystals))
    return path


@pytest.fixture
def store(tmp_path) -> JarvisStore:
    crystals = [
        crystal("JVASP-1", mgo(), INSULATOR),
        crystal("JVASP-2", mgo(), "na"),
        crystal("JVASP-3", mgo(), METAL, cartesian=True),
        crystal("JVASP-4", mgo(), bands(-4.9, -2.0, 2.0)),
        crystal("JVASP-5", mgo(), [0.0] * 300),
    ]
    target = tmp_path / "jarvis.jsonl"
    counts = rewrite(published(tmp_path, crystals), target)
    assert counts == {"kept": 2, "no curve": 2, "outside the window": 1}
    return JarvisStore(target)


def test_records_have_structure_shape_and_zero(store):
    insulator, metal = store.read(0), store.read(1)
    assert (len(store), insulator.material_id, metal.material_id) == (2, "JVASP-1", "JVASP-3")
    for record in (insulator, metal):
        assert record.formula == "MgO"
        assert np.allclose(record.frac, mgo().frac_coords, atol=1e-9)
        assert record.shape.sum() == pytest.approx(1.0)
        assert record.site_shape is None
        assert record.states is None
    assert insulator.provenance["zero"] == "VBM"
    assert insulator.gap == pytest.approx(4.0, abs=0.1)
    assert (metal.provenance["zero"], metal.gap) == ("E_F", 0.0)


def test_curves_are_where_they_were(store):
    """The filled band ends at the zero, and the empty one begins a gap above it."""
    energies, shape = grid_for("edos").energies, store.read(0).shape
    band = (energies > -2.6) & (energies < -0.4)
    gap = (energies > 0.4) & (energies < 3.5)
    assert np.ptp(shape[band]) < 0.01 * shape.max()
    assert shape[gap].max() < 1e-3 * shape.max()


def test_index_and_records_agree(store):
    for row, entry in enumerate(store.entries()):
        record = store.read(row)
        assert (entry.material_id, entry.formula, entry.gap, entry.sites) == (
            record.material_id,
            record.formula,
            record.gap,
            False,
        )
        assert part_of(entry) == part_of(record) == hashed_part("MgO")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"edos_up": [1.0, 2.0]}, "crystal 1: edos_up has not 300"),
        ({"edos_up": ["a"] * 300}, "crystal 1: edos_up is no list"),
        ({"atoms": None}, "crystal 1: atoms are malformed"),
        ({"jid": None}, "crystal 1 lacks jid"),
    ],
)
def test_what_is_malformed_is_named(tmp_path, wrong, message):
    entry = crystal("JVASP-1", mgo(), INSULATOR) | wrong
    entry = {key: value for key, value in entry.items() if (key, value) != ("jid", None)}
    path = tmp_path / "file.json"
    path.write_text(json.dumps([entry]))
    with pytest.raises(DataError, match=rf"file\.json.*{message}"):
        rewrite(path, tmp_path / "out.jsonl")
    assert not (tmp_path / "out.jsonl").exists()


def test_other_files_are_refused(tmp_path):
    (tmp_path / "not.json").write_text("{")
    (tmp_path / "no-array.json").write_text("{}")
    for name, message in (
        ("not.json", "not the JSON file"),
        ("no-array.json", "not a JSON array"),
        ("missing.json", "no such file"),
    ):
        with pytest.raises(DataError, match=message):
            rewrite(tmp_path / name, tmp_path / "out.jsonl")
    (tmp_path / "cut.jsonl").write_text('{"jid": "JVASP-1"')
    with pytest.raises(DataError, match="line 1 is malformed"):
        JarvisStore(tmp_path / "cut.jsonl").read(0)


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A repository on this machine in place of figshare; its list of hashes can be changed."""
    public = tmp_path / "public"
    public.mkdir()
    path = published(public, [crystal("JVASP-1", mgo(), INSULATOR)])
    listed = {path.name: f"md5:{hashlib.md5(path.read_bytes()).hexdigest()}"}
    handler = partial(SimpleHTTPRequestHandler, directory=str(public))
    handler.func.log_message = lambda *args: None
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    class Repository(pooch.Pooch):
        def load_registry_from_doi(self) -> None:
            self.registry = dict(listed)

    def create(path, base_url):
        assert base_url.startswith("doi:10.6084/")
        return Repository(path, f"http://127.0.0.1:{server.server_port}/")

    monkeypatch.setattr(pooch, "create", create)
    yield listed
    server.shutdown()
    server.server_close()


def test_download_is_rewritten_and_kept(tmp_path, repository, monkeypatch):
    monkeypatch.setenv("DEEPDOS_DATA", str(tmp_path / "home"))
    path = fetch_jarvis()
    assert path == jarvis_file()
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    repository.clear()
    assert fetch_jarvis() == path  # nothing is asked for again
    assert SOURCES["jarvis"].count() == 1
    assert SOURCES["jarvis"].open()[0].material_id == "JVASP-1"


def test_a_file_with_another_hash_is_refused(tmp_path, repository):
    repository.update(dict.fromkeys(repository, "md5:" + "0" * 32))
    with pytest.raises(DataError, match=r"download failed.*hash"):
        fetch_jarvis(tmp_path / "home")
    assert not list((tmp_path / "home").iterdir())


def test_a_repository_without_the_file_is_named(tmp_path, repository):
    repository.clear()
    with pytest.raises(DataError, match=r"doi:10\.6084.*lists no file"):
        fetch_jarvis(tmp_path / "home")


def salts() -> list[Structure]:
    """Formulas of every part, and some that are held out."""
    metals, anions = (
        ["Li", "Na", "K", "Rb", "Mg", "Ca", "Sr", "Ba", "Zn", "Cd", "Hg"],
        ["O", "S", "Se", "Te", "F", "Cl", "Br", "I"],
    )
    cell = Lattice.cubic(4.0)
    return [Structure(cell, [m, a], [[0, 0, 0], [0.5] * 3]) for m in metals for a in anions]


def test_training_parts_leak_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPDOS_DATA", str(tmp_path))
    crystals = [crystal(f"JVASP-{i}", salt, METAL) for i, salt in enumerate(salts())]
    rewrite(published(tmp_path, crystals), jarvis_file())
    data = training_sets.training_data("edos", source="jarvis")
    parts = {"train": data.train, "valid": data.valid, "test": data.test}
    for part, records in parts.items():
        assert records
        assert all(hashed_part(record.formula) == part for record in records)
    held_out = set(protocol().held_out_edos.values())
    formulas = {salt.composition.reduced_formula for salt in salts()}
    assert held_out & formulas
    assert {r.formula for records in parts.values() for r in records} == formulas - held_out
    assert not data.test_sites  # JARVIS has totals only


def test_a_folder_with_too_little_is_refused(tmp_path):
    folder = write_embedded(tmp_path, "phdos")
    with pytest.raises(DataError, match="no electronic records for the parts train"):
        training_sets.training_data("edos", source=folder / "phdos")
