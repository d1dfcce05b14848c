"""The attention views without a browser: what they hold, send and draw when a trait is set."""

from __future__ import annotations

import base64
from dataclasses import replace

import numpy as np
import pytest
import traitlets
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from synthetic import STRIDES, make_spectrum, make_trace, rock_salt
from widget_trees import all_widgets, large_cell, state_bytes

import deepdos_nb as dd
from deepdos_nb.core.errors import ConfigError
from deepdos_nb.crystal.read import example
from deepdos_nb.plots import attention_shares
from deepdos_nb.style.palette import contrast, intensity_bytes, intensity_map
from deepdos_nb.widgets import AttentionExplorer, AttentionMap, ViewState
from deepdos_nb.widgets.attention.payload import (
    MOST_CELLS,
    MOST_TILE_CELLS,
    fit_columns,
    halve,
    quantise,
)

PNG = b"\x89PNG\r\n\x1a\n"
VIEW = "application/vnd.jupyter.widget-view+json"


def decoded(data: bytes, highest: float, rows: int) -> np.ndarray:
    """As the browser reads a map: squares of bytes, as parts of the largest weight."""
    values = (np.frombuffer(data, np.uint8) / 255.0) ** 2 * highest
    return values.reshape(rows, -1)


@pytest.fixture
def view() -> AttentionExplorer:
    return AttentionExplorer(make_trace(example("SrTiO3"), "edos"))


# What is sent ------------------------------------------------------------------------------------


@given(arrays(np.float64, (3, 8), elements=st.floats(0.0, 1.0)), st.floats(1e-6, 1.0))
def test_bytes_keep_weights_to_a_part_in_a_hundred(parts: np.ndarray, highest: float):
    values = parts * highest
    read = decoded(quantise(values, highest), highest, 3)
    assert np.abs(read - values).max() <= highest / 127
    # Small weights keep more digits than equal steps would leave them.
    small = values < 0.01 * highest
    assert np.abs(read - values)[small].max(initial=0.0) <= highest / 2000


@pytest.mark.parametrize(
    ("layer", "head", "by"), [(-1, -1, "site"), (0, 2, "site"), (1, 3, "element")]
)
def test_map_is_the_trace(layer: int, head: int, by: str):
    trace = make_trace(example("SrTiO3"), "edos")
    plot = AttentionMap(trace, state=ViewState(layer=layer, head=head), by=by)  # type: ignore[arg-type]
    rows = trace.source_attention[layer]
    expected = (rows.mean(axis=0) if head == -1 else rows[head]).T
    if by == "element":
        expected = np.stack([expected[0], expected[1], expected[2:].sum(axis=0)])
    sent = decoded(plot.weights, plot.largest, len(expected))
    assert plot.largest == pytest.approx(expected.max())
    np.testing.assert_allclose(sent, expected, atol=plot.largest / 127)
    assert [e["name"] for e in plot.header["elements"]] == ["Sr", "Ti", "O"]
    assert plot.header["sites"] == [0, 1, 2, 2, 2]
    assert (plot.header["layers"], plot.header["heads"]) == (3, 4)


def test_small_maps_are_all_maps_the_mean_first():
    trace = make_trace(example("MgO"))
    plot = AttentionMap(trace)
    sent = (np.frombuffer(plot.tiles, np.uint8) / 255.0) ** 2
    sent = sent.reshape(3, 5, plot.tile_rows, plot.header["tileColumns"])
    maps = np.swapaxes(trace.source_attention, -1, -2)
    expected = np.concatenate([maps.mean(axis=1, keepdims=True), maps], axis=1)
    expected /= expected.max()
    np.testing.assert_allclose(sent, expected, atol=1 / 127)


def test_small_maps_of_large_crystals_are_by_element_and_coarse():
    trace = make_trace(large_cell(60), "edos")
    plot = AttentionMap(trace)
    assert plot.tile_rows == 4
    assert len(plot.tiles) <= MOST_TILE_CELLS
    assert len(plot.tiles) == 3 * 5 * 4 * plot.header["tileColumns"]


def test_coarser_maps_keep_their_mean():
    rows = np.random.default_rng(0).random((400, 128))
    fitted = fit_columns(rows)
    assert fitted.shape == (400, 64)
    assert fitted.size <= MOST_CELLS
    np.testing.assert_allclose(fitted.mean(axis=1), rows.mean(axis=1))
    assert halve(np.ones((2, 5))).shape == (2, 3)
    assert fit_columns(rows[:200]).shape == (200, 128)


