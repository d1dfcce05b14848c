"""Order crystals by what their labels would teach: `by_disagreement.py OUT LIST...`.

OUT   JSON lines for `deepdos label`: first those on which the shipped seeds disagree most for a
      second of computing
LIST  lists that `list_families.py` or `collect_structures.py` made

Where seeds disagree the weights lack crystals like it; where they agree, another label is likely
to say what is known. The price of a crystal is its cost over the mean squared spread of the seeds'
totals, in units of their largest value.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path

import numpy as np
from collect_structures import cost
from pymatgen.core import Structure

import deepdos_nb as dd
from deepdos_nb.core.files import replacing

OVERHEAD = 3.0
"""Seconds that a calculation takes beside those that grow with the crystal."""

AT_ONCE = 64


def spreads(crystals: list[Structure]) -> list[float]:
    """Mean variance of the seeds' totals over the square of their mean's maximum."""
    model = dd.load_model("edos", device="cpu")
    found = []
    for start in range(0, len(crystals), AT_ONCE):
        for spectrum in model.predict_many(crystals[start : start + AT_ONCE]):
            variance = spectrum.members.var(axis=0, ddof=1).mean()
            found.append(float(variance / spectrum.total.max() ** 2))
        model.forget_drafts()
        print(f"{len(found)} of {len(crystals)}", file=sys.stderr, flush=True)
    return found


def main(out: str, *lists: str) -> None:
    warnings.simplefilter("ignore")
    lines = [line for path in lists for line in Path(path).read_text("utf-8").splitlines()]
    entries = {entry["name"]: entry for entry in map(json.loads, lines)}
    crystals = [Structure.from_dict(entry["structure"]) for entry in entries.values()]
    seconds = np.array([cost(crystal) for crystal in crystals]) + OVERHEAD
    order = np.argsort(seconds / np.array(spreads(crystals)), kind="stable")
    chosen = [list(entries.values())[i] for i in order]
    with replacing(out) as part, part.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(entry) + "\n" for entry in chosen)


if __name__ == "__main__":
    main(*sys.argv[1:])
