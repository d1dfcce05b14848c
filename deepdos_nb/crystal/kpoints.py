"""Meshes of wave vectors in the Brillouin zone."""

from __future__ import annotations

import numpy as np

from deepdos_nb.core.arrays import Array

MESH_LENGTH = 20.0
"""Å; a mesh of wave vectors has at least this length over the cell's edge as points along it."""

DENSEST, COARSEST, FEW_ORBITALS, MANY_ORBITALS = 40.0, 20.0, 30, 300
"""Meshes for electrons, Å, of cells with few orbitals and of cells with more."""


def orbital_mesh_length(orbitals: int) -> float:
    """Length for the mesh of a cell with so many orbitals, Å, as `MESH_LENGTH`.

    Bands of larger cells are folded, so that their meshes may be thinner; from `MANY_ORBITALS` on
    half the coarsest must do, because the cost grows with their cube.
    """
    if orbitals > MANY_ORBITALS:
        return COARSEST / 2
    return min(DENSEST, max(COARSEST, DENSEST * (FEW_ORBITALS / orbitals) ** (2 / 3)))


def mesh_counts(edges: Array, length: float, *, centred: bool) -> Array:
    """Points along each of the cell's edges, Å; see `wave_vectors`."""
    counts: Array = np.maximum(1, np.ceil(length / edges - 1e-3)).astype(int)
    return counts + (counts % 2) * (counts > 1) if centred else counts


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
    counts = mesh_counts(np.linalg.norm(lattice, axis=1), length, centred=centred)
    index = np.stack(np.meshgrid(*map(np.arange, counts), indexing="ij"), axis=-1).reshape(-1, 3)
    shift = 0.0 if centred else 0.5
    turned = np.eye(3, dtype=int)[None]
    if rotations is not None:
        # q = (i + shift) / counts turns with the inverse transpose.
        turned = np.rint(np.linalg.inv(rotations)).astype(int).transpose(0, 2, 1)
    # Rotations that keep the mesh form a group, with −1 too: a star is all its images at once.
    turned = np.unique(np.concatenate([turned, -turned]), axis=0)
    stars = _images(index, counts, shift, turned).min(axis=1)
    first, weight = np.unique(stars, return_counts=True)
    reciprocal = 2 * np.pi * np.linalg.inv(lattice).T
    return ((index[first] + shift) / counts) @ reciprocal, weight / weight.sum()


def _images(index: Array, counts: Array, shift: float, rotations: Array) -> Array:
    """Place in the mesh of every mesh point's images, of rotations that put none between points."""
    # (i + shift) / counts turned, times counts, less shift: a matrix and an offset for indices.
    matrix = rotations.transpose(0, 2, 1) * counts / counts[:, None]
    offset = shift * (matrix.sum(axis=1) - 1.0)
    steps = matrix[:, counts > 1]  # where there is one point only, its index is zero
    numbers = np.concatenate([steps.reshape(len(steps), -1), offset], axis=1)
    kept = np.abs(numbers - np.rint(numbers)).max(axis=1) <= 1e-6
    matrix, offset = matrix[kept], np.rint(offset[kept]).astype(np.int32)
    turned = np.rint(index @ np.concatenate(matrix, axis=1)).astype(np.int32)
    turned = turned.reshape(len(index), -1, 3) + offset
    places = np.zeros(turned.shape[:2], dtype=np.int32)
    for axis, count in enumerate(counts.tolist()):
        places = places * count + turned[..., axis] % count
    return places
