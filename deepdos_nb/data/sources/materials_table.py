"""`materials.csv`: what a folder of your own says of its materials, a row each."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from deepdos_nb.core.errors import DataError

NAME = "materials.csv"
NUMBERS = ("gap", "shift")


def read_materials(
    folder: Path, known: Mapping[str, str], *, calculated: Collection[str] = ()
) -> dict[str, dict[str, Any]]:
    """Facts by name of the material; gap and shift as numbers.

    Parameters
    ----------
    folder : path
    known : mapping
        What a row may call a material, and the material's name.
    calculated : collection of str
        Materials whose energies cannot be shifted: their programs say where zero is.

    Raises
    ------
    DataError
        If a row is of no material of the folder, of one that has a row already, or does not fit.
    """
    path = folder / NAME
    if not path.exists():
        return {}
    facts: dict[str, dict[str, Any]] = {}
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        for row in reader:
            place = f"line {reader.line_num}"
            given: dict[str, Any] = {k: v for k, v in row.items() if k and v not in (None, "")}
            stated = given.pop("material", "").strip()
            if not stated:
                raise DataError(f"{place} names no material.", source=str(path))
            if stated not in known:
                raise _unknown(stated, known, place, path)
            name = known[stated]
            if name in facts:
                raise DataError(
                    f"{place}: {name} has a row already.",
                    source=str(path),
                    remedy="Keep one of them.",
                )
            try:
                given |= {key: float(given[key]) for key in NUMBERS if key in given}
            except ValueError as error:
                raise DataError(f"{place}: {error}.", source=str(path)) from error
            if name in calculated and given.get("shift"):
                raise DataError(
                    f"{place}: the energies of {name} come from a calculation, which says where "
                    "their zero is; they are not shifted.",
                    source=str(path),
                    remedy="Leave its shift empty.",
                )
            facts[name] = given
    return facts


def _unknown(stated: str, known: Mapping[str, str], place: str, path: Path) -> DataError:
    alike = (difflib.get_close_matches(n, known, n=1) for n in (stated, Path(stated).stem))
    near = next(filter(None, alike), [])
    hint = f"Did you mean {known[near[0]]}? Else add" if near else "Add"
    return DataError(
        f"{place}: there is no material {stated} in the folder.",
        source=str(path),
        remedy=f"{hint} its structure, or take the row out.",
    )
