"""Spectra as pymatgen's and ASE's densities of states, and from pymatgen's back again.

Whatever plots or reads those (sumo, pymatviz, pymatgen's own plotters) reads ours with them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from pymatgen.core import Structure
from pymatgen.electronic_structure.core import Orbital, OrbitalType, Spin
from pymatgen.electronic_structure.dos import CompleteDos, Dos
from pymatgen.phonon.dos import CompletePhononDos, PhononDos

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import ConfigError
from deepdos_nb.core.grids import MODES_PER_ATOM, Kind, grid_for
from deepdos_nb.core.resampling import TO_EV, to_bins, unit_factor
from deepdos_nb.spectra.drawable import TOTAL_ONLY

PLAUSIBLE = (0.5, 1.02)
"""A phonon curve with this share of its 3 modes per atom is taken as it is, else scaled to all."""

EMPTY = 1e-3
"""Share of its highest value below which a density counts as none."""


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
        return CompletePhononDos(structure, modes, dict(zip(structure, rows, strict=True)))
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
    factor = unit_factor("THz", Kind.phdos)
    energies, total = dos.frequencies * factor, np.asarray(dos.densities) / factor
    modes = MODES_PER_ATOM * len(structure)
    held = float(np.trapezoid(total, energies))
    notes: tuple[str, ...] = ()
    scale = 1.0
    if not PLAUSIBLE[0] * modes <= held <= PLAUSIBLE[1] * modes:
        scale = modes / held if held > 0 else 1.0
        notes = ("The curve is scaled to three modes per atom.",)
    parts = getattr(dos, "pdos", {})
    rows = _on_grid(Kind.phdos, energies, total * scale, [parts.get(site) for site in structure])
    inside = rows.sum(axis=1) * grid_for(Kind.phdos).step
    outside = np.clip(MODES_PER_ATOM - inside, 0.0, None)
    return Curves(Kind.phdos, structure, rows, outside, notes + _unresolved(parts))


def _electrons(dos: Dos, structure: Structure, zero: float | None) -> Curves:
    total = np.sum([*dos.densities.values()], axis=0) * (dos.norm_vol or 1.0)
    if zero is None:
        zero = _zero(np.asarray(dos.energies), total, dos.efermi)
    parts = getattr(dos, "pdos", {})
    by_site = [
        sum(np.asarray(d) for spins in parts[site].values() for d in spins.values())
        if site in parts
        else None
        for site in structure
    ]
    rows = _on_grid(Kind.edos, np.asarray(dos.energies) - zero, total, by_site)
    return Curves(Kind.edos, structure, rows, np.zeros(len(structure)), _unresolved(parts))


def _zero(energies: Array, total: Array, fermi: float) -> float:
    """Top of the valence band where there are no states at the Fermi level, else that level."""
    most = EMPTY * float(total.max())
    occupied = energies[(energies <= fermi) & (total > most)]
    gapped = np.interp(fermi, energies, total) <= most and len(occupied) > 0
    return float(occupied[-1] if gapped else fermi)


def _on_grid(kind: Kind, energies: Array, total: Array, parts: list[Any]) -> Array:
    """Density of every site in every bin, shape (n_sites, n_bins); the rows add up to the total.

    Projections of plane-wave codes leave out what lies between the atoms; it is shared out among
    them in proportion, or evenly where there is no projection.
    """
    step = grid_for(kind).step
    binned = to_bins(kind, energies, total) / step
    even = np.full((len(parts), len(binned)), 1.0 / len(parts))
    if any(part is None for part in parts):
        return even * binned
    rows = to_bins(kind, energies, np.stack(parts))
    known = rows.sum(axis=0)
    shares = np.divide(rows, known, out=even, where=known > 0)
    return np.asarray(shares * binned)


def _unresolved(parts: Any) -> tuple[str, ...]:
    return () if parts else (TOTAL_ONLY,)
