"""Who may learn from what: the benchmark's split and the held-out list, by id and formula."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources

from deepdos_nb.data.records import Record


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
