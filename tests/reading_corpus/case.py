"""What a case is, and the names of items that cases share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from deepdos_nb.core import errors as e

HM = "_symmetry_space_group_name_H-M"
LABEL, TYPE, OCCUPANCY = "_atom_site_label", "_atom_site_type_symbol", "_atom_site_occupancy"
SUM, Z = "_chemical_formula_sum", "_cell_formula_units_Z"


@dataclass(frozen=True)
class Right:
    """A crystal: atoms in the cell, Å³ per atom, and words of a note (none is there if "")."""

    formula: str
    volume: float
    note: str = ""


@dataclass(frozen=True)
class Refused:
    """An error's type, and words of its reason."""

    error: type[e.DeepDOSError]
    words: str = ""


@dataclass(frozen=True)
class Case:
    """One file."""

    kind: str
    name: str
    content: bytes
    expected: Right | Refused


Cases = Iterator[tuple[str, str | bytes, Right | Refused]]
"""Name (# becomes a number), content and expected answer."""

NACL = Right("Na4 Cl4", 22.43)
