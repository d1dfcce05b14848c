"""Validate the reference labels: `python scripts/validate_labels.py FOLDER [PHONONDB]`.

Computes what is missing in FOLDER (about half an hour on one core; resumable), compares the shipped
phonon labels with a phonondb folder where one is given, and writes
`deepdos_nb/data/embedded/validation.json`, which the validation notebook shows.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from deepdos_nb.core.files import write_text
from deepdos_nb.data.label_folder import Folder
from deepdos_nb.data.label_shards import read_shard
from deepdos_nb.data.sources.phonondb import load_phonondb
from deepdos_nb.labelling.queue import Outcome, label_many
from deepdos_nb.labelling.validation import (
    electron_jobs,
    frequency_ratios,
    phonon_jobs,
    summarise,
)

OUT = Path(__file__).parents[1] / "deepdos_nb" / "data" / "embedded" / "validation.json"


def say(outcome: Outcome) -> None:
    print(outcome.name, outcome.reason or f"{outcome.seconds:.1f} s", flush=True)


def main(folder: str, phonondb: str = "") -> None:
    home = Path(folder)
    for job, settings in electron_jobs():
        label_many([job], home / "edos", "edos", settings, report=say)
    label_many(phonon_jobs(), home / "phdos", "phdos", report=say)
    electrons = {label.name: label for label in Folder(home / "edos").labels()}
    phonons = {label.name: label for label in Folder(home / "phdos").labels()}
    results = summarise(electrons.__getitem__, phonons.__getitem__)
    if phonondb:
        shards = sorted((OUT.parent / "phdos").glob("shard-*.npz"))
        shipped = (label for path in shards for label in read_shard(path))
        results["frequencies"] = frequency_ratios(shipped, load_phonondb(phonondb))
    elif OUT.exists():
        results["frequencies"] = json.loads(OUT.read_text("utf-8"))["frequencies"]
    text = json.dumps(results, indent=1, ensure_ascii=False)
    write_text(OUT, text + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
