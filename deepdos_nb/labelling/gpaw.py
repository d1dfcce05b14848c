"""Electronic density of states by density-functional theory: GPAW, plane waves, PBE, tetrahedra.

Two steps. The density converges on a coarse k-mesh; the states that the spectrum shows are then
computed in that density on a finer one. Lanthanides keep their 4f electrons in the core (`setups`).
"""

from __future__ import annotations

import time
import warnings
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import LabelError
from deepdos_nb.crystal.symmetry import symmetry_orbits
from deepdos_nb.labelling.band_structure import Bands
from deepdos_nb.labelling.projections import ANGULAR, channels
from deepdos_nb.labelling.setups import frozen, prepare, valence_electrons

if TYPE_CHECKING:
    from pymatgen.core import Structure

MAGNETIC = {"Fe": 3.0, "Co": 2.0, "Ni": 1.0, "Mn": 4.0, "Cr": 3.0}
"""Elements computed with spin polarisation, and the moment (μB) each atom starts from."""

SMALL_CELL, LARGE_CELL = 4, 16
"""Atoms beyond which `ElectronSettings.meshes` takes fewer k-points, and half of them."""
ABOVE = 4.7
"""Bands are wanted up to this energy over the zero, eV: the window and room for broadening."""
STATES_LOG = ".states"
"""Ending added to the report's name for the second step."""
VOLUME_PER_BAND = 15.0
"""Å³ of cell that hold about one empty band below `ABOVE`, for a first guess."""


@dataclass(frozen=True)
class ElectronSettings:
    """Numerical settings of one calculation.

    Parameters
    ----------
    cutoff : float
        Plane-wave cut-off, eV.
    density_mesh, state_mesh : float, optional
        k-points per Å⁻¹ for the density and for the spectrum, rounded up to even numbers: points
        on the zone's boundary hold many band edges. None takes what `meshes` says.
    smearing : float
        Fermi-Dirac width while the density converges, eV.
    broadening : float
        Standard deviation of the Gaussian applied to the spectrum, eV.
    residual : float
        Largest squared residual of a state, eV² per electron.
    mixing : float, optional
        Fraction of the new density taken in each cycle; None leaves it to GPAW.
    max_cycles : int
    """

    cutoff: float = 450.0
    density_mesh: float | None = None
    state_mesh: float | None = None
    smearing: float = 0.1
    broadening: float = 0.1
    residual: float = 1e-3
    mixing: float | None = None
    max_cycles: int = 100

    def safer(self) -> ElectronSettings:
        """Slower settings that converge more often, for a second attempt."""
        return replace(self, mixing=0.03, smearing=2 * self.smearing, max_cycles=250)

    def meshes(self, structure: Structure) -> tuple[float, float]:
        """k-points per Å⁻¹ for the density and for the spectrum of one crystal.

        The density needs few (2 instead of 3 changed R² by 0.002 at most in eight), save where
        moments form. Cells of more than `SMALL_CELL` atoms have many bands for their size, and
        their spectra converge earlier; of those of more than `LARGE_CELL` the states of all points
        that 4 per Å⁻¹ ask for would take hours, and half as many along each direction are taken.
        """
        spin = any(element.symbol in MAGNETIC for element in structure.composition.elements)
        atoms = len(structure)
        fewer = 2.0 if atoms > LARGE_CELL else 1.0
        density = self.density_mesh or (3.0 if spin else 2.0) / fewer
        states = self.state_mesh or (5.0 if atoms <= SMALL_CELL else 4.0) / fewer
        return density, states


@dataclass(frozen=True)
class ElectronLabel:
    """An electronic density of states with its projections.

    Attributes
    ----------
    states : ndarray, shape (n_orbits, 4, n_bins)
        Number of states of *one* atom of each symmetry orbit with s, p, d, f character in each bin
        of the electronic grid. The sum over atoms and channels is the number per cell.
    orbits : ndarray of int, shape (n_atoms,)
    zero : {"VBM", "E_F"}
        What the energy zero is.
    gap : float
        Fundamental gap on the mesh, eV; 0 for a metal.
    electrons, integral : float
        Valence electrons of the set-ups, and electrons below the zero counted by tetrahedra.
    magnetization : float
        μB per cell.
    seconds : float
        CPU time.
    details : dict
        Settings, mesh and cycles.
    """

    states: Array
    orbits: Array
    zero: str
    gap: float
    electrons: float
    integral: float
    magnetization: float
    seconds: float
    details: dict[str, Any] = field(default_factory=dict)


