"""Crystals that a class asks for: `python scripts/class_crystals.py OUT [PHONONS]`.

OUT      JSON lines for `deepdos label --kind edos`: perovskites, oxides, layers, Heusler alloys
PHONONS  the same for `--kind phdos`: the examples of the package

Examples come as the package has them, the rest is built as in `wider_families.py` and
`relaxed_families.py`. What has a label of the kind already, or is held out, is left to
`deepdos label` and `embed_labels.py` to pass over.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Iterator
from typing import Any

from cubic_families import FCC, Family, NoMinimumError, symbols_of
from pymatgen.core import Composition, Lattice, Structure
from relaxed_families import RELAXED_FAMILIES, RelaxedFamily
from wider_families import WIDER_FAMILIES

import deepdos_nb as dd
from deepdos_nb.core.files import replacing
from deepdos_nb.data.splits import protocol

EXAMPLES = {
    "edos": "NiAl SrTiO3 Bi2Te3 TiO2 MoS2 SiO2",
    "phdos": "GaAs MgO NiAl ZnO SrTiO3 Bi2Te3 TiO2 MoS2 SiO2",
}
"""Examples without a reference of a kind in the first data set."""

BUILT = {
    "perovskite": "BaTiO3 CsPbI3 CsPbBr3 CsSnI3 PbTiO3 KNbO3 LaMnO3 SrFeO3 KMgF3",
    "Heusler": "MnSiCo2 MnGaNi2 VAlFe2 TiSnFe2 MnAlCu2 TiAlNi2",
    "half-Heusler": "TiNiSn TiCoSb MnNiSb",
    "graphene": "BN SiC GaN ZnO Si2",
    "molybdenum disulfide layer": "MoS2 MoSe2 WS2 WSe2 NbSe2",
    "cadmium iodide layer": "SnS2 PtSe2 PbI2",
    "cadmium iodide": "TiS2 TiSe2 PtTe2 PbI2",
    "wurtzite": "Zn2O2 Ga2N2 Cd2S2",
}
"""Members of the families, by the name of the prototype."""


def hematite() -> Structure:
    """Fe2O3 at its measured lattice (Blake et al., Am. Mineral. 51, 123, 1966)."""
    cell = Lattice.hexagonal(5.038, 13.772)
    full = Structure.from_spacegroup("R-3c", cell, ["Fe", "O"], [[0, 0, 0.3553], [0.3059, 0, 0.25]])
    return full.get_primitive_structure()


MONOXIDES = {"FeO": 4.33, "CoO": 4.26, "NiO": 4.177, "MnO": 4.445}
"""Measured lattice constants (Å) of rock salts that antiferromagnetic order holds together."""


def monoxide(formula: str) -> Structure:
    """A transition metal's oxide in the rock-salt structure."""
    constant = MONOXIDES[formula]
    cell = Lattice([[constant * x for x in row] for row in FCC])
    return Structure(cell, symbols_of(formula), [[0, 0, 0], [0.5, 0.5, 0.5]])


def anatase() -> Structure:
    """TiO2 at its measured lattice (Horn et al., Z. Kristallogr. 136, 273, 1972)."""
    cell = Lattice.tetragonal(3.7842, 9.5146)
    full = Structure.from_spacegroup("I4_1/amd", cell, ["Ti", "O"], [[0, 0, 0], [0, 0, 0.2081]])
    return full.get_primitive_structure()


def entries(kind: str) -> Iterator[tuple[str, Structure, str]]:
    """Name, crystal and where it comes from."""
    for name in EXAMPLES[kind].split():
        yield f"example-{name}", dd.example(name), "example of this package"
    if kind == "phdos":
        return
    measured = {"anatase": anatase(), "hematite": hematite()}
    measured |= {formula: monoxide(formula) for formula in MONOXIDES}
    for name, crystal in measured.items():
        yield f"built-{name}", crystal, f"built: {name}, measured lattice"
    families: list[Family | RelaxedFamily] = [*WIDER_FAMILIES, *RELAXED_FAMILIES]
    for prototype, formulas in BUILT.items():
        family = next(f for f in families if f.name.partition(" (")[0] == prototype)
        for formula in formulas.split():
            source = f"built: {family.name}, lattice by SevenNet 7net-l3i5"
            try:
                yield f"built-{family.key}-{formula}", family.build(formula), source
            except NoMinimumError as error:
                print(f"{family.name} {formula}: left out ({error})", file=sys.stderr)


def main(*targets: str) -> None:
    warnings.simplefilter("ignore")
    rules = protocol()
    for kind, out in zip(EXAMPLES, targets, strict=False):
        listed = rules.held_out_edos if kind == "edos" else rules.held_out_phdos
        held_out = {Composition(name).reduced_formula for name in listed.values() if name}
        with replacing(out) as part, part.open("w", encoding="utf-8") as file:
            for name, crystal, source in entries(kind):
                if crystal.composition.reduced_formula in held_out:
                    continue
                plain = Structure(crystal.lattice, crystal.species, crystal.frac_coords)
                origin: dict[str, Any] = {
                    "source": source,
                    "licence": f"{'CC0' if name.startswith('example') else 'MIT'} (this package)",
                    "identifier": name,
                }
                entry = {"name": name, "structure": plain.as_dict(), "origin": origin}
                file.write(json.dumps(entry) + "\n")
                print(name, len(plain), plain.get_space_group_info()[0], file=sys.stderr)


if __name__ == "__main__":
    main(*sys.argv[1:])
