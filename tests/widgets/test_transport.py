"""The transport's views without a browser: what Python holds, sends, says and draws."""

from __future__ import annotations

import base64
import dataclasses
import json
from typing import Any

import numpy as np
import pytest
import traitlets
from ipywidgets import Widget
from matplotlib.figure import Figure
from synthetic import STRIDES, make_spectrum, make_trace, rock_salt
from widget_trees import all_widgets, large_cell, state_bytes

import deepdos_nb as dd
from deepdos_nb import plots
from deepdos_nb.core.errors import ConfigError
from deepdos_nb.crystal.read import example
from deepdos_nb.metrics.scores import wasserstein
from deepdos_nb.plots.transport_step import arrow_cells
from deepdos_nb.spectra.spectrum import Spectrum
from deepdos_nb.spectra.trace import Trace
from deepdos_nb.style.palette import element_colours
from deepdos_nb.transport_lab import laboratory
from deepdos_nb.transport_lab.laboratory import SCHEMES, TARGETS
from deepdos_nb.widgets import TransportLab, TransportStepper, ViewState
from deepdos_nb.widgets.transport.payload import Steps, pack16, shades
from deepdos_nb.widgets.transport.view import TransportView
from deepdos_nb.widgets.transport.words import percent

PNG = b"\x89PNG\r\n\x1a\n"
VIEW = "application/vnd.jupyter.widget-view+json"
K = len(STRIDES)


@pytest.fixture
def trace() -> Trace:
    return make_trace(example("SrTiO3"))


@pytest.fixture
def reference() -> Spectrum:
    return dataclasses.replace(make_spectrum(example("SrTiO3"), seed=4), source="DFPT")


@pytest.fixture
def stepper(trace: Trace, reference: Spectrum) -> TransportStepper:
    return TransportStepper(trace, reference=reference)


def unpack16(packed: bytes, steps: int, bins: int) -> np.ndarray:
    """As transport_panels.js reads it."""
    rows = next(n for n in range(1, 999) if 4 * n + 2 * steps * n * bins == len(packed))
    scale = np.frombuffer(packed[: 4 * rows], "<f4")
    parts = np.frombuffer(packed[4 * rows :], "<u2").reshape(steps, rows, bins)
    return parts / 65535 * scale[:, None]


# What is sent ------------------------------------------------------------------------------------


def test_view_sends_every_site_of_every_step(trace: Trace):
    view = TransportView(trace)
    sent = unpack16(view.rows, K + 1, 51)
    rows = view.header["rows"]
    assert sorted(i for row in rows for i in row["sites"]) == list(range(len(trace.symbols)))
    absolute = np.stack([trace.sites(k) for k in range(K + 1)])
    for r, row in enumerate(rows):
        expected = absolute[:, row["sites"]].sum(axis=1)
        np.testing.assert_allclose(sent[:, r], expected, atol=2e-5 * expected.max())
        assert {trace.symbols[i] for i in row["sites"]} == {row["element"]}
    np.testing.assert_allclose(sent.sum(axis=1), absolute.sum(axis=1), atol=1e-5)


def test_view_sends_the_moves(trace: Trace):
    view = TransportView(trace)
    moves = np.frombuffer(view.moves, "<u2").reshape(K, 51, 2) / 65535
    np.testing.assert_allclose(moves, trace.fractions[..., [0, 2]], atol=1e-5)
    assert view.header["strides"] == list(STRIDES)
    assert view.header["moves"] is True


def test_sites_that_symmetry_makes_equal_share_a_row(trace: Trace):
    twins = trace.density.copy()
    oxygen = [i for i, s in enumerate(trace.symbols) if s == "O"]
    twins[:, oxygen] = twins[:, oxygen].mean(axis=1, keepdims=True)
    rows = Steps(dataclasses.replace(trace, density=twins)).rows
    assert [r.label for r in rows] == ["Sr1", "Ti2", "O3 ×3"]
    # Equal at the end is not equal on the way.
    twins[1, oxygen[0]] *= 1.5
    rows = Steps(dataclasses.replace(trace, density=twins)).rows
    assert [r.label for r in rows] == ["Sr1", "Ti2", "O3", "O4 ×2"]


def test_site_rows_are_shades_of_their_element():
    base = element_colours(["O"])["O"]
    assert shades(base, 1) == [base]
    five = shades(base, 5)
    assert len(set(five)) == 5
    light = [sum(int(c[i : i + 2], 16) for i in (1, 3, 5)) for c in five]
    assert light == sorted(light)


