"""Folders of results: VASP, phonopy and pymatgen, each as its program writes them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from archives import copper_gold, solve
from crystals import mgo, rutile
from pymatgen.core import Structure
from pymatgen.electronic_structure.core import Orbital, Spin
from pymatgen.electronic_structure.dos import CompleteDos, Dos
from pymatgen.phonon.dos import CompletePhononDos, PhononDos
from vasp_run import write_vasprun

from deepdos_nb.core.errors import DataError
from deepdos_nb.data.catalogue import open_dataset
from deepdos_nb.data.sources.phonondb_archive import CM_PER_THZ

ENERGIES = np.linspace(-12, 12, 1201)
FERMI = 1.5


def bump(centre: float, width: float = 0.5, x: np.ndarray = ENERGIES) -> np.ndarray:
    return np.exp(-0.5 * ((x - centre) / width) ** 2) / (width * np.sqrt(2 * np.pi))


def insulator() -> tuple[np.ndarray, np.ndarray]:
    """Oxygen's valence band below E_F, magnesium's conduction band above: states/eV of each."""
    oxygen = np.where(ENERGIES < FERMI, 6 * bump(FERMI - 2, 0.6), 0.0)
    magnesium = np.where(ENERGIES > FERMI + 2, 4 * bump(FERMI + 3.5, 0.8), 0.0)
    return magnesium, oxygen


def complete_dos() -> CompleteDos:
    rows = insulator()
    total = Dos(FERMI, ENERGIES, {Spin.up: sum(rows)})
    orbitals = (Orbital.s, Orbital.px)
    pdos = {
        site: {orbital: {Spin.up: row}}
        for site, orbital, row in zip(mgo(), orbitals, rows, strict=True)
    }
    return CompleteDos(mgo(), total, pdos)


def write_json(path: Path, dos: object) -> None:
    path.write_text(json.dumps(dos.as_dict()))


def test_an_electronic_dos_of_pymatgen(tmp_path):
    write_json(tmp_path / "MgO.json", complete_dos())
    (record,) = open_dataset(tmp_path)
    assert (record.material_id, record.kind, record.formula) == ("MgO", "edos", "MgO")
    assert record.zero == "VBM"
    assert 1.5 < record.gap < 2.5
    assert record.states == pytest.approx(6 + 4, rel=0.15)
    assert record.orbital_shape is not None
    symbols = [site.specie.symbol for site in record.structure]
    own = {s: record.site_shape[record.orbits[i]] for i, s in enumerate(symbols)}
    below = record.energies < 0
    assert own["O"][below].sum() > 0.99 * record.shape[below].sum()
    assert own["Mg"][~below].sum() > 0.95 * record.shape[record.energies > 1].sum()


def test_a_total_takes_its_structure_from_the_file_beside_it(tmp_path):
    total = Dos(FERMI, ENERGIES, {Spin.up: sum(insulator())})
    write_json(tmp_path / "MgO.json", total)
    with pytest.raises(DataError, match=r"MgO\.json: the file holds no structure.*MgO\.cif"):
        open_dataset(tmp_path)
    mgo().to(tmp_path / "MgO.cif")
    (tmp_path / "dataset.json").write_text('{"method": "PBE0", "licence": "CC BY 4.0"}')
    (record,) = open_dataset(tmp_path)
    assert record.site_shape is None
    assert record.zero == "VBM"
    assert record.states == pytest.approx(10, rel=0.15)
    assert (record.method, record.provenance["licence"]) == ("PBE0", "CC BY 4.0")


def test_columns_of_any_name_are_recorded(tmp_path):
    write_json(tmp_path / "MgO.json", complete_dos())
    (tmp_path / "materials.csv").write_text(
        "material,source,broadening,found,shift\nMgO.json,thesis,0.05 eV,2019,0\n"
    )
    (record,) = open_dataset(tmp_path)
    assert record.source == tmp_path.name
    told = {key: record.provenance[key] for key in ("source", "broadening", "found")}
    assert told == {"source": "thesis", "broadening": "0.05 eV", "found": "2019"}


def test_calculations_are_not_shifted_and_tables_beside_them_are(tmp_path):
    write_json(tmp_path / "MgO.json", complete_dos())
    rutile().to(tmp_path / "TiO2.cif")
    rows = "\n".join(f"{e},{v}" for e, v in zip(ENERGIES, bump(3.0), strict=True))
    (tmp_path / "TiO2.csv").write_text(f"energy (eV),dos\n{rows}\n")
    table = tmp_path / "materials.csv"
    table.write_text("material,shift\nMgO,\nTiO2.cif,2.5\n")
    records = {record.material_id: record for record in open_dataset(tmp_path)}
    assert records["TiO2"].energies @ records["TiO2"].shape == pytest.approx(0.5, abs=0.01)
    table.write_text("material,shift\nTiO2,2.5\nMgO,1.5\n")
    with pytest.raises(DataError, match=r"materials\.csv: line 3: .*of MgO.*not shifted.*empty"):
        open_dataset(tmp_path)
    table.write_text("material,shift\nMgO.xml,1.5\n")
    with pytest.raises(DataError, match=r"line 2: there is no material MgO\.xml"):
        open_dataset(tmp_path)


def test_a_phonon_dos_of_pymatgen(tmp_path):
    frequencies = np.linspace(0, 25, 501)
    rows = [3 * bump(6, 1, frequencies), 3 * bump(12, 1, frequencies)]
    sites = dict(zip(mgo(), rows, strict=True))
    write_json(
        tmp_path / "MgO.json", CompletePhononDos(mgo(), PhononDos(frequencies, sum(rows)), sites)
    )
    (record,) = open_dataset(tmp_path)
    assert record.kind == "phdos"
    heavy, light = record.site_shape[record.orbits]
    mean = (heavy + light) @ record.energies / 2
    assert mean == pytest.approx(9 * CM_PER_THZ, rel=0.01)
    assert (heavy @ record.energies) == pytest.approx(6 * CM_PER_THZ, rel=0.01)


@pytest.mark.parametrize("spins", [1, 2])
@pytest.mark.parametrize("projected", [True, False])
def test_vasp(tmp_path, projected, spins):
    magnesium, oxygen = insulator()
    folder = tmp_path / "own" / "MgO"
    folder.mkdir(parents=True)
    rows = [[magnesium, 0 * oxygen], [0 * magnesium, oxygen]]
    write_vasprun(
        folder / "vasprun.xml", mgo(), ENERGIES, rows, FERMI, spins=spins, projected=projected
    )
    (record,) = open_dataset(tmp_path / "own")
    assert (record.material_id, record.method, record.zero) == ("MgO", "VASP", "VBM")
    assert record.states == pytest.approx(10, rel=0.15)
    assert (record.site_shape is not None) == projected
    if projected:
        write_json(tmp_path / "MgO.json", complete_dos())
        (same,) = open_dataset(tmp_path).filter(lambda e: e.material_id == "MgO")
        np.testing.assert_allclose(record.site_shape, same.site_shape, atol=1e-4)


@pytest.fixture(scope="module")
def phonopy_run(tmp_path_factory) -> Path:
    """Cu₃Au, after phonopy's mesh sampling."""
    folder = tmp_path_factory.mktemp("phonopy") / "Cu3Au"
    folder.mkdir()
    phonon = solve(copper_gold())
    phonon.run_mesh([6, 6, 6], with_eigenvectors=True, is_mesh_symmetry=False)
    phonon.run_projected_dos(sigma=0.15, freq_min=0.0, freq_max=9.0, freq_pitch=0.02)
    phonon.write_projected_dos(filename=str(folder / "projected_dos.dat"))
    phonon.run_total_dos(sigma=0.15, freq_min=0.0, freq_max=9.0, freq_pitch=0.02)
    phonon.write_total_dos(filename=str(folder / "total_dos.dat"))
    phonon.save(str(folder / "phonopy_params.yaml"), settings={"force_constants": True})
    return folder


