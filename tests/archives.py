"""phonondb archives of crystals whose forces a simple model gives."""

from __future__ import annotations

import tarfile
import warnings
import zipfile
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from phonopy import Phonopy
from phonopy.file_IO import write_FORCE_SETS
from phonopy.interface.vasp import write_vasp
from phonopy.structure.atoms import PhonopyAtoms

BORN = """14.399652
5 0 0 0 5 0 0 0 5
1.5 0 0 0 1.5 0 0 0 1.5
-0.5 0 0 0 -0.5 0 0 0 -0.5
"""


def copper() -> Atoms:
    """Four atoms of a face-centred cubic cell: one orbit."""
    return bulk("Cu", "fcc", a=3.59, cubic=True)


def copper_gold() -> Atoms:
    """Cu₃Au, ordered on the face-centred cubic lattice: two orbits, a heavy and a light atom."""
    atoms = bulk("Cu", "fcc", a=3.74, cubic=True)
    atoms.symbols[0] = "Au"
    return atoms


def solve(atoms: Atoms) -> Phonopy:
    """Force constants of a 2 × 2 × 2 supercell from effective-medium theory."""
    cell = PhonopyAtoms(
        symbols=atoms.get_chemical_symbols(),
        cell=atoms.cell[:],
        scaled_positions=atoms.get_scaled_positions(),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that "auto" is a new default
        phonon = Phonopy(cell, 2 * np.eye(3, dtype=int), primitive_matrix="auto", log_level=0)
    phonon.generate_displacements(distance=0.01)
    forces = []
    for moved in phonon.supercells_with_displacements:
        trial = Atoms(
            moved.symbols, cell=moved.cell, scaled_positions=moved.scaled_positions, pbc=True
        )
        trial.calc = EMT()
        forces.append(trial.get_forces())
    phonon.forces = forces
    phonon.produce_force_constants()
    phonon.symmetrize_force_constants()
    return phonon


def write_material(folder: Path, phonon: Phonopy, *, born: bool = False, sign: int = 1) -> Path:
    """The files of one material, as the original archives name them."""
    folder.mkdir(parents=True)
    write_vasp(str(folder / "POSCAR-unitcell"), phonon.unitcell)
    data = {**phonon.dataset}
    data["first_atoms"] = [{**a, "forces": sign * a["forces"]} for a in data["first_atoms"]]
    write_FORCE_SETS(data, filename=str(folder / "FORCE_SETS"))
    axes = " ".join(f"{x:g}" for x in phonon.primitive_matrix.ravel())
    (folder / "phonopy.conf").write_text(f"DIM = 2 2 2\nPRIMITIVE_AXIS = {axes}\nMP = 8 8 8\n")
    (folder / "INCAR-force").write_text("not needed")
    if born:
        (folder / "BORN").write_text(BORN)
    return folder


def pack(folder: Path, ending: str) -> Path:
    """The same as an archive beside the folder, with the folder inside it."""
    target = folder.with_name(folder.name + ending)
    if ending == ".zip":
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(folder.iterdir()):
                archive.write(path, f"{folder.name}/{path.name}")
    elif ending == ".tar.lzma":
        import lzma

        with (
            lzma.open(target, "wb", format=lzma.FORMAT_ALONE) as file,
            tarfile.open(fileobj=file, mode="w|") as tar,
        ):
            tar.add(folder, folder.name)
    else:
        with tarfile.open(target, f"w:{ending.rpartition('.')[2].replace('tar', '')}") as tar:
            tar.add(folder, folder.name)
    return target
