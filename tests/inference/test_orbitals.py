"""Tight binding laid open: levels, bands and the draft of a crystal, and the figure of them."""

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
from deepdos_nb.inference import draft_bands
from deepdos_nb.inference import orbitals as orbitals_module
from deepdos_nb.inference.ensemble import Ensemble
from deepdos_nb.model import ModelConfig, Reasoner
from deepdos_nb.physics.draft import draft_spectrum
from deepdos_nb.physics.hoppings import HoppingNetwork
from deepdos_nb.physics.slater_koster import MOMENT

mpl.use("agg")


@cache
def ensemble(*, bonds: bool = True) -> Ensemble:
    torch.manual_seed(0)
    small = {"width": 24, "heads": 4, "encoder_layers": 1, "moments": 4, "reasoner_width": 16}
    model = Reasoner(ModelConfig(kind="edos", draft=bonds, **small))
    if bonds:
        network = HoppingNetwork().requires_grad_(False)
        network.levels[12] += 10.0  # magnesium gives its electrons away
        model.set_draft_model(network)
    return Ensemble([model])


def test_equal_levels_are_counted_and_the_lowest_come_first():
    levels = dd.orbitals(ensemble(), rutile()).levels
    assert levels["energy (eV)"].is_monotonic_increasing
    kinds = {tuple(r) for r in levels[["element", "shell", "per cell"]].itertuples(index=False)}
    oxygen = {("O", shell, 4) for shell in ("s", "p", "s*")}
    assert kinds == oxygen | {("Ti", shell, 2) for shell in ("s", "p", "d", "s*")}


def test_bands_and_spectrum_have_one_zero():
    found = dd.orbitals(ensemble(), mgo())
    assert found.bands.shape == (len(found.distance), 10)  # s, p and s* of two atoms
    assert (np.diff(found.bands, axis=1) >= -1e-9).all()
    assert found.distance[-1] == pytest.approx(found.ticks[-1][0])
    # eight electrons fill four bands up to the zero
    assert found.gap > 1
    assert found.bands[:, 3].max() == pytest.approx(0, abs=0.15)
    assert found.bands[:, 4].min() == pytest.approx(found.gap, abs=0.15)
    spectrum = found.spectrum
    inside = spectrum.total[spectrum.energies > 0.7]
    assert inside[spectrum.energies[spectrum.energies > 0.7] < found.gap - 0.7].max() < 0.05


def test_bands_of_large_cells_are_solved_a_few_at_a_time(monkeypatch):
    found, sizes, every = dd.orbitals(ensemble(), rutile()), [], orbitals_module.bands

    def counted(terms, cell, k):
        sizes.append(len(k))
        return every(terms, cell, k)

    monkeypatch.setattr(draft_bands, "AT_ONCE", 5 * found.bands.shape[1] ** 2)
    monkeypatch.setattr(orbitals_module, "bands", counted)
    again = dd.orbitals(ensemble(), rutile())
    assert max(sizes) == 5
    np.testing.assert_allclose(again.bands, found.bands, atol=1e-9)
    assert again.gap == pytest.approx(found.gap, abs=1e-9)


def test_the_spectrum_is_the_draft():
    model = ensemble()
    rows = draft_spectrum(model.draft_model, rutile(), build_graph(rutile()))
    spectrum = dd.orbitals(model, rutile()).spectrum
    np.testing.assert_allclose(spectrum.sites * spectrum.grid.step, rows, atol=1e-6)


def test_a_model_without_tight_binding_says_so():
    with pytest.raises(ConfigError, match="no tight binding"):
        dd.orbitals(ensemble(bonds=False), mgo())


@pytest.mark.parametrize("dark", [True, False, None])
def test_the_figure_shows_what_the_numbers_say(dark):
    found = dd.orbitals(ensemble(), mgo())
    figure = plots.orbitals_figure(found, dark=dark)
    levels, bands, density = figure.axes
    drawn = {line[0, 1] for c in levels.collections for line in c.get_segments()}
    shown = found.levels[found.levels["energy (eV)"].between(*levels.get_ylim())]
    assert sorted(drawn) == pytest.approx(sorted(shown["energy (eV)"]))
    assert [t.get_text() for t in levels.get_xticklabels()] == ["Mg", "O"]
    assert bands.get_ylim() == pytest.approx((-4, 4))
    assert bands.get_xticklabels()[0].get_text() == "Γ"
    assert "eV" in bands.get_ylabel()
    assert density.get_shared_y_axes().joined(density, bands)
    assert f"gap {found.gap:.1f} eV" in levels.get_title(loc="left")
    figure.canvas.draw()


def test_states_are_shared_out_among_the_orbitals():
    found = dd.orbitals(ensemble(), mgo())
    symbols = [site.specie.symbol for site in found.cell]
    for band in range(found.bands.shape[1]):
        shares = found.shares(7, band)
        assert shares.shape == (2, 3)
        assert shares.min() >= 0
        assert shares.sum() == pytest.approx(1.0)
        assert shares[symbols.index("O"), 2] == 0, "oxygen has no d orbitals"
    # Over all bands every orbital is used once: both s shells, three p, and no d.
    total = sum(found.shares(7, band) for band in range(found.bands.shape[1]))
    np.testing.assert_allclose(total[symbols.index("O")], [MOMENT.count(0), 3, 0], atol=1e-8)
