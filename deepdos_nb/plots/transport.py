"""The transport steps of a prediction: densities, moves, cumulative shares and invariants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.spectra.trace import Trace
from deepdos_nb.style.axes import (
    colour_bar,
    dress,
    energy_axis,
    new_figure,
    signed_map,
    title_text,
)
from deepdos_nb.style.palette import INK, share_colours, theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


FEW = 0.02
"""Density, relative to the highest, below which the moves of a cell fade out."""


def transport_figure(trace: Trace, *, dark: bool | None = None) -> Figure:
    """Draw how transport moves the density from the start, a draft or not, to the final spectrum.

    From top to bottom: the total density at every step, from grey (the start) to crimson (last);
    the mean displacement of each cell's states in every step, faded where there are next to none;
    the cumulative share, whose ends never move; beside them the shift of the mean energy by each
    step, and the two invariants.

    Parameters
    ----------
    trace : Trace
    dark : bool or None

    Returns
    -------
    matplotlib Figure
    """
    ink, colours = INK[dark], step_colours(trace.n_steps)
    with theme(dark):
        figure = new_figure((7.2, 6.4))
        grid = figure.add_gridspec(3, 2, height_ratios=[3.0, 1.9, 2.2], width_ratios=[5.0, 1.1])
        density = figure.add_subplot(grid[0, 0])
        moves = figure.add_subplot(grid[1, 0], sharex=density)
        share = figure.add_subplot(grid[2, 0], sharex=density)
        shift = figure.add_subplot(grid[1, 1], sharey=moves)
        key = figure.add_subplot(grid[0, 1])
        readout = figure.add_subplot(grid[2, 1])
        for ax in (density, moves, share, shift, key, readout):
            dress(ax, dark)
        _densities(density, trace, colours, ink)
        mesh = _moves(moves, trace, ink, dark)
        _shifts(shift, trace, colours, ink)
        _cumulative(share, trace, colours, ink)
        if mesh is not None:
            label = f"Mean move\n({trace.grid.unit})"
            colour_bar(figure, mesh, moves, label, ink, aspect=12, fraction=0.06, extend="both")
        _key(key, trace.step_names, colours, ink)
        _readout(readout, trace, ink)
        for ax in (density, moves):
            ax.tick_params(labelbottom=False)
        figure.align_ylabels([density, moves, share])
    return figure


def step_colours(n_steps: int) -> list[str]:
    """Colours of the start and of every step, grey to crimson, n_steps + 1 of them."""
    return share_colours(np.linspace(0.0, 1.0, n_steps + 1)) if n_steps else share_colours([1.0])


def mean_shift(trace: Trace) -> Array:
    """Change of the mean energy by each step, in the grid's unit, shape (K,)."""
    mean = trace.total @ trace.energies / trace.total.sum(axis=1)
    shift: Array = np.diff(mean)
    return shift


def _densities(ax: Axes, trace: Trace, colours: list[str], ink: str) -> None:
    absolute = trace.total * (trace.states / trace.grid.step)
    for k, curve in enumerate(absolute):
        last = k == trace.n_steps
        ax.plot(
            trace.energies,
            curve,
            color=colours[k],
            linewidth=1.8 if last else 1.0,
            alpha=1.0 if last or k == 0 else 0.8,
            zorder=3 + 0.01 * k,
            label=trace.step_names[k],
        )
    energy_axis(ax, trace.grid, ink, label=False)
    ax.set_ylim(bottom=0.0)
    ax.set_ylabel(f"Density of states\n({trace.grid.density_unit})")
    formula = trace.structure.composition.reduced_formula
    ax.set_title(title_text(formula, trace.kind, "transport"))


def _moves(ax: Axes, trace: Trace, ink: str, dark: bool | None) -> Any:
    """The map of moves; None of a model that moves nothing."""
    if not trace.n_steps:
        ax.text(0.5, 0.5, "No step moves states.", color=ink, transform=ax.transAxes, ha="center")
        ax.set_yticks([])
        return None
    # Where there are next to no states, moves may be large and yet move nothing: they fade out.
    presence = trace.total[:-1] / max(float(trace.total[:-1].max(initial=0.0)), 1e-12)
    busy = presence >= FEW
    reach = max(float(np.abs(trace.velocity)[busy].max(initial=0.0)), 1e-12)
    rows = np.arange(trace.n_steps + 1) + 0.5
    mesh = ax.pcolormesh(
        trace.grid.faces,
        rows,
        trace.velocity,
        cmap=signed_map(dark),
        vmin=-reach,
        vmax=reach,
        rasterized=True,
    )
    mesh.set_alpha(np.clip(presence / FEW, 0.0, 1.0))  # type: ignore[arg-type]
    energy_axis(ax, trace.grid, ink, label=False)
    ax.set_ylim(trace.n_steps + 0.5, 0.5)
    every = -(-trace.n_steps // 8)
    ax.set_yticks(range(1, trace.n_steps + 1, every))
    ax.set_ylabel("Transport step")
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)
    ax.tick_params(axis="both", length=0)
    return mesh


def _shifts(ax: Axes, trace: Trace, colours: list[str], ink: str) -> None:
    shift = mean_shift(trace)
    ax.barh(np.arange(1, trace.n_steps + 1), shift, height=0.7, color=colours[1:])
    ax.axvline(0.0, color=ink, linewidth=0.8)
    reach = 1.15 * max(float(np.abs(shift).max(initial=0.0)), 1e-9)
    ax.set_xlim(-reach, reach)
    # Two round ticks always fit, whatever the unit.
    tick = float(f"{reach / 1.5:.0e}")
    ax.set_xticks([-tick, tick], [f"−{tick:g}", f"+{tick:g}"])
    ax.tick_params(axis="y", left=False, labelleft=False)
    ax.spines["left"].set_visible(False)
    ax.set_title(f"Shift of mean\n({trace.grid.unit})", fontsize=8.5, loc="center", pad=3)


def _cumulative(ax: Axes, trace: Trace, colours: list[str], ink: str) -> None:
    for k, curve in enumerate(trace.cdf):
        ax.plot(
            trace.grid.faces,
            curve,
            color=colours[k],
            linewidth=1.8 if k == trace.n_steps else 1.0,
            zorder=3 + 0.01 * k,
        )
    energy_axis(ax, trace.grid, ink)
    ax.set_ylim(0.0, 1.0)
    ax.set_ylabel("Cumulative share")


def _key(ax: Axes, names: Sequence[str], colours: list[str], ink: str) -> None:
    """The steps' colours as a ladder, which reads better than a legend of many lines."""
    ax.set_axis_off()
    last = len(colours) - 1
    ax.set_xlim(0, 1)
    ax.set_ylim(max(last, 4) + 0.6, -0.6)
    for k, colour in enumerate(colours):
        ax.plot([0.0, 0.22], [k, k], color=colour, linewidth=1.8 if k == last else 1.2)
        if k in (0, last) or last <= 12:
            ax.text(0.32, k, names[k], va="center", fontsize=8, color=ink)


def _readout(ax: Axes, trace: Trace, ink: str) -> None:
    ax.set_axis_off()
    lines = (
        f"{trace.n_steps} steps,\n{trace.source}",
        f"mass error\n≤ {trace.mass_error.max():.1e}",
        f"smallest density\n{trace.minimum.min():.1e}",
    )
    ax.text(0.0, 1.0, "\n\n".join(lines), va="top", fontsize=8, color=ink, gid="invariants")
