"""Bands to touch, without a browser: what a click makes of atoms, orbitals and energies."""

from __future__ import annotations

import numpy as np
import pytest
import traitlets
from crystals import mgo
from widget_trees import all_widgets, state_bytes

import deepdos_nb as dd
from deepdos_nb.crystal.read import example
from deepdos_nb.inference.bands import draft_bands
from deepdos_nb.widgets import BandView, ViewState, explore
from deepdos_nb.widgets.base.scene import build_scene


@pytest.fixture(scope="module")
def phonons():
    return draft_bands(dd.load_model("phdos"), mgo())


@pytest.fixture(scope="module")
def electrons():
    return draft_bands(dd.load_model("edos"), example("TiO2"))


def test_a_chosen_branch_moves_the_atoms_and_selects_its_energy(phonons):
    state = ViewState()
    view = BandView(phonons, state=state)
    assert state.energy_range is None, "nobody has chosen yet"
    assert len(view.canvas.motion) == len(view.scene.site) > 8
    view.choose(10, 0)
    point, branch = view.plot.place
    assert view.error == ""
    wavenumber = phonons.bands[point, branch]
    low, high = state.energy_range
    assert low <= wavenumber <= high
    assert high - low <= phonons.spectrum.grid.step + 1e-9
    assert f"{wavenumber:.4g} cm⁻¹" in view.plot.readout
    assert "between Γ and X" in view.describe()
    first = view.canvas.motion
    view.choose(10, 5)
    assert view.canvas.motion != first
    # What another view selects is shown here too.
    state.energy_range = (100.0, 200.0)
    assert view.plot.energy_range == [100.0, 200.0]


def test_atoms_move_as_a_wave_of_this_wave_vector(phonons):
    """Displacements of equal atoms a lattice vector R apart differ by the phase exp(i k·R)."""
    view = BandView(phonons)
    view.choose(25, 2)
    point, _ = view.plot.place
    motion = np.array(view.canvas.motion)
    waves = motion[:, :3] + 1j * motion[:, 3:]
    turn = np.linalg.solve(phonons.cell.lattice.matrix, view.scene.cell)
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-9)
    k = phonons.k[point] @ turn
    assert np.linalg.norm(k) > 0.1
    for site in range(len(phonons.cell)):
        mine = np.flatnonzero(view.scene.site == site)
        for other in mine[1:]:
            apart = view.scene.positions[other] - view.scene.positions[mine[0]]
            turned = waves[mine[0]] * np.exp(1j * apart @ k)
            np.testing.assert_allclose(waves[other], turned, atol=5e-3)
    # The heavy and the light atom move in the picture as the mode says, the farthest by 0.35 Å.
    assert np.linalg.norm(waves, axis=1).max() == pytest.approx(0.35, abs=5e-3)


def test_the_description_counts_and_numbers_bands(phonons, electrons):
    assert BandView(phonons).describe().startswith("6 bands of MgO by force constants, along Γ–X–")
    view = BandView(electrons)
    plot = view.plot
    first, last = plot.shown[0] + 1, plot.shown[-1] + 1
    bands = electrons.bands.shape[1]
    assert len(plot.shown) == last - first + 1 < bands
    text = (
        f"{len(plot.shown)} of {bands} bands of TiO2 by tight binding are in the window, "
        f"numbers {first} to {last}, along Γ–"
    )
    assert view.describe().startswith(text)
    assert f" Band {plot.place[1] + 1} between " in view.describe(), "counted as in that range"


def test_a_chosen_band_shows_its_orbitals(electrons):
    view = BandView(electrons)
    assert "O" in view.plot.readout.split("Orbitals: ")[1].split()[0], "the highest filled band"
    view.choose(30, view.plot.chosen[1] + 1)
    assert view.plot.readout.split("Orbitals: ")[1].startswith("Ti")
    assert view.canvas.motion == []
    radii = dict(zip(view.scene.symbols, view.canvas.radii, strict=True))
    size = dict(zip(view.scene.symbols, view._size, strict=True))
    assert radii["Ti"] / size["Ti"] > radii["O"] / size["O"]
    low, high = view.state.energy_range
    assert low <= view.plot.energy <= high


def test_what_does_not_exist_cannot_be_chosen(phonons):
    view = BandView(phonons)
    with pytest.raises(traitlets.TraitError, match=r"no state \[0, 6\]"):
        view.choose(0, 6)


def test_it_has_a_picture_and_stays_small(phonons, electrons):
    for banded in (phonons, electrons):
        view = BandView(banded)
        view.choose(12, 1)
        data, _ = view._repr_mimebundle_()
        assert "image/png" in data
        assert "along Γ–" in data["text/plain"]
        for widget in all_widgets(view):
            assert state_bytes(widget) < 100_000, type(widget).__name__


def test_it_is_a_tab_where_a_model_drafts():
    look = explore(example("MgO"), backend="canvas")
    assert "bands" in look.offered
    look.selected = "bands"
    assert isinstance(look.view, BandView)
    look.view.choose(10, 1)
    assert look.error == ""
    assert look.views["spectrum"].spectrum.energy_range == look.view.plot.energy_range
    # A trace alone brings no model, and so no bands.
    assert "bands" not in explore(look.subject.source, backend="canvas").offered


def test_the_scene_of_eight_cells_holds_the_whole_wave(phonons):
    scene = build_scene(phonons.cell, "2×2×2")
    assert len(scene.site) > 8 * len(phonons.cell)
