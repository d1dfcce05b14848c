"""Crystal structures in: any file or object, checked once, with one clear error for each fault."""

from __future__ import annotations

import re
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from deepdos_nb.errors import (
    DegenerateCellError,
    EmptyStructureError,
    ExtrapolationWarning,
    PartialOccupancyError,
    UnreadableStructureError,
    UnsupportedElementError,
)
from deepdos_nb.structure_checks import (
    MAX_ATOMS,
    bad_element,
    check_structure,
    no_cell,
    partial,
)

if TYPE_CHECKING:
    from pymatgen.core import Structure

MAX_BYTES = 5_000_000
"""Largest structure file that is read, in bytes; a CIF of 500 atoms is a hundred times smaller."""

__all__ = [
    "MAX_ATOMS",
    "MAX_BYTES",
    "check_structure",
    "example",
    "examples",
    "parse_structure",
    "read_structure",
    "warn_unseen",
]

POSCAR_NAMES = ("poscar", "contcar", ".vasp")


def read_structure(source: Any, *, max_atoms: int = MAX_ATOMS) -> Structure:
    """Read and check a crystal structure.

    Parameters
    ----------
    source : str, Path, pymatgen Structure or IStructure, or ASE Atoms
        A path to a CIF, a POSCAR or CONTCAR (any file name that contains either, or ends in
        ``.vasp``) or any other periodic format that pymatgen or ASE reads; or the object itself.
        Objects with a ``structure`` attribute (pymatgen's computed entries) are accepted too.
    max_atoms : int
        Largest number of atoms accepted.

    Returns
    -------
    pymatgen Structure
        A new one, without oxidation states or site properties.

    Raises
    ------
    StructureError
        One of its subclasses, which name the reason, the source and a remedy.
    """
    if isinstance(source, (str, Path)):
        path = Path(source).expanduser()
        text = _file_text(path)
        return check_structure(_parse(text, path.name), path.name, max_atoms=max_atoms)
    return check_structure(_from_object(source), None, max_atoms=max_atoms)


def parse_structure(
    text: str | bytes | memoryview, filename: str = "upload.cif", *, max_atoms: int = MAX_ATOMS
) -> Structure:
    """Read and check the contents of a structure file, an upload for example.

    Parameters
    ----------
    text : str, bytes or memoryview
        At most `MAX_BYTES`.
    filename : str
        Its original name, which tells the format; directories in it are ignored.
    max_atoms : int

    Returns
    -------
    pymatgen Structure

    Raises
    ------
    StructureError
        As in `read_structure`.

    Notes
    -----
    Some parsers want a file: it lives in a temporary directory that is gone when this returns.
    """
    name = Path(filename.replace("\\", "/")).name or "upload"
    if isinstance(text, memoryview):
        text = text.tobytes()
    size = len(text) if isinstance(text, bytes) else len(text.encode("utf-8", "surrogatepass"))
    _check_size(size, name)
    return check_structure(_parse(_decode(text, name), name), name, max_atoms=max_atoms)


def warn_unseen(structure: Structure, seen: set[int]) -> tuple[str, ...]:
    """Warn about elements a model has never been trained on.

    Parameters
    ----------
    structure : pymatgen Structure
    seen : set of int
        Atomic numbers in the training set.

    Returns
    -------
    tuple of str
        The unseen symbols, lightest first; empty (and no warning) if there are none.
    """
    elements = {int(e.Z): e.symbol for e in structure.composition.elements}
    unseen = tuple(elements[z] for z in sorted(elements) if z not in seen)
    if unseen:
        warnings.warn(
            f"{structure.composition.reduced_formula}: the model has never seen "
            f"{', '.join(unseen)} in training; this prediction is an extrapolation.",
            ExtrapolationWarning,
            stacklevel=2,
        )
    return unseen


def examples() -> dict[str, Path]:
    """Paths of the example crystals shipped with the package, by name."""
    folder = Path(__file__).parent / "examples"
    return {p.stem: p for p in sorted(folder.glob("*.cif"))}


def example(name: str) -> Structure:
    """Return one of the example crystals.

    Raises
    ------
    UnreadableStructureError
        If there is no example of that name; the message lists those there are.
    """
    known = examples()
    if name not in known:
        raise UnreadableStructureError(
            f"there is no example called {name!r}.", remedy=f"Choose from {', '.join(known)}."
        )
    return read_structure(known[name])


