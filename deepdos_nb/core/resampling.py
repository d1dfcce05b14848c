"""Curves from elsewhere onto our grids: units, broadening, and bins that lose no states."""

from __future__ import annotations

import warnings

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import DataError, DataWarning
from deepdos_nb.core.grids import Kind, grid_for

TO_EV = {
    "eV": 1.0,
    "meV": 1e-3,
    "Ry": 13.605693122990,
    "Ha": 27.211386245981,
    "THz": 4.135667696923859e-3,
    "cm⁻¹": 1.239841984332003e-4,
}
"""Energy units, in eV (CODATA 2022)."""

ALIASES = {
    **{"cm-1": "cm⁻¹", "cm^-1": "cm⁻¹", "1/cm": "cm⁻¹", "rydberg": "Ry", "hartree": "Ha"},
    **{name.lower(): name for name in TO_EV},
}

REACH = 5.0
"""Standard deviations of a Gaussian that count."""

NEGATIVE = 0.01
"""Negative values accepted as noise and set to zero, as a share of the largest value."""

IMAGINARY_TOLERANCE = 0.001
"""Share of modes below zero that goes unmentioned; broadening puts some there."""


def unit_factor(unit: str, kind: Kind) -> float:
    """What an energy in `unit` is multiplied by to be in the unit of the kind's grid.

    Raises
    ------
    DataError
        If the unit is unknown.
    """
    name = ALIASES.get(unit.strip().lower())
    if name is None:
        raise DataError(
            f"the energy unit {unit!r} is unknown.", remedy=f"Use one of {', '.join(TO_EV)}."
        )
    return TO_EV[name] / TO_EV[grid_for(kind).unit]


def to_bins(kind: str, energies: Array, curves: Array, *, broadening: float = 0.0) -> Array:
    """States of a density in each bin of the kind's grid.

    The density is taken to be linear between its points and zero beyond them. Its integral over
    each bin is exact, so no state between the grid's outer faces is lost or made.

    Parameters
    ----------
    kind : {"phdos", "edos"}
    energies : ndarray, shape (n_points,)
        Increasing, in the grid's unit, above the energy zero for electrons.
    curves : ndarray, shape (..., n_points)
        Densities, states per unit of energy.
    broadening : float
        Standard deviation of a Gaussian the curves are convolved with first, in the grid's unit.
        Where the curves end less than five of it beyond the window, its ends come out too low.

    Returns
    -------
    ndarray, shape (..., n_bins)

    Raises
    ------
    DataError
        If the energies do not increase or do not cover the window, or a density is clearly
        negative or no number.
    """
    grid = grid_for(kind)
    energies, curves = np.asarray(energies, dtype=float), np.asarray(curves, dtype=float)
    _check(kind, energies, curves)
    curves = np.clip(curves, 0.0, None)
    same = len(energies) == grid.n_bins and np.allclose(
        energies, grid.energies, rtol=0, atol=1e-3 * grid.step
    )
    if same and not broadening:
        return curves * grid.step
    fine = max(8, int(np.ceil(4 * grid.step / broadening))) if broadening else 1
    spare = int(np.ceil(REACH * broadening / grid.step))
    half, cells = grid.step / 2, (grid.n_bins + 2 * spare) * fine
    low, high = grid.start - half - spare * grid.step, grid.stop + half + spare * grid.step
    counts = np.diff(_integral(energies, curves, np.linspace(low, high, cells + 1)), axis=-1)
    if broadening:
        width = broadening / grid.step * fine
        from scipy.ndimage import gaussian_filter1d

        counts = gaussian_filter1d(counts, width, axis=-1, mode="constant", truncate=REACH)
    bins = counts.reshape(*counts.shape[:-1], -1, fine).sum(axis=-1)
    return bins[..., spare : bins.shape[-1] - spare]


def above(kind: str, energies: Array, curves: Array) -> Array:
    """States above the highest bin of the kind's grid, shape (...)."""
    edge = np.array([grid_for(kind).faces[-1], np.inf])
    below, everything = np.moveaxis(
        _integral(np.asarray(energies, float), np.clip(curves, 0.0, None), edge), -1, 0
    )
    return everything - below


def _integral(x: Array, y: Array, at: Array) -> Array:
    """Integral of the piecewise linear curve y(x) up to each place, shape (..., n_places)."""
    width = np.diff(x)
    running = np.cumsum((y[..., 1:] + y[..., :-1]) / 2 * width, axis=-1)
    running = np.concatenate([np.zeros((*y.shape[:-1], 1)), running], axis=-1)
    i = np.clip(np.searchsorted(x, at, side="right") - 1, 0, len(x) - 2)
    t = np.clip(at - x[i], 0.0, width[i])
    slope = (y[..., i + 1] - y[..., i]) / width[i]
    return running[..., i] + y[..., i] * t + slope * t**2 / 2


def _check(kind: str, energies: Array, curves: Array) -> None:
    grid = grid_for(kind)
    if energies.ndim != 1 or len(energies) < 2 or curves.shape[-1] != len(energies):
        raise DataError("a curve needs one value for each of at least two energies.")
    if not (np.isfinite(energies).all() and np.isfinite(curves).all()):
        raise DataError("the curve holds values that are no numbers.")
    if not (np.diff(energies) > 0).all():
        raise DataError("the energies do not increase from row to row.")
    largest = float(curves.max())
    if not largest > 0:
        raise DataError("the curve holds no states.")
    if float(curves.min()) < -NEGATIVE * largest:
        raise DataError(f"the density is negative in places ({curves.min():.3g}).")
    first, last = float(energies[0]), float(energies[-1])
    low = first > grid.start + grid.step / 2
    high = last < grid.stop - grid.step / 2
    if grid.kind.fixed_modes:
        # A phonon curve may end where its modes do.
        low = low and float(np.abs(curves[..., 0]).max()) > NEGATIVE * largest
        high = high and float(np.abs(curves[..., -1]).max()) > NEGATIVE * largest
    if low or high:
        raise DataError(
            f"the curve covers {first:g} to {last:g} {grid.unit}, but {grid.start:g} to "
            f"{grid.stop:g} {grid.unit} are needed.",
            remedy="Check the unit and the zero of its energies.",
        )


def warn_imaginary(name: str, kind: Kind, energies: Array, total: Array) -> None:
    """Say so where modes below zero, imaginary ones, are cut off and the rest takes their place."""
    if kind != "phdos":
        return
    weight = np.clip(total, 0.0, None) * np.gradient(energies)
    share = float(weight[energies < 0].sum() / max(weight.sum(), 1e-12))
    if share > IMAGINARY_TOLERANCE:
        warnings.warn(
            f"{name}: {100 * share:.1f} % of its modes are imaginary (below zero); they were cut "
            "off, and the others count for them too.",
            DataWarning,
            stacklevel=2,
        )
