"""What a density of states is read for, and how far off a prediction's reading is.

Phonons give a heat capacity and a mean frequency; electrons a number of states in the window, how
many there are below and above the zero of energy, and the density at it. All functions take arrays
of shape (n_crystals, n_bins) and return one number for each crystal, or scores by name.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import ConfigError
from deepdos_nb.core.grids import MODES_PER_ATOM
from deepdos_nb.metrics.scores import (
    PROTOCOLS,
    Protocol,
    mae,
    mean_energy,
    mean_energy_error,
    mse,
    normalise,
    normalise_pair,
)

GAS_CONSTANT = 8.314462618
"""J/(mol·K), CODATA 2018."""

HC_OVER_K = 1.438776877
"""Second radiation constant h c / k_B, cm·K, CODATA 2018: 1 cm⁻¹ is that many kelvins."""

Side = Literal["below", "above"]
SIDES: tuple[Side, ...] = ("below", "above")


def einstein(energies: Array, temperature: float) -> Array:
    """Heat capacity of one harmonic mode in units of k_B: x² eˣ / (eˣ − 1)², x = h c ω / (k_B T).

    One where ω → 0 (the classical limit), zero where x is large.

    Parameters
    ----------
    energies : ndarray
        Wavenumbers in cm⁻¹, not negative.
    temperature : float
        Kelvin.

    Raises
    ------
    ConfigError
        If the temperature is not positive or a wavenumber is negative (an imaginary mode has no
        harmonic heat capacity).
    """
    energies = np.asarray(energies, dtype=float)
    if not temperature > 0:
        raise ConfigError(f"a temperature of {temperature} K gives no heat capacity.")
    if (energies < 0).any():
        raise ConfigError(
            f"a wavenumber of {energies.min():g} cm⁻¹ stands for an imaginary mode.",
            remedy="Leave imaginary modes out of the heat capacity.",
        )
    # Beyond x = 1000 the result is zero in double precision, and the formula would overflow.
    x = np.minimum(energies * (HC_OVER_K / temperature), 1000.0)
    root = np.divide(x * np.exp(-x / 2), -np.expm1(-x), out=np.ones_like(x), where=x > 0)
    return root**2


def heat_capacity(
    curves: Array,
    energies: Array,
    temperature: float = 300.0,
    *,
    modes: float | Array = MODES_PER_ATOM,
) -> Array:
    """Harmonic heat capacity at constant volume, J/(mol·K) per mole of atoms.

    C_V = R Σ_i g_i f(ω_i), with g the modes per atom in bin i and f of `einstein`. It tends to 3 R
    = 24.94 J/(mol·K) when it is hot (Dulong-Petit). Divide by `GAS_CONSTANT` for k_B per atom.
    A bin is taken at its centre, so the one at ω = 0 counts classically.

    Parameters
    ----------
    curves : ndarray, shape (n_crystals, n_bins)
        Phonon densities of states of any scale; a curve without states gives zero.
    energies : ndarray, shape (n_bins,)
        cm⁻¹.
    temperature : float
        Kelvin.
    modes : float or ndarray, shape (n_crystals,)
        Modes per atom that each curve holds. Three where the window holds all of them, as the
        benchmarks assume; less where some lie beyond, whose heat is then left out.

    Returns
    -------
    ndarray, shape (n_crystals,)

    Raises
    ------
    ConfigError
        As `einstein`.
    """
    return GAS_CONSTANT * modes * (normalise(curves, "sum") @ einstein(energies, temperature))


def heat_capacity_error(
    predicted: Array, reference: Array, energies: Array, temperature: float = 300.0
) -> Array:
    """Predicted less reference heat capacity, J/(mol·K) per mole of atoms, shape (n_crystals,).

    Both curves are taken to hold three modes per atom.
    """
    own, true = (heat_capacity(c, energies, temperature) for c in (predicted, reference))
    return own - true


def phonon_scores(
    predicted: Array, reference: Array, energies: Array, temperature: float = 300.0
) -> dict[str, float]:
    """Errors of heat capacity and mean frequency over a set, by name.

    For each: ``…_mae`` and ``…_bias`` (mean of predicted less reference), in J/(mol·K) per mole of
    atoms or the unit of `energies`, and ``…_relative``, the mean of ``|error| / reference``.

    Parameters
    ----------
    predicted, reference : ndarray, shape (n_crystals, n_bins)
        Any scale.
    energies : ndarray, shape (n_bins,)
        cm⁻¹.
    temperature : float
        Kelvin; it is part of the names (``heat_capacity_300K_mae``).
    """
    heat = heat_capacity_error(predicted, reference, energies, temperature)
    shift = mean_energy_error(predicted, reference, energies)
    return _errors(
        f"heat_capacity_{temperature:g}K", heat, heat_capacity(reference, energies, temperature)
    ) | _errors("mean_frequency", shift, mean_energy(reference, energies))


def states_in_window(curves: Array, step: float) -> Array:
    """Number of states each absolute curve holds, shape (n_crystals,)."""
    return step * np.asarray(curves, dtype=float).sum(axis=1)


def states_error(predicted: Array, reference: Array, step: float) -> Array:
    """Predicted less reference number of states in the window, shape (n_crystals,)."""
    return states_in_window(predicted, step) - states_in_window(reference, step)


def side_of(energies: Array, side: Side, zero: float = 0.0) -> Array:
    """Bins whose centre lies on one side of the zero, bool; one exactly at it is on both."""
    energies = np.asarray(energies, dtype=float)
    return energies <= zero if side == "below" else energies >= zero


def density_at(curves: Array, energies: Array, zero: float = 0.0) -> Array:
    """Density at an energy, on the straight line between the two nearest bins, (n_crystals,).

    Raises
    ------
    ConfigError
        If the energy lies outside the grid.
    """
    if not energies[0] <= zero <= energies[-1]:
        raise ConfigError(f"an energy of {zero:g} lies outside the grid.")
    return np.array([np.interp(zero, energies, row) for row in np.asarray(curves, dtype=float)])


def density_at_error(
    predicted: Array, reference: Array, energies: Array, zero: float = 0.0
) -> Array:
    """Predicted less reference density at an energy, shape (n_crystals,), in the curves' unit."""
    return density_at(predicted, energies, zero) - density_at(reference, energies, zero)


