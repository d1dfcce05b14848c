"""Are the labels right? Convergence, gaps, sums and frequencies, computed and compared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.grids import grid_for
from deepdos_nb.crystal.read import example
from deepdos_nb.data.label_shards import Label
from deepdos_nb.data.labelled import to_record
from deepdos_nb.data.records import Record
from deepdos_nb.labelling.gpaw import ElectronSettings
from deepdos_nb.labelling.jobs import Job

if TYPE_CHECKING:
    from pymatgen.core import Structure

VARIATIONS: Mapping[str, ElectronSettings] = {
    "as shipped": ElectronSettings(),
    "7 k-points per Å⁻¹": replace(ElectronSettings(), density_mesh=3.0, state_mesh=7.0),
    "cut-off 350 eV": replace(ElectronSettings(), cutoff=350.0),
    "cut-off 600 eV": replace(ElectronSettings(), cutoff=600.0),
}
"""Settings whose spectra are compared with the first one's."""

CRYSTALS = ("Si", "GaAs", "MgO", "NaCl", "CaF2", "ZnO", "SrTiO3", "Al", "NiAl", "AlN")
"""Covalent, ionic, oxide, perovskite, metal and intermetallic; all but AlN are examples."""

PUBLISHED_GAPS: Mapping[str, tuple[float, str]] = {
    "Si": (0.62, "Shishkin and Kresse, PRB 75, 235102 (2007), experimental lattice"),
    "GaAs": (0.49, "Shishkin and Kresse, PRB 75, 235102 (2007), with spin-orbit coupling"),
    "MgO": (4.76, "Shishkin and Kresse, PRB 75, 235102 (2007), experimental lattice"),
    "NaCl": (5.00, "Materials Project, PBE lattice"),
    "AlN": (4.05, "Materials Project, PBE lattice"),
}
"""PBE gaps in eV with their sources; lattices differ a little from ours, and gaps with them."""

TEXTBOOK_MAXIMA: Mapping[str, tuple[float, str]] = {
    "Si": (518.0, "Raman line, 15.5 THz"),
    "GaAs": (292.0, "LO(Γ)"),
    "MgO": (720.0, "LO(Γ)"),
    "NaCl": (264.0, "LO(Γ)"),
    "Al": (325.0, "9.7 THz, neutron scattering at X"),
    "AlN": (910.0, "LO(Γ)"),
}
"""Highest phonon frequencies measured, cm⁻¹. LO(Γ) needs Born charges, which our labels lack."""


def crystal(name: str) -> Structure:
    """A crystal of `CRYSTALS`."""
    if name != "AlN":
        return example(name)
    from pymatgen.core import Lattice, Structure

    return Structure.from_spacegroup(
        "P6_3mc",
        Lattice.hexagonal(3.110, 4.980),
        ["Al", "N"],
        [[1 / 3, 2 / 3, 0.0], [1 / 3, 2 / 3, 0.3821]],
    )


def electron_jobs() -> Iterator[tuple[Job, ElectronSettings]]:
    """Every calculation of the convergence test."""
    for variation, settings in VARIATIONS.items():
        for name in CRYSTALS:
            yield Job(f"{name}, {variation}", crystal(name)), settings


def phonon_jobs() -> Iterator[Job]:
    """Every calculation of the comparison with measured frequencies."""
    for name in TEXTBOOK_MAXIMA:
        yield Job(name, crystal(name))


def total(label: Label) -> Array:
    """Total states per bin and cell, shape (n_bins,)."""
    return np.einsum("o,ocb->b", np.bincount(label.orbits), label.states, dtype=float)


def r_squared(curve: Array, reference: Array) -> float:
    """Share of the reference's variance over the bins that the curve explains."""
    rest = float(((curve - reference) ** 2).sum())
    return 1.0 - rest / float(((reference - reference.mean()) ** 2).sum())


