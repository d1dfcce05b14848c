"""What crystals are streamed from: every kind of place, and what is wrong with some of them."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import ase.db
import ase.io
import pytest
from ase.build import bulk
from crystals import mgo, rocksalt
from pymatgen.io.cif import CifWriter

from deepdos_nb.core.errors import DataError, StructureError, TooManyAtomsError
from deepdos_nb.crystal.read import examples
from deepdos_nb.data.catalogue import open_dataset
from deepdos_nb.screening.items import Item, digest
from deepdos_nb.screening.schema import columns_markdown
from deepdos_nb.screening.sources import stream
from deepdos_nb.screening.substitution import exchanged, substituted


def formulas(source: object) -> dict[str, str]:
    found = (item.read(500) for item in stream(source))
    return {name: s.composition.reduced_formula for name, s in found}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / ".hidden").mkdir()
    mgo().to(str(tmp_path / "deep" / "er" / "one.cif"))
    rocksalt("Na", "Cl", 5.64).to(str(tmp_path / "POSCAR_salt"), fmt="poscar")
    mgo().to(str(tmp_path / ".hidden" / "two.cif"))
    (tmp_path / "notes.txt").write_text("no crystal")
    return tmp_path


def test_folders_are_searched_in_order(folder):
    assert formulas(folder) == {"POSCAR_salt": "NaCl", "deep/er/one.cif": "MgO"}
    assert formulas(str(folder / "**" / "*.cif")) == {str(folder / "deep/er/one.cif"): "MgO"}


def test_json_lines_name_their_crystals(tmp_path):
    path = tmp_path / "list.jsonl.gz"
    lines = [
        json.dumps({"material_id": "mp-1", "structure": mgo().as_dict()}),
        json.dumps(rocksalt("Na", "Cl", 5.64).as_dict()),
    ]
    with gzip.open(path, "wt") as file:
        file.write("\n\n".join(lines))
    assert formulas(path) == {"mp-1": "MgO", "list.jsonl.gz:3": "NaCl"}


def test_a_file_that_breaks_off_keeps_what_came_before(tmp_path):
    path = tmp_path / "list.jsonl.gz"
    line = json.dumps(mgo().as_dict()) + "\n"
    # Incompressible padding, so that the first line survives the cut.
    padding = "".join(json.dumps({"x": [i * 0.7134 % 1 for i in range(20000)]}) for _ in range(2))
    packed = gzip.compress((line + padding).encode())
    path.write_bytes(packed[: len(packed) * 3 // 4])
    items = list(stream(path))
    assert items[0].read(500)[1].composition.reduced_formula == "MgO"
    with pytest.raises(StructureError, match="the rest of the file cannot be read"):
        items[-1].read(500)


def test_frames_of_extended_xyz(tmp_path):
    path = tmp_path / "run.extxyz"
    ase.io.write(path, [bulk("Si"), bulk("NaCl", "rocksalt", 5.64), bulk("Cu")])
    assert formulas(path) == {f"run.extxyz:{i}": f for i, f in enumerate(["Si", "NaCl", "Cu"])}
    path.write_text(path.read_text() + "rubbish\n2\n")
    with pytest.raises(StructureError, match="no number of atoms"):
        formulas(path)


def test_databases_page_by_page(tmp_path, monkeypatch):
    monkeypatch.setattr("deepdos_nb.screening.sources.PAGE", 2)
    with ase.db.connect(tmp_path / "some.db") as database:
        for symbol in ("Cu", "Al", "Ag", "Ni", "Au"):
            database.write(bulk(symbol), name=f"fcc {symbol}")
    assert formulas(tmp_path / "some.db") == {f"fcc {s}": s for s in ("Cu", "Al", "Ag", "Ni", "Au")}


def test_tables_of_cif_texts(tmp_path):
    path = tmp_path / "table.csv"
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["ID", "energy", "CIF"])
        rows.writerow(["a", 1.0, str(CifWriter(mgo()))])
        rows.writerow(["b", 2.0, "not a crystal"])
    first, second = stream(path)
    assert first.read(500)[1].composition.reduced_formula == "MgO"
    assert (first.name, second.name) == ("a", "b")
    with pytest.raises(StructureError):
        second.read(500)
    path.write_text("x,y\n1,2\n")
    with pytest.raises(DataError, match="no column"):
        list(stream(path))


def test_names_of_data_sets_and_objects():
    expected = open_dataset("embedded-phdos")[0]
    first = next(stream("embedded-phdos"))
    assert first.name == expected.material_id
    assert first.read(500)[1] == expected.structure
    objects = [("mine", mgo()), bulk("Si"), examples()["NaCl"]]
    assert formulas(objects) == {"mine": "MgO", "Si2-1": "Si", "NaCl.cif": "NaCl"}


def test_what_is_not_there_is_said_at_once(tmp_path):
    for source in (tmp_path / "no.cif", "embeded-phdos", str(tmp_path / "*.cif"), tmp_path):
        with pytest.raises(DataError):
            next(stream(source))


def test_a_bad_crystal_is_a_reason_not_an_exception():
    big, strange = mgo() * (3, 3, 3), Item("x", "x", "object", object())
    _, error = Item("big", "big", "object", big).read_or_reason(10)
    assert isinstance(error, TooManyAtomsError)
    assert isinstance(strange.read_or_reason(10)[1], StructureError)
    deep = Item("deep", "deep", "json", "[" * 100_000)
    assert isinstance(deep.read_or_reason(10)[1], StructureError)


def test_items_are_known_again(tmp_path):
    path = tmp_path / "a.cif"
    mgo().to(str(path))
    before = digest(stream(path))
    assert digest(stream(path)) == before
    mgo().scale_lattice(20.0).to(str(path))
    assert digest(stream(path)) != before
    assert digest(stream(mgo())) != digest(stream(rocksalt("Na", "Cl", 5.64)))


def test_substitution_keeps_the_structure_and_the_room_of_every_atom():
    salt = rocksalt("Na", "Cl", 5.64)
    made = dict(exchanged(salt, 100, "0"))
    assert len(made) == 5 * 4 - 1
    potassium = made["Na→K"]
    assert potassium.composition.reduced_formula == "KCl"
    assert potassium.volume > salt.volume
    assert (potassium.frac_coords == salt.frac_coords).all()
    again = substituted([("salt", salt), ("oxide", mgo())], 3)
    names = [item.name for item in stream(again)]
    assert names == [item.name for item in stream(again)]
    assert len(set(names)) == 8


def test_the_page_describes_every_column():
    page = Path(__file__).parents[2] / "docs" / "howto" / "screen.md"
    _, _, rest = page.read_text("utf-8").partition("<!-- columns -->\n")
    assert rest.partition("\n<!-- /columns -->")[0] == columns_markdown()