def electron_dos(
    structure: Structure, settings: ElectronSettings | None = None, *, log: str | None = None
) -> ElectronLabel:
    """Compute the electronic density of states of a crystal.

    Parameters
    ----------
    structure : Structure
    settings : ElectronSettings, optional
    log : str, optional
        File that GPAW writes its report to, and with `STATES_LOG` added that of the second step;
        without it the reports are discarded.

    Returns
    -------
    ElectronLabel

    Raises
    ------
    LabelError
        If GPAW is not installed, has no set-up for an element, or does not converge.
    """
    settings = settings or ElectronSettings()
    try:
        import gpaw  # noqa: F401
    except ImportError:
        raise LabelError(
            "GPAW is not installed.",
            remedy="Run `deepdos doctor` for the commands that install it.",
        ) from None
    started = time.process_time()
    orbits = symmetry_orbits(structure, symprec=1e-2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        calculator, details = _calculate(structure, settings, log)
        bands = _bands(calculator, channels=channels(calculator, orbits))
        magnetization = calculator.get_magnetic_moment() if len(bands.eigenvalues) == 2 else 0.0
    zero, gap = bands.zero()
    counts = bands.counted(zero, settings.broadening)
    per_orbit = counts.T.reshape(-1, len(ANGULAR), len(counts))
    return ElectronLabel(
        states=per_orbit / np.bincount(orbits)[:, None, None],
        orbits=orbits,
        zero="VBM" if gap > 0 else "E_F",
        gap=gap,
        electrons=bands.electrons,
        integral=float(bands.integrated(np.array([zero + 1e-6])).sum()),
        magnetization=float(magnetization),
        seconds=time.process_time() - started,
        details=asdict(settings) | details | {"mesh": bands.size.tolist()},
    )


def _calculate(
    structure: Structure, settings: ElectronSettings, log: str | None
) -> tuple[Any, dict[str, Any]]:
    """Converge the density, then the states on the finer mesh."""
    from ase import Atoms
    from gpaw import GPAW, PW, FermiDirac
    from gpaw.mixer import Mixer, MixerSum

    atoms = Atoms(
        numbers=structure.atomic_numbers,
        scaled_positions=structure.frac_coords,
        cell=structure.lattice.matrix,
        pbc=True,
    )
    moments = [MAGNETIC.get(symbol, 0.0) for symbol in atoms.symbols]
    spin = any(moments)
    density_mesh, state_mesh = settings.meshes(structure)
    if spin:
        # A small moment on the others lets them follow.
        atoms.set_initial_magnetic_moments([m or 0.1 for m in moments])
    keywords: dict[str, Any] = {}
    if setups := prepare(atoms.symbols):
        keywords["setups"] = setups
    if settings.mixing is not None:
        keywords["mixer"] = (MixerSum if spin else Mixer)(settings.mixing, 5, 100)
    try:
        first = GPAW(
            mode=PW(settings.cutoff),
            xc="PBE",
            kpts={"density": density_mesh, "gamma": True, "even": True},
            occupations=FermiDirac(settings.smearing),
            nbands=_guess_bands(atoms, moments),
            convergence={"density": 1e-3, "energy": 2e-3, "eigenstates": settings.residual},
            maxiter=settings.max_cycles,
            txt=log,
            **keywords,
        )
        atoms.calc = first
        atoms.get_potential_energy()
        needed, complete = _bands_below(first, ABOVE)
        if not complete:
            needed = int(np.ceil(1.5 * needed))
        for _ in range(3):
            second = first.fixed_density(
                kpts={"density": state_mesh, "gamma": True, "even": True},
                # The highest bands converge slowly; spare ones above them take that role.
                nbands=needed + max(4, needed // 4),
                convergence={"bands": needed, "eigenstates": settings.residual},
                maxiter=settings.max_cycles,
                txt=f"{log}{STATES_LOG}" if log else None,
            )
            below, _ = _bands_below(second, ABOVE - 0.2)
            if below <= needed:
                details: dict[str, Any] = {
                    "density_mesh": density_mesh,
                    "state_mesh": state_mesh,
                    "cycles": int(first.dft.scf_loop.niter),
                    "bands": needed,
                }
                if cores := frozen(atoms.symbols):
                    details["f_in_core"] = cores
                return second, details
            needed = below + 2
    except Exception as error:  # GPAW raises many kinds; each is one reason for the record.
        raise LabelError(f"GPAW: {type(error).__name__}: {error}".strip(": ")) from error
    raise LabelError("GPAW: the window needs ever more bands.")


def _guess_bands(atoms: Any, moments: list[float]) -> int:
    """Bands that reach some 4.7 eV above the Fermi level: occupied, empty d shells, plane waves."""
    from pymatgen.core import Element

    electrons = sum(map(valence_electrons, atoms.symbols))
    groups = [Element(symbol).group for symbol in atoms.symbols]
    # Groups 3 to 9 leave part of their d shell empty.
    empty_d = sum(min(5, 9 - group) for group in groups if 3 <= group <= 9)
    extra = 3 + empty_d + atoms.get_volume() / VOLUME_PER_BAND
    return int(np.ceil(electrons / 2 + sum(moments) / 4 + extra))


def _bands_below(calculator: Any, above: float) -> tuple[int, bool]:
    """How many bands come anywhere below `above` (eV over the zero), and whether that is all."""
    bands = _bands(calculator)
    zero, _ = bands.zero()
    below = int((bands.eigenvalues < zero + above).sum(axis=-1).max())
    return below, below < bands.eigenvalues.shape[-1]


def _bands(calculator: Any, channels: Array | None = None) -> Bands:
    points = calculator.wfs.kd
    eigenvalues = np.array(
        [
            [calculator.get_eigenvalues(kpt=k, spin=s) for k in range(points.nibzkpts)]
            for s in range(points.nspins)
        ]
    )
    return Bands(
        eigenvalues=eigenvalues,
        size=np.asarray(points.N_c),
        to_irreducible=np.asarray(points.bz2ibz_k),
        cell=np.asarray(calculator.atoms.cell),
        electrons=float(sum(setup.Nv for setup in calculator.setups)),
        channels=np.ones((*eigenvalues.shape, 1)) if channels is None else channels,
    )
