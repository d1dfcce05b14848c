"""One record type for every source: a crystal, its reference spectrum, its provenance."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import DataError
from deepdos_nb.core.grids import Kind, OfKind
from deepdos_nb.spectra.spectrum import Spectrum

if TYPE_CHECKING:
    from pymatgen.core import Structure


def reduced_formula(composition: tuple[tuple[int, int], ...]) -> str:
    """Reduced chemical formula of (atomic number, count) pairs."""
    from pymatgen.core import Composition, Element

    with warnings.catch_warnings():
        # Ordering a formula asks for electronegativities, which noble gases have none of.
        warnings.filterwarnings("ignore", "No Pauling electronegativity")
        return Composition({Element.from_Z(z): n for z, n in composition}).reduced_formula


@dataclass(frozen=True)
class Record(OfKind):
    """A crystal with its reference density of states.

    Totals are shares of the states inside the window; `states` makes them absolute. Sites are
    stored once for each symmetry orbit, because equivalent atoms have equal curves.

    Parameters
    ----------
    material_id : str
        Materials Project identifier or the source's own.
    kind : {"phdos", "edos"}
    lattice : ndarray, shape (3, 3)
        Cell vectors as rows, Å.
    numbers : ndarray of int, shape (n_atoms,)
    frac : ndarray, shape (n_atoms, 3)
    orbits : ndarray of int, shape (n_atoms,)
        Symmetry orbit of each atom.
    shape : ndarray, shape (n_bins,)
        Total density inside the window, summing to one.
    site_shape : ndarray, shape (n_orbits, n_bins), optional
        Phonons: share of one atom's three modes in each bin; with `outside` each row sums to one.
        Electrons: share of one atom in all states of the window, so that the rows of all atoms
        add up to `shape`.
    outside : ndarray, shape (n_orbits,), optional
        Phonons: share of one atom's modes beyond the window. Electrons: zeros.
    source : str
        Data set the record was read from.
    states : float, optional
        States per cell inside the window; None where the source gives no absolute scale. For
        phonons with known sites it follows from `outside`.
    orbital_shape : ndarray, shape (n_orbits, 4, n_bins), optional
        `site_shape` by s, p, d and f character; the sum over the four is `site_shape`.
    provenance : mapping
        What is known of the curve's origin, ready for JSON: "method" (for legends), "zero" ("VBM"
        or "E_F") and "gap" (eV) for electrons, "licence", "engine", "settings", …
    """

    material_id: str
    kind: Kind
    lattice: Array
    numbers: Array
    frac: Array
    orbits: Array
    shape: Array
    site_shape: Array | None = None
    outside: Array | None = None
    source: str = ""
    states: float | None = None
    orbital_shape: Array | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        modes = self.kind.modes_per_atom
        if self.states is None and modes is not None and self.outside is not None:
            inside = float((1.0 - self.outside[self.orbits]).sum())
            object.__setattr__(self, "states", modes * inside)

    @property
    def n_atoms(self) -> int:
        """Atoms per cell."""
        return len(self.numbers)

    @property
    def structure(self) -> Structure:
        """The crystal as a pymatgen Structure."""
        from pymatgen.core import Lattice, Structure

        return Structure(Lattice(self.lattice), self.numbers.tolist(), self.frac)

    @cached_property
    def formula(self) -> str:
        """Reduced chemical formula."""
        numbers, counts = np.unique(self.numbers, return_counts=True)
        return reduced_formula(tuple(zip(numbers.tolist(), counts.tolist(), strict=True)))

    @property
    def gap(self) -> float | None:
        """Band gap in eV, 0 for a metal; None where it is unknown, and for phonons."""
        gap = self.provenance.get("gap")
        return None if gap is None else float(gap)

    @property
    def zero(self) -> str | None:
        """What the energy zero of an electronic curve is: "VBM" or "E_F"."""
        return self.provenance.get("zero")

    @property
    def method(self) -> str:
        """How the curve was made, for legends; the source's name where that is not recorded."""
        return str(self.provenance.get("method") or self.source)

    def reference(self, *, even: bool = False) -> Spectrum:
        """The reference as a site-resolved `Spectrum` in states/eV/cell or states/cm⁻¹/cell.

        Parameters
        ----------
        even : bool
            Where the source gives no site projections, share the total evenly among the atoms,
            and say so in the spectrum's notes. A phonon curve without a scale of its own is then
            scaled to three modes per atom.

        Raises
        ------
        DataError
            If the source gives no site projections (and `even` is not set), or no scale.
        """
        step = self.grid.step
        if self.site_shape is None:
            if not even:
                raise DataError(
                    f"{self.source} holds no site projections for {self.material_id}.",
                    remedy="Use `record.shape`, or share it evenly with `reference(even=True)`.",
                )
            row = self.shape * self._scale() / (self.n_atoms * step)
            note = f"{self.method} gives the total only; it is shared evenly among the atoms."
            rows = np.repeat(row[None], self.n_atoms, axis=0)
            return Spectrum(self.kind, self.structure, rows, source=self.method, notes=(note,))
        scale = self.kind.modes_per_atom or self._scale()
        outside: Array = np.zeros(self.n_atoms)
        if self.outside is not None:
            outside = scale * self.outside[self.orbits]
        return Spectrum(
            self.kind,
            self.structure,
            scale * self.site_shape[self.orbits] / step,
            outside=outside,
            source=self.method,
        )

    def _scale(self) -> float:
        """States per cell inside the window."""
        if self.states is not None:
            return self.states
        if self.kind.modes_per_atom is not None:
            return self.kind.modes_per_atom * self.n_atoms
        raise DataError(
            f"{self.source} gives no absolute scale for {self.material_id}.",
            remedy="Use `record.shape`, which sums to one.",
        )
