"""The figure that force constants and tight binding share: bands, and the states they make."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.spectra.spectrum import Spectrum
from deepdos_nb.style.axes import dress, energy_label, formula_text, new_figure
from deepdos_nb.style.palette import INK, TOTAL, element_colours, theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SYMBOLS = {"\\Gamma": "Γ", "\\Sigma": "Σ", "\\Delta": "Δ", "\\Lambda": "Λ"}


class Banded(Protocol):
    """What the figure needs of `vibrations` and `orbitals`; see `inference.draft_bands`."""

    @property
    def spectrum(self) -> Spectrum:
        """Density of states."""
        ...

    @property
    def bands(self) -> Array:
        """Shape (n_k, n_bands), in the unit of the spectrum's energies."""
        ...

    @property
    def distance(self) -> Array:
        """Shape (n_k,), Å⁻¹."""
        ...

    @property
    def ticks(self) -> tuple[tuple[float, str], ...]:
        """Place and name of the points of high symmetry."""
        ...


def banded_figure(
    banded: Banded,
    origin: Callable[[Axes, str], None],
    title: str,
    *,
    limits: tuple[float, float],
    width: float,
    dark: bool | None,
) -> Figure:
    """Draw what makes the bands, the bands along a path, and the density of states.

    The right panel shares its axis with the bands: a flat band makes a peak.

    Parameters
    ----------
    banded : Banded
    origin : callable
        Draws the left panel, given its axes and the ink.
    title : str
        What the bands are by, after the formula.
    limits : (float, float)
        Of the bands' energies.
    width : float
        Of the left panel; the bands have 1.5.
    dark : bool or None
    """
    ink, spectrum = INK[dark], banded.spectrum
    with theme(dark):
        figure = new_figure((9.0, 3.6))
        grid = figure.add_gridspec(1, 3, width_ratios=[width, 1.5, 0.8])
        left = figure.add_subplot(grid[0])
        middle = figure.add_subplot(grid[1])
        right = figure.add_subplot(grid[2], sharey=middle)
        for ax in (left, middle, right):
            dress(ax, dark)
            if spectrum.grid.zero_inside:
                ax.axhline(0.0, color=ink, linewidth=0.8, linestyle="--", alpha=0.7)
        origin(left, ink)
        bands_axes(middle, banded, ink)
        middle.set_ylim(*limits)
        states_axes(right, spectrum)
        formula = formula_text(spectrum.structure.composition.reduced_formula)
        left.set_title(f"{formula}  ·  {title}", loc="left")
    return figure


def bands_axes(ax: Axes, banded: Banded, ink: str) -> None:
    """Draw bands over the path."""
    # Where the path jumps, a line must not pretend that the bands run on.
    place = banded.distance
    jumps = np.flatnonzero(np.diff(place) <= 0) + 1
    for part in np.split(np.arange(len(place)), jumps):
        ax.plot(place[part], banded.bands[part], color=TOTAL, linewidth=1.0)
    for at, _ in banded.ticks:
        ax.axvline(at, color=ink, linewidth=0.5, alpha=0.5)
    names = [point_name(n) for _, n in banded.ticks]
    ax.set_xticks([at for at, _ in banded.ticks], names, fontsize=8)
    ax.set_xlim(place[0], place[-1])
    ax.set_ylabel(energy_label(banded.spectrum.grid))


def states_axes(ax: Axes, spectrum: Spectrum) -> None:
    """Draw the density of states by element, its energies upwards."""
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
    # Above the panel, which has no corner that is empty for phonons and electrons alike.
    ax.legend(
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=5,
        borderaxespad=0.2,
        handlelength=1.0,
        columnspacing=1.0,
        frameon=False,
        fontsize=8,
        labelcolor=ax.xaxis.label.get_color(),
    )


def point_name(symbol: str) -> str:
    """Name of a point of high symmetry as it is drawn."""
    for written, drawn in _SYMBOLS.items():
        symbol = symbol.replace(written, drawn)
    return symbol.replace("_", "")
