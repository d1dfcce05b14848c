"""Space groups by any of their names, and the operators that a file lists.

The tables and the algebra are gemmi's; full symbols come from spglib's table.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.crystal.text import plain_signs

if TYPE_CHECKING:
    import gemmi

MAX_OPERATORS = 1000
"""More operators than this are no space group, not even in a cell of several lattice points."""

LONGEST = 80
"""Characters of a symbol or an operator that are looked at; none has half as many."""

METRIC_TOLERANCE = 0.02
"""Relative misfit of a cell's metric under its operators; refined cells stray by thousandths."""

OVERBARS = re.compile("(\\d)[\u0304\u0305]|[\u00af\u02c9](\\d)")
SCREW = re.compile(r"(?<=[2346])\((\d)\)")
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


class Operators(NamedTuple):
    """Symmetry operators x′ = W x + w on fractional coordinates.

    rotation : ndarray of int, shape (n, 3, 3)
    translation : ndarray, shape (n, 3), in [0, 1)
    closed : whether they form a group with the lattice's translations
    """

    rotation: Array
    translation: Array
    closed: bool = True

    def __len__(self) -> int:
        return len(self.rotation)

    def fits(self, lattice: Array) -> bool:
        """Whether they leave a cell's lengths and angles as they are."""
        metric = lattice @ lattice.T
        moved = np.einsum("nki,kl,nlj->nij", self.rotation, metric, self.rotation)
        edges = np.sqrt(np.diag(metric))
        return bool(np.abs((moved - metric) / np.outer(edges, edges)).max() <= METRIC_TOLERANCE)


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
    return Setting(number, text, _arrays(list(group)))


@lru_cache(maxsize=64)
def listed_operators(lines: tuple[str, ...]) -> Operators:
    """Operators from their ``x,y,z`` notation.

    Raises
    ------
    ValueError
        Which line is no operator.
    """
    rotation, translation = zip(*(_operator(line) for line in lines), strict=True)
    return _closed(np.array(rotation), np.array(translation))


def completed(operators: Operators) -> Operators | None:
    """The group that operators generate; None if there are too many, or it never closes."""
    rotation, translation = operators.rotation, operators.translation
    while True:
        more = _products(rotation, translation)
        if len(more[0]) == len(rotation):
            return Operators(*more)
        if len(more[0]) > 192:
            return None
        rotation, translation = more


def _closed(rotation: Array, translation: Array) -> Operators:
    kept = _distinct(rotation, translation)
    rotation, translation = rotation[kept], translation[kept]
    return Operators(rotation, translation, len(_products(rotation, translation)[0]) == len(kept))


def _products(rotation: Array, translation: Array) -> tuple[Array, Array]:
    """The operators, and all products of two that are not among them."""
    w = np.einsum("nij,mjk->nmik", rotation, rotation).reshape(-1, 3, 3)
    t = (np.einsum("nij,mj->nmi", rotation, translation) + translation[:, None]).reshape(-1, 3)
    w, t = np.concatenate([rotation, w]), np.concatenate([translation, t])
    kept = _distinct(w, t)
    return w[kept], t[kept] % 1.0


def _distinct(rotation: Array, translation: Array) -> Array:
    """Indices of the first of each operator, in order."""
    turns = (rotation.reshape(-1, 9) + 1) @ 3 ** np.arange(9)
    shifts = np.round(translation * 240).astype(int) % 240 @ np.array([1, 240, 57600])
    _, first = np.unique(turns * 240**3 + shifts, return_index=True)
    return np.sort(first)


def _operator(line: str) -> tuple[Array, Array]:
    import gemmi

    text = plain_signs(line[:LONGEST]).replace(" ", "").lower().strip("'\"()")
    # Magnetic operators end in the sign of time.
    text = re.sub(r",[+-]?1$", "", text)
    if not re.fullmatch(r"[xyz\d./+\-]+(,[xyz\d./+\-]+){2}", text):
        raise ValueError(line)
    try:
        op = gemmi.Op(text)
        matrix, shift = np.array(op.rot) / op.DEN, np.array(op.tran) / op.DEN
    except RuntimeError:
        matrix, shift = _unusual_operator(text, line)
    turn = np.round(matrix).astype(int)
    if np.abs(matrix - turn).max() > 1e-6 or abs(turn).max() > 1 or abs(np.linalg.det(turn)) < 0.5:
        raise ValueError(line)
    return turn, shift % 1.0


def _unusual_operator(text: str, line: str) -> tuple[Array, Array]:
    """Operators whose translation is no multiple of 1/24: of large cells, or rounded."""
    from pymatgen.core.operations import SymmOp

    try:
        op = SymmOp.from_xyz_str(text)
    except (ValueError, ZeroDivisionError, IndexError) as error:
        raise ValueError(line) from error
    shift = np.asarray(op.translation_vector)
    near = np.round(shift * 24) / 24
    return np.asarray(op.rotation_matrix), np.where(abs(shift - near) < 0.005, near, shift)


@cache
def _setting(name: str) -> Setting:
    import gemmi

    group = gemmi.find_spacegroup_by_name(name)
    return Setting(int(group.number), name, _arrays(list(group.operations())))


def _arrays(ops: list[gemmi.Op]) -> Operators:
    rotation = np.array([op.rot for op in ops]) // ops[0].DEN
    translation = np.array([op.tran for op in ops]) / ops[0].DEN % 1.0
    return Operators(rotation, translation)


def _without_remarks(symbol: str) -> tuple[str, str]:
    """A symbol without what follows it, and the choice of origin or axes stated there."""
    text = OVERBARS.sub(lambda m: f"-{m[1] or m[2]}", symbol)
    text = SCREW.sub(r"\1", plain_signs(text).replace("_", "").replace("$", "")).strip(" '\"")
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
        return []
    return [g for g in gemmi.spacegroup_table() if g.number == group.number and g.hm == group.hm]
