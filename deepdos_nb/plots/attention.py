"""Heat maps of source attention: how much every energy bin looks at every site."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import ConfigError
from deepdos_nb.spectra.spectrum import element_sums
from deepdos_nb.spectra.trace import Trace
from deepdos_nb.style.axes import (
    colour_bar,
    dress,
    energy_axis,
    energy_label,
    formula_text,
    new_figure,
    themed_axes,
)
from deepdos_nb.style.palette import INK, intensity_map, theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import QuadMesh
    from matplotlib.figure import Figure

By = Literal["site", "element"]

MOST_ROWS = 30
"""Rows up to which every row is labelled."""


def attention_axes(
    trace: Trace,
    layer: int = -1,
    head: int | None = None,
    by: By = "site",
    *,
    ax: Axes | None = None,
    dark: bool | None = None,
) -> Axes:
    """Draw one source-attention map, energy to the right, sites (or elements) downwards.

    Parameters
    ----------
    trace : Trace
    layer : int
        Decoder layer; negative ones count from the last.
    head : int, optional
        One head; by default the mean over heads.
    by : {"site", "element"}
        Rows: every site, or the sum over the sites of each element.
    ax : matplotlib Axes, optional
    dark : bool or None

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ConfigError
        If there is no such layer, head or grouping.
    """
    values, labels = attention_rows(trace, layer, head, by)
    n_layers = len(trace.source_attention)
    which = "mean over heads" if head is None else f"head {head + 1}"
    with themed_axes(ax, (6.4, _height(len(labels))), dark) as (axes, ink):
        mesh = _mesh(axes, trace, values, labels, float(values.max()), dark)
        energy_axis(axes, trace.grid, ink)
        axes.set_title(
            f"{formula_text(trace.structure.composition.reduced_formula)}  ·  source attention, "
            f"layer {layer % n_layers + 1} of {n_layers}, {which}"
        )
        figure = axes.get_figure(root=True)
        if figure is not None:
            over = "sites" if by == "site" else "elements"
            colour_bar(figure, mesh, axes, f"Attention\n(sums to 1 over {over})", ink)
        return axes


def attention_grid(trace: Trace, by: By | None = None, *, dark: bool | None = None) -> Figure:
    """Small multiples of every source-attention map: layers downwards, heads to the right.

    Parameters
    ----------
    trace : Trace
    by : {"site", "element"}, optional
        Rows of each map; by default sites for up to twelve of them, else elements.
    dark : bool or None

    Returns
    -------
    matplotlib Figure
        All maps share one colour scale.
    """
    from matplotlib.ticker import MaxNLocator

    by = by or ("site" if len(trace.symbols) <= 12 else "element")
    n_layers, n_heads = trace.source_attention.shape[:2]
    maps = [[attention_rows(trace, i, j, by) for j in range(n_heads)] for i in range(n_layers)]
    highest = max(float(values.max()) for row in maps for values, _ in row)
    rows = len(maps[0][0][1])
    ink = INK[dark]
    with theme(dark):
        size = (1.6 + 1.75 * n_heads, 0.9 + n_layers * (0.55 + 0.11 * min(rows, MOST_ROWS)))
        figure = new_figure(size)
        grid = figure.subplots(n_layers, n_heads, sharex=True, sharey=True, squeeze=False)
        for i, row in enumerate(grid):
            for j, ax in enumerate(row):
                dress(ax, dark)
                values, labels = maps[i][j]
                mesh = _mesh(ax, trace, values, labels, highest, dark)
                energy_axis(ax, trace.grid, ink, label=False)
                ax.tick_params(labelsize=7.5, labelleft=j == 0, labelbottom=i == n_layers - 1)
                ax.xaxis.set_major_locator(MaxNLocator(3, prune="upper"))
                if i == 0:
                    ax.set_title(f"head {j + 1}", fontsize=8.5, loc="center", pad=4)
            row[0].set_ylabel(f"layer {i + 1}", fontsize=8.5)
        figure.supxlabel(energy_label(trace.grid), fontsize=9.5, color=ink)
        figure.suptitle(
            f"{formula_text(trace.structure.composition.reduced_formula)}  ·  source attention",
            x=0.01,
            ha="left",
            fontsize=11,
            color=ink,
        )
        over = "sites" if by == "site" else "elements"
        label = f"Attention (sums to 1 over {over})"
        colour_bar(figure, mesh, list(grid.flat), label, ink, aspect=30)
    return figure


def attention_rows(trace: Trace, layer: int, head: int | None, by: By) -> tuple[Array, list[str]]:
    """Attention with one row per site or element, shape (n_rows, n_bins), and the rows' names.

    Raises
    ------
    ConfigError
        If there is no such layer, head or grouping.
    """
    n_layers, n_heads = trace.source_attention.shape[:2]
    if not -n_layers <= layer < n_layers:
        raise ConfigError(f"there is no layer {layer}.", remedy=f"Use 0 to {n_layers - 1}.")
    if head is not None and not 0 <= head < n_heads:
        raise ConfigError(f"there is no head {head}.", remedy=f"Use 0 to {n_heads - 1}, or None.")
    maps = trace.source_attention[layer]
    values: Array = (maps.mean(axis=0) if head is None else maps[head]).T
    if by == "site":
        return values, [f"{s}{i + 1}" for i, s in enumerate(trace.symbols)]
    if by == "element":
        sums = element_sums(trace.symbols, values)
        return np.stack(list(sums.values())), list(sums)
    raise ConfigError(f"rows cannot be grouped by {by!r}.", remedy="Use 'site' or 'element'.")


def _mesh(
    ax: Axes, trace: Trace, values: Array, labels: list[str], highest: float, dark: bool | None
) -> QuadMesh:
    edges = [i - 0.5 for i in range(len(labels) + 1)]
    mesh = ax.pcolormesh(
        trace.grid.faces,
        edges,
        values,
        cmap=intensity_map(dark),
        vmin=0.0,
        vmax=highest,
        rasterized=True,
    )
    ax.set_ylim(len(labels) - 0.5, -0.5)
    every = -(-len(labels) // MOST_ROWS)
    ax.set_yticks(range(0, len(labels), every), labels[::every])
    ax.tick_params(axis="y", length=0)
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)
    return mesh


def _height(rows: int) -> float:
    return 1.4 + 0.24 * min(max(rows, 4), MOST_ROWS)
