"""From listed atoms and operators to all atoms of the cell, in arrays."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.nearby import pairs_to_compare
from deepdos_nb.crystal.operators import Operators

REACH = 0.1
"""Å within which an atom is put on a special position whatever its digits: it would overlap with
its own image."""

EXACT = 1e-5
"""Fractions of a cell within which images coincide once each position is at its place."""


class Expanded(NamedTuple):
    """All atoms of a cell.

    site : ndarray of int, shape (n,), which listed atom each is an image of
    position : ndarray, shape (n, 3), fractional, in [0, 1)
    moved : ndarray of bool, shape (n_sites,), which were put on a special position nearby
    beyond : ndarray of bool, shape (n_sites,), which of these by more than their digits leave open
    repeats : ndarray of bool, shape (n_sites,), which repeat images of another listed atom
    """

    site: Array
    position: Array
    moved: Array
    beyond: Array
    repeats: Array


def expand(
    position: Array, tolerance: Array, kind: Array, operators: Operators, reach: Array
) -> Expanded:
    """Apply every operator to every position, and keep what is distinct.

    A position that lies within its tolerance of a special one, or so near that its images would
    overlap, is put there: it is averaged over the operators that leave it where it is.

    Parameters
    ----------
    position : ndarray, shape (n_sites, 3)
        Fractional.
    tolerance : ndarray, shape (n_sites,)
        Fractions of a cell.
    kind : ndarray of int, shape (n_sites,)
        Equal for atoms that are certainly of one element, and may repeat each other's images.
    operators : Operators
    reach : ndarray, shape (3,)
        Fractions of each edge within which images of one atom cannot be two.
    """
    n = len(position)
    if len(operators) == 1:
        none = np.zeros(n, dtype=bool)
        return Expanded(np.arange(n), position - np.floor(position), none, none, none)
    images = _images(position, operators)
    drift = images - position[:, None]
    drift -= np.round(drift)
    off = np.abs(drift)
    within = (off <= tolerance[:, None, None]).all(axis=-1)
    stays = within | (off <= reach).all(axis=-1)
    count = stays.sum(axis=1)
    # An average over anything but a subgroup would be no special position.
    special = (count > 1) & (len(operators) % np.maximum(count, 1) == 0)
    shift = np.where(stays[..., None], drift, 0.0).sum(axis=1) / np.maximum(count, 1)[:, None]
    shift[~special] = 0.0
    images = _images(position + shift, operators).reshape(-1, 3)
    images -= np.floor(images)
    site = np.repeat(np.arange(n), len(operators))
    own = _distinct(site, images)
    kept = own[_distinct(kind[site[own]], images[own])]
    repeats = np.bincount(site[kept], minlength=n) < np.bincount(site[own], minlength=n)
    moved = np.abs(shift).max(axis=1) > 1e-4
    beyond = special & (stays & ~within).any(axis=1)
    return Expanded(site[kept], images[kept], moved, beyond, repeats)


def coincident(position: Array, radius: Array) -> Array:
    """Pairs of atoms at one place, shape (n_pairs, 2), the first of each before the second.

    Parameters
    ----------
    position : ndarray, shape (n, 3), fractional, in [0, 1)
    radius : ndarray, shape (n,)
        Fractions of a cell by which each may miss its place.
    """
    wrapped = np.minimum(position, np.nextafter(1.0, 0.0))
    pairs = pairs_to_compare(wrapped, float(radius.max()), in_unit_cell=True)
    first, second = pairs.T
    apart = position[first] - position[second]
    apart -= np.round(apart)
    return pairs[np.abs(apart).max(axis=1) <= np.maximum(radius[first], radius[second])]


def without_repeats(n: int, pairs: Array, element: Array) -> Array:
    """Indices of n atoms that are left when equal elements at one place count once."""
    first, second = pairs.T
    return np.setdiff1d(np.arange(n), second[element[first] == element[second]])


def _images(position: Array, operators: Operators) -> Array:
    turned = np.einsum("nij,sj->sni", operators.rotation, position)
    return turned + operators.translation


def _distinct(kind: Array, position: Array) -> Array:
    """Indices of the first of each kind at each place, in order."""
    bins = round(1 / EXACT)
    # The offset keeps simple fractions away from the edges of the bins.
    cells = np.floor(position / EXACT + 0.3137).astype(np.int64) % bins
    key = (cells[:, 0] * bins + cells[:, 1]) * bins + cells[:, 2]
    order = np.lexsort((key, kind))
    new = np.ones(len(order), dtype=bool)
    new[1:] = (np.diff(key[order]) != 0) | (np.diff(kind[order]) != 0)
    return np.sort(order[new])
