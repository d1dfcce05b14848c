"""A primitive cell as other packages want it: places of its atoms, translations of its bonds."""

from __future__ import annotations

import numpy as np
from pymatgen.core import Structure

from deepdos_nb.core.arrays import Array
from deepdos_nb.crystal.primitive import PrimitiveCell
from deepdos_nb.physics.pairs import PairCell


def places(structure: Structure, cell: PrimitiveCell) -> Array:
    """Fractional coordinates of the atoms of its primitive cell, shape (N, 3)."""
    _, first = np.unique(cell.member, return_index=True)
    return np.asarray(structure.cart_coords)[first] @ np.linalg.inv(cell.lattice)


def translations(fractional: Array, cell: PrimitiveCell, pairs: PairCell) -> Array:
    """Lattice translation of the sender of every bond, int, shape (E, 3)."""
    vector = pairs.vector.numpy() @ np.linalg.inv(cell.lattice)
    found = vector - fractional[pairs.sender.numpy()] + fractional[pairs.receiver.numpy()]
    whole = np.round(found)
    np.testing.assert_allclose(found, whole, atol=1e-6)
    return whole.astype(int)
