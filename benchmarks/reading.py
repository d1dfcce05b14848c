"""CPU time of reading 1,000 ordinary CIFs, as a ratio to another checkout of this package.

    python benchmarks/reading.py --against ../old-checkout

Half of the files are written as P 1, half with the symmetry of the crystal. Both checkouts read the
same files in interpreters of their own, in turn; structures that differ are counted too.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np

ROUNDS = 3
FILES = 1000


def write_files(folder: Path, many: int) -> None:
    """The examples, and embedded crystals written by pymatgen."""
    from pymatgen.io.cif import CifWriter

    from deepdos_nb.crystal.read import examples
    from deepdos_nb.data.sources.embedded import load_embedded

    warnings.simplefilter("ignore")
    texts = [path.read_text("utf-8") for path in examples().values()]
    records = [r for part in load_embedded("edos").values() for r in part]
    for i, record in enumerate(records[: many - len(texts)]):
        symprec = 0.01 if i % 2 else None
        texts.append(str(CifWriter(record.structure, symprec=symprec)))
    for i, text in enumerate(texts):
        (folder / f"{i:04d}.cif").write_text(text, encoding="utf-8")


def read_all(folder: Path, out: Path) -> None:
    """Read every file with whichever package is imported; write the time and the structures."""
    from deepdos_nb import read_structure  # older checkouts keep it elsewhere

    files = sorted(folder.glob("*.cif"))
    for file in files[:20]:
        read_structure(file)
    start = time.process_time()
    found = [read_structure(file) for file in files]
    seconds = time.process_time() - start
    tables = [
        [s.lattice.matrix.tolist(), list(s.atomic_numbers), s.frac_coords.tolist()] for s in found
    ]
    out.write_text(json.dumps([seconds, tables]), encoding="utf-8")


def timed(checkout: Path, folder: Path) -> tuple[float, list[list[list[float]]]]:
    with tempfile.TemporaryDirectory() as place:
        out = Path(place) / "answer.json"
        subprocess.run(
            [sys.executable, str(Path(__file__).resolve()), "--read", str(folder), str(out)],
            env=os.environ | {"PYTHONPATH": str(checkout), "OMP_NUM_THREADS": "1"},
            check=True,
        )
        seconds, tables = json.loads(out.read_text("utf-8"))
    return seconds, tables


def differing(ours: list[list[list[float]]], theirs: list[list[list[float]]]) -> list[int]:
    """Files whose cells, elements, or positions differ by more than 1e-7, order included."""
    return [
        i
        for i, (a, b) in enumerate(zip(ours, theirs, strict=True))
        if any(
            np.shape(x) != np.shape(y) or not np.allclose(x, y, rtol=0, atol=1e-7)
            for x, y in zip(a, b, strict=True)
        )
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--against", type=Path, help="another checkout of this package")
    parser.add_argument("--out", type=Path, help="folder for reading.txt")
    parser.add_argument("--files", type=int, default=FILES)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--read", nargs=2, type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.read:
        read_all(*options.read)
        return
    here = Path(__file__).resolve().parents[1]
    checkouts = [here, *([options.against.resolve()] if options.against else [])]
    with tempfile.TemporaryDirectory() as place:
        write_files(Path(place), options.files)
        rounds = [[timed(c, Path(place)) for c in checkouts] for _ in range(options.rounds)]
    said = (
        f"{options.files} files: {statistics.median(r[0][0] for r in rounds):.2f} s of one core\n"
    )
    if options.against:
        ratio = statistics.median(r[0][0] / r[1][0] for r in rounds)
        wrong = differing(rounds[0][0][1], rounds[0][1][1])
        said += f"ratio to {options.against}: {ratio:.2f}; structures that differ: {wrong}\n"
    print(said, end="")
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "reading.txt").write_text(said, encoding="utf-8")


if __name__ == "__main__":
    main()
