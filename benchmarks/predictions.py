"""What a crystal costs in a batch, drafts and all seeds included: CPU time, as ratios in one run.

    make bench        (or: python benchmarks/predictions.py --out FOLDER --against CHECKOUT)

With another checkout of this package the same crystals are predicted by both, turn by turn. Without
one, the alternative is our own: every atom a node, where a batch has a node for each symmetry
orbit. Prints a Markdown table and writes it to FOLDER/predictions.md.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch

import deepdos_nb as dd
from deepdos_nb.core.markdown import markdown_table
from deepdos_nb.data.sources.embedded import load_embedded

TURNS = 3
MOST_ATOMS = 24
CRYSTALS = 96


def milliseconds(kind: str, *, every_atom: bool = False) -> float:
    """CPU time of a crystal that was never looked at, in a batch."""
    parts = load_embedded("edos")
    structures = [
        r.structure for r in parts["valid"] + parts["test"] if 2 <= r.n_atoms <= MOST_ATOMS
    ][:CRYSTALS]
    model = dd.load_model(kind, device="cpu")
    model.predict_many(structures[:4])
    model.forget_drafts()
    start = time.process_time()
    if every_atom:
        model.predict_graphs([model.graph(s) for s in structures])
    else:
        model.predict_many(structures)
    return 1e3 * (time.process_time() - start) / len(structures)


def in_checkout(folder: Path, kind: str) -> float:
    """The same by another checkout's package, whatever its interfaces: this file only calls it."""
    done = subprocess.run(
        [sys.executable, __file__, "--measure", kind],
        env=os.environ | {"PYTHONPATH": str(folder)},
        check=True,
        capture_output=True,
        text=True,
    )
    return float(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--out", type=Path, default=Path("out/benchmarks"))
    options.add_argument("--against", type=Path, help="another checkout of this repository")
    options.add_argument("--turns", type=int, default=TURNS)
    options.add_argument("--measure", choices=("phdos", "edos"), help=argparse.SUPPRESS)
    given = options.parse_args()
    torch.set_num_threads(1)
    if given.measure:
        print(json.dumps(milliseconds(given.measure)))
        return
    here, lines = Path(__file__).resolve().parent.parent, []
    for kind in ("phdos", "edos"):
        turns = [
            (
                in_checkout(here, kind),
                in_checkout(given.against, kind)
                if given.against
                else milliseconds(kind, every_atom=True),
            )
            for _ in range(given.turns)
        ]
        ours, other = map(statistics.median, zip(*turns, strict=True))
        ratio = statistics.median(a / b for a, b in turns)
        lines.append((kind, f"{ours:.1f}", f"{other:.1f}", f"{ratio:.2f}"))
    other = "the other checkout" if given.against else "every atom a node"
    table = markdown_table(["kind", "CPU-ms a crystal", f"{other}, CPU-ms", "ratio"], lines, left=1)
    parts = load_embedded("edos")
    atoms = [r.n_atoms for r in parts["valid"] + parts["test"] if 2 <= r.n_atoms <= MOST_ATOMS]
    text = (
        f"{table}\n\nOne core, {CRYSTALS} crystals in one call, none seen before; "
        f"{np.median(atoms[:CRYSTALS]):.0f} atoms in the median; medians of {given.turns} turns.\n"
    )
    print(text)
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "predictions.md").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
