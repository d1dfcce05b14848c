"""From the text of a file, or an object of another library, to a pymatgen Structure (unchecked)."""

from __future__ import annotations

import re
import tempfile
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from deepdos_nb.core.errors import (
    ConfigError,
    StructureError,
    UnreadableStructureError,
    printable,
)
from deepdos_nb.core.nesting import parse_json, shallow
from deepdos_nb.crystal.checks import NOTES, notes_of
from deepdos_nb.crystal.cif import read_cif
from deepdos_nb.crystal.faults import bad_element, no_cell, not_an_element, partial, too_many
from deepdos_nb.crystal.foreign import check_foreign, check_yaml
from deepdos_nb.crystal.names import keep_name
from deepdos_nb.crystal.poscar import read_poscar
from deepdos_nb.crystal.xyz import plain_xyz

if TYPE_CHECKING:
    from pymatgen.core import Structure

POSCAR_NAMES = ("poscar", "contcar", ".vasp")
"""Parts of a file name that mean VASP's format …"""

OTHER_ENDINGS = (".json", ".yaml", ".xyz", ".extxyz", ".res", ".cssr", ".xsf", ".xml", ".gen")
"""… unless the name ends in one of these."""

MAX_LINES = 60
"""Lines of other formats for each atom allowed; parsers in Python are slow."""


