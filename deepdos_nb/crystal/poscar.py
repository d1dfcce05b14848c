"""VASP's POSCAR: every line checked and put into plain words before pymatgen reads it.

The format has no grammar to speak of, and parsers guess: flags become fluorine, a count too few
drops an element. What the manual (vasp.at/wiki/POSCAR) does not allow is refused here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import (
    EmptyStructureError,
    UnreadableStructureError,
    UnsupportedElementError,
)
from deepdos_nb.crystal.atom_labels import ELEMENTS
from deepdos_nb.crystal.checks import LARGEST_FRACTION, MAX_EDGE
from deepdos_nb.crystal.faults import ISOTOPES, bad_element, no_cell, partial, too_many
from deepdos_nb.crystal.text import decimal, plain_signs

if TYPE_CHECKING:
    from pymatgen.core import Structure

MORE = re.compile(
    r"^[ \t]*direct configuration\s*="
    r"|^[ \t]*\d+(?:[ \t]+\d+)*[ \t]*\n(?:[ \t]*s[^\n]*\n)?[ \t]*(?:direct|cart|kart|frac)",
    re.IGNORECASE | re.MULTILINE,
)
"""Where another structure begins, behind the first one."""

NAMED = re.compile(r"([A-Z][a-z]?)\d*[+-]?")
"""Name of an atom behind its position."""

FLAGS = re.compile(r"\.?[TF](?:RUE|ALSE)?\.?", re.IGNORECASE)
"""Fortran's logical values."""


def read_poscar(text: str, name: str, max_atoms: int) -> tuple[Structure, tuple[str, ...]]:
    """Read a POSCAR or CONTCAR.

    Parameters
    ----------
    text, name : str
        Contents and name of the file.
    max_atoms : int

    Returns
    -------
    structure : pymatgen Structure
    notes : tuple of str

    Raises
    ------
    StructureError
        One of its subclasses, with the line that is wrong.
    """
    from pymatgen.core import Structure

    lines = plain_signs(text).split("\n")
    if len(lines) < 7:
        raise _broken(name, f"the file is damaged or cut off: it has {len(lines)} lines")
    lattice = _lattice(lines, name)
    symbols, counts, at = _species(lines, name)
    notes: tuple[str, ...] = ()
    total = sum(counts)
    if total > max_atoms:
        raise too_many(total, max_atoms, name)
    if at < len(lines) and lines[at].strip()[:1].upper() == "S":
        at += 1
    words = lines[at].strip().lower() if at < len(lines) else ""
    direct = words.startswith(("d", "frac"))
    if not words.startswith(("c", "k")) and not direct:
        raise _broken(name, f"line {at + 1} is neither Direct nor Cartesian: {_shown(lines, at)}")
    rows = lines[at + 1 : at + 1 + total]
    places = np.array([_numbers(row, at + 2 + i, name) for i, row in enumerate(rows)])
    if direct and len(places) and np.nanmax(np.abs(places)) > LARGEST_FRACTION:
        i = int(np.nanargmax(np.abs(places).max(axis=1)))
        raise _broken(name, f"line {at + 2 + i} is no position in parts of the cell: {rows[i]!r}")
    if len(rows) < total:
        raise _broken(name, f"the file is damaged, cut off after {len(rows)} of {total} atoms")
    if not symbols:
        symbols = _trailing(rows, counts, name)
        notes = ("The elements were taken from the names behind the positions.",)
    _check_rest(lines[at + 1 + total :], at + 1 + total, name)
    elements = [s for s, n in zip(symbols, counts, strict=True) for _ in range(n)]
    notes += tuple(_remarks(rows, elements, places if direct else None, at + 2))
    if direct:
        return Structure(lattice[0], elements, places), notes
    if abs(np.linalg.det(lattice[0])) < 1e-12:
        raise no_cell(name)
    # Positions are scaled as the cell is.
    return Structure(lattice[0], elements, places * lattice[1], coords_are_cartesian=True), notes


def _lattice(lines: list[str], name: str) -> tuple[Array, Array]:
    """Cell vectors as rows, Å, and the factors that Cartesian positions are scaled by."""
    factors = _scale(lines[1], name)
    vectors = np.array([_numbers(lines[i], i + 1, name) for i in (2, 3, 4)])
    if not np.isfinite(vectors).all():
        raise no_cell(name, "the cell contains values that are no numbers.", "Check lines 3 to 5.")
    if len(factors) == 1 and factors[0] < 0:
        volume = abs(float(np.linalg.det(vectors)))
        if volume < 1e-12:
            raise no_cell(name)
        # A negative factor is the volume of the cell.
        factors = np.full(1, (-factors[0] / volume) ** (1 / 3))
    if (factors <= 0).any():
        raise _broken(name, f"line 2 is no scaling factor: {_shown(lines, 1)}")
    # Three factors scale the x, y and z components.
    scaled = vectors * factors
    if np.abs(scaled).max() > MAX_EDGE:
        raise no_cell(name, f"a cell edge is {np.abs(scaled).max():.3g} Å long.", "Check line 2.")
    return scaled, factors


def _scale(line: str, name: str) -> Array:
    values = _leading(line.split())
    if len(values) not in (1, 3) or not np.isfinite(values).all():
        raise _broken(name, f"line 2 is no scaling factor: {line.strip()[:40]!r}")
    return np.array(values)


def _leading(tokens: list[str]) -> list[float]:
    """The numbers that words begin with, up to the first that is none."""
    values = []
    for token in tokens:
        value = decimal(token)
        if np.isnan(value) and token.lower() != "nan":
            break
        values.append(value)
    return values


