"""One calculation in a process of its own: `python -m deepdos_nb.data.reference.worker JOB OUT`.

A calculation that crashes, hangs or eats the memory then takes nothing else with it.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

from deepdos_nb.arrays import Array
from deepdos_nb.errors import DeepDOSError


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Do the calculation a job describes; arrays and plain values, ready for `numpy.savez`."""
    from pymatgen.core import Structure

    structure = Structure.from_dict(job["structure"])
    if job["kind"] == "edos":
        from deepdos_nb.data.reference.electrons import ElectronSettings, electron_dos

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
    from deepdos_nb.data.reference.phonons import PhononSettings, phonon_dos

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


def end_with(parent: int) -> None:
    """End this process soon after the one that started it is gone, killed perhaps."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(4)

    threading.Thread(target=watch, daemon=True).start()


def main(job_file: str, out_file: str) -> int:
    """Run the job of a file; exit code 3 and one line on stderr for a calculation that failed."""
    end_with(os.getppid())
    job = json.loads(Path(job_file).read_text("utf-8"))
    try:
        result = run(job)
    except DeepDOSError as error:
        print(error.reason, file=sys.stderr)
        return 3
    part = Path(out_file + ".part")
    with part.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **result)
    os.replace(part, out_file)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
