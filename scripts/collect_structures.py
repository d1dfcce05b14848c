"""Collect the crystals of the embedded data set from packages on public registries.

    python scripts/collect_structures.py SDIST WHEEL OUT

SDIST  source distribution of mattersim 1.2.3 (samples of Alexandria and MPtrj)
WHEEL  crystal_toolkit wheel (Materials Project structures of matbench_dielectric)
OUT    JSON lines for `deepdos label`: name, structure, origin; the cheapest first

The rest comes from what is installed (ASE's dcdft collection of elements, pymatgen's AFLOW
prototypes) or is built by `cubic_families.py`. One crystal is kept for each reduced formula; metals
and octet compounds come in a second cubic structure besides. Left out: held-out materials of either
list, elements without a GPAW set-up, and cells too large to compute in minutes.
"""

from __future__ import annotations

import gzip
import io
import json
import sys
import tarfile
import warnings
import zipfile
from collections.abc import Container, Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path

import numpy as np
import spglib
from cubic_families import Family, NoMinimumError, members
from pymatgen.core import Composition, Element, Structure
from pymatgen.io.ase import AseAtomsAdaptor
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer
from relaxed_families import RelaxedFamily

from deepdos_nb.core.files import replacing
from deepdos_nb.data.splits import protocol
from deepdos_nb.labelling.gpaw import MAGNETIC, VOLUME_PER_BAND, ElectronSettings
from deepdos_nb.labelling.setups import CORES, valence_electrons

XYZ = ("alexandria-random-1k", "mptrj-random-1k", "mptrj-highest-stress-1k")
DIELECTRIC = "crystal_toolkit/apps/examples/matbench_dielectric.json.gz"
MAX_ATOMS = 14
MAX_SECONDS = 120.0

Found = tuple[str, Structure, dict[str, str]]
AnyFamily = Family | RelaxedFamily


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


def buildable(
    candidates: Iterable[tuple[AnyFamily, str]],
    known: Mapping[str, Container[int]],
    held_out: Container[str],
) -> Iterator[tuple[AnyFamily, str, Structure, int]]:
    """Crystals whose formula, or for polymorphs space group of a formula, is not known.

    With their families and formulas, and their space groups.
    """
    groups: dict[str, int] = {}
    for family, formula in candidates:
        reduced = Composition(formula).reduced_formula
        if reduced in held_out or (reduced in known and not family.polymorphs):
            continue
        if groups.get(family.name) in known.get(reduced, ()):
            continue  # a family shares its space group
        try:
            crystal = family.build(formula)
        except NoMinimumError as error:
            print(f"{family.name} {formula}: left out ({error})", file=sys.stderr)
            continue
        group = SpacegroupAnalyzer(crystal, symprec=1e-2).get_space_group_number()
        groups[family.name] = group
        if group not in known.get(reduced, ()):
            yield family, formula, crystal, group


def origin_of(family: AnyFamily, formula: str, found: str = "lattice") -> dict[str, str]:
    """Where a built crystal comes from, and what of it was found by a potential."""
    return {
        "source": f"built: {family.name}, {found} by SevenNet 7net-l3i5",
        "licence": "MIT (this package)",
        "identifier": formula,
    }


def from_families(known: Mapping[str, Container[int]], held_out: Container[str]) -> Iterator[Found]:
    """Cubic crystals that are not known."""
    for family, formula, crystal, _ in buildable(members(), known, held_out):
        name = f"built-{family.key}-{formula}" if family.polymorphs else f"built-{formula}"
        yield name, crystal, origin_of(family, formula, "lattice constant")


def cost(structure: Structure) -> float:
    """CPU seconds that a calculation is likely to take.

    Coefficients fitted to a hundred calculations (correlation of the logarithms 0.93).
    """
    settings = ElectronSettings()
    cell = (structure.lattice.matrix, structure.frac_coords, structure.atomic_numbers)
    lengths = np.array(structure.lattice.reciprocal_lattice.abc)
    mesh = 2 * np.ceil(lengths * settings.meshes(structure)[1] / 2.0)
    points = len(np.unique(spglib.get_ir_reciprocal_mesh(mesh.astype(int), cell)[0]))
    symbols = [site.specie.symbol for site in structure]
    groups = [Element(symbol).group for symbol in symbols]
    empty_d = sum(min(5, 9 - group) for group in groups if 3 <= group <= 9)
    electrons = sum(map(valence_electrons, symbols))
    bands = electrons / 2 + 3 + empty_d + structure.volume / VOLUME_PER_BAND
    spin = 2 if set(symbols) & set(MAGNETIC) else 1
    each = bands * (1.0e-3 + 1.1e-4 * structure.volume + 2.8e-5 * bands)
    return float(0.35 * len(structure) + spin * points * each)


def usable(structure: Structure, elements: set[str], held_out: set[str]) -> bool:
    symbols = {str(e) for e in structure.composition.elements}
    return (
        structure.is_ordered
        and len(structure) <= 60
        and symbols <= elements
        and structure.composition.reduced_formula not in held_out
    )


def main(sdist: str, wheel: str, out: str) -> None:
    import gpaw_data

    warnings.simplefilter("ignore")
    files = Path(gpaw_data.__file__).parent.rglob("*.PBE.gz")
    elements = {file.name.split(".")[0] for file in files} | set(CORES)
    rules = protocol()
    names = [*rules.held_out_edos.values(), *rules.held_out_phdos.values()]
    held_out = {Composition(name).reduced_formula for name in names if name}
    kept: list[tuple[float, str, Structure, dict[str, str]]] = []
    groups: dict[str, set[int]] = {}
    found = chain(
        from_dcdft(),
        from_prototypes(),
        from_mattersim(Path(sdist)),
        from_crystal_toolkit(Path(wheel)),
        from_families(groups, held_out),
    )
    for name, structure, origin in found:
        formula = structure.composition.reduced_formula
        built = name.startswith("built-")
        if (formula in groups and not built) or not usable(structure, elements, held_out):
            continue
        try:
            analyzer = SpacegroupAnalyzer(structure, symprec=1e-2)
            standard = analyzer.get_primitive_standard_structure()
            standard.remove_oxidation_states()
            if len(standard) > MAX_ATOMS or not standard.is_valid(tol=0.9):
                continue
            effort = cost(standard)
        except Exception as error:  # one odd crystal of thousands is left out, and said so
            print(f"{name}: left out ({error})", file=sys.stderr)
            continue
        if effort <= MAX_SECONDS:
            plain = Structure(standard.lattice, standard.species, standard.frac_coords)
            kept.append((effort, name, plain, origin))
            groups.setdefault(formula, set()).add(analyzer.get_space_group_number())
    print(f"{len(kept)} crystals", file=sys.stderr)
    cheapest_first = sorted(kept, key=lambda entry: entry[:2])
    with replacing(out) as part, part.open("w", encoding="utf-8") as file:
        for _, name, structure, origin in cheapest_first:
            entry = {"name": name, "structure": structure.as_dict(), "origin": origin}
            file.write(json.dumps(entry) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
