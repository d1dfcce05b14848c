"""The case studies: how their structures were relaxed and their references computed.

    python scripts/case_structures.py relax           rows of the tables in `deepdos_nb/cases`
    python scripts/case_structures.py list OUT        a list for `deepdos label --kind edos`
    python scripts/case_structures.py gather FOLDER   what that labelled, into the package

Relaxed with a machine-learnt potential, SevenNet 7net-l3i5: the trigonal Cu2BaMX4, where the
phosphorus of (In,Ga)P moves to, and the lattice constant of the random alloy. The structures are
likely, not exact.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from ase.constraints import FixSymmetry
from ase.filters import FrechetCellFilter
from ase.optimize import LBFGS
from collect_structures import cost
from pymatgen.core import Structure
from pymatgen.io.ase import AseAtomsAdaptor
from scipy.optimize import minimize_scalar

from deepdos_nb.cases import alloy, case_studies, chalcogenides, substitution
from deepdos_nb.cases.studies import REFERENCES
from deepdos_nb.core.files import write_text
from deepdos_nb.data.label_folder import Folder
from deepdos_nb.data.label_shards import read_shard, write_shard
from deepdos_nb.labelling.sevennet import PhononSettings, potential

FORCE, STEPS = 0.03, 100
START = chalcogenides.Trigonal(
    6.35, 15.5, 0.562, 0.768, (0.423, 0.913, 0.083), (0.864, 0.200, 0.510), (0.960, 0.548, 0.285)
)
"""Near Cu2BaGeS4, the best known compound of the type (mp-17947)."""
ORIGIN = {"source": "built: deepdos_nb.cases", "licence": "MIT (this package)"}
WIDER = {"Ti": 1.015, "Zr": 1.05, "Hf": 1.045, "Si": 0.98, "S": 1.0, "Se": 1.045}


def relaxed(structure: Structure, *, cell: bool) -> Structure:
    """The structure at rest, in its symmetry."""
    atoms = AseAtomsAdaptor.get_atoms(structure, msonable=False)
    atoms.calc = potential(PhononSettings().model)
    atoms.set_constraint(FixSymmetry(atoms, symprec=1e-3, verbose=False))
    with LBFGS(FrechetCellFilter(atoms) if cell else atoms, logfile=None) as relaxation:
        if not relaxation.run(fmax=FORCE, steps=STEPS):
            print(f"{structure.formula}: the relaxation did not end", file=sys.stderr)
    return AseAtomsAdaptor.get_structure(atoms)


def trigonal(formula: str) -> str:
    """Row of `chalcogenides.MEMBERS`."""
    metal, anion = chalcogenides.metal_and_anion(formula)
    scale = WIDER[metal] * WIDER[anion]
    wide = chalcogenides.Trigonal(scale * START.a, scale * START.c, *START.places)
    at_rest = relaxed(wide.build(metal, anion), cell=True)
    places = at_rest.frac_coords % 1
    # Of the three atoms on a special site, the one on the axis that the tables name.
    special = [
        orbit[np.argmin(np.abs(orbit[:, 2] - z))][0]
        for orbit, z in zip((places[:3], places[3:6]), (1 / 3, 5 / 6), strict=True)
    ]
    general = ", ".join(str(tuple(places[i].round(4).tolist())) for i in (6, 12, 18))
    a, _, c = at_rest.lattice.abc
    barium, centre = np.round(special, 4).tolist()
    return f'"{formula}": Trigonal({a:.3f}, {c:.3f}, {barium}, {centre}, {general}),'


def phosphorus(gallium: int) -> str:
    """Where the four phosphorus atoms of a step lie."""
    start = substitution.substituted(gallium, relaxed=False)
    at_rest = relaxed(start, cell=False)
    moved = (at_rest.frac_coords - start.frac_coords + 0.5) % 1 - 0.5
    return f"{gallium}: {np.round(moved, 4).tolist()}"


def alloy_constant() -> float:
    """Lattice constant (Å) of the quasi-random cell on the ideal lattice."""
    atoms = AseAtomsAdaptor.get_atoms(alloy.quasi_random(20, a=3.7), msonable=False)
    atoms.calc = potential(PhononSettings().model)
    cell = atoms.cell.copy()

    def energy(a: float) -> float:
        atoms.set_cell(cell * (a / 3.7), scale_atoms=True)
        return float(atoms.get_potential_energy())

    return float(minimize_scalar(energy, bounds=(3.5, 3.9), options={"xatol": 1e-3}).x)


def relax() -> None:
    """Print the rows of all tables."""
    for metal in ("Ti", "Si", "Zr", "Hf"):
        for anion in ("S", "Se"):
            print(trigonal(f"Cu2Ba{metal}{anion}4"), flush=True)
    for gallium in range(5):
        print(phosphorus(gallium), flush=True)
    print("alloy", alloy_constant(), flush=True)


def write_list(path: Path) -> None:
    """Every case as a list for `deepdos label`, the cheapest first."""
    cases = [case for study in case_studies().values() for case in study]
    lines = [{"name": c.name, "structure": c.structure.as_dict(), "origin": ORIGIN} for c in cases]
    efforts = [cost(c.structure) for c in cases]
    for case, effort in zip(cases, efforts, strict=True):
        print(f"{case.name}: {effort:.0f} CPU seconds, about")
    order = np.argsort(efforts)
    write_text(path, "".join(json.dumps(lines[i]) + "\n" for i in order))


def gather(folder: Path) -> None:
    """Labels of a folder into the package, beside those that are there."""
    known = {case.name for study in case_studies().values() for case in study}
    found = read_shard(REFERENCES) if REFERENCES.exists() else []
    labels = {label.name: label for label in [*found, *Folder(folder).labels()]}
    kept = [labels[name] for name in sorted(known & labels.keys())]
    write_shard(REFERENCES, kept)
    print(f"{len(kept)} labels, {REFERENCES.stat().st_size} bytes")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["relax"]:
            relax()
        case ["list", path]:
            write_list(Path(path))
        case ["gather", path]:
            gather(Path(path))
        case _:
            sys.exit(__doc__)
