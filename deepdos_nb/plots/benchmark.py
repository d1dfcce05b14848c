"""Figures of a comparison: curves of several models, errors by element, learning curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.grids import Grid
from deepdos_nb.style.axes import dress, energy_axis, formula_text, new_figure
from deepdos_nb.style.palette import ELEMENTS, INK, REFERENCE, theme

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARKERS = ("o", "s", "^", "D", "v", "P", "X")


def gallery_figure(
    grid: Grid,
    reference: Array,
    curves: Mapping[str, Array],
    titles: Sequence[str],
    *,
    columns: int = 3,
    dark: bool | None = None,
) -> Figure:
    """Small panels, one for each crystal: the reference dashed, every model's curve over it.

    Parameters
    ----------
    grid : Grid
    reference : ndarray, shape (n, B)
    curves : mapping of str to ndarray, shape (n, B)
        Every curve is scaled to the sum of its reference, in units of the reference's maximum.
    titles : sequence of str
        One a crystal; what comes before the first comma is set as a formula.
    columns : int
    dark : bool or None

    Returns
    -------
    matplotlib Figure
    """
    with theme(dark):
        rows = -(-len(titles) // columns)
        figure = new_figure((3.1 * columns, 1.9 * rows + 0.5))
        panels = figure.subplots(rows, columns, sharex=True, squeeze=False)
        for i, axes in enumerate(panels.flat):
            if i >= len(titles):
                axes.set_visible(False)
                continue
            dress(axes, dark)
            peak = reference[i].max()
            for (name, rows_), colour in zip(curves.items(), ELEMENTS, strict=False):
                own = rows_[i] / rows_[i].sum() * reference[i].sum()
                axes.plot(grid.energies, own / peak, color=colour, lw=1.4, label=name)
            axes.plot(
                grid.energies,
                reference[i] / peak,
                color=REFERENCE,
                lw=1.2,
                ls="--",
                label="reference",
            )
            formula, *rest = titles[i].split(",", 1)
            axes.set_title(",".join([formula_text(formula), *rest]), loc="left", fontsize=9)
            axes.set_yticks([])
            energy_axis(axes, grid, INK[dark], label=i + columns >= len(titles))
        figure.supylabel("DOS / maximum", fontsize=9, color=INK[dark])
        handles, labels = panels[0, 0].get_legend_handles_labels()
        figure.legend(
            handles,
            labels,
            loc="outside upper center",
            ncols=len(labels),
            frameon=False,
            fontsize=9,
        )
    return figure


def errors_axes(table: pd.DataFrame, axes: Axes, *, most: int = 30) -> Axes:
    """Dots for each model's error, one row of the table beside the other.

    Parameters
    ----------
    table : DataFrame
        As `evaluation.tables.by_element` or `by_size` give it.
    axes : matplotlib Axes
    most : int
        Rows shown, from the top.
    """
    shown = table.head(most)
    for (name, column), colour, marker in zip(
        shown.drop(columns="crystals").items(), ELEMENTS, MARKERS, strict=False
    ):
        axes.plot(np.arange(len(shown)), column, marker, color=colour, ms=5, label=str(name))
    axes.set_xticks(np.arange(len(shown)), [str(i) for i in shown.index], fontsize=8)
    axes.set_ylabel("MSE (max-normalised)")
    axes.set_ylim(bottom=0)
    axes.grid(axis="y", alpha=0.3)
    axes.legend(frameon=False, fontsize=9)
    return axes


def learning_curve_axes(rows: pd.DataFrame, axes: Axes, *, score: str = "mse_max") -> Axes:
    """Score against the number of training crystals: mean and standard deviation over seeds.

    Parameters
    ----------
    rows : DataFrame
        As `evaluation.tables.score_rows` gives them, of several sizes of the training set.
    axes : matplotlib Axes
    score : str
    """
    single = rows[rows["seed"] != "mean curve"]
    for (name, group), colour, marker in zip(
        single.groupby("variant", sort=False), ELEMENTS, MARKERS, strict=False
    ):
        stats = group.groupby("n_train")[score].agg(["mean", "std"]).fillna(0.0)
        axes.errorbar(
            stats.index,
            stats["mean"],
            yerr=stats["std"],
            color=colour,
            marker=marker,
            ms=6,
            lw=1.4,
            capsize=3,
            label=str(name),
        )
    axes.set_xscale("log")
    sizes = sorted(single["n_train"].unique())
    axes.set_xticks(sizes, [str(n) for n in sizes])
    axes.minorticks_off()
    axes.set_xlabel("crystals to train on")
    axes.grid(alpha=0.3)
    axes.legend(frameon=False, fontsize=9)
    return axes


def precision_recall_axes(
    curves: Mapping[str, tuple[Array, Array]], axes: Axes, *, picked: Sequence[str] = ()
) -> Axes:
    """Precision against recall, one line for each screen.

    Parameters
    ----------
    curves : mapping of str to (precision, recall)
        As `metrics.gap_screen.precision_recall` gives them.
    axes : matplotlib Axes
    picked : sequence of str
        Written at the end of each line, if given: for instance its average precision.
    """
    for i, ((name, (precision, recall)), colour) in enumerate(
        zip(curves.items(), ELEMENTS, strict=False)
    ):
        label = f"{name} ({picked[i]})" if i < len(picked) else name
        axes.step(recall, precision, where="pre", color=colour, lw=1.6, label=label)
        axes.plot(recall, precision, MARKERS[i], color=colour, ms=3.5)
    axes.set_xlim(0, 1.02)
    axes.set_ylim(0, 1.04)
    axes.set_xlabel("recall")
    axes.set_ylabel("precision")
    axes.grid(alpha=0.3)
    axes.legend(frameon=False, fontsize=9)
    return axes
