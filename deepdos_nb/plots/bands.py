"""Panels that springs and tight binding share: bands along a path, and the states they make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.spectra.spectrum import Spectrum
from deepdos_nb.style.axes import energy_label
from deepdos_nb.style.palette import TOTAL, element_colours

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SYMBOLS = {"\\Gamma": "Γ", "\\Sigma": "Σ", "\\Delta": "Δ", "\\Lambda": "Λ"}


class Banded(Protocol):
    """What the panels need of `Vibrations` and `Orbitals` of `inference`."""

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


def bands_axes(ax: Axes, banded: Banded, ink: str) -> None:
    """Draw bands over the path."""
    # Where the path jumps, a line must not pretend that the bands run on.
    place = banded.distance
    jumps = np.flatnonzero(np.diff(place) <= 0) + 1
    for part in np.split(np.arange(len(place)), jumps):
        ax.plot(place[part], banded.bands[part], color=TOTAL, linewidth=1.0)
    for at, _ in banded.ticks:
        ax.axvline(at, color=ink, linewidth=0.5, alpha=0.5)
    names = [_name(n) for _, n in banded.ticks]
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
    ax.legend(frameon=False, fontsize=8, labelcolor=ax.xaxis.label.get_color())


def _name(symbol: str) -> str:
    for written, drawn in _SYMBOLS.items():
        symbol = symbol.replace(written, drawn)
    return symbol.replace("_", "")
