"""Which symmetry a CIF may mean: what it lists, what it names, and what its cell allows."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import InconsistentStructureError, UnreadableStructureError
from deepdos_nb.crystal.cif_blocks import Block
from deepdos_nb.crystal.operators import (
    LONGEST,
    MAX_OPERATORS,
    Operators,
    centred,
    completed,
    listed_operators,
)
from deepdos_nb.crystal.space_groups import (
    Setting,
    all_settings,
    hall_setting,
    other_axes,
    settings_of,
    settings_of_number,
)

LISTED = r"_(symmetry_equiv_pos_as_xyz_?|space_group_symop_operation_xyz|symop_operation_xyz)$"
MAGNETIC = r"_space_group_symop_magn_operation_(xyz|mxmymz)$|_space_group_symop_operation_magn_xyz$"
CENTRINGS = r"_space_group_symop_magn_centering_(xyz|mxmymz)$"
SUPERSPACE = r"_space_group_symop_ssg_operation_algebraic$"
HERMANN_MAUGUIN = r"(symmetry|space_group)_name_h[-_]?m(?!.*bns)(?!.*magn)"
HALL = r"(symmetry|space_group)_name_hall"
NUMBER = r"_(int_tables_number|it_number)$"
CODE = r"_(it_coordinate_system_code|setting_code)$"
OTHER = r"_(symmetry|space_group)_(?:name_schoenflies|crystal_system|cell_setting|bravais_type)$"

MAX_NAMES = 12
"""More different symbols of one kind than this name no space group; a file has one or two."""

IDENTITY = Operators(np.eye(3, dtype=int)[None], np.zeros((1, 3)))


class Candidate(NamedTuple):
    """A symmetry the file may mean.

    operators : Operators
    note : what is assumed if this is it; empty where the file says so plainly
    confirm : whether it counts only if the stated formula and Z agree with it
    choice : whether the file leaves it open against others of the same mark
    settled : whether an agreement with formula and Z settles it without a note
    """

    operators: Operators
    note: str = ""
    confirm: bool = False
    choice: bool = False
    settled: bool = False


def candidates(block: Block, lattice: Array, name: str) -> list[Candidate]:
    """Every symmetry that a block may mean and its cell allows, the likeliest first.

    Parameters
    ----------
    block : Block
    lattice : ndarray, shape (3, 3)
        Cell vectors as rows, Å.
    name : str

    Raises
    ------
    UnreadableStructureError
        If an operator or symbol cannot be understood.
    InconsistentStructureError
        If none fits the cell.
    """
    lines = _lines(block, name, LISTED, MAGNETIC)
    if not lines and not block.matching(HERMANN_MAUGUIN) and block.matching(SUPERSPACE):
        raise UnreadableStructureError(
            "the crystal is modulated: its operators act in more than three dimensions.",
            source=name,
            remedy="Give its average structure, or a commensurate approximant.",
        )
    found = _of_names(block, name, others=bool(lines))
    if lines:
        # Rhombohedral axes have as many operators as hexagonal ones without their centring.
        named = [c for c in found if c.operators.fits(lattice)]
        # Only magnetic symmetry lists its centring apart.
        centrings = () if block.matching(LISTED) else _lines(block, name, CENTRINGS)
        found = _against(_of_lines(lines, centrings, name), named, block)
    fitting = [c for c in found if c.operators.fits(lattice)]
    if not any(not c.confirm for c in fitting):
        fitting += _other_axes(block, found, lattice)
    if fitting:
        return fitting
    symbol = next(iter(block.matching(HERMANN_MAUGUIN)), "its operators")[:LONGEST]
    raise InconsistentStructureError(
        f"the cell does not have the symmetry of {symbol}: its lengths or angles change under "
        "the operators.",
        source=name,
        remedy="Correct the cell, or the space group and its axes.",
    )


def _against(listed: list[Candidate], named: list[Candidate], block: Block) -> list[Candidate]:
    """Listed operators first; the symmetry named beside them counts if the content confirms it."""
    symbol = next(iter(block.matching(HERMANN_MAUGUIN) + block.matching(HALL)), "the space group")[
        :LONGEST
    ]
    first = listed[0]
    orders = {len(c.operators) for c in named}
    unused = f"The listed operators were not used but those of {symbol}, which fit the formula."
    rest = [c._replace(note=unused, confirm=True, choice=False) for c in named]
    whole = [c for c in named if len(first.operators) > 1 and first.operators.lacks(c.operators)]
    if whole and not first.note:
        # Programmes of refinement list operators without the centring translations.
        note = f"The operators listed lack the centring of {symbol}, which was added."
        return [whole[0]._replace(note=note, confirm=False, choice=False), *listed, *rest]
    if orders and len(first.operators) not in orders and not first.note:
        note = (
            f"{len(first.operators)} symmetry operators are listed, {symbol} has {max(orders)}; "
            "those listed were used."
        )
        # Programmes that write all atoms of a cell often keep the symbol it had.
        listed = [first._replace(note=note, settled=True), *listed[1:]]
    return listed + rest


def _lines(block: Block, name: str, *patterns: str) -> tuple[str, ...]:
    """What the first item says that is there."""
    lines = _rejoined(next((found for p in patterns if (found := block.matching(p))), []))
    if len(lines) > MAX_OPERATORS:
        raise _too_many(len(lines), name)
    return lines


def _too_many(count: int, name: str) -> UnreadableStructureError:
    return UnreadableStructureError(
        f"{count} symmetry operators are listed, the limit is {MAX_OPERATORS}.",
        source=name,
        remedy="List those of the space group, 192 at most, or the atoms of the cell as P 1.",
    )


def _rejoined(values: list[str]) -> tuple[str, ...]:
    """Operators of a list; those without quotes are cut at their blanks, and put together here."""
    if all(value.count(",") >= 2 for value in values):
        return tuple(values)
    lines = [""]
    for value in values:
        if lines[-1].count(",") >= 2 and not lines[-1].endswith(","):
            lines.append("")
        lines[-1] += value
    return tuple(lines)


def _of_lines(lines: tuple[str, ...], centrings: tuple[str, ...], name: str) -> list[Candidate]:
    try:
        operators = listed_operators(lines)
        shifts = listed_operators(centrings) if centrings else None
    except ValueError as error:
        raise UnreadableStructureError(
            f"{str(error)[:60]!r} is no symmetry operator.",
            source=name,
            remedy="Write operators like 'x, 1/2-y, z', in quotes and with a plain minus sign.",
        ) from error
    if shifts is not None:
        together = centred(operators, shifts)
        if together is None:
            raise _too_many(len(operators) * len(shifts), name)
        operators = together
    if operators.closed:
        return [Candidate(operators)]
    whole = completed(operators)
    if whole is None:
        raise InconsistentStructureError(
            f"the {len(lines)} symmetry operators listed form no group.",
            source=name,
            remedy="Correct them; one may be missing a sign or a fraction.",
        )
    note = (
        f"The {len(operators)} symmetry operators listed form no group; the {len(whole)} that they "
        "generate were used."
    )
    return [Candidate(whole, note, confirm=True), Candidate(operators, note, confirm=True)]


def _named(block: Block, pattern: str, name: str) -> list[str]:
    """The different values of items that name a space group."""
    values = list(dict.fromkeys(block.matching(pattern)))
    if len(values) > MAX_NAMES:
        raise UnreadableStructureError(
            f"it names {len(values)} space groups.",
            source=name,
            remedy="Keep the one the crystal has.",
        )
    return values


def _of_names(block: Block, name: str, *, others: bool) -> list[Candidate]:
    """Symmetries that symbols and numbers name."""
    code = next(iter(block.matching(CODE)), "")
    symbols = _named(block, HERMANN_MAUGUIN, name)
    unknown: list[str] = []
    found: list[Candidate] = []
    for hall in _named(block, HALL, name):
        setting = hall_setting(hall)
        if setting:
            found.append(
                Candidate(setting.operators, f"the Hall symbol {hall} was." if others else "")
            )
        else:
            unknown.append(hall)
    for symbol in symbols:
        settings, certain = settings_of(symbol, code)
        if not settings:
            unknown.append(symbol)
        found += _choices(symbol, settings, certain)
    stated = [v.split("(")[0].strip()[:LONGEST] for v in _named(block, NUMBER, name)]
    numbers = [int(v) for v in stated if re.fullmatch(r"0*[0-9]{1,3}", v)]
    unknown += [v for v in stated if not (v.isascii() and v.isdigit() and 0 < int(v) <= 230)]
    if not found:
        for number in numbers:
            settings = settings_of_number(number)
            only = len(all_settings(number)) == 1
            found += [
                Candidate(
                    s.operators,
                    "" if only else f"Space group {number} was taken in its setting {s.name}.",
                    choice=len(settings) > 1,
                )
                for s in settings
            ]
    if found and not others:
        found = _doubted(found, numbers, block)
    if found or others:
        return found
    stated_otherwise = unknown + [
        v for v in block.matching(OTHER) if v.lower() not in ("triclinic", "c1", "c1^1")
    ]
    if stated_otherwise:
        raise UnreadableStructureError(
            f"its symmetry, {stated_otherwise[0][:60]!r}, is not understood.",
            source=name,
            remedy="Write the Hermann–Mauguin symbol, like 'F m -3 m', or list the operators.",
        )
    note = "The file states no symmetry; its atoms were taken as all of the cell."
    return [Candidate(IDENTITY, note, settled=True)]


def _doubted(found: list[Candidate], numbers: list[int], block: Block) -> list[Candidate]:
    """The same with a note where symbols and numbers name several space groups."""
    named = [s.number for h in block.matching(HALL) if (s := hall_setting(h))]
    named += [
        choices[0].number for h in block.matching(HERMANN_MAUGUIN) if (choices := settings_of(h)[0])
    ]
    several = list(dict.fromkeys(named + numbers))
    if len(several) < 2:
        return found
    note = f"The file names space groups {' and '.join(map(str, several))}; {several[0]} was taken."
    rest = [
        Candidate(s.operators, note.replace(f"{several[0]} was", f"{n} was"), confirm=True)
        for n in several[1:]
        for s in all_settings(n)
    ]
    return [c if c.note else c._replace(note=note, settled=True) for c in found] + rest


def _choices(symbol: str, settings: list[Setting], stated: bool) -> list[Candidate]:
    if not settings:
        return []
    symbol = symbol[:LONGEST]
    if stated:
        rest = [s for s in all_settings(settings[0].number) if s.name != settings[0].name]
        return [
            Candidate(settings[0].operators),
            *(
                Candidate(s.operators, f"{symbol} was read as {s.name}.", confirm=True)
                for s in rest
            ),
        ]
    return [
        Candidate(s.operators, f"{symbol} was taken in its setting {s.name}.", choice=True)
        for s in settings
    ]


def _other_axes(block: Block, found: list[Candidate], lattice: Array) -> list[Candidate]:
    """Settings with other axes that fit the cell, where those that the file states do not."""
    symbols = block.matching(HERMANN_MAUGUIN)
    listed = bool(block.matching(LISTED))
    for symbol in symbols:
        others = [s for s in other_axes(symbol) if s.operators.fits(lattice)][:4]
        if others:
            return [
                Candidate(
                    s.operators,
                    f"The cell does not fit {'the operators' if listed else symbol}; "
                    f"the setting {s.name} was used.",
                    confirm=listed,
                )
                for s in others
            ]
    return []
