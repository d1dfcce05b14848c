"""Formulas the phonon weights know from elsewhere: `known_formulas.py PETRETTO PHONONDB`.

The embedded phonons are divided by formula, but the shipped weights learnt from other sets. What of
the validation and the test part they have met there is listed beside the labels, so that no view
calls it a test.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from deepdos_nb.core.files import write_text
from deepdos_nb.core.grids import Kind
from deepdos_nb.data.sources.embedded import KNOWN, embedded_store
from deepdos_nb.data.splits import part_of
from deepdos_nb.data.training_sets import phonon_data

HOME = Path(__file__).parents[1] / "deepdos_nb" / "data" / "embedded" / Kind.phdos


def main(petretto: str, phonondb: str) -> None:
    trained = {r.formula for r in phonon_data(petretto, phonondb).train}
    asked = {e.formula for e in embedded_store(Kind.phdos).entries() if part_of(e) != "train"}
    write_text(HOME / KNOWN, json.dumps(sorted(asked & trained), indent=0) + "\n")
    print(f"{len(asked & trained)} of {len(asked)} formulas")


if __name__ == "__main__":
    main(*sys.argv[1:])
