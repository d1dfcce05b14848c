"""The gap below the Fermi level, on densities whose gaps can be read off by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.core.grids import GRIDS
from deepdos_nb.metrics.band_gap import band_gap
from deepdos_nb.metrics.valence_gap import Gap, emptiest_window, vb_gap

ENERGIES = np.arange(-4.0, 2.1, 0.5)
"""13 bins: -4.0, -3.5, … 2.0; the zero is bin 8."""


def curve(*levels: float) -> np.ndarray:
    assert len(levels) == len(ENERGIES)
    return np.array(levels, dtype=float)


#          -4.0 -3.5 -3.0 -2.5 -2.0 -1.5 -1.0 -0.5  0.0  0.5  1.0  1.5  2.0
METAL = curve(2, 2, 2, 0, 0, 0, 2, 2, 2, 2, 2, 2, 2)


def test_edges_lie_between_the_bins():
    # From 2 to 0 within 0.5 eV the line passes 0.9 after 0.275 eV.
    gap = vb_gap(ENERGIES, METAL)
    assert gap is not None
    assert gap.low == pytest.approx(-3.0 + 0.275)
    assert gap.high == pytest.approx(-1.5 + 0.225)
    assert gap.width == pytest.approx(1.45)


def test_threshold_moves_the_edges():
    gap = vb_gap(ENERGIES, METAL, threshold=1.0)
    assert gap == Gap(-2.75, -1.25)


@pytest.mark.parametrize(("min_width", "found"), [(1.45, True), (1.46, False)])
def test_least_width(min_width: float, found: bool):
    assert (vb_gap(ENERGIES, METAL, min_width=min_width) is not None) == found


def test_widest_of_two():
    #           -4.0 -3.5 -3.0 -2.5 -2.0 -1.5 -1.0 -0.5 0.0
    two = curve(2, 0, 2, 2, 0, 0, 0, 2, 2, 2, 2, 2, 2)
    gap = vb_gap(ENERGIES, two, min_width=0.1, threshold=1.0)
    assert gap == Gap(-2.25, -0.75)


def test_a_run_at_the_border_is_not_closed():
    open_below = curve(0, 0, 0, 0, 2, 2, 2, 2, 2, 2, 2, 2, 2)
    assert vb_gap(ENERGIES, open_below) is None


def test_a_bin_at_the_threshold_closes_it():
    closed = curve(0.9, 0, 0, 0, 2, 2, 2, 2, 2, 2, 2, 2, 2)
    gap = vb_gap(ENERGIES, closed)
    assert gap is not None
    assert gap.low == pytest.approx(-4.0)


def test_insulators_have_none_unless_asked():
    insulator = curve(2, 2, 2, 0, 0, 0, 2, 2, 0, 0, 0, 2, 2)
    assert vb_gap(ENERGIES, insulator) is None
    gap = vb_gap(ENERGIES, insulator, metallic=False)
    assert gap is not None
    assert gap.high < -1.0  # the one below the valence band, not the band gap


def test_a_window_across_the_zero_does_not_count():
    across = curve(2, 2, 2, 2, 2, 2, 2, 0, 0, 0, 2, 2, 2)
    assert vb_gap(ENERGIES, across, metallic=False) is None


def test_zero_can_be_moved():
    assert vb_gap(ENERGIES, METAL, zero=-1.5) is None
    assert vb_gap(ENERGIES, METAL, zero=-1.0) == vb_gap(ENERGIES, METAL)
    assert vb_gap(ENERGIES, METAL, zero=-1.28, metallic=False) is None


@pytest.mark.parametrize("question", [vb_gap, emptiest_window, band_gap])
def test_nonsense_is_refused(question):
    with pytest.raises(ConfigError, match="do not fit"):
        question(ENERGIES, METAL[1:])
    with pytest.raises(ConfigError, match="leaves no bin empty"):
        question(ENERGIES, METAL, threshold=0.0)


@given(arrays(float, 128, elements=st.sampled_from([0.0, 0.5, 0.9, 1.0, 3.0])))
def test_what_is_found_is_a_gap(density: np.ndarray):
    energies = GRIDS["edos"].energies
    gap = vb_gap(energies, density, min_width=0.1)
    if gap is None:
        return
    assert energies[0] <= gap.low
    assert gap.high <= 1e-9
    assert gap.width >= 0.1 - 1e-9
    inside = (energies > gap.low + 1e-9) & (energies < gap.high - 1e-9)
    assert (density[inside] < 0.9).all()
    assert np.interp(gap.low, energies, density) == pytest.approx(0.9)
    assert np.interp(gap.high, energies, density) == pytest.approx(0.9)


def test_an_upper_edge_between_the_bins_about_the_zero_closes_a_window():
    energies = GRIDS["edos"].energies
    first = int(np.searchsorted(energies, 0.0))
    density = np.full(128, 5.0)
    density[first - 18 : first] = 0.1
    density[first] = 30.0
    gap = vb_gap(energies, density)
    assert gap is not None
    assert (gap.low, gap.high) == pytest.approx((-1.11, -0.03), abs=0.01)
    assert emptiest_window(energies, density) == 0.1
    # Where the density rises above the zero, neither has one.
    density[first] = 1.0
    assert vb_gap(energies, density, metallic=False) is None
    assert emptiest_window(energies, density, metallic=False) == 5.0


LEVELS = st.sampled_from([0.0, 0.1, 0.5, 0.9, 1.0, 3.0, 30.0])


@given(
    st.lists(st.tuples(LEVELS, st.integers(1, 20)), min_size=2, max_size=30),
    st.sampled_from([0.2, 0.5, 0.9, 2.0]),
    st.sampled_from([0.1, 0.3, 0.37, 1.0]),
    st.sampled_from([0.0, -0.02, 0.31]),
    st.booleans(),
)
@example([(5.0, 46), (0.1, 18), (30.0, 1), (5.0, 63)], 0.9, 1.0, 0.0, True)
def test_where_there_is_a_gap_there_is_a_window_as_empty(
    runs: list[tuple[float, int]], threshold: float, width: float, zero: float, metallic: bool
):
    levels, lengths = zip(*runs, strict=True)
    density = np.resize(np.repeat(levels, lengths), 128)
    options = {"threshold": threshold, "zero": zero, "metallic": metallic}
    energies = GRIDS["edos"].energies
    if vb_gap(energies, density, min_width=width, **options) is not None:
        assert emptiest_window(energies, density, width=width, **options) < threshold


def test_a_band_gap_begins_within_reach():
    """A band that ends 0.4 eV above the zero: an insulator blurred, or a metal exactly."""
    energies = GRIDS["edos"].energies
    density = np.where((energies < 0.4) | (energies > 2.0), 2.0, 0.0)
    assert band_gap(energies, density) is not None
    assert band_gap(energies, density, reach=0.3) is None
