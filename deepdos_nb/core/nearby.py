"""Which pairs of points are worth a closer look."""

from __future__ import annotations

import numpy as np

from deepdos_nb.core.arrays import Array

FEW_POINTS = 200
"""Points up to which all pairs are; SciPy's trees take a tenth of a second to import."""


def pairs_to_compare(points: Array, reach: float, *, in_unit_cell: bool = False) -> Array:
    """Pairs of points, among them all within reach, the first of each before the second.

    Parameters
    ----------
    points : ndarray, shape (n, 3)
    reach : float
    in_unit_cell : bool
        Points are fractional, in [0, 1), and repeat; reach counts along each axis.

    Returns
    -------
    ndarray of int, shape (n_pairs, 2)
        In ascending order.
    """
    if len(points) <= FEW_POINTS:
        return np.stack(np.triu_indices(len(points), 1), axis=1)
    from scipy.spatial import KDTree

    tree = KDTree(points, boxsize=1.0 if in_unit_cell else None)
    pairs = tree.query_pairs(reach, p=np.inf if in_unit_cell else 2.0, output_type="ndarray")
    pairs = np.sort(pairs, axis=1)
    return pairs[np.lexsort(pairs.T[::-1])]
