"""Phonon density of states from a machine-learnt potential: SevenNet 7net-l3i5 and phonopy.

Teaching labels, called "ML-potential phonons" wherever they are shown. The potential is too soft:
mean frequencies are typically a tenth below density-functional theory (`validation.json` of the
embedded data set has the figures). There are no Born charges, hence no LO-TO splitting.
"""

from __future__ import annotations

import time
import warnings
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import LabelError
from deepdos_nb.core.grids import MODES_PER_ATOM
from deepdos_nb.crystal.symmetry import symmetry_orbits
from deepdos_nb.data.sources.phonondb import to_benchmark_grid
from deepdos_nb.labelling.supercells import supercell

if TYPE_CHECKING:
    from pymatgen.core import Structure

THZ = 33.35641
"""cm⁻¹ per THz."""
TABLE_STOP, TABLE_STEP, TABLE_WIDTH = 1200.0, 4.0, 6.0
"""Grid and Gaussian width (cm⁻¹) of the curves before they are brought to the benchmark grid."""
SOFTEST = 10.0
"""Highest frequency (cm⁻¹) that no bound crystal falls short of."""
IMAGINARY_BELOW = -5.0
"""Frequencies (cm⁻¹) below this count as imaginary; acoustic modes at Γ scatter about zero."""


@dataclass(frozen=True)
class PhononSettings:
    """Numerical settings of one calculation.

    Parameters
    ----------
    model : str
        Name of the SevenNet potential.
    reach : float
        Smallest edge of the supercell, Å.
    displacement : float
        Finite displacement, Å.
    mesh : float
        Length (Å) that sets the q-mesh: about mesh / a points along an axis of length a.
    force : float
        Largest residual force after relaxation, eV/Å.
    steps : int
        Relaxation steps at most.
    max_atoms : int
        Largest supercell.
    """

    model: str = "7net-l3i5"
    reach: float = 9.0
    displacement: float = 0.01
    mesh: float = 45.0
    force: float = 1e-3
    steps: int = 300
    max_atoms: int = 200

    def safer(self) -> PhononSettings:
        """Settings for a second attempt: a longer relaxation."""
        return replace(self, steps=3 * self.steps)


@dataclass(frozen=True)
class PhononLabel:
    """A phonon density of states with its site projections.

    Attributes
    ----------
    structure : Structure
        The relaxed primitive cell that the label belongs to.
    states : ndarray, shape (n_orbits, 1, 51)
        Modes of one atom of each orbit in each bin of the benchmark grid.
    orbits : ndarray of int, shape (n_atoms,)
    imaginary : float
        Share of modes below −5 cm⁻¹ on the mesh.
    highest : float
        Highest frequency, cm⁻¹.
    seconds : float
        CPU time.
    details : dict
        Settings, supercell, displacements.
    """

    structure: Structure
    states: Array
    orbits: Array
    imaginary: float
    highest: float
    seconds: float
    details: dict[str, Any] = field(default_factory=dict)


def phonon_dos(
    structure: Structure, settings: PhononSettings | None = None, *, log: str | None = None
) -> PhononLabel:
    """Relax a crystal, then compute its phonons by finite displacements.

    Parameters
    ----------
    structure : Structure
    settings : PhononSettings, optional
    log : str, optional
        File that each stage is written to.

    Returns
    -------
    PhononLabel

    Raises
    ------
    LabelError
        If SevenNet or phonopy is not installed, the relaxation does not converge, or the supercell
        would be too large.
    """
    settings = settings or PhononSettings()
    calculator = potential(settings.model)
    started = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _tell(log, "relaxing the cell")
        cell = _relaxed(structure, calculator, settings)
        phonon, displaced = _force_constants(cell, calculator, settings, log)
        _tell(log, "frequencies on the mesh")
        frequencies, weights, energies, sites = _projected(phonon, settings)
    if frequencies.max() < SOFTEST:
        raise LabelError("the potential reaches no neighbours: every frequency is about zero.")
    primitive = phonon.primitive
    relaxed = _structure(primitive)
    orbits = symmetry_orbits(relaxed, symprec=1e-2)
    per_orbit = np.stack([sites[orbits == o].mean(axis=0) for o in range(int(orbits.max()) + 1)])
    share = weights / weights.sum() / frequencies.shape[1]
    return PhononLabel(
        structure=relaxed,
        states=_binned(energies, per_orbit)[:, None, :],
        orbits=orbits,
        imaginary=float((share[:, None] * (frequencies < IMAGINARY_BELOW)).sum()),
        highest=float(frequencies.max()),
        seconds=time.process_time() - started,
        details=asdict(settings)
        | {"supercell_atoms": len(phonon.supercell), "displacements": displaced},
    )


