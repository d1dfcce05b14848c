"""Coverage of the seed spread, where the right answer is known beforehand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from pymatgen.core import Structure
from synthetic import make_spectrum, rock_salt

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.core.grids import GRIDS
from deepdos_nb.metrics.calibration import calibrate, counted_bins, fit_band, stated_coverage
from deepdos_nb.spectra.error_band import ErrorBand
from deepdos_nb.spectra.spectrum import Spectrum

MGO = rock_salt()


def flat(members: np.ndarray, structure: Structure = MGO) -> Spectrum:
    """A spectrum whose total is the mean of these members."""
    rows = np.repeat(members.mean(axis=0)[None] / len(structure), len(structure), axis=0)
    return Spectrum("phdos", structure, rows, members=members)


def test_stated_coverage_is_that_of_a_normal_distribution():
    np.testing.assert_allclose(
        stated_coverage(np.array([0.0, 1.0, 1.959964, 3.0])),
        [0.0, 0.682689, 0.95, 0.9973],
        atol=1e-5,
    )


def test_normal_errors_are_calibrated_and_half_the_spread_is_not():
    rng = np.random.default_rng(0)
    pairs, narrow = [], []
    for _ in range(60):
        truth = np.full(GRIDS["phdos"].n_bins, 10.0)
        # Many seeds around a mean that itself is off by one standard deviation of them.
        centre = truth + rng.standard_normal(truth.shape)
        for width, into in ((1.0, pairs), (0.5, narrow)):
            seeds = rng.standard_normal((200, len(truth)))
            seeds = width * (seeds - seeds.mean(axis=0)) / seeds.std(axis=0, ddof=1)
            into.append((flat(centre + seeds), flat(truth[None])))
    fair = calibrate(pairs)
    np.testing.assert_allclose(fair.found, fair.stated, atol=0.03)
    assert fair.ratio == pytest.approx(1.0, abs=0.05)
    assert (fair.n_crystals, fair.n_bins) == (60, 60 * 51)
    tight = calibrate(narrow)
    assert tight.ratio == pytest.approx(2.0, abs=0.1)
    assert tight.at(2.0)[1] == pytest.approx(fair.at(1.0)[1], abs=0.03)
    assert "RMS error over RMS spread: 2." in tight.describe()


def test_coverage_only_grows():
    spectrum, other = make_spectrum(MGO, seed=1), make_spectrum(MGO, seed=2)
    found = calibrate([(spectrum, other)]).found
    assert (np.diff(found) >= 0).all()
    assert found[-1] <= 1.0


def test_empty_bins_do_not_count():
    members = np.zeros((2, 51))
    members[0, :10], members[1, :10] = 1.0, 3.0
    reference = np.zeros((1, 51))
    reference[0, :12] = 2.0
    found = calibrate([(flat(members), flat(reference))])
    assert found.n_bins == 12
    # Ten bins agree exactly, two have no spread and an error.
    assert found.found[0] == pytest.approx(10 / 12)
    assert found.found[-1] == pytest.approx(10 / 12)


def test_a_reference_of_another_cell_is_scaled():
    primitive = MGO.get_primitive_structure()
    members = np.full((2, 51), 8.0) + np.array([[-1.0], [1.0]])
    same = flat(np.full((1, 51), 8.0))
    smaller = flat(np.full((1, 51), 8.0 * len(primitive) / len(MGO)), primitive)
    first, second = (calibrate([(flat(members), r)]) for r in (same, smaller))
    np.testing.assert_allclose(first.found, second.found)


def test_what_cannot_be_calibrated():
    with pytest.raises(ConfigError, match="nothing to calibrate"):
        calibrate([])
    with pytest.raises(ConfigError, match="one seed"):
        calibrate([(flat(np.ones((1, 51))), flat(np.ones((1, 51))))])
    with pytest.raises(ConfigError, match="is paired with NaCl"):
        calibrate([(make_spectrum(MGO), make_spectrum(rock_salt("Na", "Cl", 5.6)))])


def test_the_fitted_band_finds_what_errors_depend_on_and_holds_what_it_states():
    rng = np.random.default_rng(0)
    mean = rng.gamma(2.0, size=(200, 40))
    mean /= mean.sum(axis=1, keepdims=True)
    spread = mean.mean() * rng.uniform(0.1, 1.0, (200, 1)) * np.ones(40)
    true = ErrorBand(9.0, 0.0, 0.04)
    reference = mean + rng.normal(scale=true.sigma(mean, spread))
    found = fit_band(mean, spread, reference)
    assert found.spread == pytest.approx(9.0, rel=0.1)
    assert found.wide == pytest.approx(0.04, rel=0.4)
    assert found.near < 0.03
    counted = counted_bins(mean, reference)
    inside = (np.abs(mean - reference) <= found.sigma(mean, spread))[counted]
    assert inside.mean() == pytest.approx(0.6827, abs=1e-3)
    assert found.outer == pytest.approx(2.0, rel=0.05)


def test_the_outer_band_holds_what_it_states_of_errors_with_long_tails():
    rng = np.random.default_rng(1)
    mean = rng.gamma(2.0, size=(200, 40))
    mean /= mean.sum(axis=1, keepdims=True)
    sigma = ErrorBand(0.0, 0.2, 0.0).sigma(mean, mean)
    reference = mean + sigma * rng.standard_t(2.5, size=mean.shape)
    found = fit_band(mean, np.zeros_like(mean), reference)
    error, band = np.abs(mean - reference), found.sigma(mean, np.zeros_like(mean))
    counted = counted_bins(mean, reference)
    assert (error <= found.outer * band)[counted].mean() == pytest.approx(0.9545, abs=1e-3)
    assert (error <= 2 * band)[counted].mean() < 0.93


def test_a_state_where_the_band_must_be_zero_does_not_stop_the_fit():
    rng = np.random.default_rng(2)
    mean = np.zeros((200, 60))
    mean[:, :30] = rng.gamma(2.0, size=(200, 30))
    mean /= mean.sum(axis=1, keepdims=True)
    spread = mean.mean() * rng.uniform(0.1, 1.0, (200, 1)) * (mean > 0)
    reference = mean + rng.normal(scale=3.0 * spread)
    clean = fit_band(mean, spread, reference)
    # No prediction is anywhere near: all three terms are zero here.
    reference[0, 55] = reference[0].max()
    found = fit_band(mean, spread, reference)
    assert found.spread == pytest.approx(9.0, rel=0.15)
    assert found.spread == pytest.approx(clean.spread, rel=0.02)
    assert max(found.near, found.wide) < 0.01


def test_no_other_band_has_a_better_interval_score():
    rng = np.random.default_rng(3)
    mean = rng.gamma(2.0, size=(100, 40))
    mean /= mean.sum(axis=1, keepdims=True)
    spread = mean.mean() * rng.uniform(0.1, 1.0, (100, 1)) * np.ones(40)
    reference = mean + ErrorBand(4.0, 0.02, 0.02).sigma(mean, spread) * rng.standard_t(
        4, mean.shape
    )
    counted = counted_bins(mean, reference)
    error = np.abs(mean - reference)[counted]

    def score(band):
        sigma = band.sigma(mean, spread)[counted]
        return (2 * sigma + 2 / (1 - 0.6827) * np.maximum(error - sigma, 0)).mean()

    found = fit_band(mean, spread, reference)
    for factors in itertools.product((0.7, 1.0, 1.4), repeat=3):
        coefficients = np.array(factors) * [found.spread, found.near, found.wide]
        assert score(found) <= 1.002 * score(ErrorBand(*coefficients))


def test_a_band_pools_neighbours_and_has_the_unit_of_its_curves():
    spread = np.zeros(9)
    spread[4] = 5.0
    mean = np.arange(9.0)
    np.testing.assert_allclose(
        ErrorBand(2.0, 0, 0).sigma(mean, spread), np.sqrt([0, 0, 10, 10, 10, 10, 10, 0, 0])
    )
    # Nine bins within fifteen: the first stands for 7 below, the last for those above.
    squares = np.concatenate([np.zeros(7), mean**2, np.full(7, 64.0)])
    expected = [0.5 * np.sqrt(squares[i : i + 15].mean()) for i in range(9)]
    np.testing.assert_allclose(ErrorBand(0, 0, 0.25).sigma(mean, spread), expected)
    # at the left end the first bin stands for those beyond it: 0, 0, 0, 1, 4
    assert ErrorBand(0, 1.0, 0).sigma(mean, spread)[0] == pytest.approx(1.0)
    band = ErrorBand(2.0, 0.3, 0.1)
    np.testing.assert_allclose(
        band.sigma(7 * mean, 7 * spread), 7 * band.sigma(mean, spread), rtol=1e-12
    )


def test_the_band_is_zero_where_nothing_can_be():
    """Beyond the highest mode, and in the middle of a gap wider than what the band pools."""
    mean, spread = np.zeros(60), np.zeros(60)
    mean[5:20], mean[40:50] = 1.0, 2.0
    spread[5:20] = 0.3
    sigma = ErrorBand(2.0, 0.3, 0.1).sigma(mean, spread)
    assert not sigma[57:].any()
    assert not sigma[27:33].any()
    assert (sigma[5:20] > 0).all()
    assert (sigma[40:50] > 0).all()


def test_bins_without_states_in_either_curve_do_not_count():
    mean, reference = np.array([[0.0, 0.0, 0.5, 0.005]]), np.array([[0.0, 1.0, 0.0, 0.009]])
    assert counted_bins(mean, reference).tolist() == [[False, True, True, False]]
