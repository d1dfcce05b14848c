"""What an attention view needs of a `Trace`: maps, shares and curves as plain arrays."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import ConfigError
from deepdos_nb.plots.attention import By, attention_rows
from deepdos_nb.spectra.spectrum import Spectrum, element_sums
from deepdos_nb.spectra.trace import Trace
from deepdos_nb.style.axes import formula_text
from deepdos_nb.style.palette import element_colours
from deepdos_nb.widgets.base.payload import axis_header

MOST_CELLS = 33_000
"""Cells of the large map that are sent; beyond that, neighbouring bins are averaged in pairs."""

MOST_TILE_CELLS = 9_000
"""Cells of all small maps together."""

MOST_TILE_ROWS = 16
"""Small maps of crystals with more sites than this have one row per element."""

MOST_SITE_CURVES = 4
"""Selected sites whose own curves are drawn."""


@dataclass(frozen=True)
class Attention:
    """One prediction's source attention beside the states it led to.

    Parameters
    ----------
    trace : Trace
    reference : Spectrum, optional
        A site-resolved reference of the same crystal, of any cell.

    Raises
    ------
    ConfigError
        If `trace` is no Trace, or the reference is of another kind or other elements.
    """

    trace: Trace
    reference: Spectrum | None = None
    labels: list[str] = field(init=False)

    def __post_init__(self) -> None:
        trace, reference = self.trace, self.reference
        if not isinstance(trace, Trace):
            raise ConfigError(
                f"the attention of a {type(trace).__name__} cannot be shown.",
                remedy="Pass a Trace: model.trace(structure).",
            )
        formula = trace.structure.composition.reduced_formula
        if reference is not None and (reference.kind, reference.formula) != (trace.kind, formula):
            raise ConfigError("the reference belongs to another crystal or kind.")
        labels = [f"{s}{i + 1}" for i, s in enumerate(trace.symbols)]
        object.__setattr__(self, "labels", labels)

    @property
    def n_layers(self) -> int:
        """Number of decoder layers."""
        return len(self.trace.source_attention)

    @property
    def n_heads(self) -> int:
        """Number of heads in each layer."""
        return int(self.trace.source_attention.shape[1])

    def rows(self, layer: int, head: int, by: By) -> Array:
        """One map, shape (n_rows, n_bins); head −1 is the mean over heads."""
        return attention_rows(self.trace, layer, None if head == -1 else head, by)[0]

    def inside(self, chosen: tuple[float, float] | None) -> Array:
        """Which bins have their centre in the range; all of them without one."""
        energies = self.trace.energies
        low, high = chosen or (energies[0], energies[-1])
        kept: Array = (energies >= low) & (energies <= high)
        return kept

    def attention_share(
        self, layer: int, head: int, chosen: tuple[float, float] | None = None
    ) -> Array:
        """Mean attention of the chosen bins to each site, shape (n_sites,); sums to one."""
        kept = self.inside(chosen)
        rows = self.rows(layer, head, "site")
        return rows[:, kept].mean(axis=1) if kept.any() else np.zeros(len(rows))

    def state_share(
        self, step: int, chosen: tuple[float, float] | None = None
    ) -> tuple[Array, float]:
        """Share of each site in the states of the chosen bins, and how many those are."""
        states = self.trace.sites(step)[:, self.inside(chosen)].sum(axis=1) * self.trace.grid.step
        total = float(states.sum())
        return (states / total if total > 0 else np.zeros_like(states)), total

    def curves(
        self, step: int, layer: int, head: int, selected: tuple[int, ...] = ()
    ) -> tuple[list[dict[str, Any]], Array]:
        """Curves of the selected sites and of every element, to be drawn one below the other.

        Returns
        -------
        panels : list of dict
            label, colour, site (−1: an element) and whether there is a reference.
        curves : ndarray, shape (n_panels, 3, n_bins)
            Predicted density; what attention × total would give; the reference, zeros without one.
        """
        trace, colours = self.trace, element_colours(self.trace.symbols)
        sites = trace.sites(step)
        naive = self.rows(layer, head, "site") * sites.sum(axis=0)
        same = self.reference is not None and self.reference.symbols == trace.symbols
        panels, found = [], []
        for i in selected[:MOST_SITE_CURVES]:
            known = self.reference.sites[i] if self.reference is not None and same else None
            colour = colours[trace.symbols[i]]
            panels.append(
                {"label": self.labels[i], "colour": colour, "site": i, "known": known is not None}
            )
            found.append([sites[i], naive[i], np.zeros_like(sites[i]) if known is None else known])
        reference = self.reference_by_element()
        predicted, guessed = element_sums(trace.symbols, sites), element_sums(trace.symbols, naive)
        for symbol, colour in colours.items():
            row = reference.get(symbol)
            panels.append({"label": symbol, "colour": colour, "site": -1, "known": row is not None})
            zero = np.zeros(trace.grid.n_bins)
            found.append([predicted[symbol], guessed[symbol], zero if row is None else row])
        return panels, np.array(found)

    def reference_by_element(self) -> dict[str, Array]:
        """Element rows of the reference, scaled to this cell; empty without one."""
        if self.reference is None:
            return {}
        ratio = len(self.trace.structure) / len(self.reference.structure)
        return {s: ratio * row for s, row in self.reference.by_element().items()}

    def tiles(self) -> Array:
        """All maps, small, the mean over heads first: (layers, heads + 1, rows, columns)."""
        by: By = "site" if len(self.labels) <= MOST_TILE_ROWS else "element"
        maps = np.array(
            [
                [self.rows(layer, head, by) for head in range(-1, self.n_heads)]
                for layer in range(self.n_layers)
            ]
        )
        while maps.size > MOST_TILE_CELLS and maps.shape[-1] > 8:
            maps = halve(maps)
        return maps

    def header(self) -> dict[str, Any]:
        """What never changes: titles, grid, sites, layers and heads, as JSON."""
        trace, grid = self.trace, self.trace.grid
        colours = element_colours(trace.symbols)
        names = list(colours)
        formula = formula_text(trace.structure.composition.reduced_formula)
        return {
            "title": f"Source attention of {formula}",
            **axis_header(grid),
            "layers": self.n_layers,
            "heads": self.n_heads,
            "elements": [{"name": k, "colour": v} for k, v in colours.items()],
            "sites": [names.index(s) for s in trace.symbols],
            "reference": self.reference.source if self.reference is not None else "",
        }


def halve(maps: Array) -> Array:
    """Average neighbouring bins in pairs; an odd last one stands alone."""
    if maps.shape[-1] % 2:
        maps = np.concatenate([maps, maps[..., -1:]], axis=-1)
    return 0.5 * (maps[..., ::2] + maps[..., 1::2])


def fit_columns(rows: Array) -> Array:
    """A map with so few columns that its saved state stays small."""
    while rows.size > MOST_CELLS and rows.shape[-1] > 8:
        rows = halve(rows)
    return rows


def quantise(values: Array, highest: float) -> bytes:
    """Bytes q with value ≈ (q / 255)² · highest: fine where weights are small, as most are."""
    scaled = np.clip(values / max(highest, 1e-12), 0.0, 1.0)
    return np.round(255.0 * np.sqrt(scaled)).astype(np.uint8).tobytes()
