"""Space groups by any of their names: short, full, old, Hall, with or without a choice of origin.

The tables are gemmi's; full symbols come from spglib's.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from deepdos_nb.crystal.operators import LONGEST, Operators, as_arrays
from deepdos_nb.crystal.text import OVERBARS, plain_signs

if TYPE_CHECKING:
    import gemmi

SCREW = re.compile(r"(?<=[2346])\((\d)\)")
BAR = re.compile(r"\\(?:over(?:line)?|bar)\s*\{?\s*(\d)\s*\}?")
"""A bar over a digit as TeX writes it."""

TYPESET = str.maketrans("", "", "_${}")
"""What typesetting adds to a symbol."""

REMARK = re.compile(
    r"[\s,;]*(?:[(\[#]\s*(?:no\.?)?\s*\d{1,3}\s*[)\]]?|\bno\.?\s*\d{1,3})\s*$", re.IGNORECASE
)
CHOICE = re.compile(
    r"[\s,(\[]*(?:origin(?:\s*(?:choice|at))?|choice)\s*:?\s*([12])[\s)\]]*$", re.IGNORECASE
)
AXES = re.compile(
    r"[\s,(\[:]*(hex(?:agonal)?|rhomb?(?:ohedral)?|obverse)\.?(?:\s*(?:axes|setting|cell))?[\s)\]]*$",
    re.IGNORECASE,
)
LETTER = re.compile(r"(?<=[\w/\-])[\s:]*(o[12]|(?<=:)[12]|(?<=: )[12]|[szhr])$")
LETTERS = {"s": "1", "z": "2", "o1": "1", "o2": "2", "1": "1", "2": "2", "h": "H", "r": "R"}
"""What databases append to a symbol: origin choices (S and Z in the ICSD) and rhombohedral axes."""


class Setting(NamedTuple):
    """A space group in one of its settings.

    number : 1 to 230
    name : Hermann–Mauguin symbol, with the origin or axes where there is a choice
    operators : Operators
    """

    number: int
    name: str
    operators: Operators


def settings_of(symbol: str, code: str = "") -> tuple[list[Setting], bool]:
    """All settings that a symbol may mean, the usual one first.

    Parameters
    ----------
    symbol : str
        Hermann–Mauguin (short, full or old, with or without blanks, in any case) or Hall.
    code : str
        What the file says elsewhere about its origin or axes, ``2`` or ``R`` for example.

    Returns
    -------
    settings : list of Setting
        Empty where the symbol is unknown.
    stated : bool
        Whether the symbol leaves no choice of origin or axes.
    """
    symbol = symbol[:LONGEST]
    text, choice = _without_remarks(symbol)
    choice = choice or LETTERS.get(code.strip().lower(), "")
    found, tail = _tabulated(text), LETTER.search(text.lower())
    if not found and tail:
        found, choice = _named(text[: tail.start()]), LETTERS[tail[1]]
    found = found or _named(text)
    if not found:
        hall = hall_setting(symbol)
        return ([hall], True) if hall else ([], False)
    stated = [g for g in found if g.ext == choice] if choice else []
    # The other settings stay in reach: a cell may show that the stated axes are wrong.
    ordered = stated + [g for g in found if g not in stated]
    return [_setting(g.xhm()) for g in ordered], bool(stated) or len(found) == 1


def settings_of_number(number: int) -> list[Setting]:
    """The standard setting of a space group, and its other origin or axes."""
    import gemmi

    if not 1 <= number <= 230:
        return []
    first = gemmi.find_spacegroup_by_number(number)
    same = [g for g in gemmi.spacegroup_table() if g.number == number and g.hm == first.hm]
    return [_setting(g.xhm()) for g in same]


def all_settings(number: int) -> list[Setting]:
    """Every tabulated setting of a space group."""
    import gemmi

    return [_setting(g.xhm()) for g in gemmi.spacegroup_table() if g.number == number]


def other_axes(symbol: str) -> list[Setting]:
    """Settings of other unique axes that a symbol may mean where the usual one does not fit.

    Those that old tables write the same way come first (``B 2`` for ``B 1 1 2``, as in 1952), then
    those of as many operators, since a change of axes keeps the number of lattice points.
    """
    import gemmi

    usual = settings_of(symbol)[0]
    if not usual:
        return []
    key = _key(_without_remarks(symbol[:LONGEST])[0])
    same = [_setting(g.xhm()) for g in gemmi.spacegroup_table() if _short(g) == key]
    order = {len(s.operators) for s in usual}
    rest = [
        s for s in all_settings(usual[0].number) if s.name[0] in "RH" or len(s.operators) in order
    ]
    return same + [s for s in rest if s.name not in {known.name for known in same}]


def _short(group: gemmi.SpaceGroup) -> str:
    """Monoclinic symbol without the axes that have no symmetry; empty for other systems."""
    if not 3 <= group.number <= 15:
        return ""
    return "".join(part for part in group.hm.lower().split() if part != "1")


def hall_setting(symbol: str) -> Setting | None:
    """Setting of a Hall symbol; None where it is none."""
    import gemmi

    text = plain_signs(symbol[:LONGEST]).replace("_", " ").strip()
    known = _by_hall().get(_hall_key(text))
    if known is not None:
        return _setting(known.xhm())
    # What begins with a lattice and a rotation may be a Hall symbol that no table lists.
    if not re.fullmatch(r"-?[PABCIRHF]\s*-?[12346][\w\s\"'*=/()\-]*", text, re.IGNORECASE):
        return None
    try:
        group = gemmi.symops_from_hall(text)
    except (RuntimeError, ValueError):
        return None
    named = gemmi.find_spacegroup_by_ops(group)
    number = int(named.number) if named else 1
    return Setting(number, text, as_arrays(list(group)))


@cache
def _setting(name: str) -> Setting:
    import gemmi

    group = gemmi.find_spacegroup_by_name(name)
    return Setting(int(group.number), name, as_arrays(list(group.operations())))


def _without_remarks(symbol: str) -> tuple[str, str]:
    """A symbol without what follows it, and the choice of origin or axes stated there."""
    text = OVERBARS.sub(r"-\1\2", symbol)
    text = BAR.sub(r"-\1", text)
    text = SCREW.sub(r"\1", plain_signs(text).translate(TYPESET)).strip(" '\"")
    choice = ""
    for _ in range(2):
        if found := CHOICE.search(text):
            text, choice = text[: found.start()], found[1]
        if found := AXES.search(text):
            text, choice = text[: found.start()], "R" if found[1].lower()[0] == "r" else "H"
        if len(shorter := REMARK.sub("", text)) > 1:
            text = shorter
    return text, choice


def _key(text: str) -> str:
    return re.sub(r"[\s_]", "", text).lower()


def _hall_key(text: str) -> str:
    # Blanks count: "P 32" is a screw axis, "P 3 2" two axes.
    return " ".join(text.lower().split())


@cache
def _by_key() -> dict[str, list[gemmi.SpaceGroup]]:
    """Settings by their symbols without blanks, in lower case; settings of one symbol together."""
    import gemmi
    import spglib

    table: dict[str, list[gemmi.SpaceGroup]] = {}
    by_hall = _by_hall()
    for group in gemmi.spacegroup_table():
        for name in {_key(n) for n in (group.hm, group.xhm(), group.short_name())}:
            table.setdefault(name, []).append(group)
    for number in range(1, 531):
        kind = spglib.get_spacegroup_type(number)
        known = by_hall.get(_hall_key(kind.hall_symbol)) if kind else None
        if kind and known is not None:
            full = table.setdefault(_key(kind.international_full), [])
            if known not in full:
                full.append(known)
    return table


@cache
def _by_hall() -> dict[str, gemmi.SpaceGroup]:
    import gemmi

    table: dict[str, gemmi.SpaceGroup] = {}
    for group in gemmi.spacegroup_table():
        table.setdefault(_hall_key(group.hall), group)
    return table


def _tabulated(text: str) -> list[gemmi.SpaceGroup]:
    return _by_key().get(_key(text), [])


def _named(text: str) -> list[gemmi.SpaceGroup]:
    """Settings that a symbol without remarks names; empty where it is unknown."""
    import gemmi

    # Full symbols that no table lists: two-fold axes along mirrors' normals go without saying.
    short = text if re.search(r"(?<!-)3", text) else re.sub(r"2 ?1?/ ?(?=[a-z])", "", text)
    if found := _tabulated(text) or _tabulated(short):
        return found
    # Old symbols without minus signs (Fm3m), short monoclinic ones (P21/c), and numbers.
    group = gemmi.find_spacegroup_by_name(text) or gemmi.find_spacegroup_by_name(_key(text))
    if group is None:
        # Monoclinic symbols of other axes, without the axes that have no symmetry.
        return [g for g in gemmi.spacegroup_table() if _short(g) == _key(text)]
    return [g for g in gemmi.spacegroup_table() if g.number == group.number and g.hm == group.hm]
