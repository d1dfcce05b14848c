"""Curves in CSV files: one table for all materials, read by byte offset, or one file each."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import DataError

TOTALS = ("dos", "total", "density")
_ENERGY = re.compile(r"energy\s*(?:\(([^)]*)\))?$", re.IGNORECASE)
_SITE = re.compile(r"site ([A-Z][a-z]?)(\d+)$")
_ELEMENT = re.compile(r"[A-Z][a-z]?$")


@dataclass
class Curve:
    """One material's columns.

    Attributes
    ----------
    energies : ndarray, shape (n_points,)
        In the table's unit.
    unit : str or None
        Unit in the header's brackets.
    total : ndarray, shape (n_points,), or None
    sites : dict
        Number of the site, from zero → (symbol, values).
    elements : dict
        Symbol → values.
    """

    energies: Array
    unit: str | None
    total: Array | None = None
    sites: dict[int, tuple[str, Array]] = field(default_factory=dict)
    elements: dict[str, Array] = field(default_factory=dict)


class CurveTable:
    """A CSV file with the curves of many materials, whose first column names the material.

    The rows of a material stand together. Only their place in the file is kept in memory.

    Raises
    ------
    DataError
        If the file is missing, has no such columns or lists a material in two places.
    """

    def __init__(self, path: Path):
        self.path = path
        self.places: dict[str, tuple[int, int, int]] = {}
        try:
            self._scan()
        except FileNotFoundError:
            raise DataError("no such file.", source=str(path)) from None
        except UnicodeDecodeError as error:
            raise DataError(f"not a text file ({error}).", source=str(path)) from error

    def _scan(self) -> None:
        with self.path.open("rb") as file:
            self.header = file.readline().decode("utf-8-sig")
            if next(csv.reader([self.header]), [""])[0].strip().lower() != "material":
                raise DataError("its first column is not 'material'.", source=str(self.path))
            offset, name, start, first = file.tell(), "", file.tell(), 2
            for number, line in enumerate(file, start=2):
                found = line.split(b",", 1)[0].decode().strip().strip('"')
                if found != name:
                    self._place(name, start, offset, first)
                    name, start, first = found, offset, number
                offset += len(line)
            self._place(name, start, offset, first)

    def _place(self, name: str, start: int, stop: int, line: int) -> None:
        if not name:
            return
        if name in self.places:
            raise DataError(
                f"line {line}: the rows of {name} do not stand together.",
                source=str(self.path),
                remedy="Sort the table by material.",
            )
        self.places[name] = (start, stop, line)

    def read(self, name: str) -> Curve:
        """The curve of one material."""
        start, stop, line = self.places[name]
        with self.path.open("rb") as file:
            file.seek(start)
            text = file.read(stop - start).decode()
        return parse_curve(self.header, text, str(self.path), line)


def read_curve(path: Path) -> Curve:
    """The curve of a file that holds one material; its columns are those of a table but the first.

    Raises
    ------
    DataError
        If the file is missing or malformed; the message names the line.
    """
    try:
        header, _, text = path.read_text("utf-8-sig").partition("\n")
    except FileNotFoundError:
        raise DataError("no such file.", source=str(path)) from None
    except UnicodeDecodeError as error:
        raise DataError(f"not a text file ({error}).", source=str(path)) from error
    return parse_curve(header, text, str(path), 2)


def parse_curve(header: str, text: str, source: str, line: int) -> Curve:
    """Columns of a curve by what their names say; names that say nothing are passed over.

    Raises
    ------
    DataError
        If there is no energy, no density, or a cell that is no number.
    """
    names = [name.strip() for name in next(csv.reader([header]), [])]
    known = [name for name in names if name.lower() in TOTALS or _SITE.match(name)]
    known += [name for name in names if _ELEMENT.match(name) and name.lower() not in TOTALS]
    energy = next((name for name in names if _ENERGY.match(name)), None)
    if energy is None or not known:
        raise DataError(
            f"has the columns {', '.join(names) or 'none'}; needed are 'energy' and 'dos'.",
            source=source,
        )
    columns = {
        name: values
        for name, values in _columns(names, [energy, *known], text, source, line)
        if values is not None
    }
    if energy not in columns or len(columns) == 1:
        raise DataError(f"line {line}: the curve has no values.", source=source)
    match = _ENERGY.match(energy)
    curve = Curve(columns.pop(energy), match[1] if match else None)
    for name, values in columns.items():
        if name.lower() in TOTALS:
            curve.total = values
        elif site := _SITE.match(name):
            curve.sites[int(site[2]) - 1] = (site[1], values)
        else:
            curve.elements[name] = values
    return curve


def _columns(
    names: list[str], wanted: list[str], text: str, source: str, line: int
) -> Iterator[tuple[str, Array | None]]:
    """Values of the wanted columns; None where every cell is empty."""
    rows = [row for row in csv.reader(io.StringIO(text)) if row]
    for name in wanted:
        place = names.index(name)
        cells = [row[place].strip() if place < len(row) else "" for row in rows]
        if not any(cells):
            yield name, None
            continue
        values = np.empty(len(cells))
        for i, cell in enumerate(cells):
            try:
                values[i] = float(cell)
            except ValueError:
                raise DataError(
                    f"line {line + i}: {cell!r} in column {name} is no number.", source=source
                ) from None
        yield name, values
