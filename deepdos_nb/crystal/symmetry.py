"""Symmetry of a crystal: orbits of equivalent sites, and its crystal system."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from deepdos_nb.core.arrays import Array

if TYPE_CHECKING:
    from pymatgen.core import Structure

SYSTEMS = (
    "triclinic",
    "monoclinic",
    "orthorhombic",
    "tetragonal",
    "trigonal",
    "hexagonal",
    "cubic",
)
"""Crystal systems by falling freedom of the cell; a graph names its own by place in this list."""

UNKNOWN_SYSTEM = -1
"""What a graph holds whose space group nobody asked for."""


def symmetry_orbits(structure: Structure, *, symprec: float = 1e-3) -> Array:
    """Number the symmetry-equivalent sites of a crystal, shape (n_atoms,).

    Falls back to one orbit per atom where no space group is found.
    """
    from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

    try:
        data = SpacegroupAnalyzer(structure, symprec=symprec).get_symmetry_dataset()
    except Exception:  # spglib reports failure in several ways; the fallback is always right
        data = None
    if data is None:
        return np.arange(len(structure))
    return np.unique(data.equivalent_atoms, return_inverse=True)[1]


def crystal_system(structure: Structure, *, symprec: float = 1e-2) -> str:
    """Crystal system, one of `SYSTEMS`.

    Triclinic, the system that promises nothing, where no space group is found.

    Parameters
    ----------
    structure : pymatgen Structure
    symprec : float
        Å.
    """
    from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

    try:
        return str(SpacegroupAnalyzer(structure, symprec=symprec).get_crystal_system())
    except Exception:  # spglib reports failure in several ways; the fallback is always right
        return SYSTEMS[0]
