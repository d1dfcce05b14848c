"""Kill commands at random moments, resume them, and compare with an undisturbed run.

    python scripts/faults.py                   every command, 20 kills each
    python scripts/faults.py sweep --kills 5   one of them

A try begins in an empty folder, is killed (SIGKILL) at a moment drawn over the time in which the
undisturbed run wrote, and starts again at once with the same command, which may be killed too. It
passes where the last run ends well, the result equals the undisturbed one, and no temporary file is
left.

To add a command: a subclass of `Fault`, and its name in `FAULTS`.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from deepdos_nb.core.markdown import markdown_table

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "tests"))

TEMPORARY = (".*.part", ".claims", "*.tmp")
AGAIN = 1 / 3
"""How often a run that resumes is killed as well."""


class Fault:
    """A command that may be killed: how it is started, and what it should leave behind."""

    name = ""

    def prepare(self, folder: Path) -> None:
        """Write what the command needs."""

    def command(self, folder: Path) -> list[str]:
        """What to start; its results go below ``folder / "out"``."""
        raise NotImplementedError

    def result(self, folder: Path) -> Any:
        """What is compared with `==`, read back from the files."""
        raise NotImplementedError

    def run(self, folder: Path, kill_after: float | None = None) -> tuple[bool, float]:
        """Start the command; whether it was killed while it ran, and how long it wrote.

        Both times count from the first change below `out`: loading takes longer than the work, and
        there is nothing to be broken meanwhile.

        Raises
        ------
        RuntimeError
            If it fails by itself.
        """
        scratch = folder / "tmp"
        scratch.mkdir(exist_ok=True)
        env = os.environ | {
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")]),
            "TMPDIR": str(scratch),
            "OMP_NUM_THREADS": "1",
        }
        before = written(folder / "out")
        with (folder / "log.txt").open("ab") as log:
            process = subprocess.Popen(
                self.command(folder), cwd=folder, env=env, stdout=log, stderr=log
            )
            while process.poll() is None and written(folder / "out") == before:
                time.sleep(0.002)
            begin = time.monotonic()
            try:
                code = process.wait(timeout=kill_after)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                return True, time.monotonic() - begin
        if code:
            raise RuntimeError(f"ended with {code}: {(folder / 'log.txt').read_text()[-2000:]}")
        return False, time.monotonic() - begin

    def left(self, folder: Path) -> list[str]:
        """Temporary files in the results, and folders of ours among the system's."""
        found = [p for kind in TEMPORARY for p in (folder / "out").rglob(kind)]
        return [str(p.relative_to(folder)) for p in [*found, *(folder / "tmp").glob("deepdos-*")]]


def written(folder: Path) -> dict[Path, int]:
    """When every file of a folder was written."""
    found = {}
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):  # renamed just now
            found[path] = path.stat().st_mtime_ns
    return found


class SweepFault(Fault):
    """`deepdos sweep` of a small notebook, one run after the other."""

    name = "sweep"

    def prepare(self, folder: Path) -> None:
        """A notebook of a second and its grid."""
        from sweep_notebook import write_notebook

        write_notebook(folder)
        (folder / "grid.yaml").write_text("notebook: peak.ipynb\ngrid:\n  width: [1.0, 2.0, 3.0]\n")

    def command(self, folder: Path) -> list[str]:
        """The command as typed."""
        code = "from deepdos_nb.cli import app; app()"
        return [sys.executable, "-c", code, "sweep", "grid.yaml", "--out", "out"]

    def result(self, folder: Path) -> Any:
        """The table, exactly."""
        from deepdos_nb.sweeps.report import Sweep

        sweep = Sweep(folder / "out")
        return sweep.table().to_csv(), sweep.runs()["state"].tolist()


# The engine takes seconds to load and is not always there: a stand-in takes its place.
LABELLING = """
import sys, time
from crystals import mgo
from labels import made_up
from deepdos_nb.core.errors import LabelError
from deepdos_nb.core.processes import temporary_folder
from deepdos_nb.data import label_folder
from deepdos_nb.labelling import queue
from deepdos_nb.labelling.jobs import Job

def compute(job, kind, settings, *, time_limit=None, server=None):
    with temporary_folder("deepdos-label"):
        time.sleep(0.05)
    if job.name == "c7":
        raise LabelError("did not converge.", source=job.name)
    return made_up(job.name, structure=job.structure)

queue.compute, queue.engine = compute, lambda kind: "none"
label_folder.SHARD_SIZE = queue.SHARD_SIZE = 5
salt = mgo()
queue.label_many([Job(f"c{i}", salt) for i in range(24)], "out", "edos")
"""