@cache
def potential(model: str) -> Any:
    """The machine-learnt potential as an ASE calculator, loaded once.

    Raises
    ------
    LabelError
        If SevenNet or phonopy is not installed.
    """
    try:
        import phonopy.harmonic.displacement  # noqa: F401
        from sevenn.calculator import SevenNetCalculator
    except ImportError as error:
        raise LabelError(
            f"{error.name} is not installed.",
            remedy="Run `deepdos doctor` for the commands that install it.",
        ) from None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return SevenNetCalculator(model, device="cpu")


def _tell(log: str | None, stage: str) -> None:
    if log:
        with open(log, "a", encoding="utf-8") as file:
            file.write(stage + "\n")


def _relaxed(structure: Structure, calculator: Any, settings: PhononSettings) -> Structure:
    """The primitive cell, relaxed with its symmetry kept."""
    from ase.constraints import FixSymmetry
    from ase.filters import FrechetCellFilter
    from ase.optimize import BFGS
    from pymatgen.io.ase import AseAtomsAdaptor
    from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

    standard = SpacegroupAnalyzer(structure, symprec=1e-2).get_primitive_standard_structure()
    atoms = AseAtomsAdaptor.get_atoms(standard, msonable=False)
    atoms.calc = calculator
    atoms.set_constraint(FixSymmetry(atoms, symprec=1e-2))
    moved: Any = FrechetCellFilter(atoms)
    search = BFGS(moved, logfile=None)
    if not search.run(fmax=settings.force, steps=settings.steps):
        raise LabelError(f"the relaxation did not converge in {settings.steps} steps.")
    relaxed = AseAtomsAdaptor.get_structure(atoms)
    return SpacegroupAnalyzer(relaxed, symprec=1e-2).get_primitive_standard_structure()


def _force_constants(
    cell: Structure, calculator: Any, settings: PhononSettings, log: str | None
) -> tuple[Any, int]:
    """Force constants by symmetry-distinct displacements in a supercell."""
    from ase import Atoms
    from phonopy import Phonopy
    from phonopy.structure.atoms import PhonopyAtoms

    matrix = supercell(cell, settings.reach)
    size = len(cell) * round(abs(np.linalg.det(matrix)))
    if size > settings.max_atoms:
        raise LabelError(f"the supercell would have {size} atoms (limit {settings.max_atoms}).")
    unit = PhonopyAtoms(
        symbols=[site.specie.symbol for site in cell],
        cell=cell.lattice.matrix,
        scaled_positions=cell.frac_coords,
    )
    phonon = Phonopy(unit, supercell_matrix=matrix, primitive_matrix=None, symprec=1e-3)
    phonon.generate_displacements(distance=settings.displacement)
    forces = []
    displaced = phonon.supercells_with_displacements or []
    for number, moved in enumerate(displaced, start=1):
        _tell(log, f"displacement {number} of {len(displaced)}, {size} atoms")
        atoms = Atoms(
            numbers=moved.numbers,
            cell=moved.cell,
            scaled_positions=moved.scaled_positions,
            pbc=True,
        )
        atoms.calc = calculator
        forces.append(atoms.get_forces())
    phonon.forces = np.array(forces)
    phonon.produce_force_constants()
    phonon.symmetrize_force_constants()
    return phonon, len(forces)


def _projected(phonon: Any, settings: PhononSettings) -> tuple[Array, Array, Array, Array]:
    """Frequencies (cm⁻¹) and weights on the mesh; table energies and site curves on it."""
    phonon.run_mesh(settings.mesh, with_eigenvectors=True, is_mesh_symmetry=False)
    mesh = phonon.get_mesh_dict()
    frequencies = mesh["frequencies"] * THZ
    phonon.run_projected_dos(
        sigma=TABLE_WIDTH / THZ,
        freq_min=0.0,
        freq_max=TABLE_STOP / THZ,
        freq_pitch=TABLE_STEP / THZ,
        use_tetrahedron_method=False,
    )
    curves = phonon.get_projected_dos_dict()
    points = round(TABLE_STOP / TABLE_STEP) + 1
    energies = np.linspace(0.0, TABLE_STOP, points)
    sites = np.stack(
        [
            np.interp(energies, curves["frequency_points"] * THZ, row / THZ)
            for row in curves["projected_dos"]
        ]
    )
    return frequencies, mesh["weights"], energies, sites


def _binned(energies: Array, sites: Array) -> Array:
    """Modes per bin of the benchmark grid, each row holding what lies inside the window."""
    inside = np.trapezoid(sites * (energies <= 1010.0), energies, axis=1)
    # The Gaussian of a mode at the window's start reaches below it: three modes an atom, no less.
    everything = np.trapezoid(sites, energies, axis=1)
    wanted = MODES_PER_ATOM * inside / np.maximum(everything, 1e-12)
    curves = to_benchmark_grid(energies, sites)
    return curves * (wanted / np.maximum(curves.sum(axis=1), 1e-12))[:, None]


def _structure(cell: Any) -> Structure:
    from pymatgen.core import Lattice, Structure

    return Structure(Lattice(cell.cell), cell.symbols, cell.scaled_positions)
