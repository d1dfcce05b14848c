"""Heat capacities, totals and what happens around the zero, against cases worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.core.grids import grid_for
from deepdos_nb.data.sources.embedded import load_embedded
from deepdos_nb.metrics import observables as obs
from deepdos_nb.metrics.scores import PROTOCOLS, mse

PHONONS = grid_for("phdos").energies
EIGHT = 8.314462618

# cells of 1 eV, the zero at a face
ENERGIES = np.array([-1.5, -0.5, 0.5, 1.5])
REFERENCE = np.array([[0.0, 4.0, 2.0, 2.0], [1.0, 0.0, 0.0, 1.0]])
PREDICTED = np.array([[0.0, 1.0, 1.0, 0.0], [3.0, 0.0, 0.0, 1.0]])


def peak(at: float) -> np.ndarray:
    return 7.0 * (np.abs(PHONONS - at) < 1)[None]


def test_constants_follow_from_the_definitions_of_the_units():
    boltzmann, planck, light, avogadro = 1.380649e-23, 6.62607015e-34, 2.99792458e10, 6.02214076e23
    assert pytest.approx(boltzmann * avogadro, rel=1e-9) == obs.GAS_CONSTANT
    assert pytest.approx(planck * light / boltzmann, rel=1e-9) == obs.HC_OVER_K


def test_an_einstein_solid_by_hand():
    # 300 cm⁻¹ is 431.633 K: there x = 1 and e / (e − 1)² = 0.920674; at half of it x = 2 and
    # e² · 4 / (e² − 1)² = 0.724062; at 300 K x = 1.438777, which gives 0.843981
    for temperature, factor in ((431.6330631, 0.920674), (215.81653155, 0.724062), (300, 0.843981)):
        found = obs.heat_capacity(peak(300), PHONONS, temperature)
        assert found == pytest.approx([3 * EIGHT * factor], rel=1e-6)
    # per atom in units of k_B, and the top of the window at room temperature: x = 4.795923
    assert obs.heat_capacity(peak(1000), PHONONS) / obs.GAS_CONSTANT == pytest.approx(
        [3 * 0.193245], rel=1e-5
    )


def test_modes_mix_and_some_may_lie_beyond_the_window():
    curve = peak(0) + peak(300)
    half = obs.heat_capacity(curve, PHONONS, 431.6330631)
    assert half == pytest.approx([3 * EIGHT * (1 + 0.920674) / 2], rel=1e-6)
    two = np.concatenate([curve, curve])
    found = obs.heat_capacity(two, PHONONS, 431.6330631, modes=np.array([3.0, 1.5]))
    assert found == pytest.approx([half[0], half[0] / 2])
    assert obs.heat_capacity(np.zeros((1, 51)), PHONONS) == 0


def test_limits_of_dulong_and_petit_of_cold_and_of_zero_frequency():
    curve = np.linspace(1, 3, 51)[None]
    assert obs.heat_capacity(curve, PHONONS, 1e6) == pytest.approx([24.943388], rel=1e-6)
    assert obs.heat_capacity(peak(500), PHONONS, 10) == pytest.approx([0], abs=1e-20)
    assert obs.heat_capacity(peak(0), PHONONS, 1e-9) == pytest.approx([24.943388], rel=1e-6)
    np.testing.assert_array_equal(obs.einstein(np.array([0.0, 1e-300, 1e-9]), 300), 1)
    with np.errstate(all="raise", under="ignore"):
        assert obs.einstein(np.array([1e3]), 1e-300) == pytest.approx(0)


@given(
    st.lists(st.floats(0, 1), min_size=51, max_size=51).filter(lambda c: sum(c) > 1e-3),
    st.floats(1, 3000),
    st.floats(1.01, 3),
)
def test_heat_capacity_lies_between_none_and_dulong_petit_and_grows(curve, temperature, factor):
    cold, hot = (
        obs.heat_capacity(np.array([curve]), PHONONS, t)[0]
        for t in (temperature, factor * temperature)
    )
    assert 0 <= cold <= hot * (1 + 1e-12) <= 24.9434


@pytest.mark.parametrize(("energies", "temperature"), [([0, 1], 0), ([-1, 1], 300), ([0, 1], -5)])
def test_no_heat_capacity_of_imaginary_modes_or_without_temperature(energies, temperature):
    with pytest.raises(ConfigError, match=r"imaginary|no heat capacity"):
        obs.heat_capacity(np.ones((1, 2)), np.array(energies), temperature)


def test_heat_capacity_of_labelled_crystals_is_that_of_solids():
    """At 300 K between a third of Dulong-Petit (diamond has a quarter) and all of it."""
    records = [r for part in load_embedded("phdos").values() for r in part][:20]
    heat = obs.heat_capacity(np.stack([r.shape for r in records]), PHONONS)
    assert (heat > 5).all()
    assert (heat < 24.95).all()


def test_phonon_scores_by_name():
    predicted, reference = (np.concatenate(c) for c in ((peak(300), peak(0)), (peak(0), peak(0))))
    scores = obs.phonon_scores(predicted, reference, PHONONS, 431.6330631)
    lost = 3 * EIGHT * (1 - 0.920674)
    name = "heat_capacity_431.633K"
    assert scores[f"{name}_mae"] == pytest.approx(lost / 2, rel=1e-5)
    assert scores[f"{name}_bias"] == pytest.approx(-lost / 2, rel=1e-5)
    assert scores[f"{name}_relative"] == pytest.approx((1 - 0.920674) / 2, rel=1e-5)
    assert scores["mean_frequency_mae"] == pytest.approx(150)
    assert np.isnan(scores["mean_frequency_relative"])  # no reference has a mean to divide by
    swapped = obs.phonon_scores(reference, predicted, PHONONS)
    assert swapped["mean_frequency_bias"] == pytest.approx(-150)
    assert swapped["mean_frequency_relative"] == pytest.approx(1)  # of the one that has
    assert "heat_capacity_300K_mae" in swapped


def test_total_states_in_the_window():
    # references hold 8 and 2 states, predictions 2 and 4; with cells of half the width, half
    assert obs.states_in_window(REFERENCE, 1.0) == pytest.approx([8, 2])
    assert obs.states_error(PREDICTED, REFERENCE, 1.0) == pytest.approx([-6, 2])
    assert obs.states_error(PREDICTED, REFERENCE, 0.5) == pytest.approx([-3, 1])


def test_sides_of_the_zero():
    assert obs.side_of(ENERGIES, "below").tolist() == [True, True, False, False]
    assert obs.side_of(ENERGIES, "above").tolist() == [False, False, True, True]
    both = obs.side_of(ENERGIES, "below", 0.5) & obs.side_of(ENERGIES, "above", 0.5)
    assert both.tolist() == [False, False, True, False]


def test_density_at_the_zero():
    # half way between 4 and 2, and between 0 and 0; predictions 1 and 0
    assert obs.density_at(REFERENCE, ENERGIES) == pytest.approx([3, 0])
    assert obs.density_at(REFERENCE, ENERGIES, 0.75) == pytest.approx([2, 0.25])
    assert obs.density_at_error(PREDICTED, REFERENCE, ENERGIES) == pytest.approx([-2, 0])
    with pytest.raises(ConfigError, match="outside the grid"):
        obs.density_at(REFERENCE, ENERGIES, 1.6)


def test_electron_scores_by_name():
    scores = obs.electron_scores(PREDICTED, REFERENCE, ENERGIES)
    assert scores["states_mae"] == pytest.approx(4)
    assert scores["states_bias"] == pytest.approx(-2)
    assert scores["states_relative"] == pytest.approx((6 / 8 + 2 / 2) / 2)
    # by maximum the errors are (0, 0, ½, −½) and (0, 0, 0, −⅔)
    assert scores["mse_max_below"] == 0
    assert scores["mse_max_above"] == pytest.approx((0.5 + 4 / 9) / 4)
    assert scores["mae_max_above"] == pytest.approx((1 + 2 / 3) / 4)
    # as they stand, in units of the reference's maximum: (0, −¾, −¼, −½) and (2, 0, 0, 0)
    assert scores["mse_end_to_end_below"] == pytest.approx((0.75**2 + 4) / 4)
    assert scores["mae_end_to_end_above"] == pytest.approx(0.75 / 4)
    assert scores["density_at_zero_mae"] == pytest.approx(1)
    assert scores["density_at_zero_bias"] == pytest.approx(-1)
    assert scores["density_at_zero_relative"] == pytest.approx(2 / 3)
    # by maximum the references are ¾ and 0 at the zero, the predictions 1 and 0
    assert scores["density_at_zero_mae_max"] == pytest.approx(0.125)


def test_sizes_of_cells_enter_only_what_is_counted_per_atom():
    per_cell = obs.electron_scores(PREDICTED, REFERENCE, ENERGIES)
    per_atom = obs.electron_scores(PREDICTED, REFERENCE, ENERGIES, n_atoms=np.array([2, 1]))
    assert per_atom["states_mae"] == pytest.approx((3 + 2) / 2)
    assert per_atom["density_at_zero_mae"] == pytest.approx(0.5)
    changed = {k for k in per_cell if per_atom[k] != pytest.approx(per_cell[k])}
    assert changed <= {f"{n}_{s}" for n in ("states", "density_at_zero") for s in ("mae", "bias")}


def test_two_sides_average_to_the_whole():
    for protocol in (*PROTOCOLS, "end_to_end"):
        scores = obs.electron_scores(PREDICTED, REFERENCE, ENERGIES)
        sides = (scores[f"mse_{protocol}_below"] + scores[f"mse_{protocol}_above"]) / 2
        assert sides == pytest.approx(mse(PREDICTED, REFERENCE, protocol))
