"""Meshes of wave vectors in the Brillouin zone."""

from __future__ import annotations

import numpy as np

from deepdos_nb.core.arrays import Array

MESH_LENGTH = 20.0
"""Å; a mesh of wave vectors has at least this length over the cell's edge as points along it."""


def wave_vectors(
    lattice: Array, length: float = MESH_LENGTH, *, centred: bool = False
) -> tuple[Array, Array]:
    """Mesh of wave vectors q, one of every pair ±q, with their weights.

    The mesh is uniform (Monkhorst and Pack, Phys. Rev. B 13, 5188 (1976)).

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
    place = np.arange(len(index))
    shift = 0.0 if centred else 0.5
    opposite = np.ravel_multi_index(tuple(((-index - round(2 * shift)) % counts).T), tuple(counts))
    first = place <= opposite
    weight = np.where(place == opposite, 1.0, 2.0)[first]
    reciprocal = 2 * np.pi * np.linalg.inv(lattice).T
    return ((index[first] + shift) / counts) @ reciprocal, weight / weight.sum()
