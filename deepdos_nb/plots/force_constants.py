"""A crystal as balls and springs, which are force constants: stiffness of bonds, bands, states."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from deepdos_nb.plots.bands import Banded, banded_figure
from deepdos_nb.style.palette import element_colours

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WEAK = 0.01
"""Bonds below this part of the stiffest are not drawn."""


class Sprung(Banded, Protocol):
    """What the figure needs of `vibrations`."""

    @property
    def bonds(self) -> pd.DataFrame:
        """Kinds of bonds."""
        ...


def springs_figure(vibrations: Sprung, *, dark: bool | None = None) -> Figure:
    """Draw the stiffness of every kind of bond, the bands along a path, and the density of states.

    Filled marks are k_L (against stretching), hollow ones k_T (against shearing); their area grows
    with the number of such bonds in a cell; bonds that hardly hold are left out. A negative k_T, as
    between like ions, is a pair that pushes apart: k_T = V'(r)/r of its pair potential V.

    Parameters
    ----------
    vibrations : Vibrations
        As `deepdos_nb.inference.vibrations.vibrations` gives them.
    dark : bool or None

    Returns
    -------
    matplotlib Figure
    """
    return banded_figure(
        vibrations,
        lambda ax, ink: _stiffness(ax, vibrations.bonds, ink),
        "balls and springs",
        limits=(0.0, 1.05 * float(vibrations.bands.max())),
        width=1.15,
        dark=dark,
    )


def _stiffness(ax: Axes, bonds: pd.DataFrame, ink: str) -> None:
    bonds = bonds[bonds["k_L (eV/Å²)"] > WEAK * bonds["k_L (eV/Å²)"].max()]
    colours = element_colours(bonds["atoms"])
    largest = bonds["per cell"].max()
    for atoms, kinds in bonds.groupby("atoms", sort=False):
        size = 12 + 60 * kinds["per cell"] / largest
        colour = colours[str(atoms)]
        length = kinds["length (Å)"]
        ax.scatter(length, kinds["k_L (eV/Å²)"], s=size, color=colour, label=str(atoms), zorder=3)
        ax.scatter(
            length, kinds["k_T (eV/Å²)"], s=size, facecolors="none", edgecolors=colour, zorder=3
        )
    ax.axhline(0.0, color=ink, linewidth=0.6)
    ax.set_xlabel("Length of the bond (Å)")
    ax.set_ylabel("Stiffness (eV/Å²)")
    ax.legend(frameon=False, fontsize=8, labelcolor=ink, handletextpad=0.2)
