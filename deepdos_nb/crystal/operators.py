"""Symmetry operators in arrays: read from the lines of a file, and whether they make a group."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.crystal.text import OVERBARS, plain_signs

if TYPE_CHECKING:
    import gemmi

MAX_OPERATORS = 400
"""More operators than this are no space group, not even in a cell of several lattice points."""

LONGEST = 80
"""Characters of a symbol or an operator that are looked at; none has half as many."""

METRIC_TOLERANCE = 0.02
"""Relative misfit of a cell's metric under its operators; refined cells stray by thousandths."""


@dataclass(frozen=True)
class Operators:
    """Symmetry operators x′ = W x + w on fractional coordinates.

    Parameters
    ----------
    rotation : ndarray of int, shape (n, 3, 3)
    translation : ndarray, shape (n, 3), in [0, 1)
    closed : bool
        Whether they form a group with the lattice's translations
    """

    rotation: Array
    translation: Array
    closed: bool = True

    def __len__(self) -> int:
        return len(self.rotation)

    def lacks(self, other: Operators) -> bool:
        """Whether these are all that another group has, but for its centring translations."""
        per_turn, rest = divmod(len(other), len(self))
        turns, others = ({w.tobytes() for w in o.rotation} for o in (self, other))
        if rest or per_turn < 2 or not len(turns) == len(self) == len(others):
            return False
        return self._keys() <= other._keys()

    def _keys(self) -> set[bytes]:
        shifts = np.round(self.translation * 24).astype(int) % 24
        pairs = zip(self.rotation.astype(int), shifts, strict=True)
        return {w.tobytes() + t.tobytes() for w, t in pairs}

    def fits(self, lattice: Array) -> bool:
        """Whether they leave a cell's lengths and angles as they are."""
        metric = lattice @ lattice.T
        moved = np.einsum("nki,kl,nlj->nij", self.rotation, metric, self.rotation)
        edges = np.sqrt(np.diag(metric))
        return bool(np.abs((moved - metric) / np.outer(edges, edges)).max() <= METRIC_TOLERANCE)


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


def centred(operators: Operators, centrings: Operators) -> Operators | None:
    """Every operator followed by every centring, for files that list the two apart.

    None if they are more than `MAX_OPERATORS`.
    """
    turn, shift = centrings.rotation, centrings.translation
    rotation = np.einsum("cij,njk->cnik", turn, operators.rotation).reshape(-1, 3, 3)
    moved = np.einsum("cij,nj->cni", turn, operators.translation) + shift[:, None]
    translation = moved.reshape(-1, 3) % 1.0
    if len(_distinct(rotation, translation)) > MAX_OPERATORS:
        return None
    return _closed(rotation, translation)


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


def as_arrays(ops: list[gemmi.Op]) -> Operators:
    """Operators of a group that gemmi knows."""
    rotation = np.array([op.rot for op in ops]) // ops[0].DEN
    translation = np.array([op.tran for op in ops]) / ops[0].DEN % 1.0
    return Operators(rotation, translation)


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

    text = plain_signs(OVERBARS.sub(r"-\1\2", line[:LONGEST]))
    text = "".join(text.split()).lower().strip("'\"()")
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
