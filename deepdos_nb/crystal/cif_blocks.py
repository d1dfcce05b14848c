"""The grammar of a CIF: from text to the one block that holds a crystal (gemmi's parser).

Names of items are case-insensitive, and the dots of newer dictionaries are read as underscores, so
that ``_Cell.length_a`` and ``_cell_length_a`` are the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from deepdos_nb.core.errors import EmptyStructureError, UnreadableStructureError
from deepdos_nb.crystal.text import OVERBARS, decimal, plain_signs

if TYPE_CHECKING:
    from gemmi import cif

POSITIONS = "_atom_site_fract_x"
"""Item of a CIF block that holds a crystal's atoms."""

NO_HEADER = "The file has no data_ line; it was read as one crystal."

UNKNOWN = ("", "?", ".")
"""Values that a CIF leaves open."""

QUOTES = str.maketrans("\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f", "'" * 4 + '"' * 4)
"""Quotation marks of typesetting, and the plain ones."""

LONGEST_SIGN = 4
"""Plain signs that one of typesetting may stand for."""

MAX_ITEMS = 50_000
"""Items and blocks that a file may hold; those of one crystal have some hundreds."""


@dataclass(frozen=True)
class Block:
    """Items of one data block.

    Parameters
    ----------
    name : str
    columns : dict of str
        Values of every item, as text, by its name in lower case.
    notes : tuple of str
        What was mended to read it.
    """

    name: str
    columns: dict[str, list[str]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __contains__(self, tag: str) -> bool:
        return tag in self.columns

    def column(self, *tags: str) -> list[str]:
        """Values of the first item there is; empty without one."""
        return next((self.columns[t] for t in tags if t in self.columns), [])

    def value(self, *tags: str) -> str:
        """Single value of the first item that has one; an empty string without one."""
        for tag in tags:
            values = self.columns.get(tag, [])
            if len(values) == 1 and values[0] not in UNKNOWN:
                return values[0]
        return ""

    def matching(self, pattern: str) -> list[str]:
        """Values of all items whose name matches a pattern, in order, unknown ones left out."""
        return [
            v
            for tag, values in self.columns.items()
            if re.search(pattern, tag)
            for v in values
            if v not in UNKNOWN
        ]


def crystal_block(text: str, name: str) -> Block:
    """The block of a CIF that holds atoms.

    Raises
    ------
    UnreadableStructureError
        If the text breaks the grammar, there are several crystals, or an item is given twice.
    EmptyStructureError
        If there are no atoms.
    """
    document, notes = _document(text, name)
    found = [b for b in document if _has_atoms(b)]
    if not found:
        raise _without_atoms(document, name)
    if len(found) > 1:
        titles = [b.name[:40] for b in found]
        listed = ", ".join(titles[:3]) + (", …" if len(titles) > 3 else "")
        doubled = " under one name" if len(set(map(str.lower, titles))) == 1 else ""
        raise UnreadableStructureError(
            f"the file holds {len(found)} crystals{doubled} ({listed}), and only one can be read.",
            source=name,
            remedy="Keep one data_ block with atoms and save the others as files of their own.",
        )
    return Block(found[0].name, _columns(found[0], name), notes)


def _document(text: str, name: str) -> tuple[cif.Document, tuple[str, ...]]:
    """Parse, and once more with common slips mended where that fails."""
    notes: tuple[str, ...] = ()
    complaint = ""
    if sum(map(text.count, ("\n_", " _", "\t_", "\ndata_"))) > MAX_ITEMS:
        raise UnreadableStructureError(
            f"it has more than {MAX_ITEMS} items.",
            source=name,
            remedy="Give a file with a single structure.",
        )
    from gemmi import cif

    for attempt, notes in _attempts(text):
        try:
            return cif.read_string(attempt, check_level=0), notes
        except (ValueError, RuntimeError) as error:
            complaint = str(error)
    raise UnreadableStructureError(
        f"no crystal structure could be read from it: the file is damaged, cut off or no CIF"
        f" ({_place(complaint, headed=bool(notes))}).",
        source=name,
        remedy="Mend that line, or export the crystal as CIF again.",
    )


def _attempts(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """A text as it is, and with common slips mended, each with what is assumed."""
    yield text, ()
    mended = "\n".join(map(_quoted, _ascii(text).split("\n")))
    yield mended, ()
    if not re.search(r"^\s*data_", text, re.IGNORECASE | re.MULTILINE):
        yield f"data_crystal\n{mended}", (NO_HEADER,)


def _ascii(text: str) -> str:
    """A text whose minus signs and bars are plain; gemmi takes others in quotes only."""
    if text.isascii():
        return text
    text = OVERBARS.sub(r"-\1\2", text.translate(QUOTES))
    # Sign by sign: normalising a whole text of ligatures would make it many times longer.
    plain = {ord(c): plain_signs(c).encode("ascii", "replace").decode() for c in set(text)}
    return text.translate({c: p if len(p) <= LONGEST_SIGN else "?" for c, p in plain.items()})


def _quoted(line: str) -> str:
    """A line with its value in quotes, or its name without blanks, where they hold blanks."""
    start = line.lstrip()[:5].lower()
    if start == "data_" and len(line.split()) > 1:
        return "_".join(line.split("#")[0].split())
    if start[:1] != "_":
        return line
    tag, _, value = line.split(" #")[0].strip().partition(" ")
    value = value.strip()
    # A line may hold several items, too.
    if " " in value and value[0] not in "'\";" and '"' not in value and " _" not in value:
        return f'{tag} "{value}"'
    return line


def _place(complaint: str, *, headed: bool) -> str:
    """What gemmi says, with the line in words."""
    found = re.match(r"(?:string:)?(\d+):\d+\(\d+\):\s*(.*)", complaint, re.DOTALL)
    if not found:
        return " ".join(complaint.split())[:160] or "unknown grammar"
    return f"line {int(found[1]) - headed}: {' '.join(found[2].split())[:120]}"


def _has_atoms(block: cif.Block) -> bool:
    # Plain look-ups first; they cost nothing, and nearly every file has them.
    if any(v not in UNKNOWN for v in block.find_loop(POSITIONS)):
        return True
    return any(
        _plain(tag) == POSITIONS and any(v not in UNKNOWN for v in values)
        for tag, values in _items(block)
    )


def _items(block: cif.Block) -> list[tuple[str, list[str]]]:
    """Names and raw values of everything in a block."""
    found: list[tuple[str, list[str]]] = []
    item: Any
    for item in block:
        if item.pair is not None:
            found.append((item.pair[0], [item.pair[1]]))
        elif item.loop is not None:
            tags, values = item.loop.tags, item.loop.values
            found += [(tag, values[i :: len(tags)]) for i, tag in enumerate(tags)]
    return found


def _columns(block: cif.Block, name: str) -> dict[str, list[str]]:
    from gemmi import cif

    columns: dict[str, list[str]] = {}
    for tag, raw in _items(block):
        key, values = _plain(tag), [v if v.isalnum() else str(cif.as_string(v)) for v in raw]
        if len(raw) == 1:
            values = [_unfolded(values[0])]
        known = columns.get(key)
        if known is not None and not _agree(known, values) and _matters(key):
            raise UnreadableStructureError(
                f"{tag[:40]} is given twice in block {block.name[:40]}, with different values.",
                source=name,
                remedy="Keep the right one; two crystals need two data_ blocks in two files.",
            )
        columns[key] = values
    return columns


def _plain(tag: str) -> str:
    return tag.lower().replace(".", "_")


def _unfolded(value: str) -> str:
    """A text without the backslashes at which a writer folded its lines."""
    if not value.startswith("\\\n"):
        return value
    return re.sub(r"\\[ \t]*(?:\n|$)", "", value)


def _agree(first: list[str], second: list[str]) -> bool:
    """Whether an item given twice says the same, be it as a number with more digits."""
    if len(first) != 1 or len(second) != 1 or first == second:
        return first == second
    one, two = (decimal(values[0].split("(")[0]) for values in (first, second))
    return one == two


def _matters(key: str) -> bool:
    """Whether an item says something about the crystal rather than about its publication."""
    return key.startswith(("_cell", "_atom_site", "_sym", "_space_group", "_chemical_formula_sum"))


def _without_atoms(document: cif.Document, name: str) -> EmptyStructureError:
    tags = {_plain(tag) for block in document for tag, _ in _items(block)}
    if "_atom_site_cartn_x" in tags:
        return EmptyStructureError(
            "no fractional atomic positions are listed, only Cartesian ones.",
            source=name,
            remedy="Export the crystal with _atom_site_fract_x, _y and _z.",
        )
    return EmptyStructureError(
        "no fractional atomic positions are listed.",
        source=name,
        remedy="Check that the file is complete and holds a crystal structure.",
    )
