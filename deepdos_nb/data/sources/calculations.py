"""Results of calculations as their programs leave them: VASP, phonopy, and pymatgen's JSON.

One material is a file or a folder, whose name without its ending is the material's name:

    MgO.json               a density of states of pymatgen: Dos, CompleteDos, PhononDos or
                           CompletePhononDos; the two that are not complete want MgO.cif beside them
    MgO.xml, MgO/vasprun.xml (or .xml.gz)
                           VASP; with LORBIT the projections too
    MgO/projected_dos.dat or total_dos.dat
                           phonopy's densities, with a phonopy YAML file for the cell
    MgO/phonopy_params.yaml
                           forces, from which phonopy makes the densities
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from deepdos_nb.core.errors import DataError
from deepdos_nb.core.grids import Kind
from deepdos_nb.core.nesting import parse_json
from deepdos_nb.data.records import Record
from deepdos_nb.data.sources.electron_results import VASPRUNS, electron_record
from deepdos_nb.data.sources.phonon_results import DENSITIES, FORCES, phonon_record
from deepdos_nb.data.sources.results import Calculation
from deepdos_nb.data.stores import Entry, MemoryStore

JSON_CLASSES = ("Dos", "CompleteDos", "PhononDos", "CompletePhononDos")

Reader = Callable[["Calculation", float | None], Record]


def find_calculations(folder: Path, structures: dict[str, Path]) -> list[Calculation]:
    """Calculations of a folder, by name.

    Parameters
    ----------
    folder : path
    structures : dict
        Structure files there, by name.
    """
    found = []
    for path in sorted(folder.iterdir()):
        name = path.name.removesuffix(".gz")
        name = name.rpartition(".")[0] if path.is_file() else name
        kind = _kind(path)
        if kind is not None:
            found.append(Calculation(name, path, kind, structures.get(name)))
    return found


def _kind(path: Path) -> Kind | None:
    """Kind of spectrum that a file or folder holds; None for anything else."""
    if path.is_dir():
        if any((path / name).is_file() for name in VASPRUNS):
            return Kind.edos
        phonons = (*DENSITIES, *FORCES)
        return Kind.phdos if any((path / name).is_file() for name in phonons) else None
    if path.name.endswith((".xml", ".xml.gz")):
        return Kind.edos
    if path.suffix == ".json":
        name = _json_class(path)
        return None if name is None else Kind.phdos if "Phonon" in name else Kind.edos
    return None


def read_calculation(
    found: Calculation,
    *,
    source: str,
    broadening: float | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> Record:
    """The record of one calculation.

    Parameters
    ----------
    found : Calculation
    source : str
        Data set it belongs to.
    broadening : float, optional
        Standard deviation of the Gaussian applied, in the grid's unit; without it that of our own
        labels for electrons, and none for phonons.
    provenance : mapping, optional
        "method", "licence", … where known, and whatever else shall be recorded.

    Raises
    ------
    DataError
        If a file is missing or malformed, or does not cover the window.
    """
    readers: dict[bool, Reader] = {True: electron_record, False: phonon_record}
    try:
        with warnings.catch_warnings():
            # Parsers warn of what does not matter here, such as a missing POTCAR.
            warnings.filterwarnings("ignore", module="pymatgen")
            record = readers[found.kind is Kind.edos](found, broadening)
    except DataError as error:
        if error.source == str(found.path):
            raise
        raise DataError(error.reason, source=str(found.path), remedy=error.remedy) from error
    except Exception as error:  # parsers raise many kinds on malformed files
        raise DataError(
            f"cannot be read ({type(error).__name__}: {error}).",
            source=str(found.path),
            remedy="Make it again, or take it out of the folder.",
        ) from error
    known = {**record.provenance, **(provenance or {})}
    return replace(record, material_id=found.name, source=source, provenance=known)


class CalculationStore:
    """The records of calculations; all are read for the index, and stay in memory.

    Parameters
    ----------
    found : sequence of Calculation
    source : str
    broadening : float, optional
        See `read_calculation`.
    facts : mapping
        Provenance by name of the material.
    """

    def __init__(
        self,
        found: Sequence[Calculation],
        source: str,
        *,
        broadening: float | None = None,
        facts: Mapping[str, Mapping[str, Any]] | None = None,
    ):
        self.found, self.source, self.broadening = list(found), source, broadening
        self.facts = facts or {}
        self._records: list[Record] = []

    def entries(self) -> Iterator[Entry]:
        """Index of the records, in the order of their names."""
        self._records = [
            read_calculation(
                one,
                source=self.source,
                broadening=self.broadening,
                provenance=self.facts.get(one.name),
            )
            for one in self.found
        ]
        yield from MemoryStore(self._records).entries()

    def read(self, row: int) -> Record:
        """The record of one row."""
        return self._records[row]


def _json_class(path: Path) -> str | None:
    """Class that pymatgen wrote a JSON file of; None for any other JSON."""
    try:
        name = parse_json(path.read_text("utf-8")).get("@class")
    except (OSError, ValueError, AttributeError):
        return None
    return name if name in JSON_CLASSES else None
