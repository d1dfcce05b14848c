"""What to label: structure files, folders of them, or lists in JSON lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepdos_nb.core.errors import DataError, DeepDOSError
from deepdos_nb.core.limits import MAX_ATOMS
from deepdos_nb.core.nesting import parse_json
from deepdos_nb.crystal.read import read_structure

if TYPE_CHECKING:
    from pymatgen.core import Structure

LIST = ".jsonl"
ENDINGS = frozenset({".cif", ".vasp", ".poscar", ".contcar", ".xsf", ".json"})
NAMES = ("POSCAR", "CONTCAR")


@dataclass(frozen=True)
class Job:
    """A crystal to label.

    Parameters
    ----------
    name : str
        Unique name.
    structure : Structure
    origin : dict
        Where the structure comes from: source, licence, identifier.
    """

    name: str
    structure: Structure
    origin: dict[str, Any] = field(default_factory=dict)


def read_jobs(
    paths: Iterable[str | Path], *, max_atoms: int = MAX_ATOMS
) -> Iterator[Job | DeepDOSError]:
    """Jobs from files, folders (searched through) and lists; an error in place of a bad file.

    A list has one JSON object a line, with keys name, structure (as pymatgen writes it) and,
    optionally, origin.

    Raises
    ------
    DataError
        If a path does not exist or a list is malformed.
    """
    for path in map(Path, paths):
        if path.is_dir():
            files = [file for file in sorted(path.rglob("*")) if _is_structure(file)]
            if not files:
                raise DataError("holds no structure files.", source=str(path))
            for file in files:
                yield _from_file(file, str(file.relative_to(path)), max_atoms)
        elif path.suffix == LIST:
            yield from _from_list(path)
        elif path.exists():
            yield _from_file(path, path.stem, max_atoms)
        else:
            raise DataError("no such file or folder.", source=str(path))


def _is_structure(path: Path) -> bool:
    named = path.suffix.lower() in ENDINGS or path.name.upper().startswith(NAMES)
    return named and path.is_file() and not path.name.startswith(".")


def _from_file(path: Path, name: str, max_atoms: int) -> Job | DeepDOSError:
    try:
        return Job(name, read_structure(path, max_atoms=max_atoms), {"source": path.name})
    except DeepDOSError as error:
        return error


def _from_list(path: Path) -> Iterator[Job]:
    from pymatgen.core import Structure

    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                try:
                    entry = parse_json(line)
                    structure = Structure.from_dict(entry["structure"])
                    yield Job(str(entry["name"]), structure, dict(entry.get("origin", {})))
                except (ValueError, KeyError, TypeError) as error:
                    raise DataError(
                        f"line {number} is no crystal ({error}).", source=str(path)
                    ) from error
    except FileNotFoundError:
        raise DataError("no such file.", source=str(path)) from None
