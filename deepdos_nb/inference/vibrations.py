"""`vibrations`: a crystal as balls and springs, its bands and the spectrum they make."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import ConfigError
from deepdos_nb.core.grids import MODES_PER_ATOM, Kind
from deepdos_nb.crystal.band_path import Ticks, band_path
from deepdos_nb.crystal.graph import build_graph
from deepdos_nb.crystal.primitive import PrimitiveCell, primitive_cell
from deepdos_nb.crystal.read import read_structure
from deepdos_nb.inference.ensemble import Ensemble
from deepdos_nb.physics.draft import draft_spectrum
from deepdos_nb.physics.force_constants import ForceConstantNetwork
from deepdos_nb.physics.lattice_dynamics import frequencies, phonon_cell
from deepdos_nb.physics.threads import one_thread
from deepdos_nb.spectra.spectrum import Spectrum

if TYPE_CHECKING:
    import pandas as pd

SAME = 0.01
"""Å; bonds between the same elements that differ by less count as one kind."""


@dataclass(frozen=True)
class Vibrations:
    """What springs make of a crystal.

    Parameters
    ----------
    spectrum : Spectrum
        Their density of states, site by site: the draft that the network reads.
    bonds : DataFrame
        One row for each kind of bond, stiffest first: "atoms", "length (Å)", "k_L (eV/Å²)" against
        stretching, "k_T (eV/Å²)" against shearing, "per cell".
    bands : ndarray, shape (n_q, 3 N)
        Wavenumbers along the path, cm⁻¹, for the N atoms of a primitive cell.
    distance : ndarray, shape (n_q,)
        Place of each wave vector on the path, Å⁻¹.
    ticks : tuple of (float, str)
        Place and name of the points of high symmetry.
    """

    spectrum: Spectrum
    bonds: pd.DataFrame
    bands: Array
    distance: Array
    ticks: Ticks


@one_thread()
def vibrations(model: Ensemble, structure: Any) -> Vibrations:
    """Look at the springs of a phonon model in one crystal.

    Parameters
    ----------
    model : Ensemble
        With springs, as the shipped phonon model.
    structure : pymatgen Structure, ASE Atoms, or path

    Returns
    -------
    Vibrations

    Raises
    ------
    ConfigError
        If the model has no springs.
    StructureError
        If the structure cannot be used.
    """
    springs = model.draft_model
    if not isinstance(springs, ForceConstantNetwork):
        raise ConfigError(
            "this model has no springs.", remedy="Use `load_model('phdos')`, or train with them."
        )
    structure = read_structure(structure)
    graph = build_graph(structure)
    rows = draft_spectrum(springs, structure, graph)
    spectrum = Spectrum(
        Kind.phdos,
        structure,
        MODES_PER_ATOM * rows / Kind.phdos.grid.step,
        outside=MODES_PER_ATOM * (1.0 - rows.sum(axis=1)).clip(min=0.0),
        source="springs",
    )
    path = band_path(structure)
    cell = phonon_cell(primitive_cell(path.cell, build_graph(path.cell)))
    with torch.no_grad():
        bands = frequencies(springs(cell).double(), cell, torch.from_numpy(path.k)).numpy()
    bonds = bond_table(springs, primitive_cell(structure, graph))
    return Vibrations(spectrum, bonds, bands, path.distance, path.ticks)


@torch.no_grad()
def bond_table(springs: ForceConstantNetwork, primitive: PrimitiveCell) -> pd.DataFrame:
    """Kinds of bonds in a primitive cell, see `Vibrations.bonds`."""
    import pandas as pd
    from pymatgen.core import Element

    cell = phonon_cell(primitive)
    along, across = (k.numpy() for k in springs.force_constants(cell))
    length = np.linalg.norm(cell.vector.numpy(), axis=1)
    elements = [Element.from_Z(int(z)) for z in cell.numbers]
    ends = zip(cell.receiver.tolist(), cell.sender.tolist(), strict=True)
    # The electropositive end first, as in a formula.
    pairs = [sorted((elements[i], elements[j]), key=lambda e: (e.X, e.Z)) for i, j in ends]
    names = ["–".join(e.symbol for e in pair) for pair in pairs]
    table = pd.DataFrame({"atoms": names, "length": length, "along": along, "across": across})
    table = table.sort_values(["atoms", "length"], kind="stable")
    step = (table["length"].diff() > SAME) | (table["atoms"] != table["atoms"].shift())
    kinds = table.groupby(step.cumsum()).agg(
        {"atoms": "first", "length": "mean", "along": "mean", "across": "mean"}
    )
    # Every bond stands in the list once for each of its ends.
    kinds["per cell"] = table.groupby(step.cumsum()).size() // 2
    kinds = kinds.sort_values("along", ascending=False, ignore_index=True)
    units = {"length": "length (Å)", "along": "k_L (eV/Å²)", "across": "k_T (eV/Å²)"}
    return kinds.rename(columns=units)
