"""Supercells large enough for finite displacements, with as few atoms as possible."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from deepdos_nb.core.arrays import Array

if TYPE_CHECKING:
    from pymatgen.core import Structure


def supercell(cell: Structure, reach: float) -> Array:
    """Supercell matrix with the fewest atoms whose shortest lattice vector is at least `reach`.

    Tried are multiples of the primitive and of the conventional cell.

    Parameters
    ----------
    cell : Structure
        Standard primitive cell.
    reach : float
        Å.

    Returns
    -------
    ndarray of int, shape (3, 3)
        In phonopy's convention: its columns are the supercell's vectors.
    """
    from pymatgen.core import Lattice
    from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

    primitive = cell.lattice.matrix
    analyzer = SpacegroupAnalyzer(cell, symprec=1e-2)
    conventional = analyzer.get_conventional_standard_structure().lattice.matrix
    change = (conventional @ np.linalg.inv(primitive)).T
    bases = [np.eye(3)]
    if np.allclose(change, np.rint(change), atol=1e-3):
        bases.append(np.rint(change))
    candidates = []
    for basis in bases:
        lengths = np.linalg.norm(basis.T @ primitive, axis=1)
        most = np.ceil(reach / lengths).astype(int)
        candidates.append(basis @ np.diag(most))
        candidates += [basis * n for n in range(1, int(most.max()) + 4)]
    long_enough = [
        m
        for m in candidates
        if min(Lattice(m.T @ primitive).get_niggli_reduced_lattice().abc) >= reach - 1e-6
    ]
    best = min(long_enough, key=lambda m: abs(np.linalg.det(m)))
    return np.rint(best).astype(int)
