"""One calculation in a process of its own.

    python -m deepdos_nb.labelling.worker JOB OUT
    python -m deepdos_nb.labelling.worker --serve KIND

A calculation that crashes, hangs or eats the memory then takes nothing else with it. The second
form loads the engine once, reads lines [job, out, errors] and forks for each: it answers with the
process's number, and when that has ended with its exit code.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import DeepDOSError
from deepdos_nb.core.files import write_arrays
from deepdos_nb.core.processes import end_with


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Do the calculation a job describes; arrays and plain values, ready for `numpy.savez`."""
    from pymatgen.core import Structure

    structure = Structure.from_dict(job["structure"])
    if job["kind"] == "edos":
        from deepdos_nb.labelling.gpaw import ElectronSettings, electron_dos

        electrons = electron_dos(structure, ElectronSettings(**job["settings"]), log=job.get("log"))
        facts = {
            "zero": electrons.zero,
            "gap": electrons.gap,
            "electrons": electrons.electrons,
            "integral": electrons.integral,
            "magnetization": electrons.magnetization,
            "seconds": electrons.seconds,
            "settings": electrons.details,
        }
        return _arrays(structure, electrons.orbits, electrons.states, facts)
    from deepdos_nb.labelling.sevennet import PhononSettings, phonon_dos

    phonons = phonon_dos(structure, PhononSettings(**job["settings"]), log=job.get("log"))
    facts = {
        "imaginary": phonons.imaginary,
        "highest": phonons.highest,
        "seconds": phonons.seconds,
        "settings": phonons.details,
    }
    return _arrays(phonons.structure, phonons.orbits, phonons.states, facts)


def _arrays(cell: Any, orbits: Array, states: Array, facts: dict[str, Any]) -> dict[str, Any]:
    return {
        "lattice": cell.lattice.matrix,
        "numbers": np.array(cell.atomic_numbers),
        "frac": cell.frac_coords,
        "orbits": orbits,
        "states": states,
        "facts": json.dumps(facts),
    }


def main(job_file: str, out_file: str) -> int:
    """Run the job of a file; exit code 3 and one line on stderr for a calculation that failed."""
    end_with(os.getppid())
    job = json.loads(Path(job_file).read_text("utf-8"))
    try:
        result = run(job)
    except DeepDOSError as error:
        print(" ".join(error.reason.split()), file=sys.stderr)
        return 3
    write_arrays(out_file, result)
    return 0


def serve(kind: str) -> int:
    """Fork for every job that comes in, until the input ends."""
    end_with(os.getppid())
    preload(kind)
    for line in sys.stdin:
        job_file, out_file, error_file = json.loads(line)
        child = os.fork()
        if child == 0:
            code = 1
            try:
                # What an engine prints must not reach whoever reads the server's answers.
                sys.stdin.close()
                target = os.open(error_file, os.O_WRONLY | os.O_CREAT, 0o600)
                os.dup2(target, 1)
                os.dup2(target, 2)
                code = main(job_file, out_file)
            except BaseException:  # a forked process must never return into the server's loop
                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(code)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
    return 0


def preload(kind: str) -> None:
    """Import what every calculation of a kind needs; what is missing, the calculation reports."""
    with suppress(ImportError, DeepDOSError):
        if kind == "edos":
            for name in ("gpaw.new.pw.builder", f"{__package__}.gpaw"):
                import_module(name)
        else:
            from deepdos_nb.labelling.sevennet import PhononSettings, potential

            potential(PhononSettings().model)


if __name__ == "__main__":
    arguments = sys.argv[1:]
    sys.exit(serve(arguments[1]) if arguments[0] == "--serve" else main(*arguments))
