"""`vibrations`: a crystal as balls and springs, which are Born-von Kármán force constants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from deepdos_nb.core.arrays import Array
from deepdos_nb.crystal.band_path import band_path
from deepdos_nb.crystal.elements import atomic_masses
from deepdos_nb.crystal.graph import build_graph
from deepdos_nb.crystal.primitive import PrimitiveCell, primitive_cell
from deepdos_nb.crystal.read import read_structure
from deepdos_nb.inference.draft_bands import DraftBands, draft_model_of, drafted, solved
from deepdos_nb.inference.ensemble import Ensemble
from deepdos_nb.parallel.threads import one_thread
from deepdos_nb.physics.force_constants import ForceConstantNetwork
from deepdos_nb.physics.lattice_dynamics import dynamical_matrices, frequencies, phonon_cell

if TYPE_CHECKING:
    import pandas as pd

SAME = 0.01
"""Å; bonds between the same elements that differ by less count as one kind."""


@dataclass(frozen=True, kw_only=True)
class Vibrations(DraftBands):
    """What force constants make of a crystal, see `DraftBands`.

    Parameters
    ----------
    bonds : DataFrame
        One row for each kind of bond, stiffest first: "atoms", "length (Å)", "k_L (eV/Å²)" against
        stretching, "k_T (eV/Å²)" against shearing, "per cell".
    """

    bonds: pd.DataFrame

    def displacements(self, point: int, branch: int) -> Array:
        """How the atoms move in one mode.

        Parameters
        ----------
        point : int
            Wave vector on the path.
        branch : int
            From the lowest.

        Returns
        -------
        ndarray of complex, shape (n_atoms, 3)
            Of each atom of `cell`; the one that moves farthest moves by one, and begins there. At x
            and time t an atom is displaced by the real part of u exp(i (k·x − ω t)).
        """
        mode = self.vectors(self.k[point])[:, branch].reshape(-1, 3)
        masses = atomic_masses()[[site.specie.Z for site in self.cell]]
        moved = mode / np.sqrt(masses)[:, None]
        largest = moved.ravel()[np.abs(moved).argmax()]
        turned: Array = moved * (abs(largest) / largest) / np.linalg.norm(moved, axis=1).max()
        return turned


@one_thread()
def vibrations(model: Ensemble, structure: Any) -> Vibrations:
    """Look at the force constants of a phonon model in one crystal, and at the phonons they make.

    Parameters
    ----------
    model : Ensemble
        That reads force constants, as the shipped phonon model.
    structure : pymatgen Structure, ASE Atoms, or path

    Returns
    -------
    Vibrations

    Raises
    ------
    ConfigError
        If the model reads no force constants.
    StructureError
        If the structure cannot be used.
    """
    springs = draft_model_of(model, ForceConstantNetwork)
    structure = read_structure(structure)
    graph = build_graph(structure)
    path = band_path(structure)
    primitive = primitive_cell(path.cell, build_graph(path.cell))
    cell = phonon_cell(primitive)
    with torch.no_grad():
        constants = springs(cell).double()
        rows = 3 * len(cell.numbers)
        bands = solved(
            lambda some: frequencies(constants, cell, some), torch.from_numpy(path.k), rows
        ).numpy()

    @one_thread()
    def vectors(k: Array) -> Array:
        matrix = dynamical_matrices(constants, cell, torch.from_numpy(k[None]))[0]
        by_node = torch.linalg.eigh(matrix)[1].numpy().reshape(len(cell.numbers), 3, -1)
        found: Array = by_node[primitive.member].reshape(3 * len(path.cell), -1)
        return found

    return Vibrations(
        spectrum=drafted(springs, structure, graph),
        bands=bands,
        distance=path.distance,
        ticks=path.ticks,
        k=path.k,
        cell=path.cell,
        vectors=vectors,
        bonds=bond_table(springs, primitive_cell(structure, graph)),
    )


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
