"""The graph view without a browser: neighbours, cutoffs and edges, as Python holds them."""

from __future__ import annotations

import base64

import numpy as np
import pytest
import traitlets
from figures import GROUNDS, drawn_colours
from hypothesis import given
from hypothesis import strategies as st
from pymatgen.core import Lattice, Structure
from synthetic import make_spectrum, make_trace, rock_salt
from widget_trees import large_cell, state_bytes

import deepdos_nb as dd
from deepdos_nb import plots
from deepdos_nb.core.errors import ConfigError
from deepdos_nb.crystal.graph import MIN_NEIGHBOURS, RADIUS, build_graph, radial_basis
from deepdos_nb.crystal.read import example
from deepdos_nb.plots import neighbours as pictures
from deepdos_nb.style import palette
from deepdos_nb.widgets import GraphView, ViewState
from deepdos_nb.widgets.base.scene import build_scene
from deepdos_nb.widgets.base.still import view_matrix
from deepdos_nb.widgets.graph.payload import upright

PNG = b"\x89PNG\r\n\x1a\n"
VIEW = "application/vnd.jupyter.widget-view+json"
A = 4.21


def sent(view: GraphView) -> np.ndarray:
    return np.frombuffer(view.neighbours, "<f4").reshape(-1, 10)


@pytest.fixture
def view() -> GraphView:
    return GraphView(rock_salt())


# Neighbours --------------------------------------------------------------------------------------


def test_rock_salt_has_the_shells_of_the_textbook(view: GraphView):
    shells = [(round(s["distance"], 3), s["counts"]) for s in view.shells]
    assert shells == [
        (round(A / 2, 3), {"O": 6}),
        (round(A / 2**0.5, 3), {"Mg": 12}),
        (round(A / 2 * 3**0.5, 3), {"O": 8}),
        (A, {"Mg": 6}),
        (round(A / 2 * 5**0.5, 3), {"O": 24}),
    ]
    assert view.degrees == [[56, 8]]
    assert view.reach == RADIUS


@pytest.mark.parametrize("name", ["SiO2", "Bi2Te3", "MoS2"])
def test_neighbours_are_those_of_the_model_graph(name: str):
    structure = example(name)
    view = GraphView(structure, state=ViewState(selected_sites=(2,)))
    assert view.site == 2
    graph = build_graph(structure)
    edges = graph.neighbours(2)
    rows = sent(view)
    np.testing.assert_array_equal(rows[:, 0], graph.sender[edges])
    np.testing.assert_array_equal(rows[:, 1:4], graph.image[edges])
    np.testing.assert_allclose(rows[:, 4:7], graph.vector[edges], atol=1e-5)
    np.testing.assert_allclose(rows[:, 8], graph.envelope[edges], atol=1e-6)
    assert (np.diff(rows[:, 7]) >= -1e-6).all()
    # Each is where its image of the site is, seen from this site.
    places = np.frombuffer(view.positions, "<f4").reshape(-1, 3)
    at = places[rows[:, 0].astype(int)] + rows[:, 1:4] @ structure.lattice.matrix - places[2]
    np.testing.assert_allclose(at, rows[:, 4:7], atol=1e-3)
    assert rows[:, 1:4].any(), "atoms of other cells must be there"


@given(radius=st.floats(1.5, 8.0), least=st.integers(1, 24))
def test_any_cutoff_keeps_its_promises(radius: float, least: int):
    view = SHARED
    with view.hold_trait_notifications():
        view.radius, view.min_neighbours = radius, least
    rows = sent(view)
    assert view.error == ""
    assert len(rows) >= least
    assert view.reach >= radius
    assert (rows[:, 7] < view.reach + 1e-5).all()
    assert sum(n for _, n in view.degrees) == len(view.labels)
    assert sum(sum(s["counts"].values()) for s in view.shells) == len(rows)
    np.testing.assert_allclose(
        rows[:, 8], 0.5 * (np.cos(np.pi * rows[:, 7] / view.reach) + 1), atol=1e-5
    )
    assert ("extended from" in view.readout) == (view.reach > radius + 1e-9)


SHARED = GraphView(example("SiO2"))