def test_colours_are_those_of_the_figures():
    sent = np.frombuffer(intensity_bytes(), np.uint8).reshape(2, 256, 3)
    for colours, dark in zip(sent, (False, True), strict=True):
        drawn = np.array(intensity_map(dark).colors)[:, :3]
        np.testing.assert_allclose(colours, 255 * drawn, atol=0.5)
        # Lightness changes in one direction, away from the page: readable without colour vision.
        page = "#111111" if dark else "#ffffff"
        steps = np.diff([contrast(to_hex(c / 255.0), page) for c in colours])
        assert (steps > -0.02).all()
        assert steps.sum() > 8


@pytest.mark.parametrize(
    ("n_atoms", "kind", "backend"),
    [
        (40, "edos", "auto"),
        (200, "edos", "auto"),
        (200, "phdos", "auto"),
        (500, "edos", "image"),
    ],
)
def test_saved_state_stays_small(n_atoms: int, kind: str, backend: str):
    cell = large_cell(n_atoms)
    view = AttentionExplorer(
        make_trace(cell, kind),  # type: ignore[arg-type]
        reference=make_spectrum(cell, kind),  # type: ignore[arg-type]
        backend=backend,  # type: ignore[arg-type]
    )
    view.state.energy_range = (-1.0, 1.0) if kind == "edos" else (100.0, 300.0)
    view.state.selected_sites = tuple(range(0, n_atoms, 7))
    assert view.error == view.map.error == ""
    sizes = {type(w).__name__: state_bytes(w) for w in all_widgets(view)}
    assert sizes["AttentionMap"] < 100_000
    assert max(sizes.values()) < 100_000, sizes


# Curves and shares -------------------------------------------------------------------------------


def test_curves_of_elements_add_up_and_attention_times_total_does_not_match_them():
    trace = make_trace(example("SrTiO3"), "edos")
    plot = AttentionMap(trace, state=ViewState(step=3))
    curves = np.frombuffer(plot.curves, "<f4").reshape(3, 3, 128)
    total = trace.sites(3).sum(axis=0)
    np.testing.assert_allclose(curves[:, 0].sum(axis=0), total, rtol=1e-5)
    # Attention sums to one over sites, so that this adds up too, and still is another thing.
    np.testing.assert_allclose(curves[:, 1].sum(axis=0), total, rtol=1e-5)
    assert np.abs(curves[:, 0] - curves[:, 1]).max() > 0.05 * total.max()
    assert [p["label"] for p in plot.panels] == ["Sr", "Ti", "O"]
    assert not any(p["known"] for p in plot.panels)


def test_selected_sites_get_a_curve_each_and_not_too_many():
    trace = make_trace(rock_salt())
    plot = AttentionMap(trace)
    plot.state.selected_sites = (1, 6)
    assert [p["label"] for p in plot.panels] == ["Mg2", "O7", "Mg", "O"]
    assert [p["site"] for p in plot.panels] == [1, 6, -1, -1]
    curves = np.frombuffer(plot.curves, "<f4").reshape(4, 3, 51)
    np.testing.assert_allclose(curves[1, 0], trace.sites()[6], rtol=1e-5)
    plot.state.selected_sites = tuple(range(8))
    assert len(plot.panels) == 4 + 2


def test_reference_stands_beside_the_prediction():
    structure = example("NaCl")
    reference = replace(make_spectrum(structure, seed=5), source="DFPT")
    plot = AttentionMap(
        make_trace(structure), reference=reference, state=ViewState(selected_sites=(0,))
    )
    assert plot.header["reference"] == "DFPT"
    assert all(p["known"] for p in plot.panels)
    curves = np.frombuffer(plot.curves, "<f4").reshape(len(plot.panels), 3, 51)
    np.testing.assert_allclose(curves[0, 2], reference.sites[0], rtol=1e-5)
    np.testing.assert_allclose(curves[1:, 2], list(reference.by_element().values()), rtol=1e-5)


def test_reference_of_another_cell_is_scaled_and_has_elements_only():
    structure = example("NaCl")
    primitive = make_spectrum(structure.get_primitive_structure())
    assert len(primitive.structure) < len(structure)
    ratio = len(structure) / len(primitive.structure)
    plot = AttentionMap(
        make_trace(structure), reference=primitive, state=ViewState(selected_sites=(0,))
    )
    assert [p["known"] for p in plot.panels] == [False, True, True]
    curves = np.frombuffer(plot.curves, "<f4").reshape(3, 3, 51)
    np.testing.assert_allclose(curves[1, 2], ratio * primitive.by_element()["Na"], rtol=1e-5)
    np.testing.assert_array_equal(curves[0, 2], 0.0)


