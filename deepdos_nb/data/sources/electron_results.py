"""Electronic densities of states as VASP and pymatgen leave them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from deepdos_nb.core.errors import DataError
from deepdos_nb.core.grids import Kind
from deepdos_nb.data.labelled import to_record
from deepdos_nb.data.records import Record
from deepdos_nb.data.sources.curve_records import curve_record
from deepdos_nb.data.sources.curve_tables import Curve
from deepdos_nb.data.sources.materials_project import BROADENING, label_of, zero_of
from deepdos_nb.data.sources.results import Calculation, from_json, structure_of

VASPRUNS = ("vasprun.xml", "vasprun.xml.gz")


def electron_record(found: Calculation, broadening: float | None) -> Record:
    """Energies count from the valence-band maximum, or from E_F without a gap, see `zero_of`."""
    width = BROADENING if broadening is None else broadening
    if found.path.suffix == ".json":
        dos, method = from_json(found.path), "electronic density of states (pymatgen)"
    else:
        dos, method = _vasprun(found.path), "VASP"
    if getattr(dos, "pdos", None):
        label = label_of(dos, found.name, broadening=width, facts={"engine": method})
        told = ("name", "kind", "engine", "zero", "gap", "settings")
        facts = {k: label.facts[k] for k in told} | {"method": method}
        return to_record(replace(label, facts=facts), found.name)
    energies = np.asarray(dos.energies, dtype=float)
    total = np.clip(np.sum([np.asarray(d) for d in dos.densities.values()], axis=0), 0.0, None)
    zero, level, gap = zero_of(energies, total, float(dos.efermi))
    return curve_record(
        found.name,
        structure_of(found, dos),
        Curve(energies - level, "eV", total),
        Kind.edos,
        "eV",
        source=found.name,
        broadening=width,
        provenance={"method": method, "zero": zero, "gap": gap},
    )


def _vasprun(path: Path) -> Any:
    from pymatgen.io.vasp import Vasprun

    file = next((path / n for n in VASPRUNS if (path / n).is_file()), path)
    run = Vasprun(
        str(file), parse_eigen=False, parse_projected_eigen=False, parse_potcar_file=False
    )
    if not run.converged_electronic:
        raise DataError("the calculation is not converged.", source=str(file))
    return run.complete_dos if getattr(run, "pdos", None) else _bare(run)


def _bare(run: Any) -> Any:
    """The total of a run without projections, with its structure."""
    run.tdos.structure = run.final_structure
    return run.tdos
