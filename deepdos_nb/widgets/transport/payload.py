"""From a `Trace` to what the transport's view reads: packed rows, moves and measures per step."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import ConfigError
from deepdos_nb.metrics.scores import wasserstein
from deepdos_nb.spectra.drawing import equal_sites
from deepdos_nb.spectra.spectrum import Spectrum, element_sums
from deepdos_nb.spectra.trace import Trace
from deepdos_nb.style.axes import formula_text
from deepdos_nb.style.palette import REFERENCE, element_colours
from deepdos_nb.widgets.base.payload import axis_header

ROW_BYTES = 40_000
"""What all rows together may take before base64, so that a saved view stays below 100 kB."""


@dataclass(frozen=True)
class Row:
    """One layer of the stack: a site, equal sites, or the rest of an element's sites."""

    label: str
    element: str
    colour: str
    sites: tuple[int, ...]

    def header(self) -> dict[str, Any]:
        """As the browser reads it."""
        return {
            "label": self.label,
            "element": self.element,
            "colour": self.colour,
            "sites": list(self.sites),
        }


@dataclass(frozen=True)
class Steps:
    """A trace and, where there is one, the reference it should arrive at.

    Parameters
    ----------
    trace : Trace
    reference : Spectrum or None
        Of the same crystal and kind; another number of cells is scaled to this one.

    Raises
    ------
    ConfigError
        If `trace` is no trace, or the reference belongs to another crystal or kind.
    """

    trace: Trace
    reference: Spectrum | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.trace, Trace):
            raise ConfigError(
                f"a {type(self.trace).__name__} has no transport steps.",
                remedy="Pass a Trace, as model.trace(structure) returns it.",
            )
        if self.reference is None:
            return
        own = self.trace.structure.composition.reduced_formula
        if self.reference.kind != self.trace.kind or self.reference.formula != own:
            raise ConfigError(
                f"the reference is a {self.reference.kind} of {self.reference.formula}, "
                f"the trace a {self.trace.kind} of {own}.",
                remedy="Compare spectra of the same crystal and kind.",
            )

    @property
    def n_steps(self) -> int:
        """Number of transport steps."""
        return self.trace.n_steps

    @cached_property
    def reference_curve(self) -> Array:
        """Density of the reference for this cell, shape (B,); empty without one."""
        if self.reference is None:
            return np.zeros(0)
        scale = len(self.trace.structure) / len(self.reference.structure)
        scaled: Array = self.reference.total * scale
        return scaled

    @cached_property
    def distance(self) -> Array:
        """Wasserstein distance of each step in the grid's unit, shape (K + 1,).

        To the reference; without one, from the start.
        """
        goal = self.reference_curve if self.reference is not None else self.trace.total[0]
        goals = np.broadcast_to(goal, self.trace.total.shape)
        return wasserstein(self.trace.total, goals, self.trace.grid.step)

    @property
    def distance_name(self) -> str:
        """What `distance` measures."""
        return f"to {self.reference.source}" if self.reference is not None else "from the start"

    @cached_property
    def minimum(self) -> Array:
        """Smallest density of any site at every step, in the grid's density unit, (K + 1,)."""
        scaled: Array = self.trace.minimum * (self.trace.states / self.trace.grid.step)
        return scaled

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """Layers of the stack, by element in order of appearance."""
        trace = self.trace
        colours = element_colours(trace.symbols)
        room = ROW_BYTES // (2 * (trace.n_steps + 1) * trace.grid.n_bins)
        # Equal at every step, not only at one.
        curves = trace.density.transpose(1, 0, 2).reshape(len(trace.symbols), -1)
        equal = equal_sites(trace.symbols, curves)
        groups = {s: [tuple(g) for g in equal if trace.symbols[g[0]] == s] for s in colours}
        # Every element keeps its part of the room; what does not fit becomes one last row.
        share = max(1, room // len(groups))
        rows: list[Row] = []
        for symbol, sites in groups.items():
            if len(sites) > share:
                rest = tuple(sorted(i for group in sites[share - 1 :] for i in group))
                sites = [*sites[: share - 1], rest]
            tints = shades(colours[symbol], len(sites))
            for tint, group in zip(tints, sites, strict=True):
                times = f" ×{len(group)}" if len(group) > 1 else ""
                label = f"{symbol}{group[0] + 1}{times}"
                rows.append(Row(label, symbol, tint, group))
        return tuple(rows)

    def row_values(self) -> Array:
        """Absolute densities of the rows, shape (K + 1, n_rows, B)."""
        trace = self.trace
        parts = [trace.density[:, list(row.sites)].sum(axis=1) for row in self.rows]
        return np.stack(parts, axis=1) * (trace.states / trace.grid.step)

    def site_sum(self, sites: tuple[int, ...]) -> Array:
        """Absolute density of some sites together at every step, shape (K + 1, B)."""
        trace = self.trace
        return trace.density[:, list(sites)].sum(axis=1) * (trace.states / trace.grid.step)

    def within(self, step: int, low: float, high: float) -> tuple[float, dict[str, float]]:
        """Number of states in [low, high] after a step, and each element's share of them."""
        trace = self.trace
        inside = (trace.energies >= low) & (trace.energies <= high)
        sums = element_sums(trace.symbols, trace.density[step])
        parts = {s: float(row[inside].sum()) * trace.states for s, row in sums.items()}
        states = sum(parts.values())
        return states, {s: v / states if states > 0 else 0.0 for s, v in parts.items()}

    def measures(self) -> list[dict[str, float]]:
        """Mass error, smallest density and Wasserstein distance of every step."""
        columns = zip(self.trace.mass_error, self.minimum, self.distance, strict=True)
        return [
            {"mass": float(f"{m:.3g}"), "minimum": float(f"{low:.3g}"), "distance": float(d)}
            for m, low, d in columns
        ]

    def header(self) -> dict[str, Any]:
        """The JSON part of the payload."""
        trace, grid = self.trace, self.trace.grid
        colours = element_colours(trace.symbols)
        moves = trace.fractions[..., [0, 2]]
        reference = self.reference
        return {
            "title": f"{grid.kind.long_name.capitalize()} of "
            f"{formula_text(trace.structure.composition.reduced_formula)}",
            "subtitle": f"{trace.n_steps} steps, {trace.source}",
            **axis_header(grid),
            "steps": trace.n_steps,
            "names": list(trace.step_names),
            "strides": [int(s) for s in trace.strides],
            "moves": bool(moves.size and moves.max() > 0),
            "elements": [{"name": k, "colour": v} for k, v in colours.items()],
            "rows": [row.header() for row in self.rows],
            "reference": "" if reference is None else reference.source,
            "referenceColour": REFERENCE,
            "distanceName": self.distance_name,
        }


def shades(colour: str, count: int) -> list[str]:
    """Tints and shades of one colour, dark to light, that still look like it."""
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], dtype=float)
    mixed = []
    for t in np.linspace(-0.3, 0.38, count) if count > 1 else [0.0]:
        towards = rgb + (255.0 - rgb) * t if t > 0 else rgb * (1.0 + t)
        mixed.append("#" + "".join(f"{round(float(v)):02x}" for v in towards))
    return mixed


def pack16(values: Array) -> bytes:
    """Non-negative curves, shape (n, m, B), as one float32 scale per m and then 16-bit parts of it.

    Half the size of float32, and exact to a hundred-thousandth of each curve's highest value.
    """
    scale = np.maximum(values.max(axis=(0, 2)), 1e-30).astype("<f4")
    parts = np.rint(values / scale[:, None].astype(float) * 65535).clip(0, 65535).astype("<u2")
    return scale.tobytes() + np.ascontiguousarray(parts).tobytes()
