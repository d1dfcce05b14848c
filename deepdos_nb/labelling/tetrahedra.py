"""Linear tetrahedron integration over the Brillouin zone, with projections that add up exactly.

A band structure known on a regular k-mesh is interpolated linearly inside the six tetrahedra of
every mesh cell. What is computed here is the *integrated* density of states at given energies,
resolved into channels (sites and angular momenta): the difference between two energies is then the
exact number of states between them, and channels whose weights sum to one for every state sum to
the total to round-off. Formulas: Blöchl, Jepsen and Andersen, Phys. Rev. B 49, 16223 (1994),
appendix B.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_matrix
from scipy.spatial import Delaunay

from deepdos_nb.core.arrays import Array

PAIRS_PER_CHUNK = 200_000
"""(tetrahedron, band, energy) triples handled at once, a matter of memory only."""


def tetrahedra(size: Array, reciprocal: Array, to_irreducible: Array) -> tuple[Array, Array]:
    """Distinct tetrahedra of a Γ-centred or shifted regular mesh.

    Parameters
    ----------
    size : ndarray of int, shape (3,)
        k-points along each reciprocal vector.
    reciprocal : ndarray, shape (3, 3)
        Reciprocal lattice vectors as rows; they decide along which diagonal cells are cut.
    to_irreducible : ndarray of int, shape (n_mesh,)
        Irreducible point of each mesh point, mesh points in C order.

    Returns
    -------
    corners : ndarray of int, shape (T, 4)
        Irreducible k-point at each corner, ascending.
    weights : ndarray, shape (T,)
        Share of the zone's volume; sums to one.
    """
    size = np.asarray(size, dtype=np.int64)
    cube = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)])
    simplices = Delaunay(cube @ (np.asarray(reciprocal) / size[:, None])).simplices
    cut = cube[simplices]
    # Delaunay may add flat slivers where eight corners lie on one sphere.
    cut = cut[np.abs(np.linalg.det((cut[:, 1:] - cut[:, :1]).astype(float))) > 0.5]
    mesh = np.stack(np.unravel_index(np.arange(size.prod()), size), axis=-1)
    points = (mesh[:, None, None, :] + cut) % size
    index = points @ np.array([size[1] * size[2], size[2], 1])
    corners = np.sort(np.asarray(to_irreducible)[index].reshape(-1, 4), axis=1)
    distinct, counts = np.unique(corners, axis=0, return_counts=True)
    return distinct, counts / counts.sum()


def integrated_dos(
    eigenvalues: Array, channels: Array, corners: Array, weights: Array, energies: Array
) -> Array:
    """Number of states below each energy, per spin, resolved into channels.

    Parameters
    ----------
    eigenvalues : ndarray, shape (n_k, n_bands)
    channels : ndarray, shape (n_k, n_bands, C)
        Share of each state in each channel.
    corners, weights : ndarray
        From `tetrahedra`.
    energies : ndarray, shape (M,)
        Ascending.

    Returns
    -------
    ndarray, shape (M, C)
    """
    n_k, n_bands = eigenvalues.shape
    flat = channels.reshape(n_k * n_bands, -1)
    states = corners[:, None, :] * n_bands + np.arange(n_bands)[:, None]
    states = states.reshape(-1, 4)
    share = np.repeat(weights, n_bands)
    order = np.argsort(eigenvalues.reshape(-1)[states], axis=1)
    states = np.take_along_axis(states, order, axis=1)
    corner_energies = eigenvalues.reshape(-1)[states]

    first = np.searchsorted(energies, corner_energies[:, 0], side="right")
    full = np.searchsorted(energies, corner_energies[:, 3], side="left")
    result = np.zeros((len(energies) + 1, flat.shape[1]))
    # Tetrahedra entirely below an energy count in full from there on.
    filled = coo_matrix(
        (np.repeat(share / 4, 4), (np.repeat(full, 4), states.reshape(-1))),
        shape=(len(energies) + 1, n_k * n_bands),
    )
    result += np.cumsum(filled.tocsr() @ flat, axis=0)

    crossed = np.flatnonzero(full > first)
    lengths = (full - first)[crossed]
    ends = np.cumsum(lengths)
    start = 0
    while start < len(crossed):
        done = ends[start - 1] if start else 0
        stop = max(int(np.searchsorted(ends, done + PAIRS_PER_CHUNK)), start + 1)
        part, counts = crossed[start:stop], lengths[start:stop]
        pair = np.repeat(part, counts)
        within = np.arange(len(pair)) - np.repeat(np.cumsum(counts) - counts, counts)
        at = first[pair] + within
        value = _corner_weights(corner_energies[pair], energies[at]) * share[pair, None]
        rows = coo_matrix(
            (value.reshape(-1), (np.repeat(at, 4), states[pair].reshape(-1))),
            shape=(len(energies) + 1, n_k * n_bands),
        )
        result += rows.tocsr() @ flat
        start = stop
    return result[:-1]


def _corner_weights(corner_energies: Array, energies: Array) -> Array:
    """Weight of each corner in the part of a tetrahedron below an energy, shape (P, 4).

    Corner energies ascend and enclose the energy.
    """
    result = np.zeros_like(corner_energies)
    e = corner_energies - energies[:, None]
    low = e[:, 1] > 0
    high = ~low & (e[:, 2] <= 0)
    middle = ~low & ~high
    with np.errstate(divide="ignore", invalid="ignore"):
        result[low] = _one_below(*e[low].T)
        result[middle] = _two_below(*e[middle].T)
        result[high] = _three_below(*e[high].T)
    # Degenerate corners make 0/0; their states lie exactly at the energy and fill at the next one.
    return np.nan_to_num(result, nan=0.0, posinf=0.0, neginf=0.0)


def _one_below(e1: Array, e2: Array, e3: Array, e4: Array) -> Array:
    # Eqs. (B2)–(B5)
    c = -0.25 * e1**3 / ((e2 - e1) * (e3 - e1) * (e4 - e1))
    w2, w3, w4 = (-c * e1 / (e - e1) for e in (e2, e3, e4))
    return np.stack([4 * c - w2 - w3 - w4, w2, w3, w4], axis=1)


def _two_below(e1: Array, e2: Array, e3: Array, e4: Array) -> Array:
    # Eqs. (B7)–(B13)
    c1 = 0.25 * e1**2 / ((e4 - e1) * (e3 - e1))
    c2 = 0.25 * e1 * e2 * e3 / ((e4 - e1) * (e3 - e2) * (e3 - e1))
    c3 = 0.25 * e2**2 * e4 / ((e4 - e2) * (e3 - e2) * (e4 - e1))
    c12, c123, c23 = c1 + c2, c1 + c2 + c3, c2 + c3
    w1 = c1 + c12 * e3 / (e3 - e1) + c123 * e4 / (e4 - e1)
    w2 = c123 + c23 * e3 / (e3 - e2) + c3 * e4 / (e4 - e2)
    w3 = -c12 * e1 / (e3 - e1) - c23 * e2 / (e3 - e2)
    w4 = -c123 * e1 / (e4 - e1) - c3 * e2 / (e4 - e2)
    return np.stack([w1, w2, w3, w4], axis=1)


def _three_below(e1: Array, e2: Array, e3: Array, e4: Array) -> Array:
    # Eqs. (B14)–(B17): what is missing is the small tetrahedron at the highest corner.
    c = 0.25 * e4**3 / ((e4 - e1) * (e4 - e2) * (e4 - e3))
    m1, m2, m3 = (c * e4 / (e4 - e) for e in (e1, e2, e3))
    return 0.25 - np.stack([m1, m2, m3, 4 * c - m1 - m2 - m3], axis=1)
