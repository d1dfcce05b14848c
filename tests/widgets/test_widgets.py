"""The views without a browser: what Python holds, sends and draws when a trait is set."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import pytest
import traitlets
from ipywidgets import Widget
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pymatgen.core import Lattice, Structure
from synthetic import STRIDES, make_spectrum, make_trace, rock_salt

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.crystal.read import example
from deepdos_nb.style.palette import element_colours, share_colours
from deepdos_nb.widgets import QuickLook, SpectrumPlot, StructureView, ViewState, quicklook
from deepdos_nb.widgets.base import ngl as ngl_module
from deepdos_nb.widgets.base.ngl import NGLView, nglview_problem, orientation
from deepdos_nb.widgets.base.scene import build_scene, standard_cell
from deepdos_nb.widgets.base.still import view_matrix
from deepdos_nb.widgets.base.view import WIDGETS
from deepdos_nb.widgets.crystal.canvas import CrystalCanvas
from deepdos_nb.widgets.crystal.cell import CellChoice
from deepdos_nb.widgets.crystal.sites import SiteTable

PNG = b"\x89PNG\r\n\x1a\n"
VIEW = "application/vnd.jupyter.widget-view+json"


class FakeModel:
    """Answers as a loaded model does."""

    def predict(self, structure: Structure):
        return make_spectrum(structure)

    def trace(self, structure: Structure, *, seed: int | None = None):
        return make_trace(structure, seed=seed or 0)


@pytest.fixture
def look() -> QuickLook:
    return quicklook(FakeModel(), rock_salt())


# State -------------------------------------------------------------------------------------------


def test_state_refuses_unknown_names():
    with pytest.raises(TypeError, match="energy_rnage"):
        ViewState(energy_rnage=(0, 1))


def test_state_starts_empty_and_clears():
    state = ViewState()
    assert state.energy_range is None
    assert state.selected_sites == ()
    state.energy_range, state.selected_sites = (1, 2), (0,)
    state.clear()
    assert (state.energy_range, state.selected_sites) == (None, ())


def test_state_orders_what_it_is_given():
    state = ViewState(energy_range=(300, 100), selected_sites=(5, 1, 5))
    assert state.energy_range == (100.0, 300.0)
    assert state.selected_sites == (1, 5)
    state.toggle_site(5)
    state.toggle_site(2)
    assert state.selected_sites == (1, 2)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("energy_range", (1.0, 1.0)),
        ("energy_range", (0.0, float("inf"))),
        ("energy_range", (0.0, float("nan"))),
        ("energy_range", "wide"),
        ("selected_sites", (-1,)),
        ("selected_sites", ("O1",)),
        ("hidden_elements", (8,)),
        ("step", -1),
        ("mode", "pie"),
    ],
)
def test_state_refuses_nonsense(name: str, value: object):
    state = ViewState()
    before = getattr(state, name)
    with pytest.raises(traitlets.TraitError):
        setattr(state, name, value)
    assert getattr(state, name) == before


# Python and JavaScript ---------------------------------------------------------------------------


@pytest.mark.parametrize("widget", [SpectrumPlot, SiteTable, CrystalCanvas, CellChoice])
def test_python_and_javascript_agree_on_the_traits(widget: type[anywidget.AnyWidget]):
    text = str(widget._esm)
    synced = set(widget.class_traits(sync=True)) - set(anywidget.AnyWidget.class_traits(sync=True))
    assert set(re.findall(r'model\.get\("(\w+)"\)', text)) == synced
    assert set(re.findall(r'model\.set\("(\w+)"', text)) <= synced
    assert set(re.findall(r'"change:(\w+)"', text)) <= synced
    # Only literal names, or this test would not see them.
    assert not re.findall(r'model\.(?:get|set)\((?!")', text)


@pytest.mark.parametrize(
    "path",
    sorted(p for p in WIDGETS.rglob("*") if p.suffix in {".js", ".css"}),
    ids=lambda path: path.name,
)
def test_static_files_fetch_nothing(path: Path):
    text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?:|\bimport\b|@import|url\((?!#)|fetch\(", text)


def state_bytes(widget: Widget) -> int:
    """Size of one widget in a saved notebook."""

    def plain(value: Any) -> Any:
        if isinstance(value, (bytes, memoryview)):
            return base64.b64encode(bytes(value)).decode()
        return str(value)

    return len(json.dumps(widget.get_state(), default=plain))


def all_widgets(widget: Widget) -> list[Widget]:
    return [widget, *(w for c in getattr(widget, "children", ()) for w in all_widgets(c))]


def test_saved_state_stays_small():
    cell = Structure(
        Lattice.from_parameters(12.0, 13.0, 14.0, 80, 95, 100),
        ["Ba", "Cu", "Ti", "Zn", "Sn"] * 8 + ["O"] * 160,
        np.random.default_rng(0).random((200, 3)),
    )
    view = QuickLook(make_trace(cell, "edos"))
    view.state.energy_range, view.state.selected_sites = (-1.0, 1.0), (3, 4, 5)
    sizes = {type(w).__name__: state_bytes(w) for w in all_widgets(view)}
    assert {"SpectrumPlot", "NGLWidget", "SiteTable"} <= set(sizes)
    assert max(sizes.values()) < 100_000, sizes


# Spectrum ----------------------------------------------------------------------------------------


def test_plot_sends_the_element_sums_of_every_step():
    trace = make_trace(rock_salt())
    plot = SpectrumPlot(trace)
    sent = np.frombuffer(plot.curves, "<f4").reshape(len(STRIDES) + 1, 2, 51)
    for step in range(len(STRIDES) + 1):
        expected = list(trace.spectrum(step).by_element().values())
        np.testing.assert_allclose(sent[step], expected, rtol=1e-6)
    assert [e["name"] for e in plot.header["elements"]] == ["Mg", "O"]
    assert plot.band == b""


def test_plot_sends_the_ensemble():
    ensemble = make_spectrum(rock_salt())
    plot = SpectrumPlot(make_trace(rock_salt()), ensemble=ensemble)
    mean, spread = np.frombuffer(plot.band, "<f4").reshape(2, 51)
    np.testing.assert_allclose(mean, ensemble.total, rtol=1e-6)
    np.testing.assert_allclose(spread, ensemble.spread, rtol=1e-6)


def test_plot_of_a_spectrum_has_no_steps():
    plot = SpectrumPlot(make_spectrum(rock_salt(), "edos"))
    assert plot.header["steps"] == 0
    assert plot.header["xUnit"] == "eV"
    assert "Step" not in plot.readout
    assert len(plot.band) == 2 * 128 * 4


def test_plot_and_state_follow_each_other():
    plot = SpectrumPlot(make_trace(rock_salt()))
    assert plot.step == plot.state.step == len(STRIDES)
    plot.step = 2
    plot.energy_range = [100.0, 300.0]
    plot.hidden_elements = ["O"]
    assert plot.state.step == 2
    assert plot.state.energy_range == (100.0, 300.0)
    assert plot.state.hidden_elements == ("O",)
    plot.state.energy_range = None
    plot.state.mode = "total"
    plot.state.playing = True
    assert plot.energy_range is None
    assert (plot.mode, plot.playing) == ("total", True)
    assert plot.error == ""


def test_plot_refuses_a_step_that_does_not_exist():
    plot = SpectrumPlot(make_trace(rock_salt()))
    with pytest.raises(traitlets.TraitError, match="step 9 does not exist"):
        plot.step = 9
    with pytest.raises(ConfigError, match="step 9"):
        SpectrumPlot(make_trace(rock_salt()), state=ViewState(step=9))


def test_plot_draws_selected_sites_at_the_current_step():
    trace = make_trace(rock_salt())
    plot = SpectrumPlot(trace)
    plot.state.selected_sites = (1, 6)
    plot.state.step = 3
    assert [c["label"] for c in plot.overlay] == ["Mg2", "O7"]
    np.testing.assert_allclose(plot.overlay[1]["values"], trace.sites(3)[6], rtol=1e-3)


def test_readout_counts_the_states_in_the_range():
    spectrum = make_spectrum(rock_salt())
    plot = SpectrumPlot(spectrum)
    plot.state.energy_range = (0, 1000)
    assert f"{spectrum.states:.3g} states" in plot.readout
    assert "Mg 50 %" in plot.readout


def test_plot_refuses_what_it_cannot_draw():
    with pytest.raises(ConfigError, match="list cannot be drawn"):
        SpectrumPlot([1, 2, 3])  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="another crystal"):
        SpectrumPlot(make_trace(rock_salt()), ensemble=make_spectrum(rock_salt("Na", "Cl", 5.6)))


def test_callback_errors_are_shown_and_taken_back(monkeypatch: pytest.MonkeyPatch):
    plot = SpectrumPlot(make_trace(rock_salt()))
    with monkeypatch.context() as patch:
        patch.setattr(plot, "_words", lambda: 1 / 0)
        plot.state.step = 1
        assert plot.error.startswith("ZeroDivisionError")
    plot.state.step = 2
    assert plot.error == ""


# Crystal -----------------------------------------------------------------------------------------

CRYSTALS = {name: example(name) for name in ("MgO", "SiO2", "Bi2Te3", "MoS2", "GaAs")}
CRYSTALS["triclinic"] = Structure(
    Lattice.from_parameters(4.0, 5.0, 6.0, 75, 85, 102), ["Ca", "C", "O"],
    [[0, 0, 0], [0.3, 0.4, 0.5], [0.999999, 0.5, 0.2]],
)  # fmt: skip


def parse_pdb(text: str) -> tuple[np.ndarray, np.ndarray, list[str]]:
    cell = next(line for line in text.splitlines() if line.startswith("CRYST1"))
    atoms = [line for line in text.splitlines() if line.startswith("HETATM")]
    places = np.array([[float(a[30 + 8 * i : 38 + 8 * i]) for i in range(3)] for a in atoms])
    numbers = [float(cell[6 + 9 * i : 15 + 9 * i]) for i in range(3)]
    numbers += [float(cell[33 + 7 * i : 40 + 7 * i]) for i in range(3)]
    return np.array(numbers), places, [a[76:78].strip().capitalize() for a in atoms]


@pytest.mark.parametrize("name", CRYSTALS)
def test_pdb_keeps_every_distance(name: str):
    structure = CRYSTALS[name]
    scene = build_scene(structure)
    _, places, symbols = parse_pdb(scene.pdb())
    assert symbols == [structure[int(i)].specie.symbol for i in scene.site]
    assert list(scene.site[: len(structure)]) == list(range(len(structure)))
    # Back to fractional coordinates, every drawn atom is an image of the site it stands for …
    fractional = places @ np.linalg.inv(scene.cell)
    shift = fractional - structure.frac_coords[scene.site]
    np.testing.assert_allclose(shift, np.round(shift), atol=1e-3)
    # … and distances in the standard cell are those in the crystal's own.
    own = (fractional @ structure.lattice.matrix)[:, None] - fractional @ structure.lattice.matrix
    drawn = places[:, None] - places
    np.testing.assert_allclose(
        np.linalg.norm(drawn, axis=-1), np.linalg.norm(own, axis=-1), atol=2e-3
    )


@pytest.mark.parametrize("name", CRYSTALS)
def test_standard_cell_has_the_same_shape(name: str):
    lattice = CRYSTALS[name].lattice
    made = Lattice(standard_cell(lattice))
    np.testing.assert_allclose(made.parameters, lattice.parameters, rtol=1e-9)
    assert made.matrix[0, 1] == made.matrix[0, 2] == made.matrix[1, 2] == 0.0
    np.testing.assert_allclose(
        parse_pdb(build_scene(CRYSTALS[name]).pdb())[0], lattice.parameters, atol=6e-3
    )


def test_boundary_images_of_rock_salt():
    scene = build_scene(rock_salt())
    # 8 corners, 6 face centres; 12 edge centres and the body centre.
    assert np.bincount(scene.site).sum() == 27
    assert sum(scene.symbols[i] == "Mg" for i in scene.site) == 14
    assert sum(scene.symbols[i] == "O" for i in scene.site) == 13
    assert len(scene.bonds) == 54
    lengths = np.linalg.norm(
        scene.positions[scene.bonds[:, 0]] - scene.positions[scene.bonds[:, 1]], axis=1
    )
    np.testing.assert_allclose(lengths, 4.21 / 2)


def test_thin_cells_are_drawn_twice():
    thin = Structure(
        Lattice.from_parameters(3.2, 3.2, 5.2, 90, 90, 120), ["Zn", "O"],
        [[1 / 3, 2 / 3, 0.0], [1 / 3, 2 / 3, 0.38]],
    )  # fmt: skip
    scene = build_scene(thin)
    assert scene.repeat == (2, 2, 1)
    # Four of each, and zinc on the lower face once more on the upper one.
    assert list(np.bincount(scene.site)) == [8, 4]
    assert build_scene(rock_salt()).repeat == (1, 1, 1)
    lengths = np.linalg.norm(scene.edges[:, 1] - scene.edges[:, 0], axis=1)
    np.testing.assert_allclose(np.sort(lengths), [3.2] * 8 + [5.2] * 4)


def test_metals_are_joined_only_among_themselves():
    assert len(build_scene(example("Al")).bonds) > 0
    caesium = Structure(Lattice.cubic(4.12), ["Cs", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    scene = build_scene(caesium)
    assert len(scene.bonds) == 8
    for i, j in scene.bonds:
        assert scene.site[i] != scene.site[j]


def test_camera_turns_and_does_not_mirror():
    scene = build_scene(CRYSTALS["triclinic"])
    assert np.linalg.det(view_matrix()) == pytest.approx(1.0)
    matrix = np.reshape(orientation(scene)[0], (4, 4)).T
    distance = np.cbrt(np.linalg.det(matrix[:3, :3]))
    half_turn = np.diag([-1.0, 1.0, -1.0])
    np.testing.assert_allclose(matrix[:3, :3] / distance, half_turn @ view_matrix(), atol=1e-12)
    # Everything is in sight: half the visible height at that distance covers each atom.
    seen = (scene.positions + matrix[:3, 3]) @ view_matrix().T
    assert np.abs(seen[:, 1]).max() < distance * np.tan(np.radians(20))


def test_structure_colours_by_element_then_by_share():
    view = StructureView(rock_salt())
    elements = element_colours(["Mg", "O"])
    assert view.look()[0] == [elements["Mg"]] * 4 + [elements["O"]] * 4
    view.shares = [0.4, 0.1, 0.1, 0.0, 0.1, 0.1, 0.1, 0.1]
    colours, radii = view.look()
    assert colours[0] == share_colours([1.0])[0]
    assert colours[3] == share_colours([0.0])[0]
    assert radii[0] > radii[1] > radii[3]
    assert [r["label"] for r in view.table.rows][:1] == ["Mg1"]
    assert view.table.rows[-1]["label"] == "Mg4"
    view.by_share = False
    assert view.look()[0][0] == elements["Mg"]


def test_structure_refuses_shares_of_another_crystal():
    view = StructureView(rock_salt())
    with pytest.raises(traitlets.TraitError, match=r"shape \(3,\)"):
        view.shares = [1, 0, 0]
    with pytest.raises(ConfigError, match="unknown backend"):
        StructureView(rock_salt(), backend="povray")  # type: ignore[arg-type]


def ready(view: NGLView) -> list[dict[str, Any]]:
    """Answer as a browser does once it has drawn everything, and record what it is sent."""
    sent: list[dict[str, Any]] = []
    view.widget.send = sent.append  # type: ignore[method-assign]
    shown = {str(i): {} for i in range(3)}
    view._heard(None, {"type": "request_repr_dict", "data": {"0": shown}}, [])
    sent.clear()
    return sent


def test_browser_gets_one_colour_and_radius_per_drawn_atom():
    view = StructureView(rock_salt())
    assert view.ngl is not None
    sent = ready(view.ngl)
    view.shares = [0.3, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]
    atoms = sent[0]["kwargs"]
    scene = view.scene
    assert len(atoms["colorData"]["atomData"]) == len(atoms["radiusData"]) == len(scene.site)
    colours, radii = view.look()
    for atom, site in enumerate(scene.site):
        assert atoms["colorScale"][atoms["colorData"]["atomData"][atom]] == colours[site]
        assert atoms["radiusData"][atom] == pytest.approx(radii[site], abs=1e-3)
    view.state.selected_sites = (0,)
    halo = [m for m in sent if m.get("repr_index") == ngl_module.HALO and m["args"]][-1]
    assert halo["methodName"] == "setSelection"
    drawn = [int(i) for i in halo["args"][0].removeprefix("@").split(",")]
    assert drawn == [i for i, site in enumerate(scene.site) if site == 0]
    assert len(drawn) == 8


def test_browser_is_told_nothing_twice_and_nothing_too_early():
    view = StructureView(rock_salt())
    assert view.ngl is not None
    early: list[Any] = []
    view.ngl.widget.send = early.append  # type: ignore[method-assign]
    view.shares = [1, 0, 0, 0, 0, 0, 0, 0]
    assert early == []
    sent = ready(view.ngl)
    view.caption = "another caption"
    assert sent == []
    archived = len(view.ngl.widget._ngl_msg_archive)
    for i in range(8):
        view.shares = np.eye(8)[i]
    assert sent
    assert len(view.ngl.widget._ngl_msg_archive) == archived


def test_click_on_any_image_selects_its_site():
    view = StructureView(rock_salt())
    assert view.ngl is not None
    for atom in (0, len(view.scene.site) - 1):
        view.state.clear()
        view.ngl.widget.picked = {"atom1": {"index": atom}}
        assert view.state.selected_sites == (int(view.scene.site[atom]),)
        view.ngl.widget.picked = {}
    view.ngl.widget.picked = {"atom1": {"index": 10_000}}
    assert len(view.state.selected_sites) == 1


def test_table_selects_like_a_click():
    view = StructureView(rock_salt())
    view.table.selected_sites = [2, 0]
    assert view.state.selected_sites == (0, 2)
    view.state.selected_sites = (5,)
    assert view.table.selected_sites == [5]


def test_blank_viewer_is_foreseen_and_explained(monkeypatch: pytest.MonkeyPatch):
    import nglview

    assert nglview_problem() == ""
    with monkeypatch.context() as patch:
        patch.setattr(nglview.NGLWidget._view_module_version, "default_value", "4.0")
        assert "asks for nglview-js-widgets 4.0, JupyterLab has" in nglview_problem()
        view = StructureView(rock_salt())
        assert view.backend == "canvas"
        assert "pip install nglview==4.0" in view._line.value
    monkeypatch.setattr("jupyter_core.paths.jupyter_path", lambda *_: [])
    assert "has no extension" in nglview_problem()


# Linked ------------------------------------------------------------------------------------------


def test_range_becomes_shares(look: QuickLook):
    trace = make_trace(rock_salt())
    assert not look.structure.by_share
    look.state.energy_range = (100.0, 300.0)
    look.state.step = 4
    np.testing.assert_allclose(
        look.structure.shares.values, trace.spectrum(4).window_share(100.0, 300.0)
    )
    assert look.structure.by_share
    assert "100 to 300 cm⁻¹" in look.structure.caption
    before = look.structure.look()
    look.state.step = 0
    assert look.structure.look()[0] != before[0]
    look.state.energy_range = None
    assert not look.structure.by_share
    assert look.error == look.structure.error == look.spectrum.error == ""


def test_empty_range_holds_no_states(look: QuickLook):
    look.state.energy_range = (1.0, 2.0)
    assert "0 states" in look.structure.caption
    np.testing.assert_array_equal(look.structure.shares.values, 0.0)
    assert look.error == ""


def test_click_on_an_atom_draws_its_spectrum(look: QuickLook):
    look.structure.ngl.widget.picked = {"atom1": {"index": 3}}
    assert [c["label"] for c in look.spectrum.overlay] == ["Mg4"]
    assert look.structure.table.selected_sites == [3]


def test_quicklook_takes_models_traces_and_spectra():
    trace, spectrum = make_trace(rock_salt()), make_spectrum(rock_salt())
    assert quicklook(trace).spectrum.header["steps"] == len(STRIDES)
    assert quicklook(spectrum).spectrum.header["steps"] == 0
    assert quicklook(FakeModel(), rock_salt(), seed=3).spectrum.source.seed == 3
    state = ViewState(energy_range=(0, 500))
    assert quicklook(trace, state=state).structure.by_share
    with pytest.raises(ConfigError, match="needs a structure"):
        quicklook(FakeModel())
    with pytest.raises(ConfigError, match="its own structure"):
        quicklook(trace, rock_salt())
    with pytest.raises(ConfigError, match="str cannot be shown"):
        quicklook("MgO.cif")  # type: ignore[arg-type]


@pytest.mark.parametrize("part", ["all", "spectrum", "structure"])
def test_output_has_a_picture_and_words(look: QuickLook, part: str):
    view = look if part == "all" else getattr(look, part)
    look.state.energy_range, look.state.selected_sites = (100.0, 300.0), (0,)
    data, _ = view._repr_mimebundle_()
    assert data[VIEW]["model_id"] == view.model_id
    assert base64.b64decode(data["image/png"]).startswith(PNG)
    assert data["text/plain"] == view.describe()
    assert "Mg" in view.describe()


def test_a_page_that_is_not_kept_has_words_and_no_picture(look: QuickLook):
    look.still = False
    data, _ = look._repr_mimebundle_()
    assert data[VIEW]["model_id"] == look.model_id
    assert "image/png" not in data
    assert data["text/plain"] == look.describe()


def test_description_says_what_is_selected(look: QuickLook):
    look.state.energy_range, look.state.selected_sites = (100.0, 300.0), (0, 7)
    look.state.step = 1
    text = look.describe()
    assert "Step 1 of 8" in text
    assert "100 to 300 cm⁻¹" in text
    assert "Selected: Mg1, O8." in text
    assert look.spectrum.description_text == look.spectrum.describe()


def drawn(plot: SpectrumPlot) -> tuple[Axes, list[str]]:
    """The still picture's axes, and what its legend names."""
    axes = Figure().add_subplot()
    plot.draw(axes)
    legend = axes.get_legend()
    return axes, [] if legend is None else [text.get_text() for text in legend.get_texts()]


