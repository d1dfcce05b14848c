"""The two things that travel: `Spectrum` and `Trace`.

Both are plain numpy with a structure attached, so that plots and widgets need no model and a model
needs no browser.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import ConfigError
from deepdos_nb.core.grids import Kind, OfKind
from deepdos_nb.spectra.error_band import ErrorBand

if TYPE_CHECKING:
    import pandas as pd
    from ase.spectrum.doscollection import GridDOSCollection
    from matplotlib.axes import Axes
    from pymatgen.core import Structure
    from pymatgen.electronic_structure.dos import CompleteDos, Dos
    from pymatgen.phonon.dos import CompletePhononDos, PhononDos


Norm = Literal["max", "sum"]


def element_sums(symbols: list[str], sites: Array) -> dict[str, Array]:
    """Sum site rows by element, in order of first appearance.

    Parameters
    ----------
    symbols : list of str, length n_sites
    sites : ndarray, shape (..., n_sites, n_bins)

    Returns
    -------
    dict of ndarray, each of shape (..., n_bins)
    """
    names = np.array(symbols)
    return {s: sites[..., names == s, :].sum(axis=-2) for s in dict.fromkeys(symbols)}


@dataclass(frozen=True)
class Spectrum(OfKind):
    """A site-resolved density of states on a fixed grid.

    Parameters
    ----------
    kind : {"phdos", "edos"}
    structure : pymatgen Structure
        The crystal; its sites are the rows of `sites`.
    sites : ndarray, shape (n_sites, n_bins)
        States per cm⁻¹ (phDOS) or per eV (eDOS), per cell, of each site; never negative.
    members : ndarray, shape (n_seeds, n_bins)
        Total of each seed of the ensemble, same unit; empty for a single reference curve.
    outside : ndarray, shape (n_sites,)
        States of each site beyond the window. For phonons
        ``sites.sum(1) * step + outside == 3`` exactly up to round-off.
    source : str
        Where the curve comes from, for legends ("deepdos_nb", "DFPT", …).
    notes : tuple of str
        Cautions to be shown beside the curve.
    error_band : ErrorBand, optional
        Tells the size of the error; where it is missing, the band is the bare spread over seeds.
    widened : float
        Factor on the band of a crystal far from what was trained on; no coverage is stated for it.
    """

    kind: Kind
    structure: Structure
    sites: Array
    members: Array = field(default_factory=lambda: np.zeros((0, 0)))
    outside: Array = field(default_factory=lambda: np.zeros(0))
    source: str = "deepdos_nb"
    notes: tuple[str, ...] = ()
    error_band: ErrorBand | None = None
    widened: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        expected = (len(self.structure), self.grid.n_bins)
        if self.sites.shape != expected:
            raise ConfigError(f"site densities have shape {self.sites.shape}, expected {expected}.")

    @cached_property
    def total(self) -> Array:
        """Total density, the sum of the site rows, shape (n_bins,)."""
        return self.sites.sum(axis=0)

    @cached_property
    def spread(self) -> Array:
        """One sample standard deviation over seeds, shape (n_bins,); zero for fewer than two."""
        if len(self.members) < 2:
            return np.zeros(self.grid.n_bins)
        return self.members.std(axis=0, ddof=1)

    @property
    def band(self) -> Array:
        """Half-width of the error band, shape (n_bins,); zero for fewer than two seeds."""
        if self.error_band is None or len(self.members) < 2:
            return self.spread
        return self.widened * self.error_band.sigma(self.total, self.spread)

    @property
    def outer_band(self) -> Array:
        """Half-width that holds 95.4 % of the errors, where `band` holds 68.3 %, same shape."""
        return self.band * (self.error_band.outer if self.error_band else 2.0)

    @property
    def band_name(self) -> str:
        """What the band is, for legends."""
        if self.error_band is None:
            return "± 1 σ over seeds"
        return "± 1 σ, calibrated" if self.widened == 1 else f"± 1 σ, widened × {self.widened:g}"

    @property
    def formula(self) -> str:
        """Reduced chemical formula."""
        return self.structure.composition.reduced_formula

    @cached_property
    def symbols(self) -> list[str]:
        """Element symbol of each site."""
        return [site.specie.symbol for site in self.structure]

    @property
    def site_labels(self) -> list[str]:
        """Names such as ``O3``, counted from one in the order of the structure's sites."""
        return [f"{s}{i + 1}" for i, s in enumerate(self.symbols)]

    @property
    def states(self) -> float:
        """Number of states inside the window, per cell."""
        return float(self.total.sum() * self.grid.step)

    def by_element(self) -> dict[str, Array]:
        """Sum of the site rows of each element; the values add up to `total`."""
        return element_sums(self.symbols, self.sites)

    def shape(self, norm: Norm = "max") -> Array:
        """Total scaled to maximum one (``"max"``) or to sum one (``"sum"``), shape (n_bins,)."""
        scale = self.total.max() if norm == "max" else self.total.sum()
        return self.total / scale if scale > 0 else self.total

    def window_share(self, low: float, high: float) -> Array:
        """Share of each site in the states whose cell centre lies in [low, high], shape (n_sites,).

        The shares add up to one, or are all zero where the window holds no states.
        """
        inside = (self.energies >= low) & (self.energies <= high)
        states = self.sites[:, inside].sum(axis=1)
        total = states.sum()
        return states / total if total > 0 else np.zeros_like(states)

    def to_dataframe(self) -> pd.DataFrame:
        """Energy, total, spread, band, a column per element and one per site, as a DataFrame."""
        import pandas as pd

        frame = {
            f"energy ({self.grid.unit})": self.energies,
            "total": self.total,
            "spread": self.spread,
            "band": self.band,
        }
        frame |= self.by_element()
        frame |= {f"site {n}": row for n, row in zip(self.site_labels, self.sites, strict=True)}
        return pd.DataFrame(frame)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain lists, ready for JSON."""
        return {
            "kind": self.kind,
            "formula": self.formula,
            "source": self.source,
            "energy_unit": self.grid.unit,
            "density_unit": self.grid.density_unit,
            "energy_zero": self.grid.zero,
            "energies": self.energies.tolist(),
            "total": self.total.tolist(),
            "spread": self.spread.tolist(),
            "band": self.band.tolist(),
            "elements": {k: v.tolist() for k, v in self.by_element().items()},
            "sites": {n: v.tolist() for n, v in zip(self.site_labels, self.sites, strict=True)},
            "states_outside_window": self.outside.tolist(),
            "notes": list(self.notes),
        }

    def to_json(self) -> str:
        """`to_dict` as JSON text."""
        return json.dumps(self.to_dict(), ensure_ascii=False)

    def to_pymatgen(self) -> CompletePhononDos | CompleteDos:
        """As pymatgen's `CompletePhononDos` (THz) or `CompleteDos` (eV, Fermi level at zero).

        Sites and elements are resolved, orbitals are not: ``get_element_spd_dos`` says so.
        """
        from deepdos_nb.spectra.exchange import to_pymatgen

        return to_pymatgen(self.kind, self.structure, self.sites)

    def to_ase(self) -> GridDOSCollection:
        """As ASE's `GridDOSCollection`, eV and states/eV; a row per site, with its ``symbol``."""
        from deepdos_nb.spectra.exchange import to_ase

        return to_ase(self.kind, self.symbols, self.sites, self.source)

    @classmethod
    def from_pymatgen(
        cls,
        dos: PhononDos | Dos,
        structure: Structure | None = None,
        *,
        zero: float | None = None,
        source: str = "pymatgen",
    ) -> Spectrum:
        """Take over pymatgen's density of states, binned without losing a state.

        Parameters
        ----------
        dos : PhononDos, CompletePhononDos, Dos or CompleteDos
            Without projections the total is shared evenly, and a note says so.
        structure : pymatgen Structure, optional
            The crystal, where `dos` does not bring it.
        zero : float, optional
            Electrons: energy that becomes zero, eV; by default the top of the valence band where
            there are no states at the Fermi level, else that level.
        source : str
            For legends.

        Raises
        ------
        ConfigError
            If `dos` is something else, or its crystal is unknown.
        DataError
            If the curve does not cover the window, or holds no states.
        """
        from deepdos_nb.spectra.exchange import from_pymatgen

        read = from_pymatgen(dos, structure, zero)
        return cls(
            read.kind,
            read.structure,
            read.sites,
            outside=read.outside,
            source=source,
            notes=read.notes,
        )

    def plot(self, **options: Any) -> Axes:
        """Draw the total, its elements and the error band; see `plots.spectrum_axes`."""
        from deepdos_nb.spectra.drawing import spectrum_axes

        return spectrum_axes(self, **options)

    def describe(self) -> str:
        """One paragraph of text, for people who cannot see the figure."""
        grid, total = self.grid, self.total
        peak = int(total.argmax())
        shares = {k: float(v.sum() / max(total.sum(), 1e-12)) for k, v in self.by_element().items()}
        parts = ", ".join(f"{k} {100 * v:.0f} %" for k, v in shares.items())
        text = (
            f"{self.kind.long_name.capitalize()} of "
            f"{self.formula} ({len(self.structure)} atoms per cell), from {self.source}: "
            f"{self.states:.1f} states between {grid.start:g} and {grid.stop:g} {grid.unit}, "
            f"highest near {self.energies[peak]:.3g} {grid.unit} "
            f"({total[peak]:.3g} {grid.density_unit}). Share of states: {parts}."
        )
        if len(self.members) > 1:
            text += (
                f" Error band over {len(self.members)} seeds: on average "
                f"± {100 * self.band.mean() / max(total.max(), 1e-12):.1f} % of the highest value."
            )
        return " ".join([text, *self.notes])

    def __repr__(self) -> str:
        return (
            f"Spectrum({self.kind}, {self.formula}, {len(self.structure)} sites, "
            f"{self.states:.1f} states, {len(self.members)} seeds)"
        )