def test_what_cannot_be_shown_is_refused():
    with pytest.raises(ConfigError, match="attention of a Spectrum"):
        AttentionMap(make_spectrum(rock_salt()))  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="another crystal or kind"):
        AttentionExplorer(make_trace(rock_salt()), reference=make_spectrum(rock_salt(), "edos"))
    with pytest.raises(ConfigError, match="another crystal or kind"):
        AttentionExplorer(make_trace(rock_salt()), reference=make_spectrum(example("NaCl")))
    with pytest.raises(ConfigError, match="grouped by 'orbital'"):
        AttentionMap(make_trace(rock_salt()), by="orbital")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="no layer 7"):
        AttentionMap(make_trace(rock_salt()), state=ViewState(layer=7))


@given(
    low=st.floats(-4.0, 3.9),
    width=st.floats(0.1, 8.0),
    layer=st.integers(-1, 2),
    head=st.integers(-1, 3),
)
def test_shares_of_any_range_add_up(low: float, width: float, layer: int, head: int):
    plot = PLOT
    plot.state.energy_range = (low, low + width)
    plot.state.layer, plot.state.head = layer, head
    attention, states, total = plot.shares()
    trace = plot.data.trace
    np.testing.assert_allclose(states, trace.spectrum(plot.step).window_share(low, low + width))
    if total > 0:
        assert attention.sum() == pytest.approx(1.0, abs=1e-5)
        assert states.sum() == pytest.approx(1.0)
    maps = trace.source_attention[layer]
    inside = (trace.energies >= low) & (trace.energies <= low + width)
    expected = (maps.mean(axis=0) if head == -1 else maps[head])[inside]
    if inside.any():
        np.testing.assert_allclose(attention, expected.mean(axis=0), rtol=1e-6)
    assert plot.error == ""


PLOT = AttentionMap(make_trace(example("SiO2"), "edos"))


# Linked ------------------------------------------------------------------------------------------


def test_every_trait_leads_and_follows(view: AttentionExplorer):
    plot, state = view.map, view.state
    assert state.step == len(STRIDES)
    plot.energy_range, plot.selected_sites = [-1.0, 1.0], [2, 0]
    plot.layer, plot.head = 0, 3
    assert state.energy_range == (-1.0, 1.0)
    assert state.selected_sites == (0, 2)
    assert (state.layer, state.head) == (0, 3)
    state.energy_range, state.selected_sites = (-2.0, 0.5), (1,)
    state.layer, state.head = 2, -1
    assert (plot.energy_range, plot.selected_sites) == ([-2.0, 0.5], [1])
    assert (plot.layer, plot.head) == (2, -1)
    before = plot.weights
    plot.by = "element"
    assert len(plot.weights) == 3 * 128 != len(before)
    assert plot.error == view.error == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [("layer", 3), ("layer", -4), ("head", 4), ("head", -2), ("by", "orbital"), ("colour_by", "x")],
)
def test_nonsense_is_refused_and_changes_nothing(view: AttentionExplorer, name: str, value: object):
    before = getattr(view.map, name)
    with pytest.raises(traitlets.TraitError):
        setattr(view.map, name, value)
    assert getattr(view.map, name) == before


def test_range_colours_the_atoms_by_attention_or_by_states(view: AttentionExplorer):
    assert not view.structure.by_share
    view.state.energy_range = (-1.0, 1.0)
    attention, states, _ = view.map.shares()
    assert view.structure.by_share
    np.testing.assert_allclose(view.structure.shares.values, attention)
    np.testing.assert_allclose(view.structure.compared.values, states)
    rows = view.structure.table.rows
    assert [r["share"] for r in rows] == sorted((r["share"] for r in rows), reverse=True)
    for row in rows:
        assert row["share"] == pytest.approx(attention[row["site"]], abs=1e-5)
        assert row["second"] == pytest.approx(states[row["site"]], abs=1e-5)
    assert view.structure.table.columns == ["attention", "states"]
    assert "share of attention, -1 to 1 eV" in view.structure.caption

    colours = view.structure.look()[0]
    view.map.colour_by = "states"
    np.testing.assert_allclose(view.structure.shares.values, states)
    assert view.structure.table.columns == ["states", "attention"]
    assert view.structure.look()[0] != colours
    view.state.energy_range = None
    assert not view.structure.by_share


def test_layer_head_and_step_change_the_shares(view: AttentionExplorer):
    view.state.energy_range = (-1.0, 1.0)
    seen = [view.structure.shares.values.copy()]
    for name, value in (("head", 0), ("layer", 0)):
        setattr(view.state, name, value)
        seen.append(view.structure.shares.values.copy())
        assert np.abs(seen[-1] - seen[-2]).max() > 1e-4
    states = view.structure.compared.values.copy()
    view.state.step = 0
    assert np.abs(view.structure.compared.values - states).max() > 1e-6