def test_still_picture_has_the_curves_of_the_view():
    crystal = rock_salt()
    trace, ensemble = make_trace(crystal), make_spectrum(crystal)
    known = replace(make_spectrum(crystal, seed=3, n_seeds=1), source="DFT")
    plot = SpectrumPlot(trace, ensemble=ensemble, reference=known)
    axes, named = drawn(plot)
    start = trace.step_names[0]
    assert set(named) == {
        "Total", ensemble.band_name, "Ensemble mean", start, "DFT", "Mg", "O",
    }  # fmt: skip
    lines = {line.get_label(): line for line in axes.lines}
    np.testing.assert_allclose(lines["Ensemble mean"].get_ydata(), ensemble.total)
    np.testing.assert_allclose(lines[start].get_ydata(), trace.sites(0).sum(axis=0))
    assert lines["Ensemble mean"].get_color() != lines["DFT"].get_color()
    top = axes.get_ylim()[1]
    assert all(line.get_ydata().max() < top for line in axes.lines), "nothing is cut off"
    (band,) = [c for c in axes.collections if c.get_label() == ensemble.band_name]
    highest = band.get_paths()[0].vertices[:, 1].max()
    assert highest == pytest.approx((ensemble.total + ensemble.band).max(), rel=1e-5)

    plot.state.set_trait("hidden_curves", ("ensemble", "start", "total", "DFT"))
    plot.state.set_trait("hidden_elements", ("Mg",))
    assert drawn(plot)[1] == ["O"]
    plot.state.set_trait("hidden_curves", ())
    plot.state.step = 0
    axes, named = drawn(plot)
    assert "Sum of those shown" in named
    assert not {"Total", "Mg", start} & set(named)
    lines = {line.get_label(): line for line in axes.lines}
    oxygen = trace.spectrum(0).by_element()["O"]
    np.testing.assert_allclose(lines["Sum of those shown"].get_ydata(), oxygen)
    # The total alone knows no elements, so none of them can be missing from it.
    plot.state.mode = "total"
    assert "Total" in drawn(plot)[1]

    plot.state.mode = "sites"
    axes, _ = drawn(plot)
    assert {label.get_text()[0] for label in axes.get_yticklabels()} == {"O"}
    assert axes.lines[0].get_color() == plot.data.colours["O"]
    plot.state.set_trait("hidden_elements", ("Mg", "O"))
    assert drawn(plot)[0].get_yticklabels() == []


def test_a_band_around_the_total_needs_no_second_line():
    ensemble = make_spectrum(rock_salt())
    for source in (ensemble, replace(make_trace(rock_salt()), seed=None)):
        _, named = drawn(SpectrumPlot(source, ensemble=ensemble))
        assert ensemble.band_name in named
        assert "Ensemble mean" not in named


def test_cautions_stand_beside_the_spectrum():
    crystal = rock_salt()
    wary = replace(make_spectrum(crystal), notes=("Mind the gap.",))
    trace = make_trace(crystal)
    looks = [
        QuickLook(wary),
        QuickLook(trace, ensemble=wary),
        QuickLook(replace(trace, notes=wary.notes)),
    ]
    for look in looks:
        assert look.spectrum.notes == ["Mind the gap."]
        assert "Mind the gap." in look.describe()
        axes, _ = drawn(look.spectrum)
        assert "Mind the gap." in [text.get_text() for text in axes.texts]
        look.show(make_spectrum(crystal))
        assert look.spectrum.notes == []
    assert SpectrumPlot(trace).notes == []


def test_still_picture_follows_the_selection(look: QuickLook):
    before = look.png()
    look.state.energy_range = (100.0, 300.0)
    assert look.png() != before
