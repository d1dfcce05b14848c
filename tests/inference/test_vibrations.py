"""Springs laid open: bonds, bands and the draft of a crystal, and the figure of them."""

from __future__ import annotations

from functools import cache

import matplotlib as mpl
import numpy as np
import pytest
import torch
from crystals import mgo, rutile

import deepdos_nb as dd
from deepdos_nb import plots
from deepdos_nb.core.errors import ConfigError
from deepdos_nb.crystal.graph import build_graph
from deepdos_nb.inference.ensemble import Ensemble
from deepdos_nb.model import ModelConfig, Reasoner
from deepdos_nb.physics.draft import ForceConstantNetwork, draft_spectrum

mpl.use("agg")


@cache
def ensemble(*, springs: bool = True) -> Ensemble:
    torch.manual_seed(0)
    small = {"width": 24, "heads": 4, "encoder_layers": 1, "moments": 4, "reasoner_width": 16}
    model = Reasoner(ModelConfig(draft=springs, **small))
    if springs:
        model.set_draft_model(ForceConstantNetwork().requires_grad_(False))
    return Ensemble([model])


def test_bonds_are_counted_once_and_the_stiffest_come_first():
    bonds = dd.vibrations(ensemble(), mgo()).bonds
    nearest = bonds[bonds["length (Å)"] < 2.2]
    assert nearest["atoms"].tolist() == ["Mg–O"]  # the electropositive end first
    assert nearest["per cell"].tolist() == [6]
    assert nearest["length (Å)"].item() == pytest.approx(2.106, abs=1e-3)
    second = bonds[bonds["length (Å)"].between(2.9, 3.0)]
    assert sorted(second["atoms"]) == ["Mg–Mg", "O–O"]
    assert second["per cell"].tolist() == [6, 6]
    assert bonds["k_L (eV/Å²)"].is_monotonic_decreasing


def test_bands_start_at_zero_and_end_at_named_points():
    vibrations = dd.vibrations(ensemble(), rutile())
    assert vibrations.bands.shape == (len(vibrations.distance), 18)
    assert (np.diff(vibrations.bands, axis=1) >= 0).all()
    names = [name for _, name in vibrations.ticks]
    places = [at for at, _ in vibrations.ticks]
    assert "Γ" in names[0] or "Gamma" in names[0]
    assert vibrations.bands[0, :3].max() < 2
    assert vibrations.bands[0, 3] > 10
    assert places == sorted(places)
    assert vibrations.distance[-1] == pytest.approx(places[-1])
    assert (np.diff(vibrations.distance) >= 0).all()


def test_the_spectrum_is_the_draft_and_holds_three_modes_an_atom():
    model, structure = ensemble(), rutile()
    spectrum = dd.vibrations(model, structure).spectrum
    rows = draft_spectrum(model.draft_model, structure, build_graph(structure))
    np.testing.assert_allclose(spectrum.sites * spectrum.grid.step / 3, rows, atol=1e-7)
    owned = spectrum.sites.sum(axis=1) * spectrum.grid.step + spectrum.outside
    np.testing.assert_allclose(owned, 3, atol=5e-3)
    np.testing.assert_allclose(model.trace(structure).density[0] * 6, rows, atol=1e-6)


def test_a_model_without_springs_says_so():
    with pytest.raises(ConfigError, match="no force constants"):
        dd.vibrations(ensemble(springs=False), mgo())
    assert not ensemble(springs=False).trace(mgo()).drafted


@pytest.mark.parametrize("dark", [True, False, None])
def test_the_figure_shows_what_the_numbers_say(dark):
    vibrations = dd.vibrations(ensemble(), mgo())
    figure = plots.springs_figure(vibrations, dark=dark)
    stiffness, bands, density = figure.axes
    marks = {c.get_label(): c.get_offsets() for c in stiffness.collections}
    shown = vibrations.bonds[vibrations.bonds["atoms"] == "Mg–O"].iloc[0]
    assert np.isclose(marks["Mg–O"], [shown["length (Å)"], shown["k_L (eV/Å²)"]]).all(1).any()
    drawn = np.concatenate([line.get_ydata() for line in bands.lines if len(line.get_ydata()) > 2])
    assert drawn.max() == pytest.approx(vibrations.bands.max())
    assert bands.get_xticklabels()[0].get_text() == "Γ"
    assert "cm⁻¹" in bands.get_ylabel()
    (total,) = density.lines
    np.testing.assert_allclose(total.get_xdata(), vibrations.spectrum.total)
    assert density.get_shared_y_axes().joined(density, bands)
    figure.canvas.draw()


def test_modes_are_those_of_the_branches():
    found = dd.vibrations(ensemble(), mgo())
    symbols = [site.specie.symbol for site in found.cell]
    mg, o = symbols.index("Mg"), symbols.index("O")
    gamma = int(np.linalg.norm(found.k, axis=1).argmin())
    for branch in range(3):
        # The three lowest move the crystal as a whole …
        shift = found.displacements(gamma, branch)
        np.testing.assert_allclose(shift[0], shift[1], atol=1e-5)
    for branch in range(3, 6):
        # … the others leave its centre of mass where it is, so the lighter atom moves farther.
        shift = found.displacements(gamma, branch)
        np.testing.assert_allclose(24.305 * shift[mg], -15.999 * shift[o], atol=2e-3)
        assert np.linalg.norm(shift[o]) == pytest.approx(1.0)
    # Eigenvectors are orthonormal, and belong to the bands in their order.
    vectors = found.vectors(found.k[len(found.k) // 3])
    np.testing.assert_allclose(vectors.conj().T @ vectors, np.eye(6), atol=1e-10)