def test_moving_the_cutoff_rebuilds_the_list(view: GraphView):
    view.min_neighbours = 1
    for radius, count in ((2.5, 6), (3.5, 18), (4.0, 26), (4.5, 32)):
        view.radius = radius
        assert len(sent(view)) == count
    view.radius, view.min_neighbours = 2.5, 12
    assert len(sent(view)) == 18
    assert "extended from 2.50 Å to have 12" in view.readout


# Edges -------------------------------------------------------------------------------------------


def test_basis_is_what_the_encoder_sees():
    torch = pytest.importorskip("torch")
    from deepdos_nb.model.config import ModelConfig
    from deepdos_nb.model.encoder import RadialBasis

    module = RadialBasis(ModelConfig().radial)
    distance, envelope = np.linspace(0.8, 8.0, 40), np.linspace(1.0, 0.0, 40)
    expected = module(torch.tensor(distance), torch.tensor(envelope)).numpy()
    centres, features = radial_basis(distance, envelope)
    np.testing.assert_allclose(features, expected, atol=1e-6)
    np.testing.assert_allclose(centres, module.centres.numpy(), atol=1e-6)


def test_selected_edge_shows_its_features(view: GraphView):
    assert view.basis == []
    view.edge = 7
    distance, envelope = sent(view)[7, 7:9]
    np.testing.assert_allclose(view.basis, radial_basis(distance, envelope)[1], atol=1e-4)
    assert view.header["centres"][0] == 0.5
    assert f"{distance:.3f} Å" in view.readout
    view.edge = -1
    assert view.basis == []


def test_a_new_neighbourhood_has_no_edge_selected(view: GraphView):
    for name, value in (("radius", 4.0), ("min_neighbours", 20), ("site", 5)):
        view.edge = 3
        setattr(view, name, value)
        assert (view.edge, view.basis) == (-1, [])


def test_attention_is_known_only_for_the_graph_the_model_saw():
    trace = make_trace(example("SrTiO3"))
    view = GraphView(trace)
    rows = sent(view)
    assert rows[:, 9].sum() == pytest.approx(1.0, abs=1e-5)
    edges = trace.graph.neighbours(0)
    mean = trace.neighbour_attention.mean(axis=(0, 1))
    np.testing.assert_allclose(rows[:, 9], mean[edges], rtol=1e-5)
    view.edge = 0
    assert f"attention {100 * rows[0, 9]:.1f} %" in view.readout
    view.radius = 4.2
    assert (sent(view)[:, 9] == -1).all()
    assert "attention" not in view.readout
    view.radius, view.min_neighbours = RADIUS, MIN_NEIGHBOURS
    assert (sent(view)[:, 9] >= 0).all()
    assert (sent(GraphView(example("SrTiO3")))[:, 9] == -1).all()


# Linked ------------------------------------------------------------------------------------------


def test_site_and_state_follow_each_other(view: GraphView):
    view.site = 5
    assert view.state.selected_sites == (5,)
    view.state.selected_sites = (2,)
    assert (view.site, view.selected_sites) == (2, [2])
    # Further sites are marked; the neighbourhood stays where it is.
    view.state.selected_sites = (2, 6)
    assert (view.site, view.selected_sites) == (2, [2, 6])
    view.state.selected_sites = (6, 7)
    assert view.site == 7
    view.state.selected_sites = ()
    assert (view.site, view.selected_sites) == (7, [])
    view.selected_sites = [1]
    assert view.state.selected_sites == (1,)
    assert view.error == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("site", 8),
        ("site", -1),
        ("edge", 56),
        ("edge", -2),
        ("radius", 1.0),
        ("radius", 9.0),
        ("min_neighbours", 0),
        ("min_neighbours", 100),
        ("lines", "thick"),
        ("zoom", 0.0),
        ("rotation", [1.0] * 9),
        ("rotation", [1.0, 0, 0, 0, 1.0, 0]),
        ("rotation", [1.0, 0, 0, 0, 1.0, 0, 0, 0, -1.0]),
    ],
)
def test_nonsense_is_refused_and_changes_nothing(view: GraphView, name: str, value: object):
    before = getattr(view, name)
    with pytest.raises(traitlets.TraitError):
        setattr(view, name, value)
    assert getattr(view, name) == before


