"""Who may learn from what: the benchmark's split and the held-out list, by id and formula."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal
from typing import Protocol as Interface

from deepdos_nb.core.grids import Kind
from deepdos_nb.data.records import Record

Part = Literal["train", "valid", "test"]
PARTS: tuple[Part, ...] = ("train", "valid", "test")

FEWEST = 4
"""Formulas that a small set keeps back for validation, and for the test."""

BENCHMARK = "petretto"
"""The source whose own published split decides."""


SHARED: dict[str, tuple[Part, ...]] = {Kind.phdos: ("test", "valid")}
"""Parts of the benchmark that a record of the same formula joins, whatever its source."""


class Known(Interface):
    """What a split needs to know of a record, or of its entry in an index."""

    @property
    def material_id(self) -> str: ...  # noqa: D102
    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def formula(self) -> str: ...  # noqa: D102
    @property
    def source(self) -> str: ...  # noqa: D102


def hashed_part(formula: str) -> Part:
    """Part of a formula in an 80/10/10 split, from the formula's SHA-256 alone.

    Its `hashed_place` below 0.8: train; below 0.9: valid.
    It depends neither on the data set nor on the order, so two sets split this way never have a
    formula on different sides.
    """
    place = hashed_place(formula)
    return "train" if place < 0.8 else "valid" if place < 0.9 else "test"


def hashed_place(formula: str) -> float:
    """Place of a formula between 0 and 1: the first eight bytes of its SHA-256."""
    digest = hashlib.sha256(formula.encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def small_parts(records: Sequence[Known]) -> list[Part | None]:
    """`part_of` every record, with something in every part however small the set.

    Where the validation or the test part would get fewer than `FEWEST` formulas (a fifth of all, if
    that is less), formulas of the training part join it, those that come last by `hashed_place`
    first. None ever moves towards training, so that nothing is learnt from that is tested on
    elsewhere.
    """
    parts = {r.formula: part for r in records if (part := part_of(r)) is not None}
    least = max(1, min(FEWEST, len(parts) // 5))
    last = sorted((f for f in parts if parts[f] == "train"), key=hashed_place)
    for wanted in ("test", "valid"):
        while last and sum(part == wanted for part in parts.values()) < least:
            parts[last.pop()] = wanted
    return [None if part_of(r) is None else parts[r.formula] for r in records]


def part_of(record: Known) -> Part | None:
    """Part of a record, or None for what is held out from everything.

    Held-out materials, and every other material of the same reduced formula, belong to no part. A
    phonon record whose formula the benchmark validates or tests on joins that part, so that sets
    can be combined without a leak. Everything else is divided by `hashed_part`; the benchmark's
    own records are "train" unless it says otherwise.
    """
    if record.source == BENCHMARK:
        # Its split is by identifier, as published; formulas are grouped in it already.
        rules, name = protocol(), record.material_id
        if name in rules.held_out_phdos:
            return None
        if name in rules.valid or name in rules.test:
            return "valid" if name in rules.valid else "test"
        return None if _listed(record, "held_out_phdos") else "train"
    if _listed(record, f"held_out_{Kind(record.kind)}"):
        return None
    theirs = (part for part in SHARED.get(record.kind, ()) if _listed(record, part))
    return next(theirs, None) or hashed_part(record.formula)


def _listed(record: Known, name: str) -> bool:
    materials, formulas = _list(name)
    return record.material_id in materials or record.formula in formulas


@cache
def _list(name: str) -> tuple[dict[str, str], frozenset[str]]:
    materials: dict[str, str] = getattr(protocol(), name)
    # Two held-out materials are known by identifier only.
    return materials, frozenset(materials.values()) - {""}


@dataclass(frozen=True)
class Protocol:
    """Identifiers and reduced formulas of the materials that are kept from training.

    `valid` and `test` are the benchmark's, `held_out_phdos` and `held_out_edos` those of a
    published comparison, which are never trained on, selected on or shipped.
    """

    valid: dict[str, str]
    test: dict[str, str]
    held_out_phdos: dict[str, str]
    held_out_edos: dict[str, str]


@cache
def protocol() -> Protocol:
    """The protocol shipped with the package."""
    text = (
        resources.files("deepdos_nb.data").joinpath("protocol/phdos_split.json").read_text("utf-8")
    )
    return Protocol(**json.loads(text))


def benchmark_split(records: Iterable[Record]) -> dict[str, list[Record]]:
    """Split benchmark records 80/10/10, grouped by reduced formula; held-out materials are dropped.

    So are training records that share their formula with a held-out one. The other two parts stay
    as they always were, so that scores compare.

    Returns
    -------
    dict
        Keys "train", "valid", "test".
    """
    rules = protocol()
    parts: dict[str, list[Record]] = {"train": [], "valid": [], "test": []}
    for record in records:
        if record.material_id in rules.held_out_phdos:
            continue
        part = next(
            (p for p in ("valid", "test") if record.material_id in getattr(rules, p)), "train"
        )
        if part == "train" and _listed(record, "held_out_phdos"):
            continue
        parts[part].append(record)
    return parts


def without_leaks(records: Iterable[Record]) -> list[Record]:
    """Drop every record that shares an identifier or reduced formula with a material kept back.

    For additional phonon training data: kept back are the benchmark's validation and test parts
    and the held-out phonon materials.
    """
    rules = protocol()
    kept_back = rules.valid | rules.test | rules.held_out_phdos
    formulas = set(kept_back.values()) - {""}  # two held-out materials are known by identifier only
    return [r for r in records if r.material_id not in kept_back and r.formula not in formulas]
