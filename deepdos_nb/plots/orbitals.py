"""A crystal by tight binding: levels of its atoms, its bands, and the states they make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from deepdos_nb.plots.bands import Banded, bands_axes, states_axes
from deepdos_nb.style.axes import dress, energy_label, formula_text, new_figure
from deepdos_nb.style.palette import INK, element_colours, theme

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BELOW, ABOVE = -12.0, 8.0
"""Levels further out than this are not drawn, eV."""

APART = 0.55
"""Levels closer than this share a label, eV."""


class Levelled(Banded, Protocol):
    """What the figure needs of `inference.orbitals.Orbitals`."""

    @property
    def levels(self) -> pd.DataFrame:
        """Kinds of levels."""
        ...

    @property
    def gap(self) -> float:
        """Gap, eV."""
        ...


def orbitals_figure(orbitals: Levelled, *, dark: bool | None = None) -> Figure:
    """Draw the levels of the atoms in the crystal, the bands along a path, the density of states.

    The levels are those of single orbitals in the crystal before they couple: bands spread about
    them. The middle and the right panel show the window of the spectrum and share its axis; the
    dashed line is the zero, the top of the filled bands or the Fermi level.

    Parameters
    ----------
    orbitals : Orbitals
        As `deepdos_nb.inference.orbitals.orbitals` gives them.
    dark : bool or None

    Returns
    -------
    matplotlib Figure
    """
    ink, spectrum = INK[dark], orbitals.spectrum
    with theme(dark):
        figure = new_figure((9.0, 3.6))
        grid = figure.add_gridspec(1, 3, width_ratios=[0.9, 1.5, 0.8])
        levels = figure.add_subplot(grid[0])
        bands = figure.add_subplot(grid[1])
        density = figure.add_subplot(grid[2], sharey=bands)
        for ax in (levels, bands, density):
            dress(ax, dark)
            ax.axhline(0.0, color=ink, linewidth=0.8, linestyle="--", alpha=0.7)
        _levels(levels, orbitals, ink)
        levels.set_ylabel(energy_label(spectrum.grid))
        bands_axes(bands, orbitals, ink)
        bands.set_ylim(spectrum.energies[0], spectrum.energies[-1])
        states_axes(density, spectrum)
        formula = formula_text(spectrum.structure.composition.reduced_formula)
        kind = f"gap {orbitals.gap:.1f} eV" if orbitals.gap > 0 else "metal"
        levels.set_title(f"{formula}  ·  tight binding, {kind}", loc="left")
    return figure


def _levels(ax: Axes, orbitals: Levelled, ink: str) -> None:
    levels = orbitals.levels[orbitals.levels["energy (eV)"].between(BELOW, ABOVE)]
    colours = element_colours(orbitals.spectrum.symbols)
    for column, (element, colour) in enumerate(colours.items()):
        mine = levels[levels["element"] == element].sort_values("energy (eV)")
        ax.hlines(mine["energy (eV)"], column - 0.35, column + 0.15, color=colour, linewidth=2.4)
        # Levels that lie close share a label.
        close = (mine["energy (eV)"].diff() > APART).cumsum()
        for _, group in mine.groupby(close):
            shells = ", ".join(dict.fromkeys(group["shell"]))
            ax.text(
                column + 0.2,
                group["energy (eV)"].mean(),
                shells,
                color=ink,
                fontsize=8,
                va="center",
            )
    ax.set_xlim(-0.6, len(colours) - 0.3)
    ax.set_xticks(range(len(colours)), list(colours))
    ax.set_ylim(BELOW, ABOVE)
