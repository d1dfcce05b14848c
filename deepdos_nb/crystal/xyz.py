"""XYZ files put into plain words before ASE reads them: frames counted, directions spelled out.

ASE believes the first line of every frame, stops at a blank line, and takes a direction as periodic
whose key or flags it does not know.
"""

from __future__ import annotations

import re

from deepdos_nb.core.errors import UnreadableStructureError
from deepdos_nb.crystal.faults import no_cell, too_many

COUNT = re.compile(r"\s*[0-9]{1,12}\s*")

VALUE = r"\s*=\s*(\"[^\"]*\"|'[^']*'|\{[^}]*\}|\[[^\]]*\]|\S+)"
PERIODIC = re.compile(r"\b(?:pbc|periodic|boundary)" + VALUE, re.IGNORECASE)
LATTICE = re.compile(r"\b(?:lattice|cell)(?=\s*=)", re.IGNORECASE)
PROPERTIES = re.compile(r"\bproperties" + VALUE, re.IGNORECASE)

FLAGS = {"t": "T", "true": "T", "1": "T", "p": "T", "pp": "T", "f": "F", "false": "F", "0": "F"}
"""Words for a direction that is periodic, or not (LAMMPS has p for periodic and f for fixed)."""

MAX_COLUMNS = 100
"""Columns of one line; forces, charges and descriptors need fewer."""

LONGEST_HEADER = 100_000


def plain_xyz(text: str, name: str, max_atoms: int) -> str:
    """The text of an XYZ file without blank lines between frames, and with plain headers.

    Raises
    ------
    StructureError
        If a frame has more atoms than allowed or fewer lines than it says, or its directions or
        columns cannot be understood.
    """
    lines = text.split("\n")
    plain: list[str] = []
    at = 0
    while at < len(lines):
        if not lines[at].strip():
            at += 1
            continue
        if not COUNT.fullmatch(lines[at]):
            raise UnreadableStructureError(
                f"line {at + 1} should count the atoms of a frame: {lines[at].strip()[:40]!r}.",
                source=name,
                remedy="Write the number of atoms there, and one line for each below the next.",
            )
        count = int(lines[at])
        if count > max_atoms:
            raise too_many(count, max_atoms, name)
        end = at + 2 + count
        # Old writers add the vectors of the cell below the atoms.
        while end < len(lines) and lines[end].lstrip().upper().startswith("VEC"):
            end += 1
        rows = lines[at + 2 : end]
        if len(rows) < count or not all(row.strip() for row in rows):
            raise UnreadableStructureError(
                f"the file is damaged, cut off: line {at + 1} counts {count} atoms, fewer follow.",
                source=name,
                remedy="Export the structure again.",
            )
        plain += [lines[at].strip(), _header(lines[at + 1], at + 2, name), *rows]
        at = end
    return "\n".join(plain) + "\n"


def _header(line: str, at: int, name: str) -> str:
    if len(line) > LONGEST_HEADER:
        raise UnreadableStructureError(
            f"line {at} has {len(line)} characters.",
            source=name,
            remedy="Keep Lattice, Properties and pbc in it.",
        )
    columns = PROPERTIES.search(line)
    if columns:
        parts = columns[1].strip("\"'{}[]").split(":")
        widths = [int(w) if re.fullmatch(r"[0-9]{1,6}", w) else MAX_COLUMNS for w in parts[2::3]]
        if sum(widths) > MAX_COLUMNS:
            raise UnreadableStructureError(
                f"line {at} gives {columns[1][:60]} for columns, more than {MAX_COLUMNS} of them "
                "or none that are counted.",
                source=name,
                remedy="Write them like Properties=species:S:1:pos:R:3.",
            )
        if "pos" not in [p.lower() for p in parts[::3]]:
            raise no_cell(
                name,
                f"line {at} names no column of positions ({columns[1][:60]}).",
                "Give Cartesian positions in Å, as Properties=species:S:1:pos:R:3.",
            )
    if "Lattice" not in line:
        line = LATTICE.sub("Lattice", line, count=1)
    periodic = PERIODIC.search(line)
    if not periodic:
        return line
    flags = _flags(periodic[1])
    if not flags:
        raise UnreadableStructureError(
            f"which directions are periodic is not understood: {periodic[0][:60]}.",
            source=name,
            remedy='Write pbc="T T T", with F for a direction that is not.',
        )
    return f'{line[: periodic.start()]}pbc="{flags}"{line[periodic.end() :]}'


def _flags(value: str) -> str:
    """Three flags as ASE writes them; empty where they cannot be understood."""
    words = re.split(r"[\s,]+", value.strip("\"'{}[] ").lower())
    if len(words) == 1 and re.fullmatch(r"[tfp01]{3}", words[0]):
        words = list(words[0])
    if len(words) == 1:
        words *= 3
    flags = [FLAGS.get(word, "") for word in words]
    return " ".join(flags) if len(flags) == 3 and all(flags) else ""