def electron_scores(
    predicted: Array,
    reference: Array,
    energies: Array,
    *,
    n_atoms: Array | None = None,
    zero: float = 0.0,
) -> dict[str, float]:
    """Errors of totals, of either side of the zero, and at the zero, over a set, by name.

    - ``states_mae``, ``states_bias`` (per cell, or per atom where `n_atoms` is given) and
      ``states_relative``: the number of states in the window;
    - ``mse_<protocol>_below`` and so on: errors over the bins below or above the zero, the curves
      normalised over the whole window;
    - ``density_at_zero_mae``, ``…_bias``, ``…_relative`` (over crystals that have states there), in
      states/eV per cell or per atom, and ``density_at_zero_mae_max`` of curves of maximum one;
    - ``mse_end_to_end`` and ``mae_end_to_end``.

    Parameters
    ----------
    predicted, reference : ndarray, shape (n_crystals, n_bins)
        Absolute, states/eV per cell.
    energies : ndarray, shape (n_bins,)
        Uniform, eV.
    n_atoms : ndarray of int, shape (n_crystals,), optional
        Atoms per cell.
    zero : float
        VBM or E_F, eV.
    """
    size = np.ones(len(reference)) if n_atoms is None else np.asarray(n_atoms, dtype=float)
    own, true = (np.asarray(c, dtype=float) / size[:, None] for c in (predicted, reference))
    step = float(energies[1] - energies[0])
    scores = _errors("states", states_error(own, true, step), states_in_window(true, step))
    protocols: tuple[Protocol, ...] = (*PROTOCOLS, "end_to_end")
    for protocol in protocols:
        for side in SIDES:
            bins = side_of(energies, side, zero)
            scores[f"mse_{protocol}_{side}"] = mse(own, true, protocol, bins=bins)
            scores[f"mae_{protocol}_{side}"] = mae(own, true, protocol, bins=bins)
    scores["mse_end_to_end"] = mse(own, true, "end_to_end")
    scores["mae_end_to_end"] = mae(own, true, "end_to_end")
    at_zero = density_at_error(own, true, energies, zero)
    scores |= _errors("density_at_zero", at_zero, density_at(true, energies, zero))
    shape = density_at_error(*normalise_pair(own, true, "max"), energies, zero)
    return scores | {"density_at_zero_mae_max": float(np.abs(shape).mean())}


def _errors(name: str, error: Array, reference: Array) -> dict[str, float]:
    """Mean absolute, mean and mean relative error; the last where the reference is not zero."""
    known = reference > 0
    relative = np.abs(error[known]) / reference[known]
    return {
        f"{name}_mae": float(np.abs(error).mean()),
        f"{name}_bias": float(error.mean()),
        f"{name}_relative": float(relative.mean()) if known.any() else float("nan"),
    }