def test_measures_are_the_trace_s_own(trace: Trace, reference: Spectrum):
    view = TransportView(trace, reference=reference)
    goal = reference.total * len(trace.structure) / len(reference.structure)
    expected = [wasserstein(p[None], goal[None], 20.0)[0] for p in trace.total]
    np.testing.assert_allclose([m["distance"] for m in view.measures], expected)
    np.testing.assert_allclose(
        [m["mass"] for m in view.measures], trace.mass_error, rtol=1e-2, atol=1e-30
    )
    lowest = [trace.sites(k).min() for k in range(K + 1)]
    np.testing.assert_allclose([m["minimum"] for m in view.measures], lowest, rtol=1e-2)
    assert view.header["distanceName"] == "to DFPT"
    # Without a reference: how far from the draft.
    alone = TransportView(trace)
    assert alone.measures[0]["distance"] == 0.0
    assert alone.header["distanceName"] == "from the start"
    assert alone.reference == b""


def test_reference_of_another_cell_is_scaled(trace: Trace, reference: Spectrum):
    twice = reference.structure.copy()
    twice.make_supercell([1, 1, 2])
    doubled = Spectrum(reference.kind, twice, np.repeat(reference.sites, 2, axis=0), source="DFPT")
    sent = np.frombuffer(TransportView(trace, reference=doubled).reference, "<f4")
    np.testing.assert_allclose(sent, reference.total, rtol=1e-6)


def test_what_does_not_fit_gets_one_sentence(trace: Trace):
    with pytest.raises(ConfigError, match=r"Spectrum has no transport steps\. Pass a Trace"):
        TransportStepper(make_spectrum(rock_salt()))  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="phdos of MgO, the trace a phdos of SrTiO3"):
        TransportStepper(trace, reference=make_spectrum(rock_salt()))
    with pytest.raises(ConfigError, match="step 20 does not exist"):
        TransportStepper(trace, state=ViewState(step=20))
    with pytest.raises(ConfigError, match="a reference needs a trace"):
        TransportLab(reference=make_spectrum(rock_salt()))
    with pytest.raises(traitlets.TraitError):
        TransportStepper(trace, colour_by="moon")


@pytest.mark.parametrize("kind", ["phdos", "edos"])
def test_saved_state_stays_small(kind):
    cell = large_cell(200)
    reference = dataclasses.replace(make_spectrum(cell, kind), source="DFT")
    view = TransportStepper(make_trace(cell, kind), reference=reference, laboratory=True)
    view.state.energy_range = (-1.0, 1.0)
    view.state.selected_sites = tuple(range(200))
    view.lab.steps = 64
    sizes = {type(w).__name__: state_bytes(w) for w in all_widgets(view)}
    assert {"TransportView", "TransportLab"} <= set(sizes)
    assert max(sizes.values()) < 100_000, sizes
    # Every site is still in one of the rows.
    rows = view.view.header["rows"]
    assert sorted(i for row in rows for i in row["sites"]) == list(range(200))


# Linked ------------------------------------------------------------------------------------------


def test_every_linked_trait_goes_both_ways(stepper: TransportStepper):
    view, state = stepper.view, stepper.state
    pairs: list[tuple[str, Any, Any]] = [
        ("step", 3, 3),
        ("playing", True, True),
        ("energy_range", [100.0, 300.0], (100.0, 300.0)),
        ("hidden_elements", ["O"], ("O",)),
        ("selected_sites", [2, 4], (2, 4)),
    ]
    for name, sent, held in pairs:
        setattr(view, name, sent)
        assert getattr(state, name) == held
    others: dict[str, tuple[Any, Any]] = {
        "step": (5, 5),
        "playing": (False, False),
        "energy_range": (None, None),
        "hidden_elements": (("Sr",), ["Sr"]),
        "selected_sites": ((0,), [0]),
    }
    for name, (held, sent) in others.items():
        setattr(state, name, held)
        assert getattr(view, name) == sent
    assert view.error == stepper.error == ""


def test_a_step_that_does_not_exist_is_refused(stepper: TransportStepper):
    with pytest.raises(traitlets.TraitError, match=f"step 9 does not exist; there are 0 to {K}"):
        stepper.view.step = 9
    assert stepper.view.step == 0


def test_selected_sites_are_summed_at_every_step(stepper: TransportStepper, trace: Trace):
    view = stepper.view
    assert view.selected == b""
    stepper.state.selected_sites = (2, 3)
    sent = np.frombuffer(view.selected, "<f4").reshape(K + 1, 51)
    np.testing.assert_allclose(sent[4], trace.sites(4)[[2, 3]].sum(axis=0), rtol=1e-6)
    assert view.selected_label == "O3, O4"
    stepper.state.selected_sites = (0, 1, 2, 3, 4)
    assert view.selected_label == "5 sites"