def test_a_clicked_atom_gets_its_curve_and_its_row(view: AttentionExplorer):
    assert view.structure.ngl is not None
    view.structure.ngl.widget.picked = {"atom1": {"index": 3}}
    site = int(view.structure.scene.site[3])
    assert view.map.selected_sites == [site]
    assert view.map.panels[0]["site"] == site
    view.structure.table.selected_sites = [1]
    assert view.map.panels[0]["label"] == "Ti2"


def test_a_range_between_two_bins_holds_nothing(view: AttentionExplorer):
    view.state.energy_range = (0.001, 0.002)
    assert "no states" in view.map.readout
    np.testing.assert_array_equal(view.structure.shares.values, 0.0)
    assert view.error == view.map.error == ""


def test_callback_errors_are_shown_and_taken_back(view: AttentionExplorer, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(view.map, "shares", lambda: 1 / 0)
        view.state.energy_range = (-1.0, 0.0)
        assert view.map.error.startswith("ZeroDivisionError")
        assert view.error.startswith("ZeroDivisionError")
        assert "could not be updated" in view._line.value
    view.state.energy_range = (-1.0, 1.0)
    assert view.map.error == view.error == view._line.value == ""


# Words and pictures ------------------------------------------------------------------------------


def test_words_say_that_attention_is_not_the_states(view: AttentionExplorer):
    view.state.energy_range, view.state.selected_sites = (-1.0, 1.0), (2,)
    attention, states, _ = view.map.shares()
    text = view.describe()
    assert f"{50 * np.abs(attention - states).sum():.0f} % of the weight" in text
    assert "does not add up to the density of states" in text
    assert "layer 3 of 3, mean over heads" in text
    assert "Selected: O3." in text
    assert view.map.description_text == view.map.describe()
    view.map.head = 1
    assert "head 2" in view.describe()


@pytest.mark.parametrize("part", ["all", "map"])
def test_output_has_a_picture_and_words(view: AttentionExplorer, part: str):
    shown = view if part == "all" else view.map
    data, _ = shown._repr_mimebundle_()
    assert data[VIEW]["model_id"] == shown.model_id
    assert base64.b64decode(data["image/png"]).startswith(PNG)
    assert data["text/plain"] == shown.describe()
    before = shown.png()
    view.state.energy_range = (-1.0, 1.0)
    ranged = shown.png()
    view.state.selected_sites, view.map.by = (2,), "element"
    assert len({before, ranged, shown.png()}) == 3


def test_still_picture_draws_what_the_view_holds():
    trace = make_trace(example("SrTiO3"), "edos")
    reference = make_spectrum(example("SrTiO3"), "edos", seed=4)
    plot = AttentionMap(trace, reference=reference, state=ViewState(energy_range=(-2, 1)))
    plot.state.selected_sites = (3,)
    figure = Figure()
    plot.draw(figure)
    rows = [a for a in figure.axes if a.lines and a.get_ylabel() in {"O4", "Sr", "Ti", "O"}]
    assert [a.get_ylabel() for a in rows] == ["O4", "Sr", "Ti", "O"]
    curves = {str(c.get_label()): c for c in rows[0].lines}
    np.testing.assert_allclose(curves["predicted states"].get_ydata(), trace.sites(0)[3], rtol=1e-6)
    np.testing.assert_allclose(curves["reference"].get_ydata(), reference.sites[3], rtol=1e-6)
    frames = [p for p in figure.axes[0].patches if str(p.get_gid()).startswith("row")]
    assert [p.get_gid() for p in frames] == ["row 3"]
    assert rows[1].get_ylim() == rows[3].get_ylim(), "elements share one scale"


def test_bars_rank_attention_and_keep_states_beside_it():
    labels = [f"O{i + 1}" for i in range(20)]
    attention = np.linspace(1, 20, 20) / 210
    ax = attention_shares.shares_axes(labels, attention, np.full(20, 0.05))
    widths = [p.get_width() for p in ax.patches]
    n = attention_shares.MOST_BARS
    np.testing.assert_allclose(widths[:n], 100 * attention[::-1][:n])
    np.testing.assert_allclose(widths[n:], 5.0)
    assert next(t.get_text() for t in ax.get_yticklabels()) == "O20"
    assert "12 of 20" in ax.get_title(loc="left")


def test_the_package_knows_the_view():
    assert dd.AttentionExplorer is AttentionExplorer
