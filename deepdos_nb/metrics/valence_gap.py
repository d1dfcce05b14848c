"""The gap inside a valence band: a window without states that the Fermi level lies above.

A material can conduct and still have an empty window further down. Hot carriers cannot fall across
it quickly, which is why screens look for it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import ConfigError

THRESHOLD = 0.9
"""Density below which a bin counts as empty, states/eV per cell."""

MIN_WIDTH = 1.0
"""Least width of a gap, eV."""


@dataclass(frozen=True)
class Gap:
    """An empty window, eV.

    Parameters
    ----------
    low, high : float
        Where the density falls through the threshold and where it rises through it again.
    """

    low: float
    high: float

    @property
    def width(self) -> float:
        """Width in eV."""
        return self.high - self.low


def vb_gap(
    energies: Array,
    density: Array,
    *,
    threshold: float = THRESHOLD,
    min_width: float = MIN_WIDTH,
    zero: float = 0.0,
    metallic: bool = True,
) -> Gap | None:
    """Find the widest gap below the zero of energy.

    A gap is a run of bins with a density below `threshold`, closed on both sides by bins inside the
    grid at or above it. Its edges are where straight lines between the bins cross the threshold;
    they are at least `min_width` apart, and the upper one is not above `zero`.

    Parameters
    ----------
    energies : ndarray, shape (n_bins,)
        Increasing, eV.
    density : ndarray, shape (n_bins,)
        States/eV per cell. Divide it by the number of atoms, and choose a threshold to match, for a
        gap that does not depend on the choice of cell.
    threshold : float
        Unit of `density`.
    min_width : float
        eV.
    zero : float
        Fermi level or valence-band maximum, eV.
    metallic : bool
        Demand that the density at `zero` reaches the threshold too, which ordinary insulators and
        semiconductors do not.

    Returns
    -------
    Gap or None
        None where there is no such gap. Of two equally wide ones, the lower.

    Raises
    ------
    ConfigError
        If the arrays do not fit together, or the threshold is not positive.
    """
    energies, density = checked_curve(energies, density, threshold)
    if metallic and float(np.interp(zero, energies, density)) < threshold:
        return None
    widest: Gap | None = None
    for first, last in _runs(density < threshold):
        if first == 0 or last == len(density) - 1:
            continue
        gap = Gap(
            _crossing(energies, density, first - 1, threshold),
            _crossing(energies, density, last, threshold),
        )
        fits = gap.high <= zero + 1e-9 and gap.width >= min_width - 1e-9
        if fits and (widest is None or gap.width > widest.width + 1e-9):
            widest = gap
    return widest


def emptiest_window(
    energies: Array,
    density: Array,
    *,
    threshold: float = THRESHOLD,
    width: float = MIN_WIDTH,
    zero: float = 0.0,
    metallic: bool = True,
) -> float:
    """How empty the emptiest window below the zero is: its highest density.

    Where `vb_gap` says yes or no, this puts materials into an order, by which a screen can be made
    stricter or more generous. Windows count that have bins at or above the threshold on either
    side, the upper edge not above `zero`, as a gap must: where `vb_gap` finds a gap of this width,
    the answer lies below the threshold.

    Parameters
    ----------
    energies, density, threshold, zero, metallic
        As for `vb_gap`.
    width : float
        Of the window, eV.

    Returns
    -------
    float
        Unit of `density`; inf where no window is closed on both sides, or the density at `zero`
        does not reach the threshold though `metallic` demands it.

    Raises
    ------
    ConfigError
        If the arrays do not fit together, or the threshold is not positive.
    """
    energies, density = checked_curve(energies, density, threshold)
    if metallic and float(np.interp(zero, energies, density)) < threshold:
        return float("inf")
    full = np.flatnonzero(_closing(energies, density, threshold, zero))
    bins = max(1, round(width / float(energies[1] - energies[0])) - 1)
    highest = np.lib.stride_tricks.sliding_window_view(density, bins).max(axis=1)
    starts = np.arange(len(highest))
    if not len(full):
        return float("inf")
    closed = (starts > full[0]) & (starts + bins - 1 < full[-1])
    return float(highest[closed].min()) if closed.any() else float("inf")


def checked_curve(energies: Array, density: Array, threshold: float) -> tuple[Array, Array]:
    """A curve in which empty windows can be looked for, as floats.

    Raises
    ------
    ConfigError
        If the arrays do not fit together, or the threshold is not positive.
    """
    energies, density = np.asarray(energies, float), np.asarray(density, float)
    if energies.ndim != 1 or energies.shape != density.shape:
        raise ConfigError(
            f"energies of shape {energies.shape} do not fit a density of shape {density.shape}."
        )
    if not threshold > 0:
        raise ConfigError(f"a threshold of {threshold} leaves no bin empty.")
    return energies, density


def empty_windows(energies: Array, density: Array, threshold: float) -> list[Gap]:
    """Every window with a density below the threshold, lowest first, those at the ends included.

    Edges are where straight lines between the bins cross the threshold, or the ends of the grid.
    """
    windows = []
    for first, last in _runs(density < threshold):
        low = energies[0] if first == 0 else _crossing(energies, density, first - 1, threshold)
        ends = last == len(density) - 1
        high = energies[-1] if ends else _crossing(energies, density, last, threshold)
        windows.append(Gap(float(low), float(high)))
    return windows


def _runs(mask: Array) -> list[tuple[int, int]]:
    """First and last index of every unbroken run of True."""
    steps = np.diff(np.pad(mask.astype(int), 1))
    return list(zip(np.flatnonzero(steps == 1), np.flatnonzero(steps == -1) - 1, strict=True))


def _closing(energies: Array, density: Array, threshold: float, zero: float) -> Array:
    """Bins that a window below the zero may end at: those whose near edge is not above it."""
    closes = (density >= threshold) & (energies <= zero + 1e-9)
    first = int(np.searchsorted(energies, zero + 1e-9, side="right"))
    if 0 < first < len(energies) and density[first - 1] < threshold <= density[first]:
        closes[first] = _crossing(energies, density, first - 1, threshold) <= zero + 1e-9
    return np.asarray(closes)


def _crossing(energies: Array, density: Array, i: int, threshold: float) -> float:
    """Where the line from bin `i` to the next one meets the threshold."""
    share = (threshold - density[i]) / (density[i + 1] - density[i])
    return float(energies[i] + share * (energies[i + 1] - energies[i]))
