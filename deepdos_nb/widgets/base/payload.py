"""From a `Trace` or a `Spectrum` to what a browser view reads: little JSON, packed float32."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import ConfigError
from deepdos_nb.core.grids import Grid
from deepdos_nb.crystal.names import known_as
from deepdos_nb.plots import formula_text
from deepdos_nb.spectra.drawable import TOTAL_ONLY as TOTAL_ONLY
from deepdos_nb.spectra.drawing import equal_sites
from deepdos_nb.spectra.spectrum import Spectrum
from deepdos_nb.spectra.trace import Trace
from deepdos_nb.style.palette import ELEMENTS, REFERENCE, element_colours

NOTHING_KNOWN = "There is neither a model nor a reference for this crystal."
"""Note of a spectrum of zeros, which stands for none."""

BASELINE_LOOKS = ((ELEMENTS[8], "2 3"), (ELEMENTS[6], "8 3 2 3"), (ELEMENTS[5], "1 2"))
"""Colour and dashes of curves other than the reference, in order."""

MOST_ROWS = 200
"""Rows of the site view, which scrolls."""

FEW_ROWS = 16
"""So many rows are all seen at once and keep the structure's order."""

ALIKE = 0.01
"""Sites whose curves differ by less than this share of the highest value have one row."""

REFERENCE_WIDTH, OTHER_WIDTH = 2.8, 1.8
"""Widths of lines, pixels: what is true is the clearest."""


@dataclass(frozen=True)
class Line:
    """A total to compare with: the reference, or another model's.

    Parameters
    ----------
    name : str
    values : ndarray, shape (n_bins,)
        Per cell of the crystal it is compared with.
    colour, dash : str
        How it is drawn; ``stroke-dasharray`` of SVG.
    is_reference : bool
    """

    name: str
    values: Array
    colour: str
    dash: str
    is_reference: bool = False

    @property
    def width(self) -> float:
        """How wide it is drawn, pixels."""
        return REFERENCE_WIDTH if self.is_reference else OTHER_WIDTH

    def payload(self) -> dict[str, Any]:
        """As JSON, four digits each."""
        return {
            "name": self.name,
            "colour": self.colour,
            "dash": self.dash,
            "width": self.width,
            "values": rounded(self.values),
        }


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
    mean, band : ndarray, shape (n_bins,)
        Seed ensemble, and half-width of its error band; empty where there is none.
    source : str
        Where the total comes from.
    lines : tuple of Line
        Other totals of the same crystal.
    resolved : bool
        Whether the site densities are known, and not only their sum.
    band_is_total : bool
        Whether the ensemble's mean is the total itself, so that it needs no line of its own.
    band_name : str
        For the legend, where it has none.
    names : tuple of str
        What each of the steps is.
    """

    grid: Grid
    formula: str
    symbols: tuple[str, ...]
    steps: Array
    mean: Array
    band: Array
    source: str = ""
    lines: tuple[Line, ...] = ()
    resolved: bool = True
    band_is_total: bool = False
    band_name: str = ""
    names: tuple[str, ...] = ("",)

    @property
    def n_steps(self) -> int:
        """Number of transport steps."""
        return len(self.steps) - 1

    @property
    def colours(self) -> dict[str, str]:
        """Hex colour of each element."""
        return element_colours(self.symbols)

    @property
    def labels(self) -> list[str]:
        """Names of the sites, such as ``O3``."""
        return [f"{s}{i + 1}" for i, s in enumerate(self.symbols)]

    @property
    def reference(self) -> Line | None:
        """The curve others are measured against, if there is one."""
        return next((line for line in self.lines if line.is_reference), None)

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

    @cached_property
    def groups(self) -> list[list[int]]:
        """Sites with (almost) equal curves at the last step; of many, the fullest first."""
        rows = self.steps[-1]
        groups = equal_sites(self.symbols, rows, ALIKE)
        if len(groups) > FEW_ROWS:
            groups.sort(key=lambda g: -float(rows[g[0]].sum()))
        return groups

    def site_rows(self) -> list[dict[str, Any]]:
        """What the rows of the site view are called and stand for, at most `MOST_ROWS`."""
        labels, colours = self.labels, self.colours
        return [
            {
                "label": labels[g[0]] + (f" ×{len(g)}" if len(g) > 1 else ""),
                "element": self.symbols[g[0]],
                "colour": colours[self.symbols[g[0]]],
                "sites": g,
            }
            for g in self.groups[:MOST_ROWS]
        ]

    def site_curves(self, step: int) -> Array:
        """One site's density for each of `site_rows`, shape (n_rows, n_bins)."""
        return self.steps[step][[g[0] for g in self.groups[:MOST_ROWS]]]

    def header(self) -> dict[str, Any]:
        """The JSON part of the payload."""
        grid = self.grid
        n_sites = len(self.symbols)
        return {
            "title": f"{grid.kind.long_name.capitalize()} of {formula_text(self.formula)}",
            "subtitle": f"{n_sites} atom{'s' if n_sites > 1 else ''} per cell",
            **axis_header(grid),
            "steps": self.n_steps,
            "names": list(self.names),
            "elements": [{"name": k, "colour": v} for k, v in self.colours.items()],
            "totalName": f"{self.source} (total)" if self.lines and self.source else "total",
            "bandIsTotal": self.band_is_total,
            "bandName": self.band_name,
            "resolved": self.resolved,
        }


