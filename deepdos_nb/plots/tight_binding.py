"""A crystal by tight binding: levels of its atoms, its bands, and the states they make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from deepdos_nb.plots.bands import Banded, banded_figure
from deepdos_nb.style.axes import energy_label
from deepdos_nb.style.palette import element_colours

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BELOW, ABOVE = -12.0, 8.0
"""Levels further out than this are not drawn, eV."""

APART = 0.55
"""Levels closer than this share a label, eV."""


class Levelled(Banded, Protocol):
    """What the figure needs of `orbitals`."""

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
    energies = orbitals.spectrum.energies
    kind = f"gap {orbitals.gap:.1f} eV" if orbitals.gap > 0 else "metal"
    return banded_figure(
        orbitals,
        lambda ax, ink: _levels(ax, orbitals, ink),
        f"tight binding, {kind}",
        limits=(float(energies[0]), float(energies[-1])),
        width=0.9,
        dark=dark,
    )


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
    ax.set_ylabel(energy_label(orbitals.spectrum.grid))
