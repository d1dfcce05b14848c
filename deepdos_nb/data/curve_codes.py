"""Curves in twelve bits a value, in an order that compresses well.

A value is stored as the square root of its ratio to the largest one of its crystal, in 4,095 steps:
no value is off by more than 0.025 % of the largest, small values by less, and zero is exact.
Neighbouring energies differ little, so what is written are differences, all low bytes before all
high ones. Writing again what was read changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from deepdos_nb.core.arrays import Array

STEPS = 4095
ERROR = 1 / STEPS + 0.25 / STEPS**2
"""Bound on the error of a value, as a fraction of the largest of its crystal."""


def encoded(curves: Sequence[Array]) -> tuple[Array, Array]:
    """Bytes of the curves of several crystals, and the largest value of each.

    Parameters
    ----------
    curves : sequence of ndarray, each of shape (n_orbits, C, n_bins)
        Not negative, but for rounding: what is below zero by less than `ERROR` becomes zero.

    Returns
    -------
    codes : ndarray of uint8, shape (2, total number of orbits, C, n_bins)
    scales : ndarray of float32, shape (n_crystals,)

    Raises
    ------
    ValueError
        If a value is negative, or too large for float32.
    """
    scales = np.array([x.max(initial=0.0) for x in curves], dtype=np.float32)
    steps = []
    for curve, scale in zip(curves, scales, strict=True):
        if not (np.isfinite(curve).all() and np.isfinite(scale) and curve.min() >= -ERROR * scale):
            raise ValueError("a spectrum has negative or infinite values")
        share = np.clip(curve / scale, 0.0, 1.0) if scale else np.zeros_like(curve)
        steps.append(np.rint(STEPS * np.sqrt(share)))
    differences = np.diff(np.concatenate(steps).astype(np.int16), axis=-1, prepend=np.int16(0))
    # Signs go to the lowest bit: small differences of either sign have an empty high byte.
    folded = ((differences << 1) ^ (differences >> 15)).astype(np.uint16)
    return np.stack([folded & 0xFF, folded >> 8]).astype(np.uint8), scales


def decoded(codes: Array, scales: Array, rows: Array) -> Array:
    """Curves from their bytes.

    Parameters
    ----------
    codes, scales : ndarray
        As `encoded` made them.
    rows : ndarray of int, shape (n_crystals,)
        Orbits of each crystal.

    Returns
    -------
    ndarray of float32, shape (total number of orbits, C, n_bins)

    Raises
    ------
    ValueError
        If the numbers of orbits do not fit.
    """
    folded = codes[0].astype(np.uint16) | (codes[1].astype(np.uint16) << 8)
    differences = (folded >> 1).astype(np.int16) ^ -(folded & 1).astype(np.int16)
    roots = np.cumsum(differences, axis=-1, dtype=np.int16).astype(np.float32) / STEPS
    per_row = np.repeat(scales.astype(np.float32), rows)
    if len(per_row) != len(roots):
        raise ValueError(f"{len(roots)} curves for {len(per_row)} orbits")
    return roots**2 * per_row[:, None, None]
