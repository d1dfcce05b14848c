"""One result of a calculation, and what pymatgen's JSON holds of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from deepdos_nb.core.errors import DataError
from deepdos_nb.core.grids import Kind
from deepdos_nb.core.nesting import parse_json
from deepdos_nb.crystal.read import read_structure

if TYPE_CHECKING:
    from pymatgen.core import Structure


class Calculation(NamedTuple):
    """One material's result.

    Attributes
    ----------
    name : str
    path : Path
        The file or folder.
    kind : {"phdos", "edos"}
    structure : Path or None
        File of the structure, where the result does not hold it.
    """

    name: str
    path: Path
    kind: Kind
    structure: Path | None = None


def structure_of(found: Calculation, dos: Any) -> Structure:
    """The cell of a result: its own, or that of the file beside it."""
    inside = getattr(dos, "structure", None)
    if inside is not None:
        return inside.copy().remove_oxidation_states()
    if found.structure is None:
        raise DataError("the file holds no structure.", remedy=f"Put {found.name}.cif beside it.")
    return read_structure(found.structure)


def from_json(path: Path) -> Any:
    """What pymatgen wrote, as one of its densities of states."""
    from pymatgen.electronic_structure import dos as electrons
    from pymatgen.phonon import dos as phonons

    content = parse_json(path.read_text("utf-8"))
    name = content["@class"]
    home = phonons if "Phonon" in name else electrons
    return getattr(home, name).from_dict(content)
