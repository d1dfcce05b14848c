"""Build what the embedded data set lacks: `python scripts/list_families.py BUILT OUT LABELLED...`.

BUILT     JSON lines of crystals as built, added to; a second run goes on where one stopped
OUT       JSON lines for `deepdos label`, the most useful for their cost first
LABELLED  folders of labels; their formulas, like the held-out ones, are left out. A further list
          of `collect_structures.py` (*.jsonl) among them is merged into OUT.

OUT is written again after every hundred crystals, so that labelling can begin early.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import gpaw_data
import relaxed_families
import wider_families
from collect_structures import buildable, cost, origin_of
from pymatgen.core import Composition, Structure
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

from deepdos_nb.core.files import replacing
from deepdos_nb.data.label_shards import read_shard
from deepdos_nb.data.labelled import to_record
from deepdos_nb.data.splits import protocol

MAX_SECONDS = 120.0
EVERY = 100
SEEN = 12.0
"""Crystals with each of its elements after which another one counts half."""


def labelled(folders: Iterable[Path]) -> tuple[dict[str, set[int]], Counter[str]]:
    """Space groups of every formula that has a label, and crystals of every element."""
    groups: dict[str, set[int]] = {}
    elements: Counter[str] = Counter()
    for folder in folders:
        for path in [*folder.glob("shard-*.npz"), *folder.glob("done/*.npz")]:
            for label in read_shard(path):
                crystal = to_record(label, "labelled").structure
                number = SpacegroupAnalyzer(crystal, symprec=1e-2).get_space_group_number()
                groups.setdefault(crystal.composition.reduced_formula, set()).add(number)
                elements.update(crystal.symbol_set)
    return groups, elements


def built(groups: dict[str, set[int]]) -> Iterator[dict[str, Any]]:
    """Crystals whose formula, or for polymorphs space group of a formula, has no label."""
    rules = protocol()
    names = [*rules.held_out_edos.values(), *rules.held_out_phdos.values()]
    held_out = {Composition(name).reduced_formula for name in names if name}
    files = Path(gpaw_data.__file__).parent.rglob("*.PBE.gz")
    elements = {file.name.split(".")[0] for file in files} | set(wider_families.LANTHANIDES.split())
    candidates = (
        (family, formula)
        for family, formula in chain(wider_families.members(), relaxed_families.members())
        if {str(e) for e in Composition(formula)} <= elements
    )
    for family, formula, crystal, group in buildable(candidates, groups, held_out):
        groups.setdefault(crystal.composition.reduced_formula, set()).add(group)
        name = f"built-{family.key}-{formula}"
        origin = origin_of(family, formula)
        yield {"name": name, "structure": crystal.as_dict(), "origin": origin}


def interleaved(
    entries: list[tuple[float, dict[str, Any]]], elements: Counter[str]
) -> Iterator[dict[str, Any]]:
    """The cheapest first, dearer by the number of crystals that hold their elements already."""
    counts = Counter(elements)
    left = [
        (seconds, sorted({site["species"][0]["element"] for site in entry["structure"]["sites"]}))
        for seconds, entry in entries
    ]
    open_entries = set(range(len(left)))

    def price(i: int) -> float:
        seconds, symbols = left[i]
        seen = sum(counts[s] for s in symbols) / len(symbols)
        return (seconds + 4.0) * (1.0 + seen / SEEN)

    while open_entries:
        best = min(open_entries, key=lambda i: (price(i), i))
        open_entries.remove(best)
        counts.update(left[best][1])
        yield entries[best][1]


def main(store: str, out: str, *sources: str) -> None:
    warnings.simplefilter("ignore")
    folders = [Path(source) for source in sources if not source.endswith(".jsonl")]
    groups, elements = labelled(folders)
    entries: list[tuple[float, dict[str, Any]]] = []

    def take(entry: dict[str, Any]) -> None:
        seconds = cost(Structure.from_dict(entry["structure"]))
        if seconds <= MAX_SECONDS:
            entries.append((seconds, entry))

    def write() -> None:
        with replacing(out) as part, part.open("w", encoding="utf-8") as file:
            for entry in interleaved(entries, elements):
                file.write(json.dumps(entry) + "\n")
        print(f"{len(entries)} crystals", file=sys.stderr, flush=True)

    lists = [Path(source) for source in sources if source.endswith(".jsonl")]
    for path in [*filter(Path.exists, [Path(store)]), *lists]:
        for line in path.read_text("utf-8").splitlines():
            entry = json.loads(line)
            crystal = Structure.from_dict(entry["structure"])
            group = SpacegroupAnalyzer(crystal, symprec=1e-2).get_space_group_number()
            known = groups.setdefault(crystal.composition.reduced_formula, set())
            if group not in known:
                known.add(group)
                take(entry)
    write()
    with Path(store).open("a", encoding="utf-8") as file:
        for number, entry in enumerate(built(groups), start=1):
            file.write(json.dumps(entry) + "\n")
            file.flush()
            take(entry)
            if number % EVERY == 0:
                write()
    write()


if __name__ == "__main__":
    main(*sys.argv[1:])
