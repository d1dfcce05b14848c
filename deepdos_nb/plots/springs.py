"""A crystal as balls and springs: how stiff its bonds are, its bands, and the states they make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from deepdos_nb.arrays import Array
from deepdos_nb.palette import INK, TOTAL, element_colours, theme
from deepdos_nb.plots.base import dress, energy_label, formula_text, new_figure
from deepdos_nb.spectra import Spectrum

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WEAK = 0.01
"""Bonds below this part of the stiffest are not drawn."""

_SYMBOLS = {"\\Gamma": "Γ", "\\Sigma": "Σ", "\\Delta": "Δ", "\\Lambda": "Λ"}


class Bands(Protocol):
    """What the figure needs of `mechanics.Vibrations`."""

    @property
    def spectrum(self) -> Spectrum:
        """Density of states."""
        ...

    @property
    def bonds(self) -> pd.DataFrame:
        """Kinds of bonds."""
        ...

    @property
    def bands(self) -> Array:
        """Shape (n_q, n_modes), cm⁻¹."""
        ...

    @property
    def distance(self) -> Array:
        """Shape (n_q,), Å⁻¹."""
        ...

    @property
    def ticks(self) -> tuple[tuple[float, str], ...]:
        """Place and name of the points of high symmetry."""
        ...


def springs_figure(vibrations: Bands, *, dark: bool | None = None) -> Figure:
    """Draw the stiffness of every kind of bond, the bands along a path, and the density of states.

    Filled marks are k_L (against stretching), hollow ones k_T (against shearing); their area grows
    with the number of such bonds in a cell; bonds that hardly hold are left out. The right panel
    shares its axis with the bands: a flat band makes a peak.

    Parameters
    ----------
    vibrations : Vibrations
        As `deepdos_nb.mechanics.vibrations` gives them.
    dark : bool or None

    Returns
    -------
    matplotlib Figure
    """
    ink, spectrum = INK[dark], vibrations.spectrum
    with theme(dark):
        figure = new_figure((9.0, 3.6))
        grid = figure.add_gridspec(1, 3, width_ratios=[1.15, 1.5, 0.8])
        stiffness = figure.add_subplot(grid[0])
        bands = figure.add_subplot(grid[1])
        density = figure.add_subplot(grid[2], sharey=bands)
        for ax in (stiffness, bands, density):
            dress(ax, dark)
        _stiffness(stiffness, vibrations.bonds, ink)
        _bands(bands, vibrations, ink)
        _density(density, spectrum)
        formula = formula_text(spectrum.structure.composition.reduced_formula)
        stiffness.set_title(f"{formula}  ·  balls and springs")
    return figure


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


def _bands(ax: Axes, vibrations: Bands, ink: str) -> None:
    # Where the path jumps, a line must not pretend that the bands run on.
    place = vibrations.distance
    jumps = np.flatnonzero(np.diff(place) <= 0) + 1
    for part in np.split(np.arange(len(place)), jumps):
        ax.plot(place[part], vibrations.bands[part], color=TOTAL, linewidth=1.0)
    for at, _ in vibrations.ticks:
        ax.axvline(at, color=ink, linewidth=0.5, alpha=0.5)
    ax.set_xticks(
        [at for at, _ in vibrations.ticks],
        [_name(n) for _, n in vibrations.ticks],
        fontsize=8,
    )
    ax.set_xlim(place[0], place[-1])
    ax.set_ylim(0.0, 1.05 * float(vibrations.bands.max()))
    ax.set_ylabel(energy_label(vibrations.spectrum.grid))


def _density(ax: Axes, spectrum: Spectrum) -> None:
    base = np.zeros_like(spectrum.total)
    colours = element_colours(spectrum.symbols)
    for element, part in spectrum.by_element().items():
        ax.fill_betweenx(
            spectrum.energies,
            base,
            base + part,
            color=colours[element],
            alpha=0.45,
            lw=0,
            label=element,
        )
        base = base + part
    ax.plot(spectrum.total, spectrum.energies, color=TOTAL, linewidth=1.6)
    ax.set_xlim(left=0.0)
    ax.set_xlabel(f"Density\n({spectrum.grid.density_unit})")
    ax.tick_params(labelleft=False)
    ax.legend(frameon=False, fontsize=8, labelcolor=ax.xaxis.label.get_color())


def _name(symbol: str) -> str:
    for written, drawn in _SYMBOLS.items():
        symbol = symbol.replace(written, drawn)
    return symbol.replace("_", "")
