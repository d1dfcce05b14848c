"""A score against a parameter, from the table of a sweep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.style.axes import dress, new_figure
from deepdos_nb.style.palette import ELEMENTS, INK, theme

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

MARKERS = ("o", "s", "^", "D", "v", "P", "X")
GROUPS = len(ELEMENTS)
"""Most groups that colours can tell apart."""


def sweep_figure(
    table: pd.DataFrame,
    varied: Sequence[str],
    *,
    score: str | None = None,
    along: str | None = None,
    title: str = "",
    dark: bool | None = None,
) -> Figure:
    """Every row a point, lines through the means; colours tell another column apart.

    Parameters
    ----------
    table : DataFrame
        One row a result, as `Sweep.table` makes it.
    varied : sequence of str
        Columns that are parameters.
    score : str, optional
        Column of the vertical axis; the first column of numbers that is no parameter without it.
    along : str, optional
        Parameter of the horizontal axis; the first that takes several values without it.
    title : str
    dark : bool or None

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    ConfigError
        If a column is not there, or there is nothing to draw.
    """
    numbers = [c for c in table.columns if c not in varied and _numeric(table[c])]
    several = [name for name in varied if table[name].astype(str).nunique() > 1]
    score = _chosen("score", score, numbers)
    along = _chosen("parameter that varies", along, [n for n in varied if n in table])
    if along not in several and several:
        along = several[0]
    group = _group(
        table, [n for n in (*several, *table.columns) if n not in (along, score)], varied
    )
    ink = INK[dark]
    with theme(dark):
        figure = new_figure((6.4, 3.6))
        axes = figure.subplots()
        dress(axes, dark)
        numeric = _numeric(table[along])
        labels = list(dict.fromkeys(table[along].astype(str)))
        places = table[along] if numeric else table[along].astype(str).map(labels.index)
        for i, (name, rows) in enumerate(_groups(table, group)):
            x, y = places[rows].to_numpy(float), table.loc[rows, score].to_numpy(float)
            colour, marker = ELEMENTS[i % GROUPS], MARKERS[i % len(MARKERS)]
            axes.plot(x, y, marker, color=colour, ms=5, alpha=0.55, mec="none")
            at = np.unique(x)
            means = [np.nanmean(y[x == value]) for value in at]
            axes.plot(at, means, "-", color=colour, lw=1.6, label=name)
        if not numeric:
            axes.set_xticks(range(len(labels)), labels)
        elif _wide(places):
            axes.set_xscale("log")
        axes.set_xlabel(along, color=ink)
        axes.set_ylabel(score, color=ink)
        axes.set_title(title, loc="left", fontsize="medium", color=ink)
        if group:
            axes.legend(
                title=group,
                frameon=False,
                fontsize="small",
                loc="upper left",
                bbox_to_anchor=(1.01, 1.0),
                labelcolor=ink,
            ).get_title().set_color(ink)
    return figure


def _chosen(what: str, wanted: str | None, among: list[str]) -> str:
    if wanted is not None and wanted not in among:
        raise ConfigError(
            f"there is no {what} of this name.",
            source=wanted,
            remedy=f"There are {', '.join(among) or 'none'}.",
        )
    if not among:
        raise ConfigError(f"there is no {what} to draw.")
    return wanted or among[0]


def _group(table: pd.DataFrame, names: list[str], varied: Sequence[str]) -> str | None:
    """The first other column that tells few kinds of rows apart: a parameter, or a text."""
    for name in dict.fromkeys(names):
        column = table[name]
        named = name in varied or not _numeric(column)
        if named and 1 < column.astype(str).nunique() <= GROUPS:
            return name
    return None


def _groups(table: pd.DataFrame, group: str | None) -> list[tuple[str, pd.Index]]:
    if group is None:
        return [("", table.index)]
    column = table[group].astype(str)
    return [(name, table.index[column == name]) for name in dict.fromkeys(column)]


def _numeric(column: pd.Series) -> bool:
    return column.dtype.kind in "iuf" and bool(column.notna().any())


def _wide(values: pd.Series) -> bool:
    """Whether values span orders of magnitude, as rates do."""
    return bool(values.min() > 0 and values.max() / values.min() > 30)