def _file_text(path: Path) -> str:
    if not path.exists():
        raise UnreadableStructureError(
            "there is no such file.", source=str(path), remedy="Check the path and the spelling."
        )
    if path.is_dir():
        raise UnreadableStructureError(
            "this is a directory.", source=str(path), remedy="Name the file inside it."
        )
    try:
        _check_size(path.stat().st_size, path.name)
        return _decode(path.read_bytes(), path.name)
    except OSError as error:
        raise UnreadableStructureError(
            f"the file cannot be opened ({error.strerror}).",
            source=path.name,
            remedy="Check its permissions.",
        ) from error


def _check_size(n_bytes: int, name: str) -> None:
    if n_bytes > MAX_BYTES:
        raise UnreadableStructureError(
            f"the file has {n_bytes / 1e6:.1f} MB, the limit is {MAX_BYTES / 1e6:g} MB.",
            source=name,
            remedy="Give a file with a single structure and no volumetric data.",
        )


def _decode(text: str | bytes, name: str) -> str:
    if isinstance(text, bytes):
        # Old CIFs quote authors in Latin-1, which decodes any byte; only control bytes are junk.
        try:
            text = text.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = text.decode("latin-1")
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


def _parse(text: str, name: str) -> Structure:
    """Try pymatgen, then ASE; raise the more telling of their complaints."""
    reasons = []
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")
        for reader in (_read_pymatgen, _read_ase):
            try:
                return reader(text, name, Path(folder))
            except (DegenerateCellError, PartialOccupancyError, UnsupportedElementError):
                raise
            except Exception as error:  # parsers raise whatever they stumble upon
                reasons.append(" ".join(str(error).split()) or type(error).__name__)
    reason = reasons[0] if len(reasons[0]) < 160 else reasons[0][:157] + "…"
    raise UnreadableStructureError(
        f"no crystal structure could be read from it ({reason.rstrip('.')}).",
        source=name,
        remedy="Use a CIF, a POSCAR/CONTCAR or another periodic format with the usual ending.",
    )


def _read_pymatgen(text: str, name: str, folder: Path) -> Structure:
    from pymatgen.core import Structure

    lower = name.lower()
    if any(key in lower for key in POSCAR_NAMES):
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
    if lower.endswith((".cif", ".mcif")):
        return _read_cif(text, name)
    file = _write(text, name, folder)
    return Structure.from_file(file)


def _read_cif(text: str, name: str) -> Structure:
    from pymatgen.io.cif import CifParser

    # Written occupancies that exceed one by rounding are accepted; check_structure sees the rest.
    parser = CifParser.from_str(text, occupancy_tolerance=1.05)
    return parser.parse_structures(primitive=False, check_occu=False)[0]


def _read_ase(text: str, name: str, folder: Path) -> Structure:
    import ase.io

    return _from_ase(ase.io.read(_write(text, name, folder), index=0), name)


def _write(text: str, name: str, folder: Path) -> Path:
    # The name tells parsers the format, but "@" and other signs would mean something to them.
    file = folder / re.sub(r"[^\w.+-]", "_", name)[-100:]
    file.write_text(text, encoding="utf-8")
    return file


def _from_object(source: Any) -> Structure:
    from pymatgen.core import IMolecule, IStructure, Structure

    if isinstance(source, IMolecule):
        raise no_cell(source.composition.reduced_formula, "a molecule has no cell.")
    if isinstance(source, IStructure):
        return Structure.from_sites(list(source)) if len(source) else source  # type: ignore
    if hasattr(source, "get_scaled_positions") and hasattr(source, "get_atomic_numbers"):
        return _from_ase(source, None)
    inner = getattr(source, "structure", None)
    if isinstance(inner, IStructure):
        return _from_object(inner)
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
    shared = [s for s in (atoms.info.get("occupancy") or {}).values() if sum(s.values()) < 0.999]
    if shared or any(len(s) > 1 for s in (atoms.info.get("occupancy") or {}).values()):
        raise partial("some sites are shared or only partly occupied.", label)
    numbers = atoms.get_atomic_numbers()
    if (numbers < 1).any():
        raise bad_element("X", int(np.flatnonzero(numbers < 1)[0]), label)
    return Structure(Lattice(cell), numbers, atoms.get_positions(), coords_are_cartesian=True)
