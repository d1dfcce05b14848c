"""How fast a screen is, where its time goes, and whether its memory stays flat.

    python benchmarks/screening.py --count 10000 --kind phdos --out FOLDER

Writes so many crystals into a list (the embedded ones, and others made of them by exchanging
elements), screens a tenth of it and all of it, each by the command in a process of its own, and
writes a table to FOLDER/screening_KIND.md: crystals for each second of CPU, start included and not,
and the largest resident memory. CPU seconds, because others may be using the machine.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from pkgutil import resolve_name
from typing import Any
from unittest import mock

os.environ.setdefault("OMP_NUM_THREADS", "1")

import deepdos_nb as dd
from deepdos_nb.core.grids import Kind
from deepdos_nb.core.markdown import markdown_table
from deepdos_nb.screening.shards import Settings, fingerprint, in_shards, make_shard
from deepdos_nb.screening.sources import stream

STAGES = (
    ("reading and checking", "deepdos_nb.screening.items.Item.read_or_reason"),
    ("neighbours (graph)", "deepdos_nb.physics.model_input.build_graph"),
    ("symmetry search", "deepdos_nb.physics.model_input.primitive_cell"),
    ("drafts", "deepdos_nb.physics.model_input.draft_spectra"),
    ("networks, all seeds", "deepdos_nb.inference.ensemble.Ensemble._run"),
    ("rows and parquet", "deepdos_nb.screening.shards.rows"),
)
"""What is timed, and by which name it is called; none of them calls another."""


def write_list(path: Path, count: int, exchange: int = 12) -> float:
    """The first `count` crystals as JSON lines; their mean number of atoms."""
    crystals = dd.substituted(["embedded-phdos", "embedded-edos"], exchange)
    atoms = 0
    with gzip.open(path, "wt", compresslevel=1) as file:
        for item in islice(crystals, count):
            atoms += len(item.content)
            line = {"name": item.name, "structure": item.content.as_dict()}
            file.write(json.dumps(line) + "\n")
    return atoms / count


def screened(path: Path, kind: Kind, out: Path, workers: int) -> tuple[float, float, float]:
    """CPU seconds, wall seconds and peak memory (MB) of the command."""
    code = "from deepdos_nb.cli import app; app()"
    options = ["--kind", str(kind), "--out", str(out), "--workers", str(workers), "--quiet"]
    # Its own child, so that the memory of one command is not that of an earlier one.
    watch = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True); "
        "u = resource.getrusage(resource.RUSAGE_CHILDREN); "
        "print(u.ru_utime + u.ru_stime, u.ru_maxrss / 1024)"
    )
    start = time.perf_counter()
    command = [sys.executable, "-c", watch, sys.executable, "-c", code, "screen", str(path)]
    done = subprocess.run([*command, *options], check=True, capture_output=True, text=True)
    cpu, memory = map(float, done.stdout.split()[-2:])
    return cpu, time.perf_counter() - start, memory


@contextmanager
def timers() -> Iterator[dict[str, float]]:
    """Seconds of CPU that each stage takes within the block."""
    seconds = {name: 0.0 for name, _ in STAGES}

    def timed(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            start = time.process_time()
            try:
                return function(*args, **options)
            finally:
                seconds[name] += time.process_time() - start

        return call

    with ExitStack() as patches:
        for name, target in STAGES:
            place, _, attribute = target.rpartition(".")
            owner = resolve_name(place)
            function = getattr(owner, attribute)
            patches.enter_context(mock.patch.object(owner, attribute, timed(name, function)))
        yield seconds


def profile(path: Path, kind: Kind, count: int) -> tuple[list[tuple[str, str, str]], float]:
    """Milliseconds of each stage for one crystal, and of all of them."""
    model = dd.load_model(kind, device="cpu")
    settings = Settings(model.kind, fingerprint(model), 500, count)
    shards = in_shards(stream(path), count)
    _, first = next(shards)
    make_shard(model, settings, "", first[:16])
    with timers() as seconds:
        start = time.process_time()
        make_shard(model, settings, "", first)
        total = time.process_time() - start
    seconds["the rest"] = total - sum(seconds.values())
    each = 1e3 / len(first)
    rows = [(n, f"{each * s:.2f}", f"{100 * s / total:.0f} %") for n, s in seconds.items()]
    return rows, each * total


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--count", type=int, default=1000)
    options.add_argument("--kind", type=Kind, default=Kind.phdos)
    options.add_argument("--workers", type=int, default=1)
    options.add_argument("--out", type=Path, default=Path("out/benchmarks"))
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        one, small, large = (folder / f"{n}.jsonl.gz" for n in ("one", "small", "large"))
        write_list(one, 1)
        write_list(small, given.count // 10)
        atoms = write_list(large, given.count)
        runs = []
        for count, path in ((1, one), (given.count // 10, small), (given.count, large)):
            runs.append((count, *screened(path, given.kind, folder / path.stem, given.workers)))
        start = runs[0][1]
        stages, each = profile(large, given.kind, min(512, given.count))
    table = markdown_table(
        ["crystals", "CPU s", "wall s", "per CPU s", "without the start", "peak memory, MB"],
        [
            (f"{n:,}", f"{cpu:.1f}", f"{wall:.1f}", f"{n / cpu:.1f}",
             f"{n / (cpu - start):.1f}" if n > 1 else "", f"{memory:.0f}")
            for n, cpu, wall, memory in runs
        ],
        left=0,
    )  # fmt: skip
    where = markdown_table(["stage", "ms of CPU a crystal", "share"], stages, left=1)
    load = "/".join(f"{x:.0f}" for x in os.getloadavg())
    text = (
        f"{table}\n\n{given.kind}, {atoms:.1f} atoms a cell on average, {given.workers} worker(s), "
        f"one thread each; load of the machine at the end {load} on {os.cpu_count()} cores.\n\n"
        f"{where}\n\nOne shard in one process, {each:.1f} ms a crystal: "
        f"{1e3 / each:.0f} crystals per core and second.\n"
    )
    print(text)
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / f"screening_{given.kind}.md").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
