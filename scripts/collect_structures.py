"""Collect the crystals of the embedded data set from packages on public registries.

    python scripts/collect_structures.py SDIST WHEEL OUT

SDIST  source distribution of mattersim 1.2.3 (samples of Alexandria and MPtrj)
WHEEL  crystal_toolkit wheel (Materials Project structures of matbench_dielectric)
OUT    JSON lines for `deepdos label`: name, structure, origin; likely cheap and dear ones mixed

The rest comes from what is installed: ASE's dcdft collection of elements and pymatgen's AFLOW
prototypes. One crystal is kept for each reduced formula. Left out: held-out materials of either
list, open 4f shells, elements without a GPAW set-up, and cells too large to compute in minutes.
"""

from __future__ import annotations

import gzip
import io
import json
import random
import sys
import tarfile
import warnings
import zipfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
from pymatgen.core import Composition, Element, Structure
from pymatgen.io.ase import AseAtomsAdaptor
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

from deepdos_nb.data.reference.electrons import MAGNETIC
from deepdos_nb.data.splits import protocol

OPEN_4F = {"Ce", "Pr", "Nd", "Pm", "Sm", "Eu", "Gd", "Tb", "Dy", "Ho", "Er", "Tm", "Yb"}
XYZ = ("alexandria-random-1k", "mptrj-random-1k", "mptrj-highest-stress-1k")
DIELECTRIC = "crystal_toolkit/apps/examples/matbench_dielectric.json.gz"
SMALL = 4
MAX_ATOMS = 14
COST_CLASSES = (0.0, 2.5, 4.0, 6.0, 10.0)

Found = tuple[str, Structure, dict[str, str]]


def from_mattersim(path: Path) -> Iterator[Found]:
    from ase.io import read

    with tarfile.open(path) as archive:
        for name in XYZ:
            member = archive.extractfile(f"mattersim-1.2.3/data/benchmarks/{name}.xyz")
            assert member is not None
            for atoms in read(io.StringIO(member.read().decode()), ":", format="extxyz"):
                identifier = atoms.info.get("alexandria_id") or atoms.info["mptrj_snapshot_id"]
                origin = {
                    "source": "mattersim 1.2.3 source distribution",
                    "file": f"data/benchmarks/{name}.xyz",
                    "licence": "MIT (Alexandria: CC BY 4.0; MPtrj: MIT)",
                    "identifier": identifier,
                }
                yield identifier, AseAtomsAdaptor.get_structure(atoms), origin


def from_crystal_toolkit(path: Path) -> Iterator[Found]:
    with zipfile.ZipFile(path) as archive:
        table = json.loads(gzip.decompress(archive.read(DIELECTRIC)))
    origin = {
        "source": path.name,
        "file": DIELECTRIC,
        "licence": "BSD-3-Clause (Materials Project: CC BY 4.0)",
    }
    for row, entry in table["structure"].items():
        identifier = f"dielectric-{row}"
        yield identifier, Structure.from_dict(entry), origin | {"identifier": row}


def from_dcdft() -> Iterator[Found]:
    import ase
    from ase.collections import dcdft

    for name in dcdft.names:
        origin = {
            "source": f"ase {ase.__version__}, collection dcdft",
            "licence": "LGPL-2.1-or-later (Lejaeghere et al., Crit. Rev. Solid State 39, 1, 2014)",
            "identifier": name,
        }
        yield f"dcdft-{name}", AseAtomsAdaptor.get_structure(dcdft[name]), origin


def from_prototypes() -> Iterator[Found]:
    import pymatgen.analysis.prototypes as prototypes
    from monty.serialization import loadfn

    file = Path(prototypes.__file__).parent / "aflow_prototypes.json.gz"
    for entry in loadfn(file):
        tag = entry["tags"]["aflow"]
        origin = {
            "source": "pymatgen, AFLOW prototypes",
            "licence": "MIT (Mehl et al., Comput. Mater. Sci. 136, S1, 2017)",
            "identifier": tag,
        }
        yield f"aflow-{tag}", entry["snl"].structure, origin


def cost(structure: Structure) -> float:
    """Relative time of a calculation: k-points × bands × plane waves, MgO = 1 or so."""
    analyzer = SpacegroupAnalyzer(structure, symprec=1e-2)
    operations = 2 * len(analyzer.get_point_group_operations())
    lengths = np.array(structure.lattice.reciprocal_lattice.abc)
    points = np.prod(np.ceil(5.0 * lengths)) / min(operations, 48)
    electrons = sum(min(Element(s.specie.symbol).Z, 12) for s in structure)
    spin = 2 if any(s.specie.symbol in MAGNETIC for s in structure) else 1
    return float(spin * (points + 8) * (electrons + 4) * structure.volume / 4e4)


def usable(structure: Structure, elements: set[str], held_out: set[str]) -> bool:
    symbols = {str(e) for e in structure.composition.elements}
    return (
        structure.is_ordered
        and len(structure) <= 60
        and symbols <= elements
        and not symbols & OPEN_4F
        and structure.composition.reduced_formula not in held_out
    )


def main(sdist: str, wheel: str, out: str) -> None:
    import gpaw_data

    warnings.simplefilter("ignore")
    files = Path(gpaw_data.__file__).parent.rglob("*.PBE.gz")
    elements = {file.name.split(".")[0] for file in files}
    rules = protocol()
    names = [*rules.held_out_edos.values(), *rules.held_out_phdos.values()]
    held_out = {Composition(name).reduced_formula for name in names if name}
    found = [
        *from_dcdft(),
        *from_prototypes(),
        *from_mattersim(Path(sdist)),
        *from_crystal_toolkit(Path(wheel)),
    ]
    kept: dict[str, tuple[float, str, Structure, dict[str, str]]] = {}
    for name, structure, origin in found:
        formula = structure.composition.reduced_formula
        if formula in kept or not usable(structure, elements, held_out):
            continue
        try:
            standard = SpacegroupAnalyzer(
                structure, symprec=1e-2
            ).get_primitive_standard_structure()
            standard.remove_oxidation_states()
            if len(standard) > MAX_ATOMS or not standard.is_valid(tol=0.9):
                continue
            effort = cost(standard)
        except Exception as error:  # one odd crystal of thousands is left out, and said so
            print(f"{name}: left out ({error})", file=sys.stderr)
            continue
        if effort <= COST_CLASSES[-1]:
            plain = Structure(standard.lattice, standard.species, standard.frac_coords)
            kept[formula] = (effort, name, plain, origin)
    print(f"{len(kept)} crystals", file=sys.stderr)

    # Cheap ones first; within a class of cost, small and large cells alternate, so that the set is
    # balanced wherever the work is stopped.
    order = sorted(kept.values(), key=lambda entry: entry[1])
    random.Random(0).shuffle(order)
    mixed = []
    for low, high in pairwise(COST_CLASSES):
        members = [entry for entry in order if low < entry[0] <= high]
        small = [entry for entry in members if len(entry[2]) <= SMALL]
        large = [entry for entry in members if len(entry[2]) > SMALL]
        while small or large:
            mixed += [part.pop() for part in (small, large) if part]
    part = Path(out + ".part")
    with part.open("w", encoding="utf-8") as file:
        for _, name, structure, origin in mixed:
            entry = {"name": name, "structure": structure.as_dict(), "origin": origin}
            file.write(json.dumps(entry) + "\n")
    part.replace(out)


if __name__ == "__main__":
    main(*sys.argv[1:])