def rms_difference(curve: Array, reference: Array) -> float:
    """Root-mean-square difference over the bins, in units of the reference's mean.

    R² asks how much of a curve's *structure* is there; for a free-electron metal, whose density of
    states is nearly flat, small ripples make it bad. This number does not mind flatness.
    """
    return float(np.sqrt(((curve - reference) ** 2).mean()) / reference.mean())


def frequency_ratios(labels: Iterable[Label], references: Iterable[Record]) -> dict[str, float]:
    """Mean frequencies of ML-potential phonons divided by those of a reference, crystal by crystal.

    Compared are crystals of equal reduced formula, number of atoms and space group whose volumes
    differ by less than 10 %.

    Parameters
    ----------
    labels : iterable of Label
    references : iterable of Record
        Such as `load_phonondb` returns.

    Returns
    -------
    dict
        Keys "crystals", "median", "within_5_percent", "within_10_percent".
    """
    energies = grid_for("phdos").energies
    by_formula: dict[tuple[str, int], list[Record]] = {}
    for record in references:
        by_formula.setdefault((record.formula, record.n_atoms), []).append(record)
    ratios = []
    for label in labels:
        ours = to_record(label, "labels")
        same = by_formula.get((ours.formula, ours.n_atoms), [])
        match = next((r for r in same if _same_crystal(ours, r)), None)
        if match is not None:
            ratios.append(float((energies @ ours.shape) / (energies @ match.shape)))
    if not ratios:
        return {"crystals": 0}
    off = np.abs(np.array(ratios) - 1.0)
    return {
        "crystals": len(ratios),
        "median": round(float(np.median(ratios)), 3),
        "within_5_percent": round(float((off < 0.05).mean()), 3),
        "within_10_percent": round(float((off < 0.10).mean()), 3),
    }


def _same_crystal(a: Record, b: Record) -> bool:
    from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

    volumes = [abs(np.linalg.det(record.lattice)) for record in (a, b)]
    if abs(volumes[0] / volumes[1] - 1.0) > 0.1:
        return False
    groups = {SpacegroupAnalyzer(r.structure, 1e-2).get_space_group_number() for r in (a, b)}
    return len(groups) == 1


def summarise(labels: Callable[[str], Label], phonons: Callable[[str], Label]) -> dict[str, Any]:
    """Everything the validation states, as plain numbers.

    Parameters
    ----------
    labels, phonons : callable
        Give the finished label of a job's name.

    Returns
    -------
    dict
        Keys "convergence" (crystal → variation → R², RMS difference, gap, seconds), "gaps",
        "electrons" and "phonons".
    """
    convergence: dict[str, Any] = {}
    for name in CRYSTALS:
        shipped = total(labels(f"{name}, as shipped"))
        rows = {}
        for variation in VARIATIONS:
            label = labels(f"{name}, {variation}")
            rows[variation] = {
                "r2": round(r_squared(shipped, total(label)), 4),
                "rms": round(rms_difference(shipped, total(label)), 4),
                "gap": round(float(label.facts["gap"]), 3),
                "seconds": round(float(label.facts["seconds"]), 1),
            }
        convergence[name] = rows
    gaps = {
        name: {
            "ours": convergence[name]["as shipped"]["gap"],
            "published": value,
            "source": source,
        }
        for name, (value, source) in PUBLISHED_GAPS.items()
    }
    electrons = {
        name: {
            "set-up": labels(f"{name}, as shipped").facts["electrons"],
            "integral": round(float(labels(f"{name}, as shipped").facts["integral"]), 4),
        }
        for name in CRYSTALS
    }
    frequencies = {
        name: {
            "ours": round(float(phonons(name).facts["highest"]), 1),
            "measured": value,
            "source": source,
            "deviation": round(float(phonons(name).facts["highest"]) / value - 1.0, 3),
        }
        for name, (value, source) in TEXTBOOK_MAXIMA.items()
    }
    return {
        "convergence": convergence,
        "gaps": gaps,
        "electrons": electrons,
        "phonons": frequencies,
    }
