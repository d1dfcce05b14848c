"""What people have thousands of crystals in, opened as a stream: nothing is held but the next."""

from __future__ import annotations

import bz2
import csv
import glob
import gzip
import lzma
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from deepdos_nb.core.errors import DataError
from deepdos_nb.crystal.text import MAX_BYTES, plain_name
from deepdos_nb.data.catalogue import SOURCES, open_dataset
from deepdos_nb.screening.items import NAME_KEYS, Item

STRUCTURES = frozenset({".cif", ".mcif", ".vasp", ".poscar", ".contcar", ".xsf", ".json", ".res"})
"""Endings of files with one crystal that are taken from a folder …"""

NAMES = ("POSCAR", "CONTCAR")
"""… and how the names of others begin."""

PAGE = 256
"""Rows of a database held at a time."""

TEXT_COLUMNS = ("cif", "structure", "poscar", "cif_string", "text")
"""Columns of a table that hold crystals, the first that is there."""

OPENERS: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}


def stream(sources: Any) -> Iterator[Item]:
    """Crystals of files, folders, patterns, data sets and objects, one after the other.

    Parameters
    ----------
    sources : str, path, pymatgen Structure, ASE Atoms, Dataset, or iterable of them
        A path may be a folder (searched through), a pattern (``*.cif``), a structure file, JSON
        lines of pymatgen dictionaries (``.jsonl``, compressed or not; a ``name``, ``material_id``
        or ``id`` beside ``structure`` names the crystal), extended xyz with any number of frames,
        an ASE database (``.db``), or a table with a column ``cif`` (``.csv``); or the name of a
        data set (``embedded-edos``). A pair (name, object) names an object.

    Yields
    ------
    Item

    Raises
    ------
    DataError
        If a path does not exist, or holds nothing that can be screened.
    """
    if isinstance(sources, str | Path):
        yield from _from_path(sources)
    elif isinstance(sources, Item):
        yield sources
    elif _is_crystal(sources):
        yield Item(_formula(sources), "an object", "object", sources)
    elif hasattr(sources, "material_id"):
        yield _from_record(sources)
    else:
        for number, one in enumerate(sources):
            if isinstance(one, tuple) and len(one) == 2 and isinstance(one[0], str):
                yield Item(one[0], f"object {number}", "object", one[1])
            elif _is_crystal(one):
                yield Item(f"{_formula(one)}-{number}", f"object {number}", "object", one)
            else:
                yield from stream(one)


def describe(sources: Any) -> list[str]:
    """Names of the sources, for the record; objects have none."""
    if isinstance(sources, str | Path):
        return [str(sources)]
    if isinstance(sources, list | tuple) and all(isinstance(s, str | Path) for s in sources):
        return [str(s) for s in sources]
    return [str(getattr(sources, "name", "") or "objects")]


def _from_path(source: str | Path) -> Iterator[Item]:
    if str(source) in SOURCES:
        yield from map(_from_record, open_dataset(str(source)))
        return
    path = Path(source).expanduser()
    if path.is_dir():
        yield from _from_folder(path)
    elif path.exists():
        yield from _from_file(path, path.name)
    elif glob.has_magic(str(path)):
        found = sorted(glob.glob(str(path), recursive=True))
        if not found:
            raise DataError("no file matches this pattern.", source=str(source))
        for name in found:
            if Path(name).is_file():
                yield from _from_file(Path(name), name)
    else:
        raise DataError(
            "no such file or folder, and no data set of this name.",
            source=str(source),
            remedy=f"Check the spelling. Data sets are {', '.join(SOURCES)}.",
        )


def _from_folder(folder: Path) -> Iterator[Item]:
    found = False
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        for name in sorted(names):
            path = Path(place) / name
            if not name.startswith(".") and _is_structure(name) and path.is_file():
                found = True
                yield from _from_file(path, str(path.relative_to(folder)))
    if not found:
        raise DataError(
            "holds no structure files.",
            source=str(folder),
            remedy="Files of one crystal, and .jsonl, .extxyz, .csv and .db are looked for.",
        )


def _is_structure(name: str) -> bool:
    ending = Path(plain_name(name)).suffix.lower()
    return ending in STRUCTURES or ending in READERS or name.upper().startswith(NAMES)


def _from_file(path: Path, name: str) -> Iterator[Item]:
    ending = Path(plain_name(path.name)).suffix.lower()
    reader = READERS.get(ending)
    if reader is None:
        yield Item(name, str(path), "file", str(path))
    else:
        yield from _to_the_break(reader(path, name), path, name)