def test_phonopy_densities_and_forces_agree(phonopy_run, tmp_path):
    """The same material three times: projections, the total, and forces alone."""
    for name, files in {
        "projected": ["projected_dos.dat", "phonopy_params.yaml"],
        "total": ["total_dos.dat", "phonopy_params.yaml"],
        "forces": ["phonopy_params.yaml"],
    }.items():
        (tmp_path / name).mkdir()
        for file in files:
            (tmp_path / name / file).write_bytes((phonopy_run / file).read_bytes())
    records = {r.material_id: r for r in open_dataset(tmp_path)}
    assert {r.formula for r in records.values()} == {"Cu3Au"}
    assert records["total"].site_shape is None
    for name in ("projected", "forces"):
        assert records[name].site_shape.shape == (2, 51)
    np.testing.assert_allclose(records["total"].shape, records["projected"].shape, atol=3e-3)
    cdf = {n: records[n].shape.cumsum() for n in records}
    assert np.abs(cdf["forces"] - cdf["projected"]).max() < 0.06
    gold = [s.specie.symbol for s in records["projected"].structure].index("Au")
    heavy = records["projected"].site_shape[records["projected"].orbits[gold]]
    assert (
        heavy @ records["projected"].energies
        < records["projected"].shape @ records["projected"].energies
    )


def test_densities_of_grouped_atoms_are_refused(phonopy_run, tmp_path):
    folder = tmp_path / "own" / "Cu3Au"
    folder.mkdir(parents=True)
    table = np.loadtxt(phonopy_run / "projected_dos.dat")
    np.savetxt(folder / "projected_dos.dat", np.column_stack([table[:, 0], table[:, 1:3]]))
    (folder / "phonopy_params.yaml").write_bytes((phonopy_run / "phonopy_params.yaml").read_bytes())
    with pytest.raises(DataError, match=r"2 columns, but the cell has 4 atoms.*one column an atom"):
        open_dataset(tmp_path / "own")


def test_tables_and_results_lie_in_one_folder(tmp_path):
    write_json(tmp_path / "MgO.json", complete_dos())
    structure: Structure = rutile()
    structure.to(tmp_path / "TiO2.cif")
    curve = np.column_stack([ENERGIES, bump(-2) + bump(2)])
    np.savetxt(tmp_path / "TiO2.csv", curve, delimiter=",", header="energy (eV),dos", comments="")
    data = open_dataset(tmp_path)
    assert sorted(r.material_id for r in data) == ["MgO", "TiO2"]
    (tmp_path / "MgO").mkdir()
    write_vasprun(tmp_path / "MgO" / "vasprun.xml", mgo(), ENERGIES, [], FERMI, projected=False)
    with pytest.raises(DataError, match="two calculations of MgO"):
        open_dataset(tmp_path)


@pytest.mark.parametrize(
    ("name", "text"),
    [("MgO.xml", "<modeling><generator>"), ("MgO.json", '{"@class": "Dos", "energies": 3}')],
)
def test_a_damaged_file_is_named(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match=rf"{name}: cannot be read.*take it out"):
        open_dataset(tmp_path)


def test_a_curve_that_ends_too_soon_is_named(tmp_path):
    short = np.linspace(-2, 2, 401)
    write_json(tmp_path / "MgO.json", Dos(0.0, short, {Spin.up: bump(0, 1, short)}))
    mgo().to(tmp_path / "MgO.cif")
    with pytest.raises(DataError, match=r"MgO\.json.*-4 to 4 eV are needed"):
        open_dataset(tmp_path)