def _species(lines: list[str], name: str) -> tuple[list[str], list[int], int]:
    """Symbols (empty in VASP 4's format), counts, and the index of the line behind them."""
    first = _before_comment(lines[5])
    if first and all(token.isdigit() for token in first):
        return [], _counts(first, 5, name), 6
    if not first:
        raise _broken(name, "line 6 should name the elements, and is empty")
    symbols = [_element(token, name) for token in first]
    counts = _counts(_before_comment(lines[6]), 6, name)
    if len(symbols) != len(counts):
        raise _broken(
            name,
            f"line 6 names {len(symbols)} elements ({' '.join(symbols)}), line 7 has "
            f"{len(counts)} counts ({' '.join(map(str, counts))})",
        )
    kept = [(s, n) for s, n in zip(symbols, counts, strict=True) if n]
    if not kept:
        raise EmptyStructureError(
            "there are no atoms in the cell.", source=name, remedy="Correct the counts in line 7."
        )
    return [s for s, _ in kept], [n for _, n in kept], 7


def _before_comment(line: str) -> list[str]:
    return re.split(r"[!#]", line)[0].split()


def _counts(tokens: list[str], at: int, name: str) -> list[int]:
    found = []
    for token in tokens:
        if not re.fullmatch(r"\d{1,9}", token):
            break
        found.append(int(token))
    if not found or len(found) < len(tokens):
        raise _broken(
            name, f"line {at + 1} should count the atoms of each element: {' '.join(tokens)[:40]!r}"
        )
    return found


def _element(token: str, name: str) -> str:
    """Element of a POTCAR's name: ``Fe_pv``, ``Ga_d/1a2b`` and ``GA`` too, but not ``H1.25``."""
    text = re.split(r"[_/]", token)[0]
    if re.fullmatch(r"[A-Za-z]{1,2}\d*\.\d+", text):
        raise UnsupportedElementError(
            f"{token!r} is a pseudo-hydrogen of a passivated surface, no element.",
            source=name,
            remedy="Replace it by H, or compute the bulk crystal.",
        )
    symbol = text.capitalize()
    if symbol not in ELEMENTS | ISOTOPES:
        if re.fullmatch(r"[+-]?[\d.]+([eEdD][+-]?\d+)?", token):
            raise _broken(name, f"line 6 should name the elements: {token!r}")
        shared = re.fullmatch(r"([A-Z][a-z]?)[,/+&]([A-Z][a-z]?)", token)
        if shared:
            raise partial(f"species {token!r} is two elements.", name)
        raise bad_element(token, token, name)
    return symbol


def _numbers(line: str, at: int, name: str) -> list[float]:
    """Three numbers at the start of a line."""
    tokens = line.split()
    if len(tokens) > 2 and any(re.search(r"\d,\d", token) for token in tokens[:3]):
        raise _broken(name, f"line {at} has decimal commas: {line.strip()[:40]!r}")
    values = _leading(line.replace(",", " ").split()[:3])
    if len(values) < 3:
        raise _broken(
            name,
            f"the file is damaged, cut off: line {at} lacks three numbers: {line.strip()[:40]!r}",
        )
    return values


def _trailing(rows: list[str], counts: list[int], name: str) -> list[str]:
    """Elements behind the positions of a file whose header names none."""
    names = [row.split()[3:] for row in rows]
    # Three of them are flags of movement, and F would be no fluorine.
    single = [
        n[0] if len(n) == 1 else n[3] if len(n) == 4 and all(map(FLAGS.fullmatch, n[:3])) else ""
        for n in names
    ]
    groups = np.split(np.array(single, dtype=object), np.cumsum(counts)[:-1])
    symbols = [str(g[0]) if len(g) and len(set(g)) == 1 else "" for g in groups]
    if not all(s in ELEMENTS for s in symbols) or all(FLAGS.fullmatch(s) for s in symbols):
        raise UnsupportedElementError(
            "the file does not name its elements.",
            source=name,
            remedy="Add a line with the element symbols above the line of counts.",
        )
    return symbols


def _remarks(
    rows: list[str], elements: list[str], fractions: Array | None, first: int
) -> Iterator[str]:
    """What the rows say against the header: other elements, or lengths for fractions."""
    for k, (row, element) in enumerate(zip(rows, elements, strict=True)):
        words = row.split()[3:]
        while words and FLAGS.fullmatch(words[0]) and words[0] != element:
            words = words[1:]
        found = NAMED.fullmatch(words[0]) if len(words) == 1 else None
        if found and found[1] in ELEMENTS and found[1] != element:
            yield (
                f"Line {first + k} calls its atom {found[1]}, the line of elements {element}; "
                "the line of elements was used."
            )
            break
    if fractions is not None and np.abs(fractions).max() > 2:
        yield (
            f"Direct coordinates up to {np.abs(fractions).max():.4g} were read modulo 1; check "
            "that they are not in Å."
        )


def _check_rest(rest: list[str], at: int, name: str) -> None:
    """Refuse atoms beyond those counted; velocities follow an empty line or a heading."""
    tokens = rest[0].split() if rest else []
    if len(tokens) >= 3 and np.isfinite([decimal(t) for t in tokens[:3]]).all():
        raise _broken(name, f"line {at + 1} holds a position more than there are atoms counted")
    # A heading of positions, behind counts or by a number, begins another structure.
    more = len(MORE.findall("\n".join(rest)))
    if more:
        raise UnreadableStructureError(
            f"the file holds {more + 1} structures, and only one can be read.",
            source=name,
            remedy="Save the one you mean as a file of its own.",
        )


def _shown(lines: list[str], at: int) -> str:
    return repr(lines[at].strip()[:40]) if at < len(lines) else "the file ends there"


def _broken(name: str, reason: str) -> UnreadableStructureError:
    return UnreadableStructureError(
        f"{reason}.",
        source=name,
        remedy="Compare it with the POSCAR page of VASP's manual, or export it again.",
    )
