"""Sums, units and exports of `Spectrum` and `Trace`."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from crystals import mgo, rutile
from synthetic import make_spectrum, make_trace

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.core.grids import GRIDS, grid_for
from deepdos_nb.spectra.error_band import ErrorBand
from deepdos_nb.spectra.spectrum import Spectrum


@pytest.mark.parametrize(
    ("kind", "n_bins", "first", "last", "step"),
    [("phdos", 51, 0, 1000, 20), ("edos", 128, -4, 4, 8 / 127)],
)
def test_grids_are_the_benchmarks(kind, n_bins, first, last, step):
    grid = grid_for(kind)
    assert grid.energies.shape == (n_bins,)
    assert (grid.energies[0], grid.energies[-1]) == (first, last)
    assert grid.step == pytest.approx(step)
    np.testing.assert_allclose(np.diff(grid.faces), grid.step)
    np.testing.assert_allclose((grid.faces[1:] + grid.faces[:-1]) / 2, grid.energies, atol=1e-12)


def test_an_unknown_kind_is_refused():
    with pytest.raises(ConfigError, match="'phdos' or 'edos'"):
        grid_for("xdos")


@pytest.mark.parametrize("kind", GRIDS)
def test_sites_and_elements_add_up_to_the_total(kind):
    spectrum = make_spectrum(rutile(), kind)
    np.testing.assert_allclose(spectrum.sites.sum(0), spectrum.total, rtol=1e-12)
    elements = spectrum.by_element()
    assert list(elements) == ["Ti", "O"]
    np.testing.assert_allclose(sum(elements.values()), spectrum.total, rtol=1e-12)
    assert spectrum.window_share(-1e9, 1e9).sum() == pytest.approx(1)
    assert spectrum.window_share(5e5, 6e5).sum() == 0


def test_spread_is_the_sample_deviation_of_the_members():
    structure, grid = mgo(), grid_for("phdos")
    sites = np.ones((2, grid.n_bins))
    members = np.stack([np.full(grid.n_bins, v) for v in (1.0, 2.0, 3.0)])
    assert Spectrum("phdos", structure, sites, members=members).spread == pytest.approx(1.0)
    assert (Spectrum("phdos", structure, sites).spread == 0).all()
    wide = Spectrum("phdos", structure, sites, members=members, error_band=ErrorBand(6.25, 0, 0))
    assert wide.band == pytest.approx(2.5)
    assert wide.outer_band == pytest.approx(5.0)
    tailed = replace(wide, error_band=ErrorBand(6.25, 0, 0, outer=2.4), widened=2)
    assert tailed.outer_band == pytest.approx(12.0)
    assert wide.to_dataframe()["band"].tolist() == wide.to_dict()["band"] == wide.band.tolist()
    assert (wide.band_name, Spectrum("phdos", structure, sites).band_name) == (
        "± 1 σ, calibrated",
        "± 1 σ over seeds",
    )


def test_shape_of_the_site_rows_is_checked():
    with pytest.raises(ConfigError, match=r"\(3, 51\), expected \(2, 51\)"):
        Spectrum("phdos", mgo(), np.zeros((3, 51)))


def test_exports_hold_the_same_numbers():
    spectrum = make_spectrum(rutile(), "phdos")
    frame, values = spectrum.to_dataframe(), json.loads(spectrum.to_json())
    np.testing.assert_allclose(frame["total"], spectrum.total)
    np.testing.assert_allclose(frame[["Ti", "O"]].sum(axis=1), frame["total"])
    sites = frame[[c for c in frame if c.startswith("site ")]]
    np.testing.assert_allclose(sites.sum(axis=1), frame["total"])
    np.testing.assert_allclose(np.sum(list(values["sites"].values()), axis=0), values["total"])
    assert values["density_unit"] == "states/cm⁻¹/cell"
    assert list(frame.columns[0:1]) == ["energy (cm⁻¹)"]


def test_norms():
    spectrum = make_spectrum(mgo(), "phdos")
    assert spectrum.shape("max").max() == pytest.approx(1)
    assert spectrum.shape("sum").sum() == pytest.approx(1)


def test_description_names_formula_unit_and_peak():
    spectrum = make_spectrum(rutile(), "phdos")
    text = spectrum.describe()
    peak = spectrum.energies[spectrum.total.argmax()]
    assert "TiO2" in text
    assert f"{peak:.3g} cm⁻¹" in text


@pytest.mark.parametrize("kind", GRIDS)
def test_trace_keeps_its_books(kind):
    trace = make_trace(rutile(), kind)
    assert trace.mass_error.max() < 1e-6
    assert trace.minimum.min() >= 0
    assert trace.cdf[:, 0] == pytest.approx(0)
    assert trace.cdf[:, -1] == pytest.approx(1)
    for step in (0, trace.n_steps):
        spectrum = trace.spectrum(step)
        inside = 1 - trace.outside[step].sum()
        assert spectrum.states == pytest.approx(trace.states * inside, rel=1e-5)
    assert trace.source_attention.sum(axis=-1) == pytest.approx(1.0, abs=1e-5)


def test_velocity_is_stride_times_net_fraction():
    trace = make_trace(mgo(), "phdos")
    left, right = trace.fractions[2, 10, 0], trace.fractions[2, 10, 2]
    expected = trace.strides[2] * 20.0 * (right - left)
    assert trace.velocity[2, 10] == pytest.approx(expected, rel=1e-5)
