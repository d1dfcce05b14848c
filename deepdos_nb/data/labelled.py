"""From a stored label to a record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import DataError
from deepdos_nb.core.grids import MODES_PER_ATOM, Kind
from deepdos_nb.data.label_shards import Label
from deepdos_nb.data.records import Record

METHODS = (("gpaw", "PBE (GPAW)"), ("sevenn", "ML-potential phonons (SevenNet)"))
"""What a curve is called in legends, by the engine that made it."""

ROUNDING = 5e-3
"""Share of an atom's modes missing from the window that storage and imaginary modes explain."""


def to_record(label: Label, source: str) -> Record:
    """Make a record of a label.

    Parameters
    ----------
    label : Label
        States of one atom of each orbit per bin, by s, p, d, f character for electrons.
    source : str
        Data set the label was read from.

    Raises
    ------
    DataError
        If the label's kind is unknown, or its states are empty or of another shape.
    """
    facts = label.facts
    states = np.clip(label.states.astype(np.float32), 0.0, None)
    counts = np.bincount(label.orbits)
    kind = next((k for k in Kind if k == facts.get("kind")), None)
    if kind is None or states.shape != (len(counts), kind.shells, kind.grid.n_bins):
        raise DataError(
            f"{label.name} is no label of electrons or phonons (kind {facts.get('kind')!r}, "
            f"states of shape {states.shape}).",
            source=source,
        )
    total = float(np.einsum("o,ocb->", counts, states, dtype=float))
    if not (np.isfinite(total) and total > 0):
        raise DataError(f"{label.name} holds no states.", source=source)
    site: Array
    outside: Array
    orbital: Array | None = None
    if kind.fixed_modes:
        site, outside = phonon_shares(states[:, 0])
    else:
        orbital = states / total
        site, outside = orbital.sum(axis=1), np.zeros(len(counts), np.float32)
    shape = (counts @ site.astype(float)) / float((counts @ site).sum())
    return Record(
        material_id=label.name,
        kind=kind,
        lattice=label.lattice,
        numbers=label.numbers,
        frac=label.frac,
        orbits=label.orbits,
        shape=shape,
        site_shape=site,
        outside=outside,
        source=source,
        states=None if kind.fixed_modes else total,
        orbital_shape=orbital,
        provenance=dict(facts) | {"method": method(facts)},
    )


def phonon_shares(states: Array) -> tuple[Array, Array]:
    """Share of one atom's three modes in each bin and beyond the window; together exactly one.

    Parameters
    ----------
    states : ndarray, shape (n_orbits, n_bins)
        Modes of one atom in each bin.

    Returns
    -------
    site_shape : ndarray, shape (n_orbits, n_bins)
    outside : ndarray, shape (n_orbits,)
    """
    inside = states.sum(axis=1, dtype=float)
    outside = np.clip(1.0 - inside / MODES_PER_ATOM, 0.0, 1.0)
    outside[outside < ROUNDING] = 0.0
    scale = (1.0 - outside) / np.maximum(inside, 1e-12)
    return (states * scale[:, None]).astype(np.float32), outside.astype(np.float32)


def method(facts: Mapping[str, Any]) -> str:
    """How a label was made, for legends."""
    if facts.get("method"):
        return str(facts["method"])
    engine = str(facts.get("engine", ""))
    return next((name for key, name in METHODS if engine.startswith(key)), engine)
