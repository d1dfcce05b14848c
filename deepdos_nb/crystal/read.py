"""Crystal structures in: any file or object, checked once, with one clear error for each fault."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepdos_nb.core.errors import ExtrapolationWarning, UnreadableStructureError
from deepdos_nb.core.files import PACKAGE
from deepdos_nb.core.limits import MAX_ATOMS
from deepdos_nb.crystal.checks import check_structure
from deepdos_nb.crystal.formats import MAX_BYTES, check_size, decode, from_object, parse

if TYPE_CHECKING:
    from pymatgen.core import Structure

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
        return check_structure(parse(text, path.name), path.name, max_atoms=max_atoms)
    return check_structure(from_object(source), None, max_atoms=max_atoms)


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
    check_size(size, name)
    return check_structure(parse(decode(text, name), name), name, max_atoms=max_atoms)


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
        check_size(path.stat().st_size, path.name)
        return decode(path.read_bytes(), path.name)
    except OSError as error:
        raise UnreadableStructureError(
            f"the file cannot be opened ({error.strerror}).",
            source=path.name,
            remedy="Check its permissions.",
        ) from error
