"""From a curve on any energies to a record on the grid of its kind."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import DataError
from deepdos_nb.core.grids import Kind
from deepdos_nb.core.resampling import above, to_bins, unit_factor, warn_imaginary
from deepdos_nb.crystal.symmetry import symmetry_orbits
from deepdos_nb.data.records import Record
from deepdos_nb.data.sources.curve_tables import Curve

if TYPE_CHECKING:
    from pymatgen.core import Structure

SUM_TOLERANCE = 0.02
"""Largest difference between the sites' sum and the total, as a share of all states."""


def curve_record(
    name: str,
    structure: Structure,
    curve: Curve,
    kind: Kind,
    unit: str,
    *,
    source: str,
    shift: float = 0.0,
    density: str = "cell",
    broadening: float = 0.0,
    provenance: Mapping[str, Any] | None = None,
) -> Record:
    """Make a record of a curve.

    Parameters
    ----------
    name : str
    structure : pymatgen Structure
    curve : Curve
        On energies of its own.
    kind : {"phdos", "edos"}
    unit : str
        Of the energies.
    source : str
        Data set it was read from.
    shift : float
        Subtracted from the energies, in their unit.
    density : {"cell", "atom", "arbitrary"}
        States per energy unit and cell, per energy unit and atom, or without a scale.
    broadening : float
        Standard deviation of a Gaussian to convolve with, in the grid's unit.
    provenance : mapping, optional

    Raises
    ------
    DataError
        If the curve does not cover the window, or its parts are not those of the structure.
    """
    orbits = symmetry_orbits(structure, symprec=1e-2)
    factor = unit_factor(unit, kind)
    energies = (curve.energies - shift) * factor
    # States per unit of energy shrink as the unit grows; per cell they grow with the atoms.
    scale = (len(structure) if density == "atom" else 1.0) / factor
    rows = _site_rows(curve, structure) if curve.sites else None
    if rows is None and curve.elements:
        rows = element_rows(curve, structure, orbits)
    width = broadening
    total = curve.total
    if total is None:
        total = np.sum([v for _, v in curve.sites.values()] or [*curve.elements.values()], 0)
    warn_imaginary(name, kind, energies, total)
    counts = scale * to_bins(kind, energies, total, broadening=width)
    record = partial(
        Record,
        material_id=name,
        kind=kind,
        lattice=np.asarray(structure.lattice.matrix),
        numbers=np.asarray(structure.atomic_numbers, dtype=np.int64),
        frac=np.asarray(structure.frac_coords),
        orbits=orbits,
        source=source,
        provenance=dict(provenance or {}),
    )
    absolute = density != "arbitrary"
    states = float(counts.sum()) if absolute and not kind.fixed_modes else None
    if rows is None:
        return record(shape=counts / counts.sum(), states=states)
    bins = scale * to_bins(kind, energies, rows, broadening=width)
    _check_sum(bins.sum(axis=0), counts)
    beyond = scale * above(kind, energies, rows)
    size = np.bincount(orbits)
    bins = np.array([bins[orbits == o].sum(axis=0) for o in range(len(size))])
    beyond = np.array([beyond[orbits == o].sum() for o in range(len(size))])
    if kind.fixed_modes:
        every = np.maximum(bins.sum(axis=1) + beyond, 1e-12)
        site, outside = bins / every[:, None], beyond / every
    else:
        site = bins / bins.sum() / size[:, None]
        outside = np.zeros(len(size))
    shape = size @ site
    return record(
        shape=shape / shape.sum(),
        site_shape=site.astype(np.float32),
        outside=outside.astype(np.float32),
        states=states,
    )


def _site_rows(curve: Curve, structure: Any) -> Array:
    """Curves of the atoms, shape (n_atoms, n_points)."""
    symbols = [site.specie.symbol for site in structure]
    given = {i: symbol for i, (symbol, _) in curve.sites.items()}
    if given != dict(enumerate(symbols)):
        expected = ", ".join(f"site {s}{i + 1}" for i, s in enumerate(symbols[:6]))
        raise DataError(
            "its site columns are not those of the structure's atoms.",
            remedy=f"Needed are {expected}{', …' if len(symbols) > 6 else ''}.",
        )
    return np.stack([curve.sites[i][1] for i in range(len(symbols))])


def element_rows(curve: Curve, structure: Any, orbits: Array) -> Array | None:
    """The same from element columns, where each element is one orbit; else None."""
    symbols = np.array([site.specie.symbol for site in structure])
    if set(curve.elements) != set(symbols.tolist()):
        return None
    if any(len(set(orbits[symbols == s].tolist())) > 1 for s in curve.elements):
        return None
    return np.stack([curve.elements[s] / (symbols == s).sum() for s in symbols.tolist()])


def _check_sum(sites: Array, total: Array) -> None:
    apart = float(np.abs(sites - total).sum() / total.sum())
    if apart > SUM_TOLERANCE:
        raise DataError(
            f"the sites' curves differ from the total by {100 * apart:.0f} % of the states.",
            remedy="Renormalise the projections so that they add up to the total.",
        )
