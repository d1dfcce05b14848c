"""One spectrum: total, elements and seed spread; or one row per site."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import ConfigError
from deepdos_nb.core.grids import Grid
from deepdos_nb.spectra.drawable import Drawable
from deepdos_nb.style.axes import energy_axis, notes_below, themed_axes, title_text
from deepdos_nb.style.palette import REFERENCE, SPREAD, TOTAL, element_colours

if TYPE_CHECKING:
    from matplotlib.axes import Axes


OUTSIDE_WORTH_SAYING = 0.01
"""Share of states beyond the window from which the figure mentions them."""


def spectrum_axes(
    spectrum: Drawable,
    ax: Axes | None = None,
    reference: Drawable | None = None,
    *,
    elements: bool = True,
    spread: bool = True,
    normalised: bool = False,
    dark: bool | None = None,
) -> Axes:
    """Draw the total density, the elements' parts stacked below it, and the error band.

    Parameters
    ----------
    spectrum : Spectrum
    ax : matplotlib Axes, optional
        Where to draw; by default new axes.
    reference : Drawable, optional
        Drawn dashed. With another number of atoms per cell it is scaled to this cell.
    elements : bool
        Stack the elements' areas; they add up to the total.
    spread : bool
        Band of half-width `Spectrum.band`, where there are several seeds.
    normalised : bool
        Scale every curve's highest value to one (density without unit).
    dark : bool or None
        Theme; None suits both.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ConfigError
        If the reference is of another kind.
    """
    if reference is not None and reference.kind != spectrum.kind:
        raise ConfigError(
            f"the reference is a {reference.kind}, the spectrum a {spectrum.kind}.",
            remedy="Compare spectra of the same kind.",
        )
    grid, energies = spectrum.grid, spectrum.energies
    scale = _scale(spectrum.total, normalised)
    with themed_axes(ax, (6.4, 3.5), dark) as (axes, ink):
        if elements:
            _stack(axes, spectrum, scale)
        total = spectrum.total * scale
        colour = TOTAL if dark is None else ink
        if spread and len(spectrum.members) > 1:
            band = spectrum.band * scale
            axes.fill_between(
                energies,
                np.maximum(total - band, 0.0),
                total + band,
                facecolor=SPREAD,
                edgecolor="none",
                alpha=0.42,
                zorder=3,
                label=spectrum.band_name,
            )
        axes.plot(energies, total, color=colour, linewidth=1.5, zorder=5, label="Total")
        if reference is not None:
            axes.plot(
                energies,
                _per_cell(reference, spectrum) * _scale(_per_cell(reference, spectrum), normalised),
                color=REFERENCE,
                linewidth=1.6,
                linestyle=(0, (4, 1.6)),
                zorder=6,
                label=reference.source,
            )
        energy_axis(axes, grid, ink)
        axes.set_ylim(bottom=0.0)
        axes.set_ylabel(
            "Density of states (highest value = 1)"
            if normalised
            else f"Density of states\n({grid.density_unit})"
        )
        axes.set_title(title_text(spectrum.formula, spectrum.kind))
        legend_beside(axes, ink)
        notes_below(axes, (*_outside(spectrum), *spectrum.notes), ink)
        return axes


def sites_axes(
    spectrum: Drawable,
    ax: Axes | None = None,
    *,
    merge: bool = True,
    limit: int = 40,
    dark: bool | None = None,
) -> Axes:
    """Draw the density of every site as a ridge, the first site on top.

    Parameters
    ----------
    spectrum : Spectrum
    ax : matplotlib Axes, optional
    merge : bool
        Draw sites of one element with the same curve once, as in "O4 ×6". Sites that
        symmetry makes equal have the same curve.
    limit : int
        Largest number of ridges; where there are more, the title says how many are shown.
    dark : bool or None

    Returns
    -------
    matplotlib Axes
    """
    rows = _ridges(spectrum, merge)
    shown = rows[:limit]
    grid, energies = spectrum.grid, spectrum.energies
    highest = max((float(curve.max()) for _, _, curve in shown), default=0.0)
    step = _nice(highest / 1.3)
    colours = element_colours(spectrum.symbols)
    height = 1.3 + 0.42 * len(shown)
    with themed_axes(ax, (6.4, min(max(height, 2.6), 14.0)), dark) as (axes, ink):
        for i, (_, symbol, curve) in enumerate(shown):
            base = (len(shown) - 1 - i) * step
            axes.fill_between(
                energies,
                base,
                base + curve,
                facecolor=colours[symbol],
                edgecolor="none",
                alpha=0.45,
                zorder=2 + 2 * i,
            )
            axes.plot(
                energies, base + curve, color=colours[symbol], linewidth=1.1, zorder=3 + 2 * i
            )
        energy_axis(axes, grid, ink)
        axes.set_ylim(0.0, (len(shown) - 1) * step + 1.08 * max(highest, step))
        axes.set_yticks([(len(shown) - 1 - i) * step for i in range(len(shown))])
        axes.set_yticklabels([label for label, _, _ in shown], color=ink, va="bottom")
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.set_ylabel("Density of each site")
        spacing = f"Rows are {step:g} {grid.density_unit} apart."
        notes_below(axes, (spacing, *_outside(spectrum), *spectrum.notes), ink)
        axes.set_title(
            title_text(
                spectrum.formula,
                spectrum.kind,
                f"{len(shown)} of {len(rows)} sites" if len(rows) > limit else "site by site",
            )
        )
        return axes


def _scale(total: Array, normalised: bool) -> float:
    highest = float(total.max())
    return 1.0 / highest if normalised and highest > 0 else 1.0


def _per_cell(reference: Drawable, spectrum: Drawable) -> Array:
    scaled: Array = reference.total * (len(spectrum.structure) / len(reference.structure))
    return scaled


def _stack(ax: Axes, spectrum: Drawable, scale: float) -> None:
    floor: Array = np.zeros(len(spectrum.energies))
    colours = element_colours(spectrum.symbols)
    for symbol, part in spectrum.by_element().items():
        top = floor + part * scale
        ax.fill_between(
            spectrum.energies,
            floor,
            top,
            facecolor=colours[symbol],
            edgecolor="none",
            alpha=0.5,
            label=symbol,
            zorder=2,
            gid=f"element {symbol}",
        )
        ax.plot(spectrum.energies, top, color=colours[symbol], linewidth=0.9, zorder=2.5)
        floor = top


def legend_beside(ax: Axes, ink: str) -> None:
    """Put the legend to the right: lines first, elements from top to bottom as stacked."""
    handles, labels = ax.get_legend_handles_labels()
    lines = [i for i, h in enumerate(handles) if h.get_gid() is None]
    order = sorted(lines, key=lambda i: (labels[i] != "Total", not labels[i].startswith("±")))
    order += [i for i in reversed(range(len(handles))) if i not in lines]
    ax.legend(
        [handles[i] for i in order],
        [labels[i] for i in order],
        loc="upper left",
        bbox_to_anchor=(1.01, 1.0),
        borderaxespad=0.0,
        handlelength=1.5,
        labelcolor=ink,
        frameon=False,
    )


def _outside(spectrum: Drawable) -> tuple[str, ...]:
    beyond = float(spectrum.outside.sum())
    everything = beyond + spectrum.states
    if everything <= 0 or beyond / everything < OUTSIDE_WORTH_SAYING:
        return ()
    grid: Grid = spectrum.grid
    return (
        f"{100 * beyond / everything:.0f} % of the states lie beyond {grid.stop:g} {grid.unit}."
        if grid.kind.fixed_modes
        else f"{beyond:.1f} states lie outside the window.",
    )


def equal_sites(symbols: Sequence[str], sites: Array, tolerance: float = 1e-3) -> list[list[int]]:
    """Indices of the sites of one element that have the same curve, in order of their first one.

    Parameters
    ----------
    symbols : sequence of str, length n_sites
    sites : ndarray, shape (n_sites, n_bins)
    tolerance : float
        Largest difference of equal curves, as a share of the highest value of all.
    """
    groups: list[list[int]] = []
    tolerance *= max(float(sites.max(initial=0.0)), 1e-12)
    for i, symbol in enumerate(symbols):
        for group in groups:
            same = np.abs(sites[group[0]] - sites[i]).max() <= tolerance
            if symbols[group[0]] == symbol and same:
                group.append(i)
                break
        else:
            groups.append([i])
    return groups


def _ridges(spectrum: Drawable, merge: bool) -> list[tuple[str, str, Array]]:
    """Label, element and curve of each ridge."""
    one_by_one = [[i] for i in range(len(spectrum.symbols))]
    groups = equal_sites(spectrum.symbols, spectrum.sites) if merge else one_by_one
    labels = spectrum.site_labels
    return [
        (
            labels[g[0]] if len(g) == 1 else f"{labels[g[0]]} ×{len(g)}",
            spectrum.symbols[g[0]],
            spectrum.sites[g[0]],
        )
        for g in groups
    ]


def _nice(value: float) -> float:
    """The next number that is easy to read."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(
        m * power for m in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if m * power >= value * (1 - 1e-9)
    )
