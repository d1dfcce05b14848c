"""What to label: structure files, folders of them, or lists in JSON lines."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepdos_nb.core.errors import DataError, DeepDOSError
from deepdos_nb.core.limits import MAX_ATOMS
from deepdos_nb.core.nesting import parse_json
from deepdos_nb.crystal.read import check_structure, read_structure
from deepdos_nb.labelling.same_crystal import Cell, cell_of, same_crystal

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
    """Jobs from files, folders (searched through) and lists; an error in place of a bad one.

    A file is called by its name without the ending, one of a folder by its path in there; where
    several would share a name, by the ends of their paths (``run1/POSCAR``, ``run2/POSCAR``).
    A list has one JSON object a line, with keys name, structure (as pymatgen writes it) and,
    optionally, origin.

    Raises
    ------
    DataError
        If a path does not exist, or a folder holds no structures.
    """
    known: dict[str, Cell] = {}
    for path, name in _distinct(list(_files(map(Path, paths)))):
        entries = [_from_file(path, name, max_atoms)] if name else _from_list(path, max_atoms)
        for entry in entries:
            if isinstance(entry, Job):
                cell = cell_of(entry.structure)
                if not same_crystal(known.setdefault(entry.name, cell), cell):
                    yield twice(entry.name, str(path))
                    continue
            yield entry


def twice(name: str, source: str | None = None) -> DataError:
    """What to say of a crystal whose name another one has."""
    return DataError(
        f"two different crystals are called {name}.",
        source=source,
        remedy="Give each a name of its own.",
    )


def _files(paths: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    """Files and what they are called; lists, whose lines have names, without one."""
    for path in paths:
        if path.is_dir():
            files = [file for file in sorted(path.rglob("*")) if _is_structure(file)]
            if not files:
                raise DataError("holds no structure files.", source=str(path))
            for file in files:
                yield file, str(file.relative_to(path))
        elif path.exists():
            yield path, "" if path.suffix == LIST else path.stem
        else:
            raise DataError("no such file or folder.", source=str(path))


def _distinct(files: list[tuple[Path, str]]) -> Iterator[tuple[Path, str]]:
    """The same, with longer names for files that share one; the others keep theirs."""
    sharing: dict[str, set[tuple[str, ...]]] = {}
    for path, name in files:
        sharing.setdefault(name, set()).add(_parts(path))
    depths = {
        name: next(d for d in count(1) if len({p[-d:] for p in parts}) == len(parts))
        for name, parts in sharing.items()
        if name and len(parts) > 1
    }
    for path, name in files:
        yield path, "/".join(_parts(path)[-depths[name] :]) if name in depths else name


def _parts(path: Path) -> tuple[str, ...]:
    # Without following links, so that the names are those that were typed.
    return Path(os.path.abspath(path)).parts


def _is_structure(path: Path) -> bool:
    named = path.suffix.lower() in ENDINGS or path.name.upper().startswith(NAMES)
    return named and path.is_file() and not path.name.startswith(".")


def _from_file(path: Path, name: str, max_atoms: int) -> Job | DeepDOSError:
    try:
        return Job(name, read_structure(path, max_atoms=max_atoms), {"source": path.name})
    except DeepDOSError as error:
        return error


def _from_list(path: Path, max_atoms: int) -> Iterator[Job | DeepDOSError]:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield _from_line(line, f"{path}, line {number}", max_atoms)


def _from_line(line: bytes, place: str, max_atoms: int) -> Job | DeepDOSError:
    from pymatgen.core import Structure

    try:
        entry = parse_json(line)
        found = Structure.from_dict(entry["structure"])
        structure = check_structure(found, place, max_atoms=max_atoms)
        return Job(str(entry["name"]), structure, dict(entry.get("origin", {})))
    except DeepDOSError as error:
        return error
    except Exception as error:  # pymatgen complains of malformed dictionaries in many ways
        return DataError(f"it is no crystal ({type(error).__name__}: {error}).", source=place)