def test_readout_states_the_invariants_with_units(stepper: TransportStepper, trace: Trace):
    stepper.state.step = 2
    said = stepper.view.readout
    assert said.startswith(f"Step 2 of {K} ({trace.step_names[2]}) · mass error ")
    assert "states/cm⁻¹/cell" in said
    distance = stepper.view.data.distance
    assert f"Wasserstein distance to DFPT {distance[2]:.3g} cm⁻¹" in said
    change = f"{distance[2] - distance[1]:+.2g}".replace("-", "−")
    assert f"({change} in this step)" in said
    stepper.state.energy_range = (0.0, 1000.0)
    inside = trace.total[2].sum() * trace.states
    assert f"0 to 1000 cm⁻¹: {inside:.3g} states (Sr 20 %, Ti 20 %, O 60 %)" in (
        stepper.view.readout
    )
    assert stepper.view.selection in stepper.view.readout
    stepper.state.energy_range = (1.0, 2.0)
    assert stepper.view.selection == "1 to 2 cm⁻¹: 0 states (Sr 0 %, Ti 0 %, O 0 %)"
    stepper.state.energy_range = None
    assert stepper.view.selection == ""
    assert stepper.view.description_text == stepper.view.describe()


def test_description_says_what_is_shown(stepper: TransportStepper):
    text = stepper.describe()
    assert "phonon density of states of SrTiO3 in 8 steps (strides 1, 2, 4, 8, 4, 2, 1, 1)" in text
    assert "Stage I" in text
    assert "laboratory" not in text.lower()
    stepper.state.step = 1
    assert "This step moves states" in stepper.describe()
    stepper.laboratory = True
    assert "Transport laboratory. Split a peak" in stepper.describe()


def test_errors_in_callbacks_are_shown_and_taken_back(
    stepper: TransportStepper, monkeypatch: pytest.MonkeyPatch
):
    with monkeypatch.context() as patch:
        patch.setattr(stepper.view, "_words", lambda: 1 / 0)
        stepper.state.step = 1
        assert stepper.view.error.startswith("ZeroDivisionError")
    stepper.state.step = 2
    assert stepper.view.error == ""
    with monkeypatch.context() as patch:
        patch.setattr(laboratory, "compare", lambda *_, **__: 1 / 0)
        stepper.lab.courant = 0.7
        assert stepper.lab.error.startswith("ZeroDivisionError")
    stepper.lab.courant = 0.6
    assert stepper.lab.error == ""
    stepper.error = "OSError: no space"
    assert "OSError: no space" in stepper._line.value


def test_a_model_without_transport_says_so(trace: Trace):
    alone = dataclasses.replace(
        trace,
        density=trace.density[:1],
        outside=trace.outside[:1],
        fractions=trace.fractions[:0],
        strides=(),
    )
    view = TransportStepper(alone)
    assert view.view.header["steps"] == 0
    assert view.png().startswith(PNG)
    assert [c["value"] for c in view.lab.header["targets"]] == list(TARGETS)
    still = np.zeros_like(trace.fractions)
    still[..., 1] = 1.0
    residual = TransportView(dataclasses.replace(trace, fractions=still))
    residual.state.step = 1
    assert residual.header["moves"] is False
    assert "This step moves" not in residual.describe()


def test_laboratory_opens_from_either_side(stepper: TransportStepper):
    assert stepper.lab not in stepper.children
    stepper.view.laboratory = True  # what the button does
    assert stepper.laboratory
    assert stepper.lab in stepper.children
    stepper.laboratory = False
    assert not stepper.view.laboratory
    assert stepper.lab not in stepper.children
    assert TransportStepper(stepper.view.data.trace, laboratory=True).view.laboratory


def test_public_names():
    assert dd.TransportStepper is TransportStepper
    assert dd.TransportLab is TransportLab


# Laboratory --------------------------------------------------------------------------------------


def sent_history(lab: TransportLab) -> np.ndarray:
    return np.frombuffer(lab.history, "<f4").reshape(-1, lab.grid.n_bins)


