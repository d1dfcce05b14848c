"""From what a model says of many crystals to the columns of a screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.grids import Kind
from deepdos_nb.metrics.band_gap import band_gap
from deepdos_nb.metrics.observables import density_at, heat_capacity
from deepdos_nb.metrics.scores import mean_energy
from deepdos_nb.metrics.valence_gap import vb_gap
from deepdos_nb.spectra.spectrum import element_sums

if TYPE_CHECKING:
    from pymatgen.core import Structure

TEMPERATURE = 300.0
"""K, of the heat capacity."""


class Answer(NamedTuple):
    """What a model says of one crystal.

    sites : (n_nodes, n_bins), states/cm⁻¹ or states/eV per cell of the atoms of each node
    symbols : of the nodes
    band : (n_bins,)
    embedding : (width,)
    notes : assumptions and cautions
    """

    sites: Array
    symbols: list[str]
    band: Array
    embedding: Array
    notes: tuple[str, ...]


def failed_row(name: str, source: str, reason: str) -> dict[str, Any]:
    """The row of a crystal that could not be used."""
    return {"name": name, "source": source, "error": reason}


def rows(
    kind: Kind,
    named: Sequence[tuple[str, str]],
    structures: Sequence[Structure],
    answers: Sequence[Answer],
) -> list[dict[str, Any]]:
    """One row for each crystal, see `schema.columns`.

    Parameters
    ----------
    kind : Kind
    named : sequence of (name, source)
    structures : sequence of Structure
    answers : sequence of Answer
    """
    if not answers:
        return []
    found = []
    totals = np.array([a.sites.sum(axis=0) for a in answers])
    own = _phonons(totals, structures) if kind.fixed_modes else _electrons(totals, structures)
    for i, (structure, answer) in enumerate(zip(structures, answers, strict=True)):
        name, source = named[i]
        elements = element_sums(answer.symbols, answer.sites)
        found.append(
            {
                "name": name,
                "source": source,
                "formula": structure.composition.reduced_formula,
                "n_atoms": len(structure),
                "elements": list(elements),
                "lattice": structure.lattice.matrix.ravel(),
                "numbers": np.asarray(structure.atomic_numbers, dtype=np.int16),
                "positions": structure.frac_coords.ravel(),
                "states": float(totals[i].sum() * kind.grid.step),
                "total": totals[i].astype(np.float32),
                "band": answer.band.astype(np.float32),
                "by_element": np.concatenate(list(elements.values())).astype(np.float32),
                "cautions": list(answer.notes),
                "embedding": answer.embedding.astype(np.float32),
                **{column: values[i] for column, values in own.items()},
            }
        )
    return found


def _phonons(totals: Array, structures: Sequence[Structure]) -> dict[str, Any]:
    grid = Kind.phdos.grid
    modes = totals.sum(axis=1) * grid.step / np.array([len(s) for s in structures])
    return {
        "heat_capacity": heat_capacity(totals, grid.energies, TEMPERATURE, modes=modes),
        "mean_frequency": mean_energy(totals, grid.energies),
    }


def _electrons(totals: Array, structures: Sequence[Structure]) -> dict[str, Any]:
    energies = Kind.edos.grid.energies
    sizes = np.array([len(s) for s in structures])
    gaps = [band_gap(energies, t / n) for t, n in zip(totals, sizes, strict=True)]
    inner = [vb_gap(energies, t) for t in totals]
    return {
        "gap": [0.0 if g is None else g.width for g in gaps],
        "valence_gap": [0.0 if g is None else g.width for g in inner],
        "valence_gap_low": [None if g is None else g.low for g in inner],
        "valence_gap_high": [None if g is None else g.high for g in inner],
        "density_at_zero": density_at(totals, energies) / sizes,
    }
