"""Put finished labels into the package: `python scripts/embed_labels.py KIND FOLDER`.

Copies the labels of a `deepdos label` folder into `deepdos_nb/data/embedded/KIND/` as shards of a
hundred, with the failures beside them, and writes the data set's card again. Left out are phonon
labels with 1 % or more imaginary modes, and whatever shares a formula with a held-out material.
Crystals that are there already stay where they are, so that a growing set changes few files.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from pymatgen.core import Composition

from deepdos_nb.data.label_folder import SHARD_SIZE, Folder
from deepdos_nb.data.label_shards import Label, read_shard, write_shard
from deepdos_nb.data.labelled import to_record
from deepdos_nb.data.splits import protocol

EMBEDDED = Path(__file__).parents[1] / "deepdos_nb" / "data" / "embedded"
MAX_IMAGINARY = 0.01


def main(kind: str, source: str) -> None:
    rules = protocol()
    names = [*rules.held_out_edos.values(), *rules.held_out_phdos.values()]
    held_out = {Composition(name).reduced_formula for name in names if name}
    home = EMBEDDED / kind
    home.mkdir(parents=True, exist_ok=True)
    shards = sorted(home.glob("shard-*.npz"))
    there = [label for path in shards for label in read_shard(path)]
    known = {label.name for label in there}
    # The last shard may have room left; it is written again together with what is new.
    last = list(read_shard(shards[-1])) if shards else []
    open_shard = bool(shards) and len(last) < SHARD_SIZE
    fresh: list[Label] = list(last) if open_shard else []
    number = len(shards) - open_shard
    folder = Folder(source)
    failures = dict(_failures(home)) | folder.failures()
    for label in folder.labels():
        formula = to_record(label, source).formula
        if label.name in known or formula in held_out:
            continue
        if label.facts.get("imaginary", 0.0) >= MAX_IMAGINARY:
            failures[label.name] = "1 % or more of the modes are imaginary"
            continue
        fresh.append(label)
    for start in range(0, len(fresh), SHARD_SIZE):
        write_shard(home / f"shard-{number:04d}.npz", fresh[start : start + SHARD_SIZE])
        number += 1
    lines = [json.dumps({"name": n, "reason": r}) for n, r in sorted(failures.items())]
    (home / "failures.jsonl").write_text("".join(f"{line}\n" for line in lines), "utf-8")
    total = len(known) + len(fresh) - (len(last) if open_shard else 0)
    print(f"{total} {kind} labels in {number} shards, {len(failures)} failures")


def _failures(home: Path) -> list[tuple[str, str]]:
    path = home / "failures.jsonl"
    if not path.exists():
        return []
    entries = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [(entry["name"], entry["reason"]) for entry in entries]


if __name__ == "__main__":
    main(*sys.argv[1:])
