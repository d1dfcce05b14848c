"""One record type for every source: a crystal, its reference spectrum, its provenance."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from deepdos_nb.arrays import Array
from deepdos_nb.graph import CrystalGraph, build_graph
from deepdos_nb.grids import MODES_PER_ATOM, Kind, grid_for
from deepdos_nb.spectra import Spectrum

if TYPE_CHECKING:
    from pymatgen.core import Structure


@dataclass(frozen=True)
class Record:
    """A crystal with its reference density of states.

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
        Share of one atom's states in each bin; with `outside` each row sums to one.
    outside : ndarray, shape (n_orbits,), optional
        Share of one atom's states beyond the window.
    source : str
        Data set the record was read from.
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
        from pymatgen.core import Composition, Element

        counts = np.bincount(self.numbers)
        present = np.flatnonzero(counts)
        elements = {Element.from_Z(int(z)): int(counts[z]) for z in present}
        with warnings.catch_warnings():
            # Ordering a formula asks for electronegativities, which noble gases have none of.
            warnings.filterwarnings("ignore", "No Pauling electronegativity")
            return Composition(elements).reduced_formula

    def graph(self) -> CrystalGraph:
        """Neighbour graph with one node per symmetry orbit; see `CrystalGraph.quotient`."""
        return build_graph(self.structure).quotient(self.orbits)

    def reference(self) -> Spectrum:
        """The reference as a site-resolved `Spectrum`.

        Raises
        ------
        ValueError
            If the source gives no site projections.
        """
        if self.site_shape is None or self.outside is None:
            raise ValueError(f"{self.source} holds no site projections for {self.material_id}.")
        step = grid_for(self.kind).step
        return Spectrum(
            self.kind,
            self.structure,
            MODES_PER_ATOM * self.site_shape[self.orbits] / step,
            outside=MODES_PER_ATOM * self.outside[self.orbits],
            source=self.source,
        )