def test_lab_sends_the_chosen_run_and_all_distances():
    lab = TransportLab(steps=10)
    assert sent_history(lab).shape == (11, 51)
    np.testing.assert_allclose(sent_history(lab), lab.chosen.history, atol=1e-7)
    distances = np.frombuffer(lab.distances, "<f4").reshape(len(SCHEMES), 11)
    np.testing.assert_allclose(distances[0], lab.runs[0].distance, rtol=1e-6)
    start, target = np.frombuffer(lab.goal, "<f4").reshape(2, 51)
    np.testing.assert_allclose(start, lab.task.start, atol=1e-8)
    np.testing.assert_allclose(target, lab.task.target, atol=1e-8)
    assert [(r["flux"], r["operator"]) for r in lab.table] == [
        (s.flux, s.operator) for s in SCHEMES
    ]


def test_raising_the_courant_number_breaks_face_velocities_and_nothing_else():
    lab = TransportLab(flux="upwind", target="split", courant=0.5)
    assert not lab.broken
    assert lab.verdict.startswith("Positivity holds, and has to")
    assert lab.step == lab.steps
    lab.courant = 0.8
    assert lab.broken
    assert "80 % to the left and 80 % to the right, 160 % in all" in lab.verdict
    assert "must not exceed ½" in lab.verdict
    # The picture jumps to where it broke.
    assert lab.step == lab.chosen.broke == 1
    assert sent_history(lab)[1].min() < -0.05
    assert "smallest mass −9.39 % of all states" in lab.readout
    lab.flux = "donor"
    assert not lab.broken
    assert "the softmax fractions hand out all it has and no more" in lab.verdict
    assert sent_history(lab).min() == 0.0


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"flux": "central"}, "the central flux takes the mean of two cells"),
        ({"operator": "remap"}, "the faces keep their order"),
        ({"flux": "upwind", "target": "translate", "courant": 0.9}, "although the Courant number"),
        ({"flux": "upwind", "target": "translate", "courant": 1.2}, "120 % to the right"),
        ({"flux": "donor"}, "asked for more than 80 % of its states"),
        ({"flux": "central", "courant": 1.2, "steps": 64}, "masses grow without bound"),
        ({"flux": "central", "clip": True}, "Conservation breaks"),
        ({"flux": "donor", "clip": True}, "nothing to clip"),
        ({"flux": "central", "steps": 1, "courant": 0.0}, "No mass is negative so far"),
    ],
)
def test_verdict_says_why(settings: dict[str, Any], words: str):
    lab = TransportLab(**settings)
    assert words in lab.verdict
    assert lab.error == ""
    assert lab.describe() == lab.description_text


def test_every_setting_starts_a_new_run():
    lab = TransportLab(flux="central")
    for name, value in [
        ("flux", "upwind"),
        ("operator", "strides"),
        ("target", "sharpen"),
        ("courant", 0.7),
        ("steps", 9),
    ]:
        before = (lab.history, lab.distances)
        setattr(lab, name, value)
        assert (lab.history, lab.distances) != before, name
    lab.set_trait("flux", "central")
    before_clip = lab.history
    lab.clip = True
    assert lab.history != before_clip
    assert len(sent_history(lab)) == 10


def test_lab_step_is_checked_and_read_out():
    lab = TransportLab(steps=6)
    lab.step = 2
    assert lab.readout.startswith("Step 2 of 6")
    with pytest.raises(traitlets.TraitError, match="step 7 does not exist"):
        lab.step = 7


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("courant", 1.3),
        ("courant", -0.1),
        ("steps", 0),
        ("steps", 65),
        ("flux", "magic"),
        ("operator", "leap"),
        ("target", "melt"),
        ("target", "own"),
    ],
)
def test_lab_refuses_nonsense(name: str, value: Any):
    lab = TransportLab()
    before = getattr(lab, name)
    with pytest.raises(traitlets.TraitError):
        setattr(lab, name, value)
    assert getattr(lab, name) == before


def test_own_target_runs_from_stage_one_to_the_reference(trace: Trace, reference: Spectrum):
    lab = TransportLab(trace, reference=reference, target="own", operator="remap", courant=1.0)
    start, target = np.frombuffer(lab.goal, "<f4").reshape(2, 51)
    np.testing.assert_allclose(start, trace.total[0] / trace.total[0].sum(), rtol=1e-5)
    np.testing.assert_allclose(target, reference.shape("sum"), rtol=1e-5)
    assert lab.chosen.reached == 1
    assert "Stage I → DFPT" in lab.describe()
    alone = TransportLab(trace, target="own")
    assert "Stage I → step 8" in alone.describe()
    electrons = TransportLab(make_trace(rock_salt(), "edos"), target="own")
    assert electrons.header["xUnit"] == "eV"
    assert " eV" in electrons.readout
    assert TransportLab(kind="edos").grid.n_bins == 128


