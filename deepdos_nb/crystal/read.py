"""Crystal structures in: any file or object, checked once, with one clear error for each fault."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepdos_nb.core.errors import (
    EmptyStructureError,
    ExtrapolationWarning,
    UnreadableStructureError,
)
from deepdos_nb.core.files import PACKAGE
from deepdos_nb.core.limits import MAX_ATOMS
from deepdos_nb.crystal.checks import check_structure, notes_of
from deepdos_nb.crystal.formats import from_object, parse
from deepdos_nb.crystal.text import MAX_BYTES, check_size, decode, plain_name, shown_name

if TYPE_CHECKING:
    from pymatgen.core import Structure

__all__ = [
    "MAX_ATOMS",
    "MAX_BYTES",
    "check_structure",
    "example",
    "examples",
    "notes_of",
    "parse_structure",
    "read_structure",
    "warn_unseen",
]


def read_structure(
    source: Any, *, max_atoms: int = MAX_ATOMS, frame: int | None = None
) -> Structure:
    """Read and check a crystal structure.

    Parameters
    ----------
    source : str, Path, pymatgen Structure or IStructure, or ASE Atoms
        A path to a CIF, a POSCAR or CONTCAR (any file name that contains either, or ends in
        ``.vasp``) or any other periodic format that pymatgen or ASE reads, compressed with gzip,
        bzip2 or xz or not; or the object itself.
        Objects with a ``structure`` attribute (pymatgen's computed entries) are accepted too.
    max_atoms : int
        Largest number of atoms accepted.
    frame : int, optional
        Which structure of a file that holds several, a trajectory for example; -1 is the last.

    Returns
    -------
    pymatgen Structure
        A new one, without oxidation states or site properties. `notes_of` gives what was assumed
        when it was read, and cautions.

    Raises
    ------
    StructureError
        One of its subclasses, which name the reason, the source and a remedy.
    """
    if isinstance(source, (str, Path)):
        path, text = _file_text(source)
        name = shown_name(path.name)
        found = parse(text, plain_name(name), max_atoms, frame)
        return check_structure(found, name, max_atoms=max_atoms)
    return check_structure(from_object(source), None, max_atoms=max_atoms)


def parse_structure(
    text: str | bytes | memoryview,
    filename: str = "upload.cif",
    *,
    max_atoms: int = MAX_ATOMS,
    frame: int | None = None,
) -> Structure:
    """Read and check the contents of a structure file, an upload for example.

    Parameters
    ----------
    text : str, bytes or memoryview
        At most `MAX_BYTES`.
    filename : str
        Its original name, which tells the format; directories in it are ignored.
    max_atoms, frame : int
        As in `read_structure`.

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
    name = shown_name(Path(filename.replace("\\", "/")).name or "upload")
    if isinstance(text, memoryview):
        text = text.tobytes()
    size = len(text) if isinstance(text, bytes) else len(text.encode("utf-8", "surrogatepass"))
    check_size(size, name)
    found = parse(decode(text, name), plain_name(name), max_atoms, frame)
    return check_structure(found, name, max_atoms=max_atoms)


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
    folder = PACKAGE / "examples"
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


def _file_text(source: str | Path) -> tuple[Path, str]:
    try:
        path = Path(source).expanduser()
        if not path.exists():
            raise UnreadableStructureError(
                "there is no such file.",
                source=str(source),
                remedy="Check the path and the spelling.",
            )
        if path.is_dir():
            raise UnreadableStructureError(
                "this is a directory.", source=str(path), remedy="Name the file inside it."
            )
        if not path.is_file():
            raise UnreadableStructureError(
                "this is a device or a pipe, no file.",
                source=str(path),
                remedy="Save the structure in a file first.",
            )
        name = shown_name(path.name)
        check_size(path.stat().st_size, name)
        return path, decode(path.read_bytes(), name)
    except (OSError, RuntimeError, ValueError) as error:
        if isinstance(error, UnreadableStructureError | EmptyStructureError):
            raise
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreadableStructureError(
            f"the file cannot be opened ({reason}).",
            source=Path(str(source).replace("\0", "?")).name[:100],
            remedy="Check its name and its permissions.",
        ) from error
