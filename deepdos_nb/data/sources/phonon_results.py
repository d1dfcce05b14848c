"""Phonon densities of states as phonopy and pymatgen leave them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import DataError
from deepdos_nb.core.grids import Kind
from deepdos_nb.data.labelled import to_record
from deepdos_nb.data.records import Record
from deepdos_nb.data.sources.curve_records import curve_record
from deepdos_nb.data.sources.curve_tables import Curve
from deepdos_nb.data.sources.phonondb_archive import YAMLS, read_archive
from deepdos_nb.data.sources.results import Calculation, from_json, structure_of

if TYPE_CHECKING:
    from pymatgen.core import Structure

DENSITIES = ("projected_dos.dat", "total_dos.dat")
FORCES = ("phonopy_params.yaml", "phonopy_params.yaml.xz")


def phonon_record(found: Calculation, broadening: float | None) -> Record:
    """From densities where there are some, else from forces, by phonopy."""
    path, width = found.path, broadening or 0.0
    if path.is_dir() and not any((path / name).is_file() for name in DENSITIES):
        return to_record(read_archive(path), found.name)
    if path.is_dir():
        structure, curve = _phonopy(path)
    else:
        dos = from_json(path)
        structure = structure_of(found, dos)
        curve = Curve(np.asarray(dos.frequencies, float), "THz", np.asarray(dos.densities))
        if pdos := getattr(dos, "pdos", None):
            rows = [np.asarray(pdos[site]) for site in dos.structure]
            curve.sites = _by_site(structure, rows)
    return curve_record(
        found.name,
        structure,
        curve,
        Kind.phdos,
        "THz",
        source=found.name,
        broadening=width,
        provenance={"method": "phonon density of states"},
    )


def _phonopy(folder: Path) -> tuple[Structure, Curve]:
    """Cell and densities of a folder in which phonopy has run; energies in THz."""
    from pymatgen.core import Structure
    from pymatgen.core.lattice import Lattice

    file = next(folder / name for name in DENSITIES if (folder / name).is_file())
    table = np.loadtxt(file, ndmin=2)
    energies, rows = table[:, 0], table[:, 1:].T
    cells = _phonopy_cells(folder)
    projected = file.name == DENSITIES[0]
    cell = next((c for c in cells if not projected or len(c["numbers"]) == len(rows)), None)
    if cell is None:
        raise DataError(
            f"{len(rows)} columns, but the cell has {len(cells[0]['numbers'])} atoms.",
            source=str(file),
            remedy="Write one column an atom: without PDOS groups in phonopy's settings.",
        )
    structure = Structure(Lattice(cell["lattice"]), cell["numbers"], cell["frac"])
    if not projected:
        return structure, Curve(energies, "THz", rows[0])
    return structure, Curve(energies, "THz", rows.sum(axis=0), _by_site(structure, list(rows)))


def _by_site(structure: Structure, rows: Iterable[Array]) -> dict[int, tuple[str, Array]]:
    symbols = [site.specie.symbol for site in structure]
    return dict(enumerate(zip(symbols, rows, strict=True)))


def _phonopy_cells(folder: Path) -> list[dict[str, Any]]:
    """Primitive and unit cell of the first phonopy YAML file."""
    file = next((folder / name for name in YAMLS if (folder / name).is_file()), None)
    if file is None:
        raise DataError(
            "there is no phonopy YAML file with the cell.",
            source=str(folder),
            remedy=f"Put {YAMLS[2]} beside the densities.",
        )
    try:
        from phonopy.interface.phonopy_yaml import PhonopyYaml
    except ImportError:
        raise DataError(
            "phonopy is not installed.", source=str(file), remedy="Run `pip install phonopy`."
        ) from None
    content = PhonopyYaml()
    content.read(str(file))
    cells = [c for c in (content.primitive, content.unitcell) if c is not None]
    return [
        {"lattice": c.cell, "numbers": c.numbers.tolist(), "frac": c.scaled_positions}
        for c in cells
    ]
