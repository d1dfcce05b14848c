"""An experiment with transport: the masses of one step, and every scheme's way to the target."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

from deepdos_nb.style.axes import dress, energy_axis, new_figure
from deepdos_nb.style.palette import INK, REFERENCE, theme
from deepdos_nb.transport_lab.laboratory import Run, compare

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MASS, NEGATIVE = "#0a78c2", "#d55e00"
"""Colours of masses that may be, and of those that may not."""

DEEP = 0.7
"""How far below zero the picture goes, relative to the highest mass that is sound."""


def laboratory_figure(run: Run, step: int = -1, *, dark: bool | None = None) -> Figure:
    """Draw one step of an experiment beside the comparison of all schemes.

    Left: the masses, negative ones hatched, with start (dotted) and target (dashed). Right: the
    Wasserstein distance to the target after every step, for every scheme under the same settings.

    Parameters
    ----------
    run : Run
    step : int
        Negative ones count from the last.
    dark : bool or None

    Returns
    -------
    matplotlib Figure
    """
    runs = compare(run.task, run.courant, max(run.n_steps, 1), clip=run.clipped)
    with theme(dark):
        figure = new_figure((9.0, 4.2))
        draw_run(figure, run, step % (run.n_steps + 1), runs, dark=dark)
    return figure


def draw_run(
    figure: Any,
    run: Run,
    step: int,
    runs: Sequence[Run],
    words: str = "",
    *,
    dark: bool | None = None,
) -> None:
    """Draw an experiment into a figure or subfigure.

    Parameters
    ----------
    figure : matplotlib Figure or SubFigure
    run : Run
        The chosen one.
    step : int
    runs : sequence of Run
        All that are compared, drawn to the right.
    words : str
        What came out; written below.
    dark : bool or None
    """
    ink = INK[dark]
    masses, way = figure.subplots(1, 2, width_ratios=[3, 2])
    for ax in (masses, way):
        dress(ax, dark)
    _masses(masses, run, step, ink)
    _ways(way, run, runs, ink)
    if words:
        figure.supxlabel(textwrap.fill(words, 118), fontsize=8.5, color=ink, x=0.01, ha="left")


def mass_limits(run: Run) -> tuple[float, float]:
    """Lowest and highest mass the picture shows, the same for every step of a run."""
    sound = max(float(run.task.start.max()), float(run.task.target.max()))
    top = min(max(float(run.history.max()), sound), 1.3 * sound)
    low = max(float(run.history.min()), -DEEP * sound)
    return 1.15 * min(low, 0.0), 1.12 * top


def _masses(ax: Axes, run: Run, step: int, ink: str) -> None:
    grid, values = run.task.grid, run.history[step]
    width = grid.step
    ax.bar(grid.energies, np.maximum(values, 0), width=width, color=MASS, alpha=0.75, lw=0)
    negative = values < -1e-12
    if negative.any():
        ax.bar(
            grid.energies[negative],
            values[negative],
            width=width,
            facecolor="none",
            edgecolor=NEGATIVE,
            hatch="//////",
            lw=1.2,
            label="negative",
            gid="negative",
        )
    ax.plot(grid.energies, run.task.start, color=ink, lw=1.0, ls=(0, (1, 2)), label="start")
    target = run.task.target
    ax.plot(grid.energies, target, color=REFERENCE, lw=1.5, ls=(0, (4, 1.6)), label="target")
    ax.axhline(0.0, color=ink, lw=0.9)
    energy_axis(ax, grid, ink)
    ax.set_ylim(*mass_limits(run))
    ax.set_ylabel("Share of states per cell")
    ax.legend(loc="upper right", labelcolor=ink)
    ax.set_title(f"{run.scheme.label}, Courant {run.courant:g}, step {step}", fontsize=9.5)


def _ways(ax: Axes, run: Run, runs: Sequence[Run], ink: str) -> None:
    first = float(run.distance[0])
    for other in runs:
        chosen = other.scheme == run.scheme
        ax.plot(
            np.arange(other.n_steps + 1),
            other.distance,
            color=MASS if chosen else ink,
            lw=2.2 if chosen else 0.9,
            alpha=1.0 if chosen else 0.55,
            zorder=5 if chosen else 3,
            label=other.scheme.label,
        )
        if other.broke is not None:
            at = (other.broke, min(float(other.distance[other.broke]), 1.25 * first))
            ax.plot(*at, "x", color=NEGATIVE, ms=7, mew=1.8, zorder=6, gid="broke")
    ax.set_ylim(0.0, 1.3 * max(first, 1e-12))
    ax.set_xlim(left=0.0)
    ax.set_xlabel("Step  (× first negative mass)")
    ax.set_ylabel(f"Wasserstein distance to target ({run.task.grid.unit})")