def parse(text: str, name: str, max_atoms: int, frame: int | None = None) -> Structure:
    """Make a structure of a file's text; what was assumed becomes its notes.

    CIF and POSCAR are read here; for anything else pymatgen is tried first, then ASE.

    Raises
    ------
    StructureError
        The fault itself where it is plain, else `UnreadableStructureError` with the complaint of
        the first parser.
    """
    lower = name.lower()
    if lower.endswith((".cif", ".mcif")) or "_cell_length_a" in text.lower():
        return _only(*read_cif(text, name, max_atoms), frame, name)
    if any(key in lower for key in POSCAR_NAMES) and not lower.endswith(OTHER_ENDINGS):
        return _only(*read_poscar(text, name, max_atoms), frame, name)
    _check_length(text, name, max_atoms)
    check_foreign(text, name)
    if lower.endswith("xyz"):
        text = plain_xyz(text, name, max_atoms)
    complaint = ""
    with warnings.catch_warnings(), shallow(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")
        for reader in (_read_pymatgen, _read_ase):
            try:
                return reader(text, name, Path(folder), frame, max_atoms)
            except (StructureError, ConfigError):
                raise
            except Exception as error:  # parsers raise whatever they stumble upon
                if lower.endswith("xyz") and isinstance(error, KeyError):
                    # ASE looks elements up.
                    raise not_an_element(str(error.args[0])[:20], name) from error
                complaint = complaint or _complaint(error, folder)
    raise UnreadableStructureError(
        f"no crystal structure could be read from it ({complaint}).",
        source=name,
        remedy="Use a CIF, a POSCAR/CONTCAR or another periodic format with the usual ending.",
    )


def _only(structure: Structure, notes: Iterable[str], frame: int | None, name: str) -> Structure:
    """The structure of a file that holds one."""
    _check_frame(frame, 1, name)
    return _noted(structure, notes)


def _check_frame(frame: int | None, count: int, name: str) -> None:
    if frame is not None and not -count <= frame < count:
        raise ConfigError(
            f"there is no frame {frame}.",
            source=name,
            remedy=f"The file holds {count}, counted from 0; -1 is the last.",
        )


def _noted(structure: Structure, notes: Iterable[str]) -> Structure:
    structure.properties[NOTES] = [printable(note) for note in notes]
    return structure


def _complaint(error: Exception, folder: str) -> str:
    # Anything but a ValueError is a parser's own accident and would only puzzle the reader.
    if not isinstance(error, ValueError) or not str(error).strip():
        return "the file is damaged, cut off or in an unknown format"
    text = " ".join(str(error).replace(f"{folder}/", "").split()).rstrip(".!")
    return text if len(text) < 160 else f"{text[:157]}…"


def _check_length(text: str, name: str, max_atoms: int) -> None:
    """Refuse what would keep a parser busy for long, before it starts."""
    if "<!ENTITY" in text:
        raise UnreadableStructureError(
            "it defines entities of its own, which no structure file needs.",
            source=name,
            remedy="Export the crystal as CIF or POSCAR.",
        )
    lines = text.count("\n") + len(text) // 200
    if lines > MAX_LINES * max(max_atoms, 500):
        raise UnreadableStructureError(
            f"with {len(text) / 1e6:.1f} MB it is too long for a crystal of {max_atoms} atoms.",
            source=name,
            remedy="Give a file with a single structure, as CIF or POSCAR.",
        )


def _read_pymatgen(
    text: str, name: str, folder: Path, frame: int | None, max_atoms: int
) -> Structure:
    from pymatgen.core import Structure

    if name.lower().endswith(".json"):
        return _from_data(parse_json(text), name, frame, max_atoms)
    if name.lower().endswith((".yaml", ".yml")):
        check_yaml(text, name, max_atoms)
        return _from_data(_parse_yaml(text), name, frame, max_atoms)
    # ASE knows about frames and directions that are not periodic, pymatgen does not.
    if name.lower().endswith(("xyz", ".xsf", ".xml", ".gen")):
        return _read_ase(text, name, folder, frame, max_atoms)
    return Structure.from_file(_write(text, name, folder))


def _parse_yaml(text: str) -> Any:
    import yaml

    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def _from_data(data: Any, name: str, frame: int | None, max_atoms: int) -> Structure:
    """A structure of pymatgen's JSON, without the objects that properties may ask to be made."""
    from pymatgen.core import Structure

    if isinstance(data, list) and data and all(isinstance(d, dict) for d in data):
        data = _chosen(data, name, frame)
    else:
        _check_frame(frame, 1, name)
    if isinstance(data, dict) and isinstance(data.get("structure"), dict):
        data = data["structure"]
    if len(data["sites"]) > max_atoms:
        raise too_many(len(data["sites"]), max_atoms, name)
    if "lattice" not in data:
        raise no_cell(name)
    sites = [dict(site, properties={}) for site in data["sites"]]
    return Structure.from_dict(data | {"sites": sites, "properties": {}})


def _chosen(frames: list[Any], name: str, frame: int | None) -> Any:
    """One of several structures; without a choice there must be one."""
    if frame is None and len(frames) > 1:
        raise UnreadableStructureError(
            f"the file holds {len(frames)} structures, and only one can be read.",
            source=name,
            remedy="Save the one you mean as a file of its own, or name it: "
            "read_structure(path, frame=-1) reads the last.",
        )
    _check_frame(frame, len(frames), name)
    return frames[frame or 0]


def _read_ase(text: str, name: str, folder: Path, frame: int | None, max_atoms: int) -> Structure:
    import ase.io

    if name.lower().endswith((".yaml", ".yml")):
        raise ValueError("the file is damaged, cut off or holds no structure")
    found = ase.io.read(_write(text, name, folder), index=":")
    atoms = _chosen(found if isinstance(found, list) else [found], name, frame)
    if len(atoms) > max_atoms:
        raise too_many(len(atoms), max_atoms, name)
    return _from_ase(atoms, name)


def _write(text: str, name: str, folder: Path) -> Path:
    # The name tells parsers the format, but "@" and other signs would mean something to them, and
    # "POSCAR" in a name would outweigh its ending.
    known = name.lower().endswith(OTHER_ENDINGS)
    name = f"structure{Path(name).suffix.lower()}" if known else name
    file = folder / re.sub(r"[^\w.+-]", "_", name)[-100:]
    file.write_text(text, encoding="utf-8")
    return file


def from_object(source: Any) -> Structure:
    """Turn a pymatgen or ASE object into a pymatgen Structure."""
    from pymatgen.core import IMolecule, IStructure, Structure

    if isinstance(source, IMolecule):
        raise no_cell(source.composition.reduced_formula, "a molecule has no cell.")
    if isinstance(source, IStructure):
        if not len(source):
            return source  # type: ignore[return-value]
        bare = _noted(Structure.from_sites(list(source)), notes_of(source))  # type: ignore[arg-type]
        return keep_name(source, bare)  # type: ignore[arg-type]
    if hasattr(source, "get_scaled_positions") and hasattr(source, "get_atomic_numbers"):
        return _from_ase(source, None)
    inner = getattr(source, "structure", None)
    if isinstance(inner, IStructure):
        return from_object(inner)
    raise UnreadableStructureError(
        f"a {type(source).__name__} is no crystal structure.",
        remedy="Give a path, a pymatgen Structure or an ASE Atoms object.",
    )


def _from_ase(atoms: Any, name: str | None) -> Structure:
    from pymatgen.core import Lattice, Structure

    cell = np.asarray(atoms.cell.array if hasattr(atoms.cell, "array") else atoms.cell, dtype=float)
    label = name or atoms.get_chemical_formula()
    if not np.isfinite(cell).all() or abs(np.linalg.det(cell)) < 1e-6:
        raise no_cell(label)
    if not len(atoms):
        return Structure(Lattice(cell), [], [])
    occupancies = (atoms.info.get("occupancy") or {}).values()
    if any(len(o) > 1 or sum(o.values()) < 0.999 for o in occupancies):
        raise partial("some sites are shared or only partly occupied.", label)
    numbers = atoms.get_atomic_numbers()
    if (numbers < 1).any():
        raise bad_element("X", f"X{int(np.flatnonzero(numbers < 1)[0]) + 1}", label)
    lattice = Lattice(cell, pbc=(bool(atoms.pbc[0]), bool(atoms.pbc[1]), bool(atoms.pbc[2])))
    return Structure(lattice, numbers, atoms.get_positions(), coords_are_cartesian=True)
