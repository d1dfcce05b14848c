"""A small notebook with parameters, for sweeps that take seconds."""

from __future__ import annotations

from pathlib import Path

import nbformat

PARAMETERS = """\
width = 2.0  # (0, 10] of the peak, in eV
seed = 0  # [0, inf) of the noise
kind = "phdos"  # {"phdos", "edos"} of spectrum
fail = False  # on purpose
weights = [1.0]  # [0, 1] of the parts
strides: list[int] = []  # [1, 8] of the steps; the usual ones if empty
"""
BODY = """\
import numpy as np
from pathlib import Path
from deepdos_nb.sweeps.results import publish

with Path(LOG).open("a") as log:
    log.write(f"{width} {seed}\\n")
if fail:
    raise ValueError("this was asked for")
noise = np.random.default_rng(seed).normal()
publish({"height": 1 / width + 1e-3 * noise, "unknown": float("nan")})
"""
CHECK = "from deepdos_nb.sweeps.parameters import check_parameters\n\ncheck_parameters()"


def write_notebook(folder: Path, *, body: str = BODY, checked: bool = True) -> Path:
    """The notebook in a folder, with a log beside it of what ran."""
    new = nbformat.v4
    cells = [new.new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]})]
    if checked:
        cells.append(new.new_code_cell(CHECK))
    cells.append(new.new_code_cell(body.replace("LOG", repr(str(folder / "log.txt")))))
    path = folder / "peak.ipynb"
    language = {"language_info": {"name": "python"}}
    nbformat.write(new.new_notebook(cells=cells, metadata=language), path)
    return path


def ran(folder: Path) -> list[str]:
    """What ran, in order."""
    log = folder / "log.txt"
    return log.read_text().splitlines() if log.exists() else []
