"""How much sooner two workers finish a sweep than one, with the same table.

    python benchmarks/sweep.py --out out/benchmarks

Eight runs of a notebook that computes for some seconds on one thread. Serial and parallel are
measured one after the other on this machine, start of the workers included; its load is stated,
since on a machine that others use two workers do not get two cores.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

import nbformat

import deepdos_nb as dd
from deepdos_nb.core.files import write_text

WORK = """\
import time

import numpy as np

from deepdos_nb.sweeps.results import publish

random, begin = np.random.default_rng(seed), time.process_time()
values = []
for _ in range(rounds):
    values.append(np.linalg.eigvalsh(random.normal(size=(200, 200))).max())
publish({"largest": max(values)})
"""


def notebook(folder: Path) -> Path:
    new = nbformat.v4
    declared = "seed = 0  # [0, inf)\nrounds = 1  # [1, inf)"
    cells = [
        new.new_code_cell(declared, metadata={"tags": ["parameters"]}),
        new.new_code_cell(WORK),
    ]
    path = folder / "work.ipynb"
    language = {"language_info": {"name": "python"}}
    nbformat.write(new.new_notebook(cells=cells, metadata=language), path)
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("out/benchmarks"))
    parser.add_argument("--rounds", type=int, default=5000, help="Eigenvalue problems a run.")
    options = parser.parse_args()
    seconds, tables = {}, {}
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as place:
        path = notebook(Path(place))
        for workers in (1, 2):
            begin = time.perf_counter()
            swept = dd.sweep(
                path,
                {"seed": list(range(8))},
                folder=Path(place, str(workers)),
                parameters={"rounds": options.rounds},
                workers=workers,
                progress=False,
            )
            seconds[workers] = round(time.perf_counter() - begin, 1)
            tables[workers] = swept.table()
    found = {
        "runs": 8,
        "serial_seconds": seconds[1],
        "two_workers_seconds": seconds[2],
        "ratio": round(seconds[2] / seconds[1], 3),
        "identical": bool(tables[1].equals(tables[2])),
        "load_before": round(before, 1),
        "cores": os.cpu_count(),
    }
    print(json.dumps(found, indent=1))
    write_text(options.out / "sweep.json", json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
