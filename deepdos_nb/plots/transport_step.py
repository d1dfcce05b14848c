"""One transport step: the density, its cumulative share, its moves, and what they changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import ConfigError
from deepdos_nb.spectra.spectrum import Spectrum, element_sums
from deepdos_nb.spectra.trace import Trace
from deepdos_nb.style.axes import dress, energy_axis, new_figure, title_text
from deepdos_nb.style.palette import INK, REFERENCE, element_colours, theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LESS, MORE = "#0a78c2", "#d55e00"
"""Colours of states that left and that arrived, or moved left and right."""

ARROWS = 22
"""Most arrows that fit side by side."""


def transport_step_figure(
    trace: Trace, step: int = -1, reference: Spectrum | None = None, *, dark: bool | None = None
) -> Figure:
    """Draw one step of the transport on one energy axis.

    From top to bottom: the density by element, with the start dotted and the reference dashed; the
    cumulative share, which is 0 and 1 at the ends in every step, and as an area its Wasserstein
    distance to the reference; which part of each cell's states moved right (orange, up) and left
    (blue, down), and how far on average (arrows, true to the energy axis); what the step changed.

    Parameters
    ----------
    trace : Trace
    step : int
        0 is the start; negative ones count from the last.
    reference : Spectrum, optional
        Of the same kind; scaled to the trace's cell.
    dark : bool or None

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    ConfigError
        If there is no such step, or the reference is of another kind.
    """
    if not -trace.n_steps - 1 <= step <= trace.n_steps:
        raise ConfigError(f"there is no step {step}.", remedy=f"Use 0 to {trace.n_steps}.")
    if reference is not None and reference.kind != trace.kind:
        raise ConfigError(
            f"the reference is a {reference.kind}, the trace a {trace.kind}.",
            remedy="Compare spectra of the same kind.",
        )
    with theme(dark):
        figure = new_figure((7.2, 6.6))
        draw_step(figure, trace, step % (trace.n_steps + 1), reference, dark=dark)
    return figure


def draw_step(
    figure: Any,
    trace: Trace,
    step: int,
    reference: Spectrum | None = None,
    *,
    hidden: tuple[str, ...] = (),
    selected: tuple[int, ...] = (),
    energies: tuple[float, float] | None = None,
    accent: str = "#b91f55",
    dark: bool | None = None,
) -> None:
    """Draw one step into a figure or subfigure; parameters as for `transport_step_figure`.

    Parameters
    ----------
    figure : matplotlib Figure or SubFigure
    trace, step, reference, dark
    hidden : tuple of str
        Elements left out of the stack.
    selected : tuple of int
        Sites whose sum is drawn as a line.
    energies : tuple of float, optional
        Selected range.
    accent : str
        Colour of what is selected.
    """
    ink, faces = INK[dark], trace.grid.faces
    density, share, moves, change = figure.subplots(
        4, 1, sharex=True, height_ratios=[3.0, 1.7, 1.6, 1.5]
    )
    for ax in (density, share, moves, change):
        dress(ax, dark)
        energy_axis(ax, trace.grid, ink, label=ax is change)
        ax.set_xlim(faces[0], faces[-1])
        if energies is not None:
            ax.axvspan(*energies, color=accent, alpha=0.12, lw=0)
    scale = trace.states / trace.grid.step
    goal: Array = np.zeros(0)
    if reference is not None:
        goal = reference.total * (len(trace.structure) / len(reference.structure))
    _density(density, trace, step, goal, reference, hidden, ink)
    if selected:
        line = trace.density[step][list(selected)].sum(axis=0) * scale
        density.plot(trace.energies, line, color=accent, lw=1.6, zorder=7)
    _share(share, trace, step, goal, ink)
    _moves(moves, trace, step, ink)
    _change(change, trace, step, ink)
    name = f"{trace.step_names[step]}, step {step} of {trace.n_steps}"
    formula = trace.structure.composition.reduced_formula
    density.set_title(title_text(formula, trace.kind, name))
    figure.align_ylabels([density, share, moves, change])


def _density(
    ax: Axes,
    trace: Trace,
    step: int,
    goal: Array,
    reference: Spectrum | None,
    hidden: tuple[str, ...],
    ink: str,
) -> None:
    scale = trace.states / trace.grid.step
    colours = element_colours(trace.symbols)
    floor: Array = np.zeros_like(trace.energies)
    for symbol, part in element_sums(trace.symbols, trace.density[step] * scale).items():
        if symbol in hidden:
            continue
        ax.fill_between(
            trace.energies,
            floor,
            floor + part,
            facecolor=colours[symbol],
            edgecolor="none",
            alpha=0.75,
            label=symbol,
            gid=f"element {symbol}",
        )
        floor = np.add(floor, part)
    ax.plot(trace.energies, floor, color=ink, lw=1.5, label="Total" if not hidden else "Shown")
    if step:
        first = trace.total[0] * scale
        ax.plot(trace.energies, first, color=ink, lw=1.2, ls=(0, (1, 2)), label=trace.step_names[0])
    if reference is not None:
        ax.plot(
            trace.energies, goal, color=REFERENCE, lw=1.5, ls=(0, (4, 1.6)), label=reference.source
        )
    ax.set_ylim(0.0, 1.06 * max(float(trace.total.max()) * scale, float(goal.max(initial=0.0))))
    ax.set_ylabel(f"Density of states\n({trace.grid.density_unit})")
    ax.legend(loc="upper right", labelcolor=ink)


def _share(ax: Axes, trace: Trace, step: int, goal: Array, ink: str) -> None:
    faces = trace.grid.faces
    if len(goal):
        target = np.concatenate([[0.0], np.cumsum(goal) / goal.sum()])
        ax.fill_between(faces, trace.cdf[step], target, color=REFERENCE, alpha=0.3, lw=0)
        ax.plot(faces, target, color=REFERENCE, lw=1.4, ls=(0, (4, 1.6)))
        gap = float(np.abs(trace.cdf[step] - target).sum() * trace.grid.step)
        words = f"area between: Wasserstein distance {gap:.3g} {trace.grid.unit}"
        ax.annotate(
            words, (1, 0), (-4, 5), xycoords="axes fraction", textcoords="offset points",
            ha="right", va="bottom", fontsize=8, color=ink, gid="distance",
        )  # fmt: skip
    elif step:
        ax.plot(faces, trace.cdf[0], color=ink, lw=1.1, ls=(0, (1, 2)))
    ax.plot(faces, trace.cdf[step], color=ink, lw=1.5)
    ax.plot(faces[[0, -1]], [0, 1], "o", color=ink, ms=4.5, clip_on=False, zorder=6, gid="pins")
    ax.set_ylim(0.0, 1.0)
    ax.set_ylabel("Cumulative\nshare")


def _moves(ax: Axes, trace: Trace, step: int, ink: str) -> None:
    ax.set_ylabel("Part moved\n(← | →)")
    ax.set_ylim(-1.0, 1.75)
    ax.set_yticks([-1, 0, 1], ["1", "0", "1"])
    ax.axhline(0.0, color=ink, lw=0.8)
    if step == 0 or not trace.fractions[step - 1][:, [0, 2]].any():
        text = "nothing has moved yet" if step == 0 else "This step moves no states"
        ax.text(0.5, 0.6, text, transform=ax.transAxes, ha="center", color=ink, fontsize=8.5)
        return
    left, _, right = trace.fractions[step - 1].T
    before = trace.total[step - 1]
    # Where there are next to no states, moves may be large and yet move nothing: they fade out.
    alpha = np.clip(before / max(float(before.max()) * 0.1, 1e-12), 0.08, 1.0)
    for part, colour in ((right, MORE), (-left, LESS)):
        bars = ax.bar(trace.energies, part, width=trace.grid.step * 0.92, color=colour, lw=0)
        for bar, a in zip(bars, alpha, strict=True):
            bar.set_alpha(float(a))
    velocity = trace.velocity[step - 1]
    for lane, i in enumerate(arrow_cells(before, velocity, trace.grid.step)):
        height = 1.2 + 0.2 * (lane % 3)
        ax.annotate(
            "",
            (trace.energies[i] + velocity[i], height),
            (trace.energies[i], height),
            arrowprops={
                "arrowstyle": "-|>",
                "color": MORE if velocity[i] > 0 else LESS,
                "lw": 1.3,
                "mutation_scale": 7,
                "shrinkA": 0,
                "shrinkB": 0,
            },
        )


def arrow_cells(mass: Array, velocity: Array, width: float) -> list[int]:
    """Cells that get an arrow: the fullest of each block, where the move is worth drawing."""
    blocks = np.array_split(np.arange(len(mass)), min(ARROWS, len(mass)))
    fullest = [int(block[mass[block].argmax()]) for block in blocks]
    enough = 0.02 * float(mass.max())
    return [i for i in fullest if mass[i] > enough and abs(velocity[i]) > 0.25 * width]


def _change(ax: Axes, trace: Trace, step: int, ink: str) -> None:
    scale = trace.states / trace.grid.step
    curves = np.diff(trace.total, axis=0) * scale
    reach = 1.08 * max(float(np.abs(curves).max(initial=0.0)), 1e-12)
    if step:
        curve, x = curves[step - 1], trace.energies
        ax.fill_between(x, 0, np.maximum(curve, 0), color=MORE, alpha=0.85, lw=0)
        ax.fill_between(x, 0, np.minimum(curve, 0), color=LESS, alpha=0.85, lw=0)
    ax.axhline(0.0, color=ink, lw=0.8)
    ax.set_ylim(-reach, reach)
    ax.set_ylabel("What this\nstep changed")
