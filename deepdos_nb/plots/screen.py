"""Figures of a screen: where its crystals lie among one another, and what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.grids import Grid
from deepdos_nb.style.axes import dress, energy_axis, energy_label, formula_text, new_figure
from deepdos_nb.style.palette import ELEMENTS, INK, LIGHT, SPREAD, TOTAL, theme

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FOUND = ELEMENTS[1]
"""Colour of what a screen looks for."""

GROUPS = (
    ("insulators", ELEMENTS[0], 5),
    ("metals", SPREAD, 5),
    ("metals with a valence-band gap", FOUND, 11),
)


def valence_gaps_figure(
    table: pd.DataFrame, picked: pd.DataFrame, grid: Grid, *, dark: bool | None = None
) -> Figure:
    """A map of all crystals by their embeddings, and the windows of those that were picked.

    Parameters
    ----------
    table : DataFrame
        Rows of an electronic screen: "embedding", "gap", "valence_gap".
    picked : DataFrame
        Rows of it, the best first: "formula", "valence_gap_low", "valence_gap_high", "embedding".
    grid : Grid
        Of the screen.
    dark : bool or None

    Returns
    -------
    matplotlib Figure
    """
    with theme(dark):
        figure = new_figure((9.2, 4.1))
        left, right = figure.subplots(1, 2, width_ratios=(1.25, 1))
        for axes in (left, right):
            dress(axes, dark)
        _map(left, table, picked, INK[dark])
        _windows(right, picked, grid, INK[dark])
    return figure


def _map(axes: Axes, table: pd.DataFrame, picked: pd.DataFrame, ink: str) -> None:
    place = _plane(np.stack(list(table["embedding"])))
    metal, inner = (table["gap"] == 0).to_numpy(), (table["valence_gap"] > 0).to_numpy()
    masks = (~metal, metal & ~inner, metal & inner)
    for (name, colour, size), mask in zip(GROUPS, masks, strict=True):
        axes.scatter(
            place[mask, 0],
            place[mask, 1],
            s=size,
            color=colour,
            alpha=0.85,
            linewidths=0,
            label=f"{name}: {mask.sum():,}",
            rasterized=True,
        )
    rows = [table.index.get_loc(i) for i in picked.index]
    axes.scatter(
        place[rows, 0],
        place[rows, 1],
        s=58,
        facecolors="none",
        edgecolors=ink,
        linewidths=1.1,
    )
    for rank, row in enumerate(rows, start=1):
        axes.annotate(
            str(rank), place[row], xytext=(5, 4), textcoords="offset points", color=ink, fontsize=8
        )
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_xlabel("first principal component of the embeddings")
    axes.set_ylabel("second")
    axes.set_title(f"{len(table):,} crystals")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=3, markerscale=2)


def _windows(axes: Axes, picked: pd.DataFrame, grid: Grid, ink: str) -> None:
    height = np.arange(len(picked), 0, -1)
    low, high = picked["valence_gap_low"], picked["valence_gap_high"]
    axes.barh(height, high - low, left=low, height=0.55, color=FOUND)
    labels = [f"{i}  {formula_text(f)}" for i, f in enumerate(picked["formula"], start=1)]
    axes.set_yticks(height, labels)
    axes.tick_params(axis="y", length=0)
    for y, a, b in zip(height.tolist(), low, high, strict=True):
        width = f"{b - a:.1f} eV"
        axes.text((a + b) / 2, y, width, ha="center", va="center", color=LIGHT, fontsize=8)
    energy_axis(axes, grid, ink)
    axes.set_xlim(grid.start, 1.0)
    axes.spines["left"].set_visible(False)
    axes.set_title("Their empty windows")


def candidates_figure(
    picked: pd.DataFrame, grid: Grid, *, columns: int = 5, dark: bool | None = None
) -> Figure:
    """The predicted spectra of crystals a screen picked, each with its band and its window.

    Parameters
    ----------
    picked : DataFrame
        Rows of a screen: "formula", "total", "band", "elements", "by_element", and, for electrons,
        "valence_gap_low" and "valence_gap_high".
    grid : Grid
    columns : int
    dark : bool or None

    Returns
    -------
    matplotlib Figure
    """
    ink = INK[dark]
    with theme(dark):
        rows = -(-len(picked) // columns)
        figure = new_figure((2.1 * columns + 0.3, 1.75 * rows + 0.5))
        panels = figure.subplots(rows, columns, sharex=True, squeeze=False).flat
        for i, axes in enumerate(panels):
            if i >= len(picked):
                axes.set_visible(False)
                continue
            row = picked.iloc[i]
            dress(axes, dark)
            _spectrum(axes, row, grid)
            axes.set_title(f"{i + 1}  {formula_text(row['formula'])}", fontsize=9, pad=4)
            axes.set_yticks([])
            energy_axis(axes, grid, ink, label=False)
        figure.supxlabel(energy_label(grid), fontsize=9, color=ink)
        figure.supylabel(f"density of states ({grid.density_unit})", fontsize=9, color=ink)
    return figure


def _spectrum(axes: Axes, row: pd.Series, grid: Grid) -> None:
    total, band = np.asarray(row["total"]), np.asarray(row["band"])
    low = np.maximum(total - band, 0)
    axes.fill_between(grid.energies, low, total + band, color=SPREAD, alpha=0.3, lw=0)
    curves = np.asarray(row["by_element"]).reshape(len(row["elements"]), -1)
    for symbol, curve, colour in zip(row["elements"], curves, ELEMENTS, strict=False):
        axes.plot(grid.energies, curve, color=colour, lw=1.0, label=symbol)
    axes.plot(grid.energies, total, color=TOTAL, lw=1.3)
    axes.set_ylim(0, 1.08 * (total + band).max())
    if row.get("valence_gap_low") is not None:
        axes.axvspan(row["valence_gap_low"], row["valence_gap_high"], color=FOUND, alpha=0.18, lw=0)
    axes.legend(loc="upper right", handlelength=0.9, fontsize=7, borderaxespad=0.1)


def _plane(points: Array) -> Array:
    """Two principal components of many points, shape (n, 2)."""
    centred = points - points.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    # The sign of an axis is free; the heavier tail goes to the right, on every machine.
    plane = centred @ axes[:2].T
    skewed: Array = np.sign((plane**3).sum(axis=0))
    return plane * np.where(skewed == 0, 1, skewed)