def test_what_has_no_graph_is_refused():
    for wrong in (make_spectrum(rock_salt()), "MgO.cif", None):
        with pytest.raises(ConfigError, match="no crystal graph"):
            GraphView(wrong)  # type: ignore[arg-type]
    with pytest.raises(traitlets.TraitError, match="cutoff of 20"):
        GraphView(rock_salt(), radius=20.0)


def test_callback_errors_are_shown_and_taken_back(view: GraphView, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("deepdos_nb.widgets.graph.graph.build_graph", lambda *_, **__: 1 / 0)
        view.radius = 4.0
        assert view.error.startswith("ZeroDivisionError")
    view.radius = 4.2
    assert view.error == ""


# Pictures and words ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["SiO2", "MoS2"])
def test_first_orientation_is_that_of_the_structure_view(name: str):
    structure = example(name)
    turn = np.reshape(upright(structure), (3, 3))
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-5)
    own = structure.lattice.matrix @ turn.T
    np.testing.assert_allclose(own, build_scene(structure).cell @ view_matrix().T, atol=1e-4)


def test_left_handed_cells_are_not_mirrored():
    cell = Structure(Lattice([[4, 0, 0], [0, 5, 0], [0, 0, -6]]), ["Mg"], [[0, 0, 0]])
    assert np.linalg.det(np.reshape(upright(cell), (3, 3))) == pytest.approx(1.0, abs=1e-4)
    assert GraphView(cell).error == ""


def test_saved_state_stays_small():
    sizes = {}
    for n_atoms, radius in ((40, 8.0), (200, 5.0), (500, 8.0)):
        view = GraphView(make_trace(large_cell(n_atoms)), radius=radius)
        view.state.selected_sites = tuple(range(0, n_atoms, 7))
        view.edge = 3
        assert view.error == ""
        sizes[n_atoms] = state_bytes(view)
    assert max(sizes.values()) < 100_000, sizes


def test_output_has_a_picture_and_words(view: GraphView):
    data, _ = view._repr_mimebundle_()
    assert data[VIEW]["model_id"] == view.model_id
    assert base64.b64decode(data["image/png"]).startswith(PNG)
    assert data["text/plain"] == view.describe() == view.description_text
    assert "6 O at 2.10 Å" in view.describe() or "6 O at 2.11 Å" in view.describe()
    before = view.png()
    view.edge = 2
    marked = view.png()
    view.rotation = [1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0]
    assert len({before, marked, view.png()}) == 3


def test_still_picture_has_every_neighbour_and_every_shell():
    structure, graph = example("SrTiO3"), build_graph(example("SrTiO3"))
    figure = pictures.neighbours_figure(structure, graph, 1, edge=2)
    scene, shells, basis = figure.axes
    assert len(scene.lines) == 12 + graph.degree[1]
    outside = int(graph.image[graph.neighbours(1)].any(axis=1).sum())
    assert len(scene.patches) == len(structure) + outside + 2
    counts = {round(b.get_x() + 0.035, 2): b.get_height() for b in shells.patches}
    assert counts[1.95] == 6
    assert sum(counts.values()) == graph.degree[1]
    e = graph.neighbours(1)[2]
    expected = radial_basis(graph.distance[e], graph.envelope[e])[1]
    np.testing.assert_allclose([b.get_height() for b in basis.patches], expected)
    with pytest.raises(ConfigError, match="no site 9"):
        pictures.shells(["Sr"], graph, 9)


@pytest.mark.parametrize("dark", [True, False, None])
def test_figures_can_be_read_on_their_background(dark: bool | None):
    structure = example("SrTiO3")
    attention = np.linspace(0.4, 0.0, 5)
    figures = [
        plots.neighbours_figure(structure, build_graph(structure), 0, edge=1, dark=dark),
        plots.shares_axes(["a", "b", "c", "d", "e"], attention, attention, dark=dark).figure,
    ]
    for figure in figures:
        for what, colour in drawn_colours(figure).items():
            for background in GROUNDS[dark]:
                assert palette.contrast(colour, background) >= 3.0, (what, colour)


def test_the_package_knows_the_view():
    assert dd.GraphView is GraphView