def test_table_can_be_saved_as_json():
    lab = TransportLab(flux="central", courant=1.2, steps=64)
    assert json.loads(json.dumps(lab.table, allow_nan=False))[2]["broke"] == 1
    assert percent(-0.0939) == "−9.39 %"
    assert percent(-1e5) == "−1.0e+07 %"


# Pictures ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["stepper", "open", "view", "lab"])
def test_output_has_a_picture_and_words(stepper: TransportStepper, part: str):
    stepper.laboratory = part == "open"
    view: Widget = {"view": stepper.view, "lab": stepper.lab}.get(part, stepper)
    data, _ = view._repr_mimebundle_()
    assert data[VIEW]["model_id"] == view.model_id
    assert base64.b64decode(data["image/png"]).startswith(PNG)
    assert data["text/plain"] == view.describe()


def test_picture_follows_step_and_selection(stepper: TransportStepper):
    pictures = [stepper.png()]
    for name, value in [
        ("step", 3),
        ("selected_sites", (2,)),
        ("energy_range", (200.0, 300.0)),
        ("hidden_elements", ("O",)),
    ]:
        setattr(stepper.state, name, value)
        pictures.append(stepper.png())
    assert len(set(pictures)) == len(pictures)


@pytest.mark.parametrize("dark", [True, False, None])
def test_step_figure_says_what_the_trace_says(trace: Trace, reference: Spectrum, dark):
    figure = plots.transport_step_figure(trace, 3, reference, dark=dark)
    density, share, moves, change = figure.axes
    total = next(line for line in density.lines if line.get_label() == "Total")
    np.testing.assert_allclose(total.get_ydata(), trace.spectrum(3).total)
    pins = next(line for line in share.lines if line.get_gid() == "pins")
    np.testing.assert_array_equal(pins.get_ydata(), [0, 1])
    np.testing.assert_allclose(pins.get_xdata(), trace.grid.faces[[0, -1]])
    gap = wasserstein(trace.total[3:4], reference.total[None], 20.0)[0]
    assert any(f"{gap:.3g} cm⁻¹" in text.get_text() for text in share.texts)
    heights = np.array([bar.get_height() for bar in moves.patches])
    np.testing.assert_allclose(heights[:51], trace.fractions[2, :, 2])
    np.testing.assert_allclose(heights[51:], -trace.fractions[2, :, 0])
    changed = np.diff(trace.total, axis=0)[2] * trace.states / 20.0
    assert change.get_ylim()[1] >= changed.max()
    assert change.get_xlabel() == "Wavenumber (cm⁻¹)"


def test_step_figure_at_the_ends_and_beyond(trace: Trace):
    first = plots.transport_step_figure(trace, 0)
    assert "nothing has moved yet" in first.axes[2].texts[0].get_text()
    last = plots.transport_step_figure(trace)
    assert "step 8 of 8" in last.axes[0].get_title(loc="left")
    with pytest.raises(ConfigError, match=r"no step 9\. Use 0 to 8"):
        plots.transport_step_figure(trace, 9)
    with pytest.raises(ConfigError, match="the reference is a edos"):
        plots.transport_step_figure(trace, 1, make_spectrum(example("SrTiO3"), "edos"))


def test_arrows_stand_where_states_move():
    mass, velocity = np.zeros(44), np.zeros(44)
    mass[10], velocity[10] = 1.0, 30.0
    mass[30], velocity[30] = 1.0, 0.1
    velocity[40] = 100.0
    assert arrow_cells(mass, velocity, 20.0) == [10]


def test_laboratory_figure_hatches_what_is_negative():
    task = laboratory.make_task("split", make_trace(rock_salt()).grid)
    broken = laboratory.run(task, laboratory.Scheme("upwind", "one"), 0.8, 12)
    figure = plots.laboratory_figure(broken, 1)
    assert isinstance(figure, Figure)
    hatched = [bar for bar in figure.axes[0].patches if bar.get_hatch()]
    assert len(hatched) == 1
    assert hatched[0].get_height() == pytest.approx(broken.minimum[1])
    assert len(figure.axes[1].lines) > len(SCHEMES)
    sound = laboratory.run(task, laboratory.Scheme("donor", "one"), 0.8, 12)
    assert not [b for b in plots.laboratory_figure(sound).axes[0].patches if b.get_hatch()]


def test_packing_survives_empty_rows():
    values = np.zeros((2, 3, 4))
    values[:, 1] = 5.0
    np.testing.assert_allclose(unpack16(pack16(values), 2, 4), values, atol=1e-6)