class LabelFault(Fault):
    """`deepdos label` of two dozen crystals, gathered by five, one of which fails."""

    name = "label"

    def command(self, folder: Path) -> list[str]:
        """The queue, with a stand-in for the engine."""
        return [sys.executable, "-c", LABELLING]

    def result(self, folder: Path) -> Any:
        """Every label's states and facts, failures, and nothing twice."""
        from deepdos_nb.data.label_folder import Folder

        labels = list(Folder(folder / "out").labels())
        found = {x.name: (np.asarray(x.states).tobytes(), str(x.facts)) for x in labels}
        return sorted(found.items()), len(labels), Folder(folder / "out").failures()


# A network that has learnt nothing is quicker, and as exact.
SCREENING = """
from crystals import rocksalt
from networks import random_model
import deepdos_nb as dd

model = dd.Ensemble([random_model("phdos", 0)], device="cpu")
salts = [(f"salt {i}", rocksalt("Na", "Cl", 5.4 + 0.01 * i)) for i in range(48)]
dd.screen(salts, model=model, out="out", shard=4)
"""


class ScreenFault(Fault):
    """`deepdos screen` of four dozen salts into a dozen shards."""

    name = "screen"

    def command(self, folder: Path) -> list[str]:
        """The call behind the command, with a small network."""
        return [sys.executable, "-c", SCREENING]

    def result(self, folder: Path) -> Any:
        """Every file, byte by byte."""
        return {path.name: path.read_bytes() for path in (folder / "out").iterdir()}


TRAINING = """
from pathlib import Path
from tiny_training import read_data, run

run(read_data(Path.cwd()), Path("out"))
"""


class TrainFault(Fault):
    """`deepdos train` of a tiny network, its state kept after every step."""

    name = "train"

    def prepare(self, folder: Path) -> None:
        """Eight crystals with spectra."""
        from tiny_training import write_data

        write_data(folder)

    def command(self, folder: Path) -> list[str]:
        """The call behind the command."""
        return [sys.executable, "-c", TRAINING]

    def result(self, folder: Path) -> Any:
        """Weights and history, byte by byte, and the names of all files."""
        from tiny_training import left_behind

        out = folder / "out"
        return left_behind(out), sorted(path.name for path in out.iterdir())


FAULTS: dict[str, type[Fault]] = {
    kind.name: kind for kind in (SweepFault, LabelFault, ScreenFault, TrainFault)
}


def try_faults(fault: Fault, kills: int, seed: int = 0) -> dict[str, Any]:
    """Kill a command so many times while it runs; how many tries that took, and what went wrong."""
    moments = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="faults-") as place:
        folder = Path(place, "undisturbed")
        folder.mkdir()
        fault.prepare(folder)
        _, seconds = fault.run(folder)
        wanted = fault.result(folder)
        wrong: list[str] = [f"undisturbed: left {name}" for name in fault.left(folder)]
        tries, hit = 0, 0
        while hit < kills and len(wrong) < kills:
            tries += 1
            folder = Path(place, str(tries))
            folder.mkdir()
            fault.prepare(folder)
            try:
                killed, took = fault.run(folder, kill_after=moments.uniform(0.0, seconds))
                if not killed:
                    seconds = took  # a machine that was busy at first is less so now
                while killed:
                    hit += 1
                    again = moments.random() < AGAIN
                    after = moments.uniform(0.0, seconds) if again else None
                    killed, _ = fault.run(folder, kill_after=after)
                if fault.result(folder) != wanted:
                    wrong.append(f"try {tries}: another result")
                wrong += [f"try {tries}: left {name}" for name in fault.left(folder)]
            except Exception as error:
                wrong.append(f"try {tries}: {type(error).__name__}: {error}")
            print(f"{fault.name}: try {tries}, {hit} kills, {len(wrong)} failures", flush=True)
    return {
        "command": fault.name,
        "tries": tries,
        "killed while it ran": hit,
        "failures": len(wrong),
        "wrong": wrong,
    }


def main() -> int:
    """Try what the command line names; exit code 1 where anything went wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("commands", nargs="*", help=", ".join(FAULTS))
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rows = []
    for name in options.commands or FAULTS:
        tried = try_faults(FAULTS[name](), options.kills, options.seed)
        for line in tried.pop("wrong"):
            print(f"{name}: {line}", flush=True)
        rows.append(tried)
        print(f"{name}: {tried['failures']} failures in {tried['tries']} tries", flush=True)
    print("\n" + markdown_table(list(rows[0]), [tuple(row.values()) for row in rows]))
    return int(any(row["failures"] for row in rows))


if __name__ == "__main__":
    sys.exit(main())
