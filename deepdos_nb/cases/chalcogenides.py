"""Cu2BaMX4: copper in tetrahedra of sulphur or selenium, barium between, a metal of valence four.

The type is that of Cu2BaGeS4, space group P3_121 with 24 atoms. Cell and positions of the members
were relaxed with SevenNet 7net-l3i5 in that symmetry (`scripts/case_structures.py`); whether every
member exists in this structure is not known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.crystal.names import NAME

if TYPE_CHECKING:
    from pymatgen.core import Structure

Place = tuple[float, float, float]


@dataclass(frozen=True)
class Trigonal:
    """Free parameters of the structure type.

    Parameters
    ----------
    a, c : float
        Edges of the hexagonal cell, Å.
    barium, metal : float
        x of the sites 3a (x, 0, 1/3) and 3b (x, 0, 5/6).
    copper, first, second : tuple
        Fractions of copper and of the two anions, sites 6c.
    """

    a: float
    c: float
    barium: float
    metal: float
    copper: Place
    first: Place
    second: Place

    @property
    def places(self) -> tuple[float, float, Place, Place, Place]:
        """Everything but the cell."""
        return self.barium, self.metal, self.copper, self.first, self.second

    def build(self, metal: str, anion: str) -> Structure:
        """The crystal: 3 Ba, 3 M, 6 Cu, 12 X in this order."""
        from pymatgen.core import Lattice, Structure

        sites = (
            (self.barium, 0.0, 1 / 3),
            (self.metal, 0.0, 5 / 6),
            self.copper,
            self.first,
            self.second,
        )
        return Structure.from_spacegroup(
            "P3_121",
            Lattice.hexagonal(self.a, self.c),
            ["Ba", metal, "Cu", anion, anion],
            list(sites),
            tol=1e-3,
        )


MEMBERS = {
    "Cu2BaTiS4": Trigonal(
        6.507,
        15.560,
        0.5616,
        0.7679,
        (0.4226, 0.9134, 0.0828),
        (0.8644, 0.1997, 0.5096),
        (0.9603, 0.5478, 0.2846),
    ),
    "Cu2BaZrS4": Trigonal(
        6.686,
        15.791,
        0.553,
        0.7728,
        (0.9222, 0.4239, 0.9174),
        (0.2039, 0.8524, 0.4911),
        (0.5342, 0.9413, 0.7117),
    ),
    "Cu2BaHfS4": Trigonal(
        6.662,
        15.716,
        0.5589,
        0.7694,
        (0.9152, 0.4206, 0.9164),
        (0.2043, 0.8581, 0.4897),
        (0.5346, 0.9461, 0.7125),
    ),
    "Cu2BaSiS4": Trigonal(
        6.197,
        15.409,
        0.5616,
        0.7114,
        (0.0712, 0.6481, 0.9104),
        (0.2367, 0.9178, 0.5041),
        (0.5199, 0.0394, 0.7231),
    ),
    "Cu2BaTiSe4": Trigonal(
        6.759,
        16.420,
        0.5382,
        0.7647,
        (0.906, 0.4038, 0.9167),
        (0.1873, 0.856, 0.4931),
        (0.5344, 0.9731, 0.7187),
    ),
    "Cu2BaZrSe4": Trigonal(
        6.914,
        16.682,
        0.5412,
        0.7689,
        (0.9105, 0.4031, 0.9183),
        (0.195, 0.8459, 0.4934),
        (0.5257, 0.9582, 0.7148),
    ),
    "Cu2BaHfSe4": Trigonal(
        6.888,
        16.632,
        0.5419,
        0.7666,
        (0.9057, 0.402, 0.9171),
        (0.1943, 0.8497, 0.4933),
        (0.5275, 0.9637, 0.7156),
    ),
}
"""Every member, by formula."""


def copper_barium(formula: str) -> Structure:
    """A member of the family.

    Parameters
    ----------
    formula : str
        Such as "Cu2BaTiS4"; one of `MEMBERS`.

    Raises
    ------
    ConfigError
        If there is no such member.
    """
    if formula not in MEMBERS:
        raise ConfigError(f"there is no member {formula!r}.", remedy=f"Use one of {[*MEMBERS]}.")
    structure = MEMBERS[formula].build(*metal_and_anion(formula))
    structure.properties[NAME] = formula
    return structure


def metal_and_anion(formula: str) -> tuple[str, str]:
    """M and X of Cu2BaMX4."""
    found = re.fullmatch(r"Cu2Ba([A-Z][a-z]?)([A-Z][a-z]?)4", formula)
    if not found:
        raise ConfigError(f"{formula!r} is not Cu2BaMX4.")
    return found[1], found[2]