def _opened(path: Path) -> IO[str]:
    """Text of a file, unpacked as it is read."""
    opener = OPENERS.get(path.suffix.lower(), open)
    file: IO[str] = opener(path, "rt", encoding="utf-8", errors="replace", newline="")
    return file


def _to_the_break(items: Iterator[Item], path: Path, name: str) -> Iterator[Item]:
    """A file's crystals; where it is damaged or breaks off, a last one that says so."""
    try:
        yield from items
    except DataError:
        raise
    except Exception as error:  # gzip, bz2, lzma, csv, sqlite and ASE complain in many ways
        reason = f"the rest of the file cannot be read ({error or type(error).__name__})."
        yield Item(name, str(path), "broken", reason)


def _from_lines(path: Path, name: str) -> Iterator[Item]:
    with _opened(path) as file:
        number = 0
        while line := file.readline(MAX_BYTES + 1):
            number += 1
            place = f"{name}:{number}"
            if len(line) > MAX_BYTES:
                while line and not line.endswith("\n"):
                    line = file.readline(MAX_BYTES)
                yield Item(
                    place, place, "broken", f"the line has more than {MAX_BYTES / 1e6:g} MB."
                )
            elif line.strip():
                yield Item(place, place, "json", line.strip())


def _from_frames(path: Path, name: str) -> Iterator[Item]:
    """Frames of extended xyz as texts: their first line says how many lines there are."""
    with _opened(path) as file:
        number = 0
        while first := file.readline():
            if not first.strip():
                continue
            place = f"{name}:{number}"
            try:
                count = int(first)
            except ValueError:
                reason = "no number of atoms where a frame should begin; the rest is not read."
                yield Item(place, place, "broken", reason)
                break
            lines = [first] + [file.readline() for _ in range(count + 1)]
            yield Item(place, place, "text", "".join(lines), "frame.extxyz")
            number += 1


def _from_table(path: Path, name: str) -> Iterator[Item]:
    csv.field_size_limit(MAX_BYTES)
    with _opened(path) as file:
        comma = "\t" if Path(plain_name(path.name)).suffix.lower() == ".tsv" else ","
        rows = csv.DictReader(file, delimiter=comma)
        columns = {c.lower().strip(): c for c in rows.fieldnames or ()}
        text = next((columns[c] for c in TEXT_COLUMNS if c in columns), None)
        named = next((columns[c] for c in NAME_KEYS if c in columns), None)
        if text is None:
            raise DataError(
                "no column of this table holds crystals.",
                source=str(path),
                remedy=f"Call it one of {', '.join(TEXT_COLUMNS)}.",
            )
        for number, row in enumerate(rows, start=1):
            place = f"{name}:{number}"
            content = (row[text] or "").strip()
            label = (row[named] if named else None) or place
            if content.startswith("{"):
                yield Item(label, place, "json", content)
            else:
                yield Item(label, place, "text", content, _kind_of(content))


def _kind_of(text: str) -> str:
    return "row.cif" if "_cell_length_a" in text or text.startswith("data_") else "row.vasp"


def _from_database(path: Path, name: str) -> Iterator[Item]:
    import ase.db

    last = 0
    with ase.db.connect(str(path)) as database:
        # Page by page: ASE fetches all the rows that a selection matches.
        while page := list(database.select(f"id>{last}", limit=PAGE, include_data=False)):
            for row in page:
                label = str(row.get("name") or f"{name}:{row.id}")
                yield Item(label, f"{name}:{row.id}", "object", row.toatoms())
            last = page[-1].id


READERS: dict[str, Callable[[Path, str], Iterator[Item]]] = {
    ".jsonl": _from_lines,
    ".ndjson": _from_lines,
    ".xyz": _from_frames,
    ".extxyz": _from_frames,
    ".csv": _from_table,
    ".tsv": _from_table,
    ".db": _from_database,
}
"""What opens files of many crystals, by their ending."""


def _from_record(record: Any) -> Item:
    return Item(record.material_id, record.source, "object", record.structure)


def _is_crystal(thing: Any) -> bool:
    return hasattr(thing, "frac_coords") or hasattr(thing, "get_atomic_numbers")


def _formula(thing: Any) -> str:
    composition = getattr(thing, "composition", None)
    return str(composition.reduced_formula if composition else thing.get_chemical_formula())
