"""From listed atoms and operators to all atoms of the cell, in arrays."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.crystal.operators import Operators

EXACT = 1e-6
"""Fractions of a cell within which images of one position coincide once it is at its place."""


class Expanded(NamedTuple):
    """All atoms of a cell.

    site : ndarray of int, shape (n,), which listed atom each is an image of
    position : ndarray, shape (n, 3), fractional, in [0, 1)
    moved : ndarray of bool, shape (n_sites,), which were put on a special position nearby
    """

    site: Array
    position: Array
    moved: Array


def expand(position: Array, tolerance: Array, operators: Operators) -> Expanded:
    """Apply every operator to every position, and keep what is distinct.

    A position that lies within its tolerance of a special one is put there: it is averaged over
    the operators that leave it where it is.

    Parameters
    ----------
    position : ndarray, shape (n_sites, 3)
        Fractional.
    tolerance : ndarray, shape (n_sites,)
        Fractions of a cell.
    operators : Operators
    """
    if len(operators) == 1:
        whole = position - np.floor(position)
        return Expanded(np.arange(len(position)), whole, np.zeros(len(position), dtype=bool))
    images = _images(position, operators)
    drift = images - position[:, None]
    drift -= np.round(drift)
    stays = (np.abs(drift) <= tolerance[:, None, None]).all(axis=-1)
    count = stays.sum(axis=1)
    # An average over anything but a subgroup would be no special position.
    special = (count > 1) & (len(operators) % np.maximum(count, 1) == 0)
    shift = np.where(stays[..., None], drift, 0.0).sum(axis=1) / np.maximum(count, 1)[:, None]
    shift[~special] = 0.0
    moved = np.abs(shift).max(axis=1) > 1e-4
    images = _images(position + shift, operators).reshape(-1, 3)
    images -= np.floor(images)
    site = np.repeat(np.arange(len(position)), len(operators))
    kept = _distinct(site, images)
    return Expanded(site[kept], images[kept], moved)


def merge(position: Array, element: Array, radius: Array) -> Array:
    """Indices of atoms that are left when images of equal elements at one place count once.

    Parameters
    ----------
    position : ndarray, shape (n, 3), fractional, in [0, 1)
    element : ndarray, shape (n,)
    radius : ndarray, shape (n,)
        Fractions of a cell within which each may lie from its like.
    """
    from scipy.spatial import cKDTree

    wrapped = np.minimum(position, np.nextafter(1.0, 0.0))
    pairs = cKDTree(wrapped, boxsize=1.0).query_pairs(
        float(radius.max()), p=np.inf, output_type="ndarray"
    )
    if not len(pairs):
        return np.arange(len(position))
    first, second = np.sort(pairs, axis=1).T
    apart = position[first] - position[second]
    apart -= np.round(apart)
    close = np.abs(apart).max(axis=1) <= np.maximum(radius[first], radius[second])
    twice = np.unique(second[close & (element[first] == element[second])])
    return np.setdiff1d(np.arange(len(position)), twice)


def _images(position: Array, operators: Operators) -> Array:
    turned = np.einsum("nij,sj->sni", operators.rotation, position)
    return turned + operators.translation


def _distinct(site: Array, position: Array) -> Array:
    """Indices of the first of each image, in order."""
    # The offset keeps simple fractions away from the edges of the bins.
    cells = np.floor(position / EXACT + 0.3137).astype(np.int64) % round(1 / EXACT)
    key = (cells[:, 0] * round(1 / EXACT) + cells[:, 1]) * round(1 / EXACT) + cells[:, 2]
    order = np.lexsort((key, site))
    new = np.ones(len(order), dtype=bool)
    new[1:] = (np.diff(key[order]) != 0) | (np.diff(site[order]) != 0)
    return np.sort(order[new])
