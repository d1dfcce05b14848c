"""From the text of a file, or an object of another library, to a pymatgen Structure (unchecked)."""

from __future__ import annotations

import re
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from deepdos_nb.core.errors import (
    EmptyStructureError,
    StructureError,
    UnreadableStructureError,
    UnsupportedElementError,
)
from deepdos_nb.crystal.checks import bad_element, no_cell, partial

if TYPE_CHECKING:
    from pymatgen.core import Structure

MAX_BYTES = 5_000_000
"""Largest structure file that is read, in bytes; a CIF of 500 atoms is a hundred times smaller."""

POSCAR_NAMES = ("poscar", "contcar", ".vasp")
"""Parts of a file name that mean VASP's format …"""

OTHER_ENDINGS = (".json", ".yaml", ".xyz", ".extxyz", ".res", ".cssr", ".xsf", ".xml", ".gen")
"""… unless the name ends in one of these."""


POSITIONS = "_atom_site_fract_x"
"""Item of a CIF block that holds a crystal's atoms."""


def check_size(n_bytes: int, name: str) -> None:
    """Refuse files larger than `MAX_BYTES`."""
    if n_bytes > MAX_BYTES:
        raise UnreadableStructureError(
            f"the file has {n_bytes / 1e6:.1f} MB, the limit is {MAX_BYTES / 1e6:g} MB.",
            source=name,
            remedy="Give a file with a single structure and no volumetric data.",
        )


def decode(raw: str | bytes, name: str) -> str:
    """Return the text of a file with plain line ends, or say that it is binary or empty."""
    if isinstance(raw, str):
        text = raw
    else:
        # Old CIFs quote authors in Latin-1, which decodes any byte; only control bytes are junk.
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = raw.decode("latin-1")
    if "\x00" in text or sum(ord(c) < 9 for c in text[:4096]) > 0:
        raise UnreadableStructureError(
            "this is a binary file, not a structure in text form.",
            source=name,
            remedy="Export the crystal as CIF or POSCAR.",
        )
    if not text.strip():
        raise EmptyStructureError(
            "the file is empty.", source=name, remedy="Export the structure again."
        )
    return text.replace("\r\n", "\n").replace("\r", "\n")


def parse(text: str, name: str) -> Structure:
    """Make a structure of a file's text; pymatgen is tried first, then ASE.

    Raises
    ------
    StructureError
        The fault itself where it is plain, else `UnreadableStructureError` with the complaint of
        the first parser.
    """
    complaint = ""
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")
        for reader in (_read_pymatgen, _read_ase):
            try:
                return reader(text, name, Path(folder))
            except StructureError:
                raise
            except Exception as error:  # parsers raise whatever they stumble upon
                complaint = complaint or _complaint(error, folder)
    raise UnreadableStructureError(
        f"no crystal structure could be read from it ({complaint}).",
        source=name,
        remedy="Use a CIF, a POSCAR/CONTCAR or another periodic format with the usual ending.",
    )


def _complaint(error: Exception, folder: str) -> str:
    # Anything but a ValueError is a parser's own accident and would only puzzle the reader.
    if not isinstance(error, ValueError) or not str(error).strip():
        return "the file is damaged, cut off or in an unknown format"
    text = " ".join(str(error).replace(f"{folder}/", "").split()).rstrip(".!")
    return text if len(text) < 160 else f"{text[:157]}…"


def _read_pymatgen(text: str, name: str, folder: Path) -> Structure:
    from pymatgen.core import Structure

    lower = name.lower()
    if lower.endswith((".cif", ".mcif")) or "_cell_length_a" in text:
        return _read_cif(text, name)
    if any(key in lower for key in POSCAR_NAMES) and not lower.endswith(OTHER_ENDINGS):
        from pymatgen.io.vasp import Poscar

        poscar = Poscar.from_str(text)
        # Without names the parser counts up H, He, Li, …, which would be a silent fiction.
        if not poscar.true_names:
            raise UnsupportedElementError(
                "the file does not name its elements.",
                source=name,
                remedy="Add a line with the element symbols above the line of counts.",
            )
        return poscar.structure
    file = _write(text, name, folder)
    return Structure.from_file(file)


def _read_cif(text: str, name: str) -> Structure:
    from pymatgen.io.cif import CifFile, CifParser

    file = CifFile.from_str(text).data
    names, blocks = list(file), [block.data for block in file.values()]
    for data in blocks:
        _check_cif(data, name)
    if blocks and not any(POSITIONS in data for data in blocks):
        raise EmptyStructureError(
            "no fractional atomic positions are listed.",
            source=name,
            remedy="Check that the file is complete and holds a crystal structure.",
        )
    crystals = [block for block, data in zip(names, blocks, strict=True) if data.get(POSITIONS)]
    if len(crystals) > 1:
        listed = ", ".join(crystals[:3]) + (", …" if len(crystals) > 3 else "")
        raise UnreadableStructureError(
            f"the file holds {len(crystals)} crystals ({listed}), and only one can be read.",
            source=name,
            remedy="Keep one data_ block with atoms and save the others as files of their own.",
        )
    # Occupancies are judged by check_structure, which can say more about them.
    parser = CifParser.from_str(text, occupancy_tolerance=100.0)
    structure = parser.parse_structures(primitive=False, check_occu=False)[0]
    # The parser groups sites by species; people expect the atoms in the order of their file.
    labels = [label for data in blocks for label in data.get("_atom_site_label", [])]
    rank = {label: i for i, label in reversed(list(enumerate(labels)))}
    structure.sort(key=lambda site: rank.get(str(site.label), 0))
    return structure


def _check_cif(data: dict[str, Any], name: str) -> None:
    """Refuse what the parser would pass over in silence or without saying why."""
    positions = [data.get(f"_atom_site_fract_{axis}", []) for axis in "xyz"]
    if not positions[0]:
        return
    for label, *xyz in zip(data.get("_atom_site_label", positions[0]), *positions, strict=False):
        if not all(np.isfinite(_number(value)) for value in xyz):
            raise no_cell(
                name,
                f"atom {label} has no position ({' '.join(xyz)}).",
                "Complete its coordinates or remove it.",
            )
    lengths = [_number(str(data.get(f"_cell_length_{axis}", "?"))) for axis in "abc"]
    if not all(length > 0 for length in lengths):
        raise no_cell(name)


def _number(text: str) -> float:
    """Value of a CIF number such as ``0.123(4)``; NaN where there is none."""
    try:
        return float(text.split("(")[0])
    except ValueError:
        return float("nan")


def _read_ase(text: str, name: str, folder: Path) -> Structure:
    import ase.io

    return _from_ase(ase.io.read(_write(text, name, folder), index=0), name)


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
        return Structure.from_sites(list(source)) if len(source) else source  # type: ignore
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
    return Structure(Lattice(cell), numbers, atoms.get_positions(), coords_are_cartesian=True)