def axis_header(grid: Grid) -> dict[str, Any]:
    """The energy axis and the density's unit, for the header of a view."""
    return {
        "x": {"start": grid.start, "step": grid.step, "bins": grid.n_bins},
        "xLabel": grid.quantity,
        "xUnit": grid.unit,
        "yUnit": grid.density_unit,
        "zero": grid.zero if grid.zero_inside else "",
    }


def curves_from(
    source: Trace | Spectrum,
    ensemble: Spectrum | None = None,
    reference: Spectrum | None = None,
    baselines: Mapping[str, Spectrum] | None = None,
) -> Curves:
    """Normalise either of the two travelling types.

    Parameters
    ----------
    source : Trace or Spectrum
        A trace brings its steps, a spectrum is a single step.
    ensemble : Spectrum, optional
        The averaged prediction, drawn as a line with its band.
    reference : Spectrum, optional
        What the source is compared with; scaled to its cell where that has more or fewer atoms.
    baselines : mapping of str to Spectrum, optional
        Other predictions by name.

    Raises
    ------
    ConfigError
        If `source` is neither, or one of the others is of another crystal or kind.
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
    others = [(reference.source, reference, True)] if reference is not None else []
    others += [(name, spectrum, False) for name, spectrum in (baselines or {}).items()]
    return Curves(
        grid=source.grid,
        formula=known_as(source.structure),
        symbols=tuple(source.symbols),
        steps=steps,
        mean=ensemble.total if ensemble is not None and has_spread else np.zeros(0),
        band=ensemble.band if ensemble is not None and has_spread else np.zeros(0),
        source=source.source if isinstance(source, Spectrum) else "",
        lines=_lines(source, others),
        resolved=isinstance(source, Trace) or sites_known(source),
        band_is_total=ensemble is source or (isinstance(source, Trace) and source.seed is None),
        names=source.step_names if isinstance(source, Trace) else ("",),
        band_name=ensemble.band_name if ensemble is not None else "",
    )


def sites_known(spectrum: Spectrum) -> bool:
    """Whether the rows of a spectrum's sites are more than equal parts of a total."""
    return not {TOTAL_ONLY, NOTHING_KNOWN} & set(spectrum.notes)


def _lines(source: Trace | Spectrum, others: list[tuple[str, Spectrum, bool]]) -> tuple[Line, ...]:
    formula = source.structure.composition.reduced_formula
    taken, lines = {"total", "ensemble", "start"}, []
    looks = iter([*BASELINE_LOOKS] * len(others))
    for name, spectrum, is_reference in others:
        if spectrum.kind != source.kind or spectrum.formula != formula:
            raise ConfigError(
                f"{name!r} belongs to another crystal or kind.",
                remedy=f"Compare with a {source.kind} of {formula}.",
            )
        while name in taken:
            name = f"{name} (other)"
        taken.add(name)
        colour, dash = (REFERENCE, "none") if is_reference else next(looks)
        per_cell = spectrum.total * (len(source.structure) / len(spectrum.structure))
        lines.append(Line(name, per_cell, colour, dash, is_reference))
    return tuple(lines)


def rounded(values: Array) -> list[float]:
    """Four significant digits, enough for a screen and short in JSON."""
    return [float(f"{v:.4g}") for v in values]


def pack(values: Array) -> bytes:
    """Little-endian float32 bytes, as ``new Float32Array(buffer)`` reads them."""
    return np.ascontiguousarray(values, dtype="<f4").tobytes()
