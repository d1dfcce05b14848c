"""One calculation in a process of its own: `python -m deepdos_nb.data.reference.worker JOB OUT`.

A calculation that crashes, hangs or eats the memory then takes nothing else with it.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

from deepdos_nb.errors import DeepDOSError


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Do the calculation a job describes; arrays and plain values, ready for `numpy.savez`."""
    from pymatgen.core import Structure

    structure = Structure.from_dict(job["structure"])
    if job["kind"] == "edos":
        from deepdos_nb.data.reference.electrons import ElectronSettings, electron_dos

        label = electron_dos(structure, ElectronSettings(**job["settings"]), log=job.get("log"))
        facts = {
            "zero": label.zero,
            "gap": label.gap,
            "electrons": label.electrons,
            "integral": label.integral,
            "magnetization": label.magnetization,
            "seconds": label.seconds,
            "settings": label.details,
        }
        cell = structure
        states = label.states
    else:
        from deepdos_nb.data.reference.phonons import PhononSettings, phonon_dos

        modes = phonon_dos(structure, PhononSettings(**job["settings"]))
        facts = {
            "imaginary": modes.imaginary,
            "highest": modes.highest,
            "seconds": modes.seconds,
            "settings": modes.details,
        }
        cell, states, label = modes.structure, modes.states, modes
    return {
        "lattice": cell.lattice.matrix,
        "numbers": np.array(cell.atomic_numbers),
        "frac": cell.frac_coords,
        "orbits": label.orbits,
        "states": states,
        "facts": json.dumps(facts),
    }


def main(job_file: str, out_file: str) -> int:
    """Run the job of a file; exit code 3 and one line on stderr for a calculation that failed."""
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
