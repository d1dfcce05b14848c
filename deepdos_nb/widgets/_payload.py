"""From a `Trace` or a `Spectrum` to what a browser view reads: little JSON, packed float32."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from deepdos_nb.arrays import Array
from deepdos_nb.errors import ConfigError
from deepdos_nb.palette import element_colours
from deepdos_nb.spectra import Grid, Spectrum, Trace

KIND_NAMES = {"phdos": "Phonon density of states", "edos": "Electronic density of states"}
QUANTITY_NAMES = {"phdos": "Wavenumber", "edos": "Energy"}


@dataclass(frozen=True)
class Curves:
    """Densities of states by step, as both `SpectrumPlot` and its still picture draw them.

    Parameters
    ----------
    grid : Grid
    formula : str
    symbols : tuple of str, length n_sites
        Element of each site.
    steps : ndarray, shape (n_steps + 1, n_sites, n_bins)
        Absolute site densities; one step only where there is no transport.
    mean, spread : ndarray, shape (n_bins,)
        Seed ensemble; empty where there is none.
    """

    grid: Grid
    formula: str
    symbols: tuple[str, ...]
    steps: Array
    mean: Array
    spread: Array

    @property
    def n_steps(self) -> int:
        """Number of transport steps."""
        return len(self.steps) - 1

    @property
    def colours(self) -> dict[str, str]:
        """Hex colour of each element."""
        return element_colours(self.symbols)

    def by_element(self) -> Array:
        """Densities summed by element in order of appearance, shape (n_steps + 1, n_el, n_bins)."""
        names = np.array(self.symbols)
        rows = [self.steps[:, names == s].sum(axis=1) for s in self.colours]
        return np.stack(rows, axis=1)

    def share(self, step: int, low: float, high: float) -> tuple[Array, float]:
        """Share of each site in the states within [low, high], and how many states those are."""
        inside = (self.grid.energies >= low) & (self.grid.energies <= high)
        states = self.steps[step][:, inside].sum(axis=1) * self.grid.step
        total = float(states.sum())
        return (states / total if total > 0 else np.zeros_like(states)), total

    def header(self) -> dict[str, Any]:
        """The JSON part of the payload."""
        grid = self.grid
        n_sites = len(self.symbols)
        return {
            "title": f"{KIND_NAMES[grid.kind]} of {self.formula}",
            "subtitle": f"{n_sites} atom{'s' if n_sites > 1 else ''} per cell",
            "x": {"start": grid.start, "step": grid.step, "bins": grid.n_bins},
            "xLabel": QUANTITY_NAMES[grid.kind],
            "xUnit": grid.unit,
            "yUnit": grid.density_unit,
            "zero": grid.zero if grid.kind == "edos" else "",
            "steps": self.n_steps,
            "elements": [{"name": k, "colour": v} for k, v in self.colours.items()],
        }


def curves_from(source: Trace | Spectrum, ensemble: Spectrum | None = None) -> Curves:
    """Normalise either of the two travelling types.

    Parameters
    ----------
    source : Trace or Spectrum
        A trace brings its steps, a spectrum is a single step.
    ensemble : Spectrum, optional
        The averaged prediction, drawn as a line with its spread.

    Raises
    ------
    ConfigError
        If `source` is neither, or `ensemble` is of another crystal or kind.
    """
    if isinstance(source, Trace):
        steps = np.stack([source.sites(k) for k in range(source.n_steps + 1)])
    elif isinstance(source, Spectrum):
        steps = source.sites[None]
        ensemble = ensemble or (source if len(source.members) > 1 else None)
    else:
        raise ConfigError(
            f"a {type(source).__name__} cannot be drawn.",
            remedy="Pass a Trace (model.trace) or a Spectrum (model.predict).",
        )
    if ensemble is not None and (
        ensemble.kind != source.kind or ensemble.symbols != source.symbols
    ):
        raise ConfigError("the ensemble's spectrum belongs to another crystal or kind.")
    has_spread = ensemble is not None and len(ensemble.members) > 1
    return Curves(
        grid=source.grid,
        formula=source.structure.composition.reduced_formula,
        symbols=tuple(source.symbols),
        steps=steps,
        mean=ensemble.total if ensemble is not None and has_spread else np.zeros(0),
        spread=ensemble.spread if ensemble is not None and has_spread else np.zeros(0),
    )


def pack(values: Array) -> bytes:
    """Little-endian float32 bytes, as ``new Float32Array(buffer)`` reads them."""
    return np.ascontiguousarray(values, dtype="<f4").tobytes()
