"""Real spherical harmonics of the directions to neighbours."""

from __future__ import annotations

import numpy as np

from deepdos_nb.core.arrays import Array


def real_harmonics(vector: Array) -> Array:
    """Real spherical harmonics of l = 0, 1, 2 with Σ_m Y_lm² = 1 for each l (Racah's norm).

    Parameters
    ----------
    vector : ndarray, shape (..., 3), not zero

    Returns
    -------
    ndarray, shape (..., 9)
    """
    x, y, z = np.moveaxis(vector / np.linalg.norm(vector, axis=-1, keepdims=True), -1, 0)
    root3 = np.sqrt(3.0)
    return np.stack(
        [
            np.ones_like(x),
            x,
            y,
            z,
            root3 * x * y,
            root3 * y * z,
            (3 * z**2 - 1) / 2,
            root3 * x * z,
            root3 / 2 * (x**2 - y**2),
        ],
        axis=-1,
    )
