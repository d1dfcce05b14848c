"""Attention beside the states it is often taken for: curves by row, shares by site."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.plots.attention import By, attention_axes, attention_rows
from deepdos_nb.spectra.trace import Trace
from deepdos_nb.style.axes import dress, energy_axis, themed_axes
from deepdos_nb.style.palette import INK, REFERENCE, share_colours

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

MOST_BARS = 12
"""Sites shown as bars, those with the largest shares first."""


def map_and_curves(
    figure: Figure | SubFigure,
    trace: Trace,
    panels: Sequence[dict[str, Any]],
    curves: Array,
    *,
    layer: int = -1,
    head: int | None = None,
    by: By = "site",
    energy_range: tuple[float, float] | None = None,
    selected: Sequence[int] = (),
    dark: bool | None = None,
) -> None:
    """Draw one attention map over the curves of its elements or sites.

    Parameters
    ----------
    figure : matplotlib Figure or SubFigure
    trace : Trace
    panels : sequence of dict
        For each row of curves: label, colour, site (−1 for an element), and whether the third
        curve is known.
    curves : ndarray, shape (n_panels, 3, n_bins)
        Predicted density, attention × total, reference.
    layer, head, by
        As in `attention_axes`.
    energy_range : tuple of float, optional
        Marked in both, in the grid's unit.
    selected : sequence of int
        Sites whose rows are framed.
    dark : bool or None
    """
    from matplotlib.patches import Rectangle

    ink = INK[dark]
    most = {
        site: max(float(c[: 3 if p["known"] else 2].max()) for p, c in chosen)
        for site in (False, True)
        if (
            chosen := [
                (p, c) for p, c in zip(panels, curves, strict=True) if (p["site"] >= 0) is site
            ]
        )
    }
    axes = figure.subplots(
        len(panels) + 1, 1, height_ratios=[max(len(panels), 2)] + [1] * len(panels)
    )
    attention_axes(trace, layer, head, by, ax=axes[0], dark=dark)
    axes[0].set_xlabel("")
    axes[0].tick_params(labelbottom=False)
    labels = attention_rows(trace, layer, head, by)[1]
    accent = share_colours([1.0])[0]
    for i in selected:
        row = i if by == "site" else labels.index(trace.symbols[i])
        frame = Rectangle((trace.grid.start, row - 0.5), trace.grid.stop - trace.grid.start, 1.0)
        frame.set(fill=False, edgecolor=accent, linewidth=1.4, zorder=6, gid=f"row {row}")
        axes[0].add_patch(frame)
    for ax, panel, (predicted, naive, reference) in zip(axes[1:], panels, curves, strict=True):
        dress(ax, dark)
        energies = trace.energies
        ax.fill_between(energies, predicted, color=panel["colour"], alpha=0.35, linewidth=0)
        ax.plot(energies, predicted, color=panel["colour"], label="predicted states")
        ax.plot(energies, naive, ":", color=ink, linewidth=1.3, label="attention × total")
        if panel["known"]:
            ax.plot(energies, reference, "--", color=REFERENCE, linewidth=1.5, label="reference")
        energy_axis(ax, trace.grid, ink, label=ax is axes[-1])
        ax.set_ylim(0.0, 1.08 * max(most[panel["site"] >= 0], 1e-12))
        ax.set_ylabel(panel["label"], rotation=0, ha="right", va="center")
        ax.tick_params(labelbottom=ax is axes[-1])
    axes[1].plot([], [], " ", label=trace.grid.density_unit)  # only words, for the legend
    axes[1].legend(loc="upper right", ncols=4, fontsize=7.5, labelcolor=ink)
    if energy_range is not None:
        low, high = energy_range
        for edge in energy_range:
            axes[0].axvline(edge, color=accent, linewidth=1.2)
        for ax in axes[1:]:
            ax.axvspan(low, high, color=accent, alpha=0.12, linewidth=0)


def shares_axes(
    labels: Sequence[str],
    attention: Array,
    states: Array,
    *,
    ax: Axes | None = None,
    dark: bool | None = None,
) -> Axes:
    """Draw each site's share of the attention over its share of the states, largest first.

    Parameters
    ----------
    labels : sequence of str, length n_sites
    attention, states : ndarray, shape (n_sites,)
        Each adds up to one.
    ax : matplotlib Axes, optional
    dark : bool or None

    Returns
    -------
    matplotlib Axes
        At most twelve sites; the title says how many there are.
    """
    shown = np.argsort(-attention, kind="stable")[:MOST_BARS]
    with themed_axes(ax, (4.0, 0.9 + 0.3 * len(shown)), dark) as (axes, ink):
        place = np.arange(len(shown))
        relative = attention[shown] / max(float(attention.max(initial=0.0)), 1e-12)
        axes.barh(place - 0.2, 100 * attention[shown], 0.38, color=share_colours(relative), lw=0)
        axes.barh(place + 0.2, 100 * states[shown], 0.38, color=ink, alpha=0.55, lw=0)
        axes.set_yticks(place, [labels[i] for i in shown])
        axes.set_ylim(len(shown) - 0.4, -0.6)
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel("% of attention (coloured), of states (grey)")
        if len(shown) < len(labels):
            axes.set_title(f"{len(shown)} of {len(labels)} sites")
        return axes
