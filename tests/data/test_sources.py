"""Curves from elsewhere: units and bins, the Materials Project, folders of one's own."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from crystals import mgo, rutile
from hypothesis import given
from hypothesis import strategies as st
from pymatgen.electronic_structure.core import Spin
from pymatgen.electronic_structure.dos import CompleteDos, Dos
from scipy.integrate import quad
from source_files import (
    ENERGIES,
    Client,
    complete_dos,
    long_table,
    response,
    write_structures,
)
from synthetic import make_spectrum

import deepdos_nb as dd
from deepdos_nb.core.errors import DataError, DataWarning
from deepdos_nb.core.grids import grid_for
from deepdos_nb.core.resampling import above, to_bins, unit_factor
from deepdos_nb.data.catalogue import open_dataset
from deepdos_nb.data.dataset import Dataset
from deepdos_nb.data.label_folder import Folder
from deepdos_nb.data.labelled import to_record
from deepdos_nb.data.sources.folder import FolderStore
from deepdos_nb.data.sources.materials_project import connect, download, label_of, search
from deepdos_nb.data.sources.phonondb_archive import convert

EV, CM = grid_for("edos"), grid_for("phdos")

# --- bins and units --------------------------------------------------------------------------


@given(
    seed=st.integers(0, 2**32 - 1),
    n_points=st.integers(20, 400),
    kind=st.sampled_from(["edos", "phdos"]),
)
def test_no_state_is_lost_or_made(seed, n_points, kind):
    rng = np.random.default_rng(seed)
    grid = grid_for(kind)
    span = grid.stop - grid.start
    x = np.sort(rng.uniform(grid.start - 0.2 * span, grid.stop + 0.2 * span, n_points))
    x[0], x[-1] = grid.start - 0.3 * span, grid.stop + 0.3 * span
    y = rng.random((3, n_points))
    bins = to_bins(kind, x, y)
    fine = np.linspace(grid.faces[0], grid.faces[-1], 200_001)
    expected = np.trapezoid([np.interp(fine, x, row) for row in y], fine, axis=1)
    np.testing.assert_allclose(bins.sum(axis=1), expected, rtol=1e-4)
    assert bins.min() >= 0
    np.testing.assert_allclose(to_bins(kind, x, y.sum(axis=0)), bins.sum(axis=0), rtol=1e-9)
    inside = x <= grid.faces[-1]
    last = np.interp(grid.faces[-1], x, y[0])
    beyond = np.trapezoid(np.r_[last, y[0][~inside]], np.r_[grid.faces[-1], x[~inside]])
    assert above(kind, x, y)[0] == pytest.approx(beyond, rel=1e-6, abs=1e-9)


def test_broadening_is_a_gaussian_of_the_stated_width():
    x = np.linspace(-6, 6, 4801)
    line = np.where(np.abs(x - 0.5) < 0.004, 1.0, 0.0)
    bins = to_bins("edos", x, line, broadening=0.1)
    area = np.trapezoid(line, x)
    assert bins.sum() == pytest.approx(area, rel=1e-6)
    mean = EV.energies @ bins / bins.sum()
    width = np.sqrt(((EV.energies - mean) ** 2) @ bins / bins.sum())
    assert mean == pytest.approx(0.5, abs=2e-3)
    # A bin adds the variance of its own width.
    assert width == pytest.approx(np.hypot(0.1, EV.step / 12**0.5), rel=0.01)
    k = int(np.argmin(np.abs(EV.energies - 0.7)))
    gauss = quad(
        lambda e: np.exp(-0.5 * ((e - 0.5) / 0.1) ** 2) / (0.1 * np.sqrt(2 * np.pi)),
        EV.faces[k],
        EV.faces[k + 1],
    )[0]
    assert bins[k] / area == pytest.approx(gauss, rel=0.02)


def test_our_own_grid_passes_unchanged():
    curve = np.random.default_rng(0).random(51)
    np.testing.assert_array_equal(to_bins("phdos", CM.energies, curve), curve * CM.step)


def test_units():
    assert unit_factor("THz", "phdos") == pytest.approx(33.35640952)
    assert unit_factor("meV", "phdos") == pytest.approx(8.06554394)
    assert unit_factor(" ry ", "edos") == pytest.approx(13.605693)
    assert unit_factor("cm^-1", "phdos") == 1.0
    with pytest.raises(DataError, match=r"unit 'kcal' is unknown. Use one of eV"):
        unit_factor("kcal", "edos")


@pytest.mark.parametrize(
    ("x", "y", "reason"),
    [
        ([-5, -6, 5], [1, 1, 1], "do not increase"),
        ([-5, 0, 3], [1, 1, 1], r"covers -5 to 3 eV, but -4 to 4 eV"),
        ([-5, 0, 5], [1, -0.5, 1], "negative in places"),
        ([-5, 0, 5], [1, np.nan, 1], "no numbers"),
        ([-5, 0, 5], [0, 0, 0], "no states"),
        ([-5], [1], "at least two energies"),
    ],
)
def test_curves_that_cannot_be_used_say_why(x, y, reason):
    with pytest.raises(DataError, match=reason):
        to_bins("edos", np.array(x, float), np.array(y, float))


def test_phonon_curves_may_end_where_their_modes_do():
    x = np.linspace(0, 400, 101)
    assert to_bins("phdos", x, np.exp(-(((x - 200) / 40) ** 2))).sum() > 0
    with pytest.raises(DataError, match="covers 0 to 400"):
        to_bins("phdos", x, np.ones(101))


# --- Materials Project -----------------------------------------------------------------------


@pytest.mark.parametrize("spins", [1, 2])
def test_insulators_count_from_the_valence_band(spins):
    label = label_of(response(mgo(), spins=spins), "mp-1265", broadening=0.0)
    assert label.facts["zero"] == "VBM"
    assert label.facts["gap"] == pytest.approx(2.0, abs=0.05)
    record = to_record(label, "materials_project")
    spectrum = record.reference()
    occupied = EV.energies < 0.9
    np.testing.assert_allclose(spectrum.total[occupied].sum() * EV.step, 6.0, rtol=0.01)
    assert spectrum.total[(EV.energies > 0.1) & (EV.energies < 1.9)].max() < 0.02
    elements = spectrum.by_element()
    assert elements["O"][occupied].sum() * EV.step == pytest.approx(6.0, rel=0.01)
    assert elements["Mg"][~occupied].sum() > 0.99 * spectrum.total[~occupied].sum()
    by_orbital = (np.bincount(record.orbits) @ record.orbital_shape.sum(-1)) * record.states
    above_gap = spectrum.total[~occupied].sum() * EV.step
    np.testing.assert_allclose(by_orbital, [above_gap, 6.0, 0, 0], rtol=0.01, atol=0.02)
    assert record.provenance["licence"] == "CC BY 4.0"
    assert record.method == "PBE (VASP, Materials Project)"


def test_sites_add_up_to_the_total_of_the_source():
    dos = response(rutile())
    label = label_of(dos, "mp-2657")
    np.testing.assert_allclose(
        np.bincount(label.orbits) @ label.states.sum(axis=1),
        to_bins("edos", ENERGIES - 2.9, dos.densities[Spin.up], broadening=0.1),
        # The onset is found to within the threshold of what counts as empty.
        atol=0.02,
    )


def test_metals_and_false_gaps_count_from_the_fermi_level():
    for gap in (0.0, 0.2):
        label = label_of(response(mgo(), gap=gap), "mp-x")
        assert (label.facts["zero"], label.facts["gap"]) == ("E_F", 0.0)


def test_a_dos_without_projections_or_window_is_refused():
    dos = complete_dos(mgo())
    with pytest.raises(DataError, match=r"mp-1: .* without projections"):
        label_of(CompleteDos(mgo(), dos, {}), "mp-1")
    with pytest.raises(DataError, match=r"mp-1: .* without projections"):
        label_of(Dos(dos.efermi, dos.energies, dos.densities), "mp-1")
    short = response(mgo(), fermi=9.5)
    with pytest.raises(DataError, match="mp-2: the curve covers"):
        label_of(short, "mp-2")


def test_downloads_go_on_where_they_stopped(tmp_path):
    client, told = Client(), {}
    names = search(client, elements=["Mg"], limit=3)
    assert names == ["mp-1", "mp-2", "mp-3"]
    assert client.criteria["has_props"] == ["dos"]
    counts = download(names, tmp_path, client, report=told.__setitem__)
    assert counts == {"done": 2, "failed": 1, "skipped": 0}
    assert told == {"mp-1": "", "mp-2": "No density of states data found for mp-2", "mp-3": ""}
    again = Client()
    counts = download([*names, "mp-10"], tmp_path, again)
    assert again.asked == ["mp-10"]
    assert counts == {"done": 1, "failed": 0, "skipped": 3}
    data = open_dataset(tmp_path)
    assert [r.material_id for r in data] == ["mp-1", "mp-3", "mp-10"]
    assert data[0].states == pytest.approx(
        to_record(label_of(response(mgo()), "x"), "").states, 2e-3
    )


def test_a_lost_connection_keeps_what_is_there_and_blames_no_material(tmp_path):
    download(["mp-1"], tmp_path, Client())
    with pytest.raises(DataError, match=r"3 requests in a row failed .* goes on where it stopped"):
        download([f"mp-{i}" for i in range(1, 9)], tmp_path, Client(broken=99))
    assert Folder(tmp_path).failures() == {}
    counts = download(["mp-1", "mp-5"], tmp_path, Client(broken=1))
    assert counts == {"done": 0, "failed": 1, "skipped": 1}
    assert download(["mp-5"], tmp_path, Client())["done"] == 1


def test_key_and_client_are_asked_for(monkeypatch):
    monkeypatch.delenv("MP_API_KEY", raising=False)
    with pytest.raises(DataError, match=r"asks for a key. .*set MP_API_KEY"):
        connect()
    monkeypatch.setenv("MP_API_KEY", "abc")
    monkeypatch.setitem(sys.modules, "mp_api.client", None)
    with pytest.raises(DataError, match=r"not installed. Run `pip install \"deepdos-nb\[mp\]\"`"):
        connect()
    keys = []
    fake = SimpleNamespace(MPRester=lambda key, **options: keys.append(key))
    monkeypatch.setitem(sys.modules, "mp_api.client", fake)
    connect()
    assert keys == ["abc"]


def test_without_phonopy_no_archive_is_to_blame(tmp_path, monkeypatch):
    (tmp_path / "mp-1").mkdir()
    (tmp_path / "mp-1" / "POSCAR").write_text("Cu")
    monkeypatch.setitem(sys.modules, "phonopy", None)
    with pytest.raises(DataError, match=r"phonopy is not installed\. Run `pip install phonopy`"):
        convert([tmp_path / "mp-1"], tmp_path / "out")
    assert Folder(tmp_path / "out").failures() == {}


# --- a folder of one's own -------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["phdos", "edos"])
def test_what_predict_writes_comes_back(tmp_path, kind):
    write_structures(tmp_path, "MgO", "TiO2")
    spectra = {
        n: make_spectrum(dd.read_structure(tmp_path / f"{n}.cif"), kind) for n in ("MgO", "TiO2")
    }
    for name, spectrum in spectra.items():
        spectrum.to_dataframe().to_csv(tmp_path / f"{name}.csv", index=False)
    data = open_dataset(tmp_path)
    assert [e.sites for e in data.entries()] == [True, True]
    for record in data:
        spectrum = spectra[record.material_id]
        assert record.kind == kind
        expected = spectrum.total / spectrum.total.sum()
        np.testing.assert_allclose(record.shape, expected, atol=0.03 * expected.max())
        if kind == "edos":
            reference = record.reference()
            # Equivalent atoms of a made-up spectrum differ; their element does not.
            for symbol, curve in spectrum.by_element().items():
                np.testing.assert_allclose(
                    reference.by_element()[symbol], curve, atol=1e-5 * spectrum.total.max()
                )
            assert record.states == pytest.approx(spectrum.states)


def test_one_table_for_all_with_units_and_atoms(tmp_path):
    write_structures(tmp_path, "MgO", "Si")
    thz = np.linspace(0, 36, 361)
    curves = {n: (thz, np.exp(-(((thz - c) / 1.5) ** 2))) for n, c in (("Si", 15), ("MgO", 12))}
    long_table(tmp_path, curves, "energy (THz),dos")
    (tmp_path / "dataset.json").write_text('{"method": "neutrons", "density": "arbitrary"}')
    (tmp_path / "materials.csv").write_text("material,paper,gap\nSi,doi:1,0.5\n")
    data = open_dataset(tmp_path)
    by_name = {r.material_id: r for r in data}
    assert by_name["Si"].kind == "phdos"
    assert CM.energies @ by_name["Si"].shape == pytest.approx(15 * 33.3564, rel=1e-3)
    assert CM.energies @ by_name["MgO"].shape == pytest.approx(12 * 33.3564, rel=1e-3)
    assert by_name["Si"].provenance == {"paper": "doi:1", "gap": 0.5, "method": "neutrons"}
    assert [e.gap for e in data.entries()] == [None, 0.5]
    assert by_name["Si"].site_shape is None


@pytest.mark.parametrize(("unit", "size"), [("eV", 1.0), ("Ry", 13.605693)])
def test_shift_broadening_and_states_per_atom(tmp_path, unit, size):
    write_structures(tmp_path, "MgO")
    x = np.linspace(-4, 14, 1801)
    y = 2.5 * np.exp(-(((x - 4.0) / 0.2) ** 2))
    long_table(tmp_path, {"MgO": (x / size, y * size)}, f"energy ({unit}),dos")
    table = f"material,shift,zero,gap\nMgO,{5 / size},VBM,4.4\n"
    (tmp_path / "materials.csv").write_text(table)
    record = Dataset([FolderStore(tmp_path, density="atom", broadening=0.1)])[0]
    assert record.states == pytest.approx(2 * np.trapezoid(y, x), rel=1e-6)
    assert EV.energies @ record.shape == pytest.approx(-1.0, abs=1e-3)
    assert (record.zero, record.gap) == ("VBM", 4.4)


def test_a_material_may_be_called_as_its_file_is(tmp_path):
    write_structures(tmp_path, "MgO")
    x = np.linspace(-4, 14, 1801)
    long_table(tmp_path, {"MgO": (x, np.exp(-(((x - 4.0) / 0.2) ** 2)))}, "energy (eV),dos")
    (tmp_path / "materials.csv").write_text("material,shift\n MgO.cif ,5\n")
    (record,) = open_dataset(tmp_path)
    assert EV.energies @ record.shape == pytest.approx(-1.0, abs=1e-3)


def test_element_columns_fix_the_sites_where_symmetry_does(tmp_path):
    write_structures(tmp_path, "MgO", "TiO2")
    x = EV.energies
    for name, (a, b) in {"MgO": ("Mg", "O"), "TiO2": ("Ti", "O")}.items():
        one, two = np.exp(-((x + 1) ** 2)), 3 * np.exp(-((x - 1) ** 2))
        text = "\n".join(f"{e},{p},{q}" for e, p, q in zip(x, one, two, strict=True))
        (tmp_path / f"{name}.csv").write_text(f"energy (eV),{a},{b}\n{text}\n")
    for record in open_dataset(tmp_path):
        assert record.site_shape is not None
        shares = record.reference().by_element()
        assert shares["O"].sum() == pytest.approx(0.75 * record.reference().total.sum(), rel=1e-5)
    # Two unlike oxygens: the element's curve says nothing about either.
    apart = dd.example("TiO2")
    apart.translate_sites([2], [0.02, 0.0, 0.0])
    apart.to(str(tmp_path / "TiO2.cif"))
    data = open_dataset(tmp_path)
    assert [(e.material_id, e.sites) for e in data.entries()] == [("MgO", True), ("TiO2", False)]
    assert data[1].site_shape is None
    assert data[1].shape.sum() == pytest.approx(1)


def test_imaginary_modes_that_are_cut_are_told(tmp_path):
    write_structures(tmp_path, "MgO")
    x = np.linspace(-200, 1000, 1201)
    for below, told in ((0.0, 0), (0.1, 1)):
        y = np.exp(-(((x - 400) / 50) ** 2)) + below * np.exp(-(((x + 100) / 20) ** 2))
        long_table(tmp_path, {"MgO": (x, y)}, "energy (cm^-1),dos")
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            open_dataset(tmp_path)[0]
        found = [str(w.message) for w in caught if w.category is DataWarning]
        assert len(found) == told
        assert all("MgO: 3.8 % of its modes are imaginary" in message for message in found)


def _good(folder: Path) -> None:
    write_structures(folder, "MgO")
    long_table(folder, {"MgO": (EV.energies, np.ones(128))}, "energy (eV),dos")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda f: (f / "MgO.cif").unlink(), r"there are no structures \(\*\.cif"),
        (
            lambda f: (f / "MgO.vasp").write_text("another crystal"),
            "MgO.cif and MgO.vasp are both called MgO",
        ),
        (lambda f: write_structures(f, "Si"), "1 of 2 structures have no curve, Si for example"),
        (
            lambda f: _append(f, "Fe,0,1\n"),
            r"there is a curve of Fe, but no structure. Add Fe.cif",
        ),
        (lambda f: _append(f, "Fe,0,1\nMgO,9,1\n"), "rows of MgO do not stand together"),
        (lambda f: _replace(f, "energy (eV)", "energy"), "unit of the energies is not stated"),
        (lambda f: _replace(f, "energy (eV)", "energy (meV)"), "electrons or of phonons"),
        (lambda f: _replace(f, "energy (eV)", "energy (K)"), "unit 'K' is unknown"),
        (lambda f: _replace(f, "energy (eV)", "wavelength"), "needed are 'energy' and 'dos'"),
        (lambda f: _replace(f, "material,", "crystal,"), "first column is not 'material'"),
        (lambda f: _replace(f, "MgO,-4,1", "MgO,-4,one"), "line 2: 'one' in column dos"),
        (lambda f: _replace(f, "MgO,4,1\n", ""), "MgO: the curve covers -4 to 3.9"),
        (
            lambda f: _replace(f, "energy (eV),dos", "energy (eV),site Mg1"),
            "MgO: its site columns are not those .* Needed are site Mg1, site O2",
        ),
        (lambda f: (f / "dataset.json").write_text('{"unit": "eV"}'), "unknown setting 'unit'"),
        (lambda f: (f / "dataset.json").write_text("eV"), "not a JSON object"),
        (lambda f: (f / "dataset.json").write_text('{"density": "x"}'), "none of cell, atom"),
        (lambda f: (f / "materials.csv").write_text("material,gap\nMgO,wide\n"), "line 2: could"),
        (
            lambda f: (f / "materials.csv").write_text("material,shift\nMgO,1\nMg0,1\n"),
            r"materials.csv: line 3: there is no material Mg0 in .*Did you mean MgO\? Else add",
        ),
        (
            lambda f: (f / "materials.csv").write_text("material,shift\nMgO.vasp,1\n"),
            r"line 2: there is no material MgO.vasp .*Did you mean MgO",
        ),
        (
            lambda f: (f / "materials.csv").write_text("material,shift\nMgO,1\nMgO.cif,2\n"),
            "line 3: MgO has a row already",
        ),
        (lambda f: (f / "materials.csv").write_text("material,gap\n,1\n"), "names no material"),
    ],
)
def test_folders_that_cannot_be_used_say_why(tmp_path, spoil, reason):
    _good(tmp_path)
    assert len(list(open_dataset(tmp_path))) == 1
    spoil(tmp_path)
    with pytest.raises(DataError, match=reason) as caught:
        list(open_dataset(tmp_path))
    assert str(tmp_path) in str(caught.value)


def _append(folder: Path, text: str) -> None:
    with (folder / "spectra.csv").open("a", encoding="utf-8") as file:
        file.write(text)


def _replace(folder: Path, old: str, new: str) -> None:
    path = folder / "spectra.csv"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def test_sites_that_do_not_add_up_are_refused(tmp_path):
    write_structures(tmp_path, "MgO")
    rows = "\n".join(f"{e},1,0.5,0.3" for e in EV.energies)
    (tmp_path / "MgO.csv").write_text(f"energy (eV),total,site Mg1,site O2\n{rows}\n")
    with pytest.raises(DataError, match="differ from the total by 20 %"):
        list(open_dataset(tmp_path))
