"""Steps that move a density along a line of cells: those that keep its laws, and those that do not.

All act on masses p of B cells, in units of one cell and one step, so that a velocity is a Courant
number c = v Δt / ΔE. With a stride s the links join the cells i and i + s, and the same scheme runs
on s interleaved grids.

- Donor cell: every cell hands out fractions (left, stay, right) of its own states, which add up to
  one. Non-negative and conserving for any fractions: the form the model uses.
- Face velocities, upwind: the flux through a link is c times the mass of the cell it comes from. A
  cell may be emptied through both of its faces, so that no mass can turn negative if and only if
  |c| ≤ ½ at every face.
- Face velocities, central: the flux is c times the mean mass of both cells, so that an empty cell
  may be asked for states. Conserving, and negative for any c beside a steep edge.
- Remap: cell faces take their cumulative share from where they come from. For any monotone origins
  non-negative and conserving; origins F⁻¹(G) give the target G exactly, since on a line
  that is the optimal transport map.

See R. J. LeVeque, Finite Volume Methods for Hyperbolic Problems (2002), chapters 4 and 6, and
G. Peyré and M. Cuturi, Computational Optimal Transport (2019), section 2.6.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import ConfigError

FaceFlux = Literal["upwind", "central"]

LEFT, STAY, RIGHT = range(3)


def cumulative(mass: Array) -> Array:
    """Cumulative share at the B + 1 faces, from exactly 0 to exactly 1.

    Raises
    ------
    ConfigError
        If the masses do not add up to something positive.
    """
    running = np.concatenate([[0.0], np.cumsum(np.asarray(mass, dtype=float))])
    if not running[-1] > 0:
        raise ConfigError("a density without states cannot be moved.")
    return running / running[-1]


def inverse(rising: Array, share: Array, near: Array) -> Array:
    """Positions where a cumulative share takes the values `share`.

    Parameters
    ----------
    rising : ndarray, shape (B + 1,)
        Cumulative shares at the faces 0 … B, not falling, linear in between.
    share : ndarray, shape (n,)
        Between 0 and 1.
    near : ndarray, shape (n,)
        Where the curve is flat, all positions of the plateau are right: take the one nearest to
        this, so that what holds no states asks for no motion.

    Returns
    -------
    ndarray, shape (n,)
    """
    last = len(rising) - 1
    faces = np.arange(last + 1.0)
    right = np.interp(share, rising, faces)
    # numpy answers with the right end of a plateau; mirrored, with the left one.
    left = last - np.interp(1.0 - share, 1.0 - rising[::-1], faces)
    return np.clip(near, np.minimum(left, right), np.maximum(left, right))


def displacement(mass: Array, target: Array, where: Array) -> Array:
    """How far the optimal transport map to the target moves what is at `where`, in cells.

    Parameters
    ----------
    mass, target : ndarray, shape (B,)
    where : ndarray, shape (n,)
        Positions from 0 to B.

    Returns
    -------
    ndarray, shape (n,)
    """
    # Broken schemes make masses negative; their cumulative share is levelled to stay a map.
    rising = np.clip(np.maximum.accumulate(cumulative(mass)), 0.0, 1.0)
    share = np.interp(where, np.arange(len(rising)), rising)
    return inverse(cumulative(target), share, where) - where


def courant_numbers(mass: Array, target: Array, courant: float, stride: int = 1) -> Array:
    """Velocities of the links that lead towards the target, shape (B - stride,).

    A link runs at `courant` while the target is further than its stride, more slowly when near,
    and a long link rests when it would carry states more than half its length too far.
    """
    middle = np.arange(len(mass) - stride) + (stride + 1) / 2
    way = displacement(mass, target, middle) / stride
    if stride > 1:
        way = np.where(np.abs(way) < 0.5, 0.0, way)
    return courant * np.clip(way, -1.0, 1.0)


def face_step(mass: Array, links: Array, stride: int = 1, flux: FaceFlux = "upwind") -> Array:
    """One step with face velocities.

    Parameters
    ----------
    mass : ndarray, shape (B,)
    links : ndarray, shape (B - stride,)
        Courant number of the link from cell i to cell i + stride.
    stride : int
    flux : {"upwind", "central"}
        Where the flux takes its states: from the cell they leave, or from the mean of both.

    Returns
    -------
    ndarray, shape (B,); its sum is that of `mass`
    """
    here, there = mass[:-stride], mass[stride:]
    if flux == "central":
        moved = links * (here + there) / 2
    else:
        moved = np.maximum(links, 0.0) * here + np.minimum(links, 0.0) * there
    after = np.array(mass, dtype=float)
    after[:-stride] -= moved
    after[stride:] += moved
    return after


def asked_of_cells(links: Array, stride: int = 1) -> tuple[Array, Array]:
    """Parts of its states that the links ask of each cell, to the left and to the right, each (B,).

    Their sum exceeds one where a cell is asked for more than it holds.
    """
    none = np.zeros(stride)
    to_left = np.concatenate([none, np.maximum(-links, 0.0)])
    to_right = np.concatenate([np.maximum(links, 0.0), none])
    return to_left, to_right


def softmax_fractions(links: Array, stride: int = 1) -> Array:
    """Fractions (left, stay, right) nearest to what the links ask for, shape (B, 3).

    The softmax of the logarithms of what is asked for: the same numbers while a cell is asked for
    no more than it holds, and shares of all it holds beyond that.
    """
    to_left, to_right = asked_of_cells(links, stride)
    asked = np.stack([to_left, np.maximum(1.0 - to_left - to_right, 0.0), to_right], axis=1)
    return asked / asked.sum(axis=1, keepdims=True)


def donor_step(mass: Array, fractions: Array, stride: int = 1) -> Array:
    """One step in which every cell hands out fractions of its own states.

    Parameters
    ----------
    mass : ndarray, shape (B,)
    fractions : ndarray, shape (B, 3)
        Left, stay, right; rows add up to one. What would leave the window stays.
    stride : int

    Returns
    -------
    ndarray, shape (B,); non-negative if `mass` is, with the same sum
    """
    left, right = mass * fractions[:, LEFT], mass * fractions[:, RIGHT]
    left[:stride] = 0.0
    right[-stride:] = 0.0
    # As in the model: the donor keeps what it did not give away; the bound meets only round-off.
    after: Array = np.maximum(mass - left - right, 0.0)
    after[:-stride] += left[stride:]
    after[stride:] += right[:-stride]
    return after


def optimal_origins(mass: Array, target: Array) -> Array:
    """Origins F⁻¹(G) of the faces under the optimal transport map, shape (B + 1,), in cells."""
    faces = np.arange(len(mass) + 1.0)
    return inverse(cumulative(mass), cumulative(target), faces)


def remap_step(mass: Array, origins: Array) -> Array:
    """One step in which every face takes its cumulative share from its origin.

    Parameters
    ----------
    mass : ndarray, shape (B,)
    origins : ndarray, shape (B + 1,)
        Where each face comes from, in cells. Any numbers will do: they are made monotone and kept
        within the window, and its ends stay where they are.

    Returns
    -------
    ndarray, shape (B,); non-negative if `mass` is, with the same sum
    """
    last = len(mass)
    rising = np.clip(np.maximum.accumulate(origins), 0.0, last)
    rising[0], rising[-1] = 0.0, last
    running = np.concatenate([[0.0], np.cumsum(mass)])
    return np.diff(np.interp(rising, np.arange(last + 1.0), running))
