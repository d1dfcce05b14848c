"""`orbitals`: a crystal by tight binding, its levels, its bands and the spectrum they make."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from deepdos_nb.core.arrays import Array
from deepdos_nb.crystal.band_path import band_path
from deepdos_nb.crystal.elements import has_d_orbitals
from deepdos_nb.crystal.graph import build_graph
from deepdos_nb.crystal.primitive import PrimitiveCell, primitive_cell
from deepdos_nb.crystal.read import read_structure
from deepdos_nb.inference.draft_bands import DraftBands, draft_model_of, drafted, solved
from deepdos_nb.inference.ensemble import Ensemble
from deepdos_nb.parallel.threads import one_thread
from deepdos_nb.physics.hoppings import HoppingNetwork
from deepdos_nb.physics.slater_koster import MOMENT, ORBITALS, SHELLS
from deepdos_nb.physics.tight_binding import (
    Terms,
    bands,
    fermi_level,
    hamiltonians,
    orbital_cell,
)

if TYPE_CHECKING:
    import pandas as pd

SAME = 0.02
"""eV; levels of the same element that differ by less count as one."""


@dataclass(frozen=True, kw_only=True)
class Orbitals(DraftBands):
    """What tight binding makes of a crystal, see `DraftBands`.

    Parameters
    ----------
    levels : DataFrame
        One row for each kind of level, lowest first: "element", "shell" (s* is the next s shell),
        "energy (eV)" in the crystal before orbitals couple, from the zero of the spectrum, "per
        cell".
    gap : float
        On the mesh that the spectrum is made on, eV; zero for a metal.
    """

    levels: pd.DataFrame
    gap: float

    def shares(self, point: int, band: int) -> Array:
        """Which orbitals make one state.

        Parameters
        ----------
        point : int
            Wave vector on the path.
        band : int
            From the lowest.

        Returns
        -------
        ndarray, shape (n_atoms, 3)
            Share of s (both shells), p and d orbitals of each atom of `cell`; their sum is one.
        """
        weights = np.abs(self.vectors(self.k[point])[:, band]) ** 2
        by_orbital = weights.reshape(len(self.cell), ORBITALS)
        shells: Array = np.stack(
            [by_orbital[:, np.array(MOMENT) == shell].sum(axis=1) for shell in range(3)], axis=1
        )
        return shells / shells.sum()


@one_thread()
@torch.no_grad()
def orbitals(model: Ensemble, structure: Any) -> Orbitals:
    """Look at the tight binding of an electronic model in one crystal.

    Parameters
    ----------
    model : Ensemble
        That reads tight binding, as the shipped electronic model.
    structure : pymatgen Structure, ASE Atoms, or path

    Returns
    -------
    Orbitals

    Raises
    ------
    ConfigError
        If the model reads no tight binding.
    StructureError
        If the structure cannot be used.
    """
    hoppings = draft_model_of(model, HoppingNetwork)
    structure = read_structure(structure)
    path = band_path(structure)
    primitive = primitive_cell(path.cell, build_graph(path.cell))
    cell = orbital_cell(primitive)
    terms = hoppings(cell.pairs).double()

    def energies(k: torch.Tensor) -> torch.Tensor:
        return solved(lambda some: bands(terms, cell, some), k, len(cell.orbital))

    occupation = fermi_level(energies(cell.pairs.q), cell.pairs.weight, cell.electrons)
    zero = float(occupation.zero)

    @one_thread()
    def vectors(k: Array) -> Array:
        matrix = hamiltonians(terms, cell, torch.from_numpy(k[None]))[0]
        there = torch.linalg.eigh(matrix)[1].numpy()
        # Orbitals that an element lacks have no part in any state.
        every = np.zeros((len(primitive.graph.numbers) * ORBITALS, there.shape[1]), there.dtype)
        every[cell.orbital.numpy()] = there
        found: Array = every.reshape(-1, ORBITALS, there.shape[1])[primitive.member]
        return found.reshape(ORBITALS * len(path.cell), -1)

    return Orbitals(
        spectrum=drafted(hoppings, structure, build_graph(structure)),
        bands=energies(torch.from_numpy(path.k)).numpy() - zero,
        distance=path.distance,
        ticks=path.ticks,
        k=path.k,
        cell=path.cell,
        vectors=vectors,
        levels=level_table(terms, primitive, zero),
        gap=occupation.gap,
    )


def level_table(terms: Terms, primitive: PrimitiveCell, zero: float) -> pd.DataFrame:
    """Kinds of levels in a primitive cell, see `Orbitals.levels`."""
    import pandas as pd
    from pymatgen.core import Element

    rows = [
        (Element.from_Z(int(number)).symbol, shell, float(level) - zero)
        for number, levels in zip(primitive.graph.numbers, terms.levels, strict=True)
        for shell, level in zip(SHELLS, levels, strict=True)
        if shell != "d" or has_d_orbitals()[number]
    ]
    table = pd.DataFrame(rows, columns=["element", "shell", "energy (eV)"])
    table = table.sort_values(["element", "shell", "energy (eV)"], kind="stable")
    ends = table[["element", "shell"]].ne(table[["element", "shell"]].shift()).any(axis=1)
    kind = (ends | (table["energy (eV)"].diff() > SAME)).cumsum()
    groups = table.groupby(kind)
    kinds = groups.agg({"element": "first", "shell": "first", "energy (eV)": "mean"})
    kinds["per cell"] = groups.size()
    return kinds.sort_values("energy (eV)", ignore_index=True)
