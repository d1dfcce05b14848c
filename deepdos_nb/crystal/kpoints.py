"""Meshes of wave vectors in the Brillouin zone."""

from __future__ import annotations

import numpy as np

from deepdos_nb.core.arrays import Array

MESH_LENGTH = 20.0
"""Å; a mesh of wave vectors has at least this length over the cell's edge as points along it."""


def wave_vectors(
    lattice: Array,
    length: float = MESH_LENGTH,
    *,
    centred: bool = False,
    rotations: Array | None = None,
) -> tuple[Array, Array]:
    """Mesh of wave vectors q, one of all that symmetry makes equal, with their weights.

    The mesh is uniform (Monkhorst and Pack, Phys. Rev. B 13, 5188 (1976)). Time reversal makes q
    and −q equal; what one wave vector of many says of a site holds for the mean of the site's
    symmetry orbit.

    Parameters
    ----------
    lattice : ndarray, shape (3, 3)
        Cell vectors as rows, Å.
    length : float
        Å; along each vector there are at least length / |vector| points.
    centred : bool
        Phonons: shifted by half a step, so that it avoids Γ, where three modes have no restoring
        force. Electrons, centred: with Γ, and even numbers of points, so that the far corner of the
        zone is on it too: many bands have their edges at either.

    rotations : ndarray of int, shape (n, 3, 3), optional
        Of the crystal, see `PrimitiveCell`; those that do not map the mesh onto itself are left.

    Returns
    -------
    q : ndarray, shape (n_points, 3)
        Å⁻¹, the factor 2π included.
    weight : ndarray, shape (n_points,)
        Sums to one.
    """
    edges = np.linalg.norm(lattice, axis=1)
    counts = np.maximum(1, np.ceil(length / edges - 1e-3)).astype(int)
    if centred:
        counts += (counts % 2) * (counts > 1)
    index = np.stack(np.meshgrid(*map(np.arange, counts), indexing="ij"), axis=-1).reshape(-1, 3)
    shift = 0.0 if centred else 0.5
    equal = [_images(index, counts, shift, -np.eye(3, dtype=int))]
    for rotation in () if rotations is None else rotations:
        # q = (i + shift) / counts turns with the inverse transpose.
        turned = np.rint(np.linalg.inv(rotation).T).astype(int)
        equal.append(_images(index, counts, shift, turned))
    stars = np.arange(len(index))
    found = [images for images in equal if images is not None]
    while True:
        lowest = np.minimum.reduce([stars, *(stars[images] for images in found)])
        for images in found:
            np.minimum.at(lowest, images, stars)
        if (lowest == stars).all():
            break
        stars = lowest
    first, weight = np.unique(stars, return_counts=True)
    reciprocal = 2 * np.pi * np.linalg.inv(lattice).T
    return ((index[first] + shift) / counts) @ reciprocal, weight / weight.sum()


def _images(index: Array, counts: Array, shift: float, rotation: Array) -> Array | None:
    """Place of every mesh point's image in the mesh; None where it lies between the points."""
    turned = ((index + shift) / counts) @ rotation.T * counts - shift
    nearest = np.rint(turned).astype(int)
    if np.abs(turned - nearest).max() > 1e-6:
        return None
    return np.ravel_multi_index(tuple((nearest % counts).T), tuple(counts))
