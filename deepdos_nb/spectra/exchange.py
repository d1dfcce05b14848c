"""Spectra as pymatgen's and ASE's densities of states, and from pymatgen's back again.

Whatever plots or reads those (sumo, pymatviz, pymatgen's own plotters) reads ours with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from pymatgen.core import PeriodicSite, Structure
from pymatgen.electronic_structure.core import Orbital, OrbitalType, Spin
from pymatgen.electronic_structure.dos import CompleteDos, Dos
from pymatgen.phonon.dos import CompletePhononDos, PhononDos

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import ConfigError
from deepdos_nb.core.grids import MODES_PER_ATOM, Kind, grid_for
from deepdos_nb.core.resampling import TO_EV, above, to_bins, unit_factor, warn_imaginary
from deepdos_nb.spectra.drawable import TOTAL_ONLY

ROUNDING = 0.02
"""Share of its modes that a phonon curve may hold too many or too few without a note."""

EMPTY = 1e-3
"""Share of the highest value near the Fermi level below which a density counts as none."""

NEAR = 5.0
"""How far from the Fermi level that highest value is looked for, eV: semicore peaks lie deeper."""

SAME_PLACE = 0.1
"""Two sites of one element nearer than this are the same, Å."""


class SiteResolvedDos(CompleteDos):
    """A `CompleteDos` that knows its sites and elements, but no orbitals.

    pymatgen wants an orbital for every projection; the density of a site stands under ``s``.
    """

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise ConfigError(
            "this density of states is resolved by site and element, not by orbital.",
            remedy="Use get_element_dos or get_site_dos.",
        )

    get_site_spd_dos = get_element_spd_dos = _refuse
    get_site_orbital_dos = get_site_t2g_eg_resolved_dos = _refuse

    def get_spd_dos(self) -> dict[OrbitalType, Dos]:
        """Nothing; `as_dict` asks for it."""
        return {}


class WindowedPhononDos(CompletePhononDos):
    """Our modes as pymatgen holds them: what a site lacks of its three lies above the window."""


class Curves(NamedTuple):
    """What a `Spectrum` is made from."""

    kind: Kind
    structure: Structure
    sites: Array
    outside: Array
    notes: tuple[str, ...]


def to_pymatgen(kind: Kind, structure: Structure, sites: Array) -> CompletePhononDos | CompleteDos:
    """The densities as pymatgen holds them: THz and states/THz, or eV and states/eV.

    Parameters
    ----------
    kind : {"phdos", "edos"}
    structure : pymatgen Structure
    sites : ndarray, shape (n_sites, n_bins)
        States per cm⁻¹ or per eV, per cell.
    """
    energies = grid_for(kind).energies
    if kind == "phdos":
        per_thz = unit_factor("THz", kind)
        rows = sites * per_thz
        modes = PhononDos(energies / per_thz, rows.sum(axis=0))
        return WindowedPhononDos(structure, modes, dict(zip(structure, rows, strict=True)))
    # Both spins together, as pymatgen holds a calculation without spin.
    total = Dos(0.0, energies, {Spin.up: sites.sum(axis=0)})
    parts = {site: {Orbital.s: {Spin.up: row}} for site, row in zip(structure, sites, strict=True)}
    return SiteResolvedDos(structure, total, parts)


def to_ase(kind: Kind, symbols: list[str], sites: Array, source: str) -> Any:
    """The densities as ASE holds them: one `GridDOSData` for each site, in eV and states/eV.

    Returns
    -------
    ase.spectrum.doscollection.GridDOSCollection
        ``symbol`` and ``index`` (from zero, as in ASE's `Atoms`) select and sum its rows.
    """
    from ase.spectrum.doscollection import GridDOSCollection
    from ase.spectrum.dosdata import GridDOSData

    grid = grid_for(kind)
    in_ev = TO_EV[grid.unit]
    return GridDOSCollection(
        [
            GridDOSData(
                grid.energies * in_ev,
                row / in_ev,
                info={"symbol": symbol, "index": str(i), "source": source},
            )
            for i, (symbol, row) in enumerate(zip(symbols, sites, strict=True))
        ]
    )


def from_pymatgen(dos: PhononDos | Dos, structure: Structure | None, zero: float | None) -> Curves:
    """Bring pymatgen's curves onto the grid of their kind; see `Spectrum.from_pymatgen`."""
    structure = getattr(dos, "structure", None) if structure is None else structure
    if not isinstance(dos, PhononDos | Dos):
        raise ConfigError(
            f"a {type(dos).__name__} is no density of states of pymatgen.",
            remedy="Pass a PhononDos, a Dos, or one of their complete kinds.",
        )
    if structure is None:
        raise ConfigError(
            f"a {type(dos).__name__} does not say which crystal it belongs to.",
            remedy="Pass its structure as well.",
        )
    return (
        _phonons(dos, structure) if isinstance(dos, PhononDos) else _electrons(dos, structure, zero)
    )


def _phonons(dos: PhononDos, structure: Structure) -> Curves:
    kind = Kind.phdos
    factor = unit_factor("THz", kind)
    energies, total = dos.frequencies * factor, np.asarray(dos.densities) / factor
    modes = MODES_PER_ATOM * len(structure)
    warn_imaginary(structure.composition.reduced_formula, kind, energies, total)
    parts, notes = _projections(getattr(dos, "pdos", {}), structure, total)
    bins = _share_out(to_bins(kind, energies, total), to_bins(kind, energies, parts))
    outside = _share_out(above(kind, energies, total), above(kind, energies, parts))
    inside = bins.sum(axis=1)
    if isinstance(dos, WindowedPhononDos):
        outside = np.clip(MODES_PER_ATOM - inside, 0.0, None)
    every = np.maximum(inside + outside, 1e-12)
    if abs(every.sum() / modes - 1.0) > ROUNDING:
        notes = ("The curve is scaled to three modes per atom.", *notes)
    scale = MODES_PER_ATOM / every
    rows = bins * scale[:, None] / grid_for(kind).step
    return Curves(kind, structure, rows, outside * scale, notes)


def _electrons(dos: Dos, structure: Structure, zero: float | None) -> Curves:
    kind = Kind.edos
    energies = np.asarray(dos.energies)
    total = np.sum([*dos.densities.values()], axis=0) * (dos.norm_vol or 1.0)
    if zero is None:
        zero = 0.0 if _is_ours(dos) else _zero(energies, total, dos.efermi)
    by_site = {
        site: np.sum([d for spins in orbitals.values() for d in spins.values()], axis=0)
        for site, orbitals in getattr(dos, "pdos", {}).items()
    }
    parts, notes = _projections(by_site, structure, total)
    energies = energies - zero
    bins = _share_out(to_bins(kind, energies, total), to_bins(kind, energies, parts))
    rows = bins / grid_for(kind).step
    return Curves(kind, structure, rows, np.zeros(len(structure)), notes)


def _zero(energies: Array, total: Array, fermi: float) -> float:
    """Top of the valence band where there are no states at the Fermi level, else that level."""
    near = total[np.abs(energies - fermi) <= NEAR]
    most = EMPTY * float(near.max(initial=0.0) or total.max())
    occupied = energies[(energies <= fermi) & (total > most)]
    gapped = np.interp(fermi, energies, total) <= most and len(occupied) > 0
    return float(occupied[-1] if gapped else fermi)


def _is_ours(dos: Dos) -> bool:
    """Whether a curve has our grid and zero, as those of `to_pymatgen` do: its zero is known."""
    grid = grid_for(Kind.edos)
    return (
        dos.efermi == 0.0
        and len(dos.energies) == grid.n_bins
        and np.allclose(dos.energies, grid.energies, rtol=0, atol=1e-3 * grid.step)
    )


def _projections(
    given: Mapping[PeriodicSite, Array], structure: Structure, total: Array
) -> tuple[Array, tuple[str, ...]]:
    """Curve of every site, shape (n_sites, n_points), and a note where they are not known.

    Sites are found by element and place: pymatgen takes them for different ones too where a
    magnetic moment, an oxidation state or a lattice vector is all that differs.
    """
    found: list[Array] = []
    sites = list(given)
    if len(sites) == len(structure):
        numbers = np.array([site.specie.Z for site in sites])
        places = [site.frac_coords for site in sites]
        apart = structure.lattice.get_all_distances(structure.frac_coords, places)
        for site, row in zip(structure, apart, strict=True):
            row = np.where(numbers == site.specie.Z, row, np.inf)
            nearest = int(row.argmin())
            if row[nearest] < SAME_PLACE:
                found.append(np.asarray(given[sites[nearest]]))
    if len(found) == len(structure):
        return np.stack(found), ()
    return np.tile(total, (len(structure), 1)), (TOTAL_ONLY,)


def _share_out(total: Array, parts: Array) -> Array:
    """The total among the sites, so that their rows add up to it; `parts` has a row for each.

    Projections of plane-wave codes leave out what lies between the atoms; it is shared out among
    them in proportion, or evenly where there is no projection.
    """
    known = parts.sum(axis=0)
    even = np.full_like(parts, 1.0 / len(parts))
    return np.asarray(np.divide(parts, known, out=even, where=known > 0) * total)
