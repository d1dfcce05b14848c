"""Uploads without a browser: what comes in, what is refused, what is made of it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import ipywidgets
import numpy as np
import pytest
import traitlets
from hypothesis import given
from hypothesis import strategies as st
from ipywidgets.widgets.widget import _instances
from nglview.remote_thread import RemoteCallThread
from pymatgen.core import Structure
from synthetic import make_spectrum, make_trace, rock_salt
from widget_classes import anywidgets
from widget_trees import all_widgets

import deepdos_nb as dd
from deepdos_nb.core.errors import ConfigError, WeightsError
from deepdos_nb.crystal.read import example, examples
from deepdos_nb.widgets import Explore, UploadPredictor, explore
from deepdos_nb.widgets import explore as explore_function
from deepdos_nb.widgets.base.payload import TOTAL_ONLY
from deepdos_nb.widgets.explorer.answers import below_zero
from deepdos_nb.widgets.explorer.explore import VIEWS

MGO = examples()["MgO"].read_bytes()


class Model:
    """Answers as a loaded model does, and counts how often it is asked."""

    def __init__(self, kind: Any = "phdos") -> None:
        self.kind = kind
        self.asked = 0

    def predict(self, structure: Structure, *, max_atoms: int = 500):
        self.asked += 1
        return make_spectrum(structure, self.kind)

    def trace(self, structure: Structure, *, seed: int = 0):
        return make_trace(structure, self.kind, seed)


@pytest.fixture
def view() -> UploadPredictor:
    return UploadPredictor({"phdos": Model(), "edos": Model("edos")})


def receive(view: UploadPredictor, name: str, data: bytes) -> None:
    """What arrives when a browser sends a file."""
    view.drop._heard(None, {"type": "file", "name": name}, [memoryview(data)])


def test_a_file_is_read_and_predicted(view: UploadPredictor):
    receive(view, "MgO.cif", MGO)
    assert view.problem == view.error == ""
    assert view.spectrum.formula == "MgO"
    assert "MgO.cif · MgO · 2 atoms per cell · 6 modes, 3 per atom" in view.drop.message
    assert [tab["key"] for tab in view.kinds.tabs] == ["phdos", "edos"]
    assert not view.drop.busy
    assert isinstance(view.views["phdos"], Explore)
    assert "edos" not in view.views, "made only when it is looked at"


def test_the_same_file_twice_is_predicted_twice(view: UploadPredictor):
    receive(view, "MgO.cif", MGO)
    receive(view, "MgO.cif", MGO)
    assert view._models["phdos"].asked == 2


def test_an_assigned_structure_does_what_a_file_does(view: UploadPredictor):
    view.structure = rock_salt("Na", "Cl", 5.6)
    assert view.spectrum.formula == "NaCl"
    view.choose("Si")
    assert view.spectrum.formula == "Si"
    assert view.drop.example == "Si"
    receive(view, "MgO.cif", MGO)
    assert view.drop.example == ""


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (bytes(range(256)), "binary"),
        (b"", "empty"),
        (MGO + examples()["Si"].read_bytes(), "holds 2 crystals"),
        (b"x" * 2_000_001, "the limit is 2 MB"),
        (MGO.replace(b"_cell_length_a", b"_cell_length_x"), "cell is missing"),
        (example("NaCl").make_supercell((8, 8, 8)).to(fmt="cif").encode(), "the limit is 500"),
    ],
)
def test_a_fault_is_said_and_clears_the_last_result(view: UploadPredictor, data: bytes, words: str):
    receive(view, "good.cif", MGO)
    receive(view, "bad.cif", data)
    assert view.problem.startswith("bad.cif: ")
    assert words in view.problem
    assert view.drop.problem == view.describe() == view.problem
    assert view.structure is None
    assert view._stage.children == ()
    assert view.drop.message == ""
    with pytest.raises(ConfigError, match="no spectrum yet"):
        _ = view.spectrum
    receive(view, "good.cif", MGO)
    assert view.problem == ""


def test_the_electrons_of_one_crystal_are_not_those_of_the_next(view: UploadPredictor):
    view.structure, view.kind = rock_salt("Na", "Cl", 5.6), "edos"
    view.electrons = 7.0
    receive(view, "MgO.cif", MGO)
    assert (view.kind, view.electrons, view.drop.electrons) == ("edos", None, None)
    expected = make_spectrum(example("MgO"), "edos")
    np.testing.assert_allclose(view.spectrum.total, expected.total)
    assert not any("Scaled" in note for note in view.drop.notes)


@pytest.mark.parametrize("backend", ["image", "nglview"])
def test_crystals_that_went_leave_nothing_behind(backend: Any):
    view = UploadPredictor({"phdos": Model(), "edos": Model("edos")}, backend=backend)

    def look_at(name: str) -> int:
        view.choose(name)
        for view.kind in ("phdos", "edos"):
            for key in view.views[view.kind].offered:
                view.views[view.kind].selected = key
        view.views["edos"].views["transport"].laboratory = True
        view.electrons = 5.0
        assert (view.problem, view.error) == ("", "")
        return len(_instances)

    before = look_at("MgO")
    assert [look_at(name) for name in ("Si", "NaCl", "GaAs")] == [before] * 3
    threads = [t for t in threading.enumerate() if isinstance(t, RemoteCallThread)]
    left = [t for t in threads if t.view.comm is None]
    wait = time.monotonic() + 10
    while any(t.is_alive() for t in left) and time.monotonic() < wait:
        time.sleep(0.05)
    assert not any(t.is_alive() for t in left)


class Hanging(Model):
    """Never comes to an answer about silicon."""

    def predict(self, structure: Structure, *, max_atoms: int = 500):
        while structure.formula == "Si2":
            pass
        return super().predict(structure, max_atoms=max_atoms)


def test_what_hangs_is_stopped_and_the_next_file_is_predicted():
    view = UploadPredictor({"phdos": Hanging(), "edos": Model("edos")}, max_seconds=3)
    receive(view, "Si.cif", examples()["Si"].read_bytes())
    assert "this prediction took longer than 3 s and was stopped" in view.problem
    assert not view.drop.busy
    assert view._stage.children == ()
    receive(view, "MgO.cif", MGO)
    assert view.problem == ""
    assert view.spectrum.formula == "MgO"


SCRIPT = "<img src=x onerror=alert(1)><script>alert(2)</script>"


def test_html_in_names_and_fields_stays_text(view: UploadPredictor):
    receive(view, f"{SCRIPT}.cif", MGO.replace(b"data_", b"data_" + SCRIPT.encode() + b"_", 1))
    receive(view, f"{SCRIPT}.cif", b"_chemical_name " + SCRIPT.encode())
    # Python's own HTML is escaped; everything else travels as text, which scripts put in as text.
    pages = [w.value for w in all_widgets(view) if isinstance(w, ipywidgets.HTML)]
    assert pages
    assert not any("<img" in page or "<script" in page for page in pages)
    view.error = SCRIPT
    assert "&lt;img" in view._line.value
    assert "<img" not in view._line.value
    for cls in anywidgets():
        # Where a script writes HTML, it is a picture of its own.
        for written in re.findall(r"(?:innerHTML|outerHTML|insertAdjacentHTML)\W.*", str(cls._esm)):
            constants = ("innerHTML = on ? PAUSE : PLAY;", "innerHTML = CRYSTAL;")
            assert written in constants, cls.__name__


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "..\\..\\boot.ini", "/etc/shadow.cif", "con.cif", "a\0b.cif"]
)
def test_a_name_is_never_a_path(view: UploadPredictor, name: str, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    receive(view, name, MGO)
    assert view.error == ""
    assert view.problem or view.spectrum.formula == "MgO"
    assert list(tmp_path.iterdir()) == [], "nothing is written"
    receive(view, name, b"nothing of the kind")
    assert "root:" not in view.problem


def test_a_small_file_that_expands_beyond_measure_is_refused_at_once(view: UploadPredictor):
    """13 kB that ask for 200 atoms in every one of the 192 positions of a group."""
    rows = "\n".join(f"O{i} O {i * 0.0049 + 0.001:.4f} {i * 0.0031:.4f} 0.1234" for i in range(400))
    bomb = (
        "data_bomb\n_cell_length_a 9\n_cell_length_b 9\n_cell_length_c 9\n"
        "_cell_angle_alpha 90\n_cell_angle_beta 90\n_cell_angle_gamma 90\n"
        "_symmetry_space_group_name_H-M 'F m -3 m'\n_symmetry_Int_Tables_number 225\n"
        "loop_\n_atom_site_label\n_atom_site_type_symbol\n_atom_site_fract_x\n"
        f"_atom_site_fract_y\n_atom_site_fract_z\n{rows}\n"
    )
    assert len(bomb) < 14_000
    begin = time.process_time()
    receive(view, "bomb.cif", bomb.encode())
    assert "the limit is 500" in view.problem
    assert time.process_time() - begin < 20, "refused before it was expanded"


def test_limits_can_be_changed():
    view = UploadPredictor({"phdos": Model(), "edos": Model("edos")}, max_bytes=100, max_atoms=1)
    receive(view, "MgO.cif", MGO)
    assert "the limit is 0.0001 MB" in view.problem
    assert view.drop.limit == 100
    view.structure = example("MgO")
    assert (view.problem, view.name, view.spectrum.formula) == ("", "", "MgO")


def test_a_kind_without_weights_is_named_and_the_other_shown():
    def find(kind: str) -> Model:
        if kind == "edos":
            raise WeightsError("no weights for 'edos'.", remedy="None are shipped yet.")
        return Model()

    view = UploadPredictor(load=find)
    receive(view, "MgO.cif", MGO)
    assert view.drop.notes == ["Electrons: no weights for 'edos'. None are shipped yet."]
    assert view.kinds not in view._stage.children
    assert not view.drop.asks_electrons
    assert "no weights" in view.describe()


def test_shipped_models_say_what_is_extrapolated_for_either_kind():
    view = UploadPredictor()
    receive(view, "EsO.cif", MGO.replace(b"Mg", b"Es"))
    assert view.problem == view.error == ""
    assert any("Extrapolation: Es" in note for note in view.drop.notes)
    assert view.kinds in view._stage.children
    # A number of electrons is asked for where it means something.
    assert not view.drop.asks_electrons
    view.kind = "edos"
    assert view.drop.asks_electrons
    view.kind = "phdos"
    np.testing.assert_allclose(view.spectrum.states + view.spectrum.outside.sum(), 6, rtol=1e-5)


def test_electrons_scale_the_electronic_density(view: UploadPredictor):
    receive(view, "MgO.cif", MGO)
    view.kind = "edos"
    before = view.spectrum
    view.electrons = 7.0
    assert below_zero(view.spectrum) == pytest.approx(7.0)
    np.testing.assert_allclose(
        view.spectrum.total / view.spectrum.total.sum(), before.total / before.total.sum()
    )
    assert "7.00 of them below" in view.drop.message
    assert any("Scaled to 7 electrons" in note for note in view.drop.notes)
    shown = view.views["edos"].subject
    np.testing.assert_allclose(
        shown.source.sites().sum(), before.sites.sum() * 7 / below_zero(before)
    )
    view.electrons = None
    np.testing.assert_array_equal(view.spectrum.total, before.total)
    # Phonons own three modes per atom, whatever is typed.
    view.electrons, view.kind = 3.0, "phdos"
    assert view.spectrum.states == pytest.approx(make_spectrum(example("MgO")).states)
    for wrong in (0.0, -1.0, float("inf")):
        with pytest.raises(traitlets.TraitError):
            view.electrons = wrong


@given(st.integers(0, 50))
def test_states_below_zero_are_counted_to_the_edge_inside_a_cell(seed: int):
    spectrum = make_spectrum(rock_salt(), "edos", seed=seed)
    fine = np.linspace(-4, 4, 200_001)
    cell = np.clip(
        np.searchsorted(spectrum.grid.faces, fine, side="right") - 1, 0, spectrum.grid.n_bins - 1
    )
    below = spectrum.total[cell][fine < 0].sum() * (fine[1] - fine[0])
    # The grid's first cell reaches half a step below the window.
    below += spectrum.total[0] * spectrum.grid.step / 2
    assert below_zero(spectrum) == pytest.approx(below, rel=1e-3)


def test_downloads_hold_what_is_shown(view: UploadPredictor):
    receive(view, "MgO.cif", MGO)
    sent: list[tuple[dict[str, str], bytes]] = []
    view.downloads.send = lambda head, buffers: sent.append((head, buffers[0]))  # type: ignore[method-assign]
    for ending in ("csv", "json", "png", "cif"):
        view.downloads._heard(None, {"make": ending}, [])
    assert [head["name"] for head, _ in sent] == [
        f"MgO-phdos.{ending}" for ending in ("csv", "json", "png", "cif")
    ]
    csv, answer, png, cif = (data for _, data in sent)
    assert csv.decode().splitlines()[0].startswith("energy (cm⁻¹),total,spread,band,Mg,O")
    np.testing.assert_allclose(json.loads(answer)["total"], view.spectrum.total)
    assert png.startswith(b"\x89PNG")
    assert dd.parse_structure(cif, "back.cif").composition == view.structure.composition
    view.downloads._heard(None, {"make": "exe"}, [])
    assert len(sent) == 4
    view.downloads._heard(None, {"make": "csv", "view": "left"}, [])
    assert sent[-1][0]["view"] == "left", "so that the view beside it saves nothing"


def test_nothing_is_written_to_disk(
    view: UploadPredictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    receive(view, "MgO.cif", MGO)
    receive(view, "POSCAR", example("GaAs").to(fmt="poscar").encode())
    assert view.problem == ""
    assert list(tmp_path.iterdir()) == []


def test_errors_of_a_model_are_shown(view: UploadPredictor, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(view._models["phdos"], "trace", lambda s: 1 / 0)
    receive(view, "MgO.cif", MGO)
    assert view.error.startswith("ZeroDivisionError")
    assert "could not be updated" in view._line.value
    assert not view.drop.busy


def test_unknown_kinds_are_refused():
    with pytest.raises(ConfigError, match="no kind of spectrum 'xdos'"):
        UploadPredictor({"xdos": Model()})


# explore -----------------------------------------------------------------------------------------


def test_the_name_is_a_function():
    assert dd.explore is explore_function is explore
    assert callable(explore)


def test_explore_takes_structures_paths_models_traces_and_spectra(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    asked: list[str] = []

    def find(kind: Any) -> Model:
        asked.append(kind)
        return Model(kind)

    monkeypatch.setattr(sys.modules["deepdos_nb.widgets.explorer.explore"], "shipped_model", find)
    file = tmp_path / "MgO.cif"
    file.write_bytes(MGO)
    assert explore(file).subject.source.structure.formula == "Mg1 O1"
    assert explore(str(file), kind="edos").subject.source.kind == "edos"
    assert asked == ["phdos", "edos"]
    assert explore(Model(), file).subject.ensemble is not None
    assert explore(Model(), rock_salt(), seed=3).subject.source.seed == 3
    assert list(explore(make_trace(rock_salt())).offered) == [
        "spectrum", "attention", "transport", "graph",
    ]  # fmt: skip
    assert list(explore(make_spectrum(rock_salt())).offered) == ["spectrum", "ensemble", "graph"]
    with pytest.raises(ConfigError, match="needs a structure"):
        explore(Model())
    with pytest.raises(ConfigError, match="its own structure"):
        explore(make_trace(rock_salt()), rock_salt())
    with pytest.raises(ConfigError, match="a Structure is no model"):
        explore(rock_salt(), rock_salt())
    with pytest.raises(dd.StructureError, match="no such file"):
        explore("nowhere.cif")
    assert asked == ["phdos", "edos"], "a fault in the file was found before weights were loaded"


def test_views_are_made_when_opened_and_share_one_selection():
    crystal = rock_salt()
    look = Explore(make_trace(crystal), ensemble=make_spectrum(crystal))
    # Without a model there is no draft whose bands could be shown.
    assert list(look.offered) == [v.key for v in VIEWS if v.key != "bands"]
    assert list(look.views) == ["spectrum"]
    look.state.energy_range = (100.0, 300.0)
    for key in look.offered:
        look.tabs.selected = key
        assert look.selected == key
        assert look.error == ""
        shown = [k for k, v in look.views.items() if v.layout.display != "none"]
        assert shown == [key]
        assert look.view.state is look.state
        assert look.png().startswith(b"\x89PNG")
        assert "Further views: " in look.describe()
    first = look.views["spectrum"]
    look.selected = "spectrum"
    assert look.view is first
    with pytest.raises(traitlets.TraitError, match="no view 'orbitals' here"):
        look.selected = "orbitals"


def test_a_first_view_that_cannot_be_made_is_an_error_of_the_call():
    with pytest.raises(ConfigError, match="another crystal"):
        explore(make_spectrum(rock_salt("Na", "Cl", 5.6)), reference=make_spectrum(example("Si")))


def test_a_tab_that_cannot_be_made_leads_back_to_the_last_one(monkeypatch: pytest.MonkeyPatch):
    look = explore(make_trace(rock_salt()))
    look.selected = "graph"
    module = "deepdos_nb.widgets.transport.stepper.TransportStepper"
    with monkeypatch.context() as patch:
        patch.setattr(module, lambda *_, **__: 1 / 0)
        look.tabs.selected = "transport"
    assert look.selected == look.tabs.selected == "graph"
    assert look.error.startswith("ZeroDivisionError")
    assert look.view.layout.display is None
    assert look.png().startswith(b"\x89PNG")
    look.tabs.selected = "transport"
    assert (look.error, look.selected) == ("", "transport")


def test_every_view_that_can_shows_the_reference():
    crystal = rock_salt()
    known = replace(make_spectrum(crystal, seed=3, n_seeds=1), source="DFT")
    look = explore(make_trace(crystal), reference=known)
    assert look.view.spectrum.reference is known
    look.selected = "attention"
    assert look.view.map.data.reference is known
    look.selected = "transport"
    assert look.view.view.header["reference"] == "DFT"
    totals = replace(known, notes=(*known.notes, TOTAL_ONLY))
    look = Explore(make_trace(crystal), ensemble=make_spectrum(crystal), reference=totals)
    look.selected = "ensemble"
    assert look.view.known is totals
    look.selected = "attention"
    assert look.view.map.data.reference is None, "equal shares are no projections"
    assert look.error == ""


def test_views_load_no_torch():
    code = (
        "import sys; from deepdos_nb.widgets import UploadPredictor, explore\n"
        "UploadPredictor()\nassert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


class Limited(Model):
    """Remembers the limits it was asked to keep."""

    def __init__(self, kind: str = "phdos"):
        super().__init__(kind)
        self.limits: list[int] = []

    def predict(self, structure: Structure, *, max_atoms: int = 500):
        self.limits.append(max_atoms)
        return super().predict(structure, max_atoms=max_atoms)

    def trace(self, structure: Structure, *, seed: int = 0, max_atoms: int = 500):
        self.limits.append(max_atoms)
        return super().trace(structure, seed=seed)


def test_the_limit_reaches_every_call_of_a_model():
    model = Limited()
    explore(model, example("MgO"), max_atoms=1000)
    assert model.limits == [1000, 1000]
    view = UploadPredictor({"phdos": model, "edos": Limited("edos")}, max_atoms=700)
    view.structure = example("MgO")
    assert model.limits[2:] == [700, 700]
