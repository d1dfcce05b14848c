"""A folder of your own: structure files, and their spectra in CSV files.

    MgO.cif, Si.vasp, …   one crystal each (CIF, or POSCAR with the ending .vasp or .poscar);
                          the name without its ending is the material's name
    spectra.csv           all curves in one table: material, energy, dos; rows sorted by material
    MgO.csv, Si.csv, …    or one file for each crystal, without the column material
    dataset.json          optional: what the columns mean, see `FolderSettings`
    materials.csv         optional: material, gap (eV), zero ("VBM" or "E_F"), shift (subtracted
                          from a table's energies, in their unit), and what else shall be recorded

Results of VASP, phonopy and pymatgen lie beside them or alone, see `calculations`.

Further columns resolve the curve: `site Mg1`, `site O2`, … one for every atom, numbered in the
order of the structure file, or element symbols. The files that ``deepdos predict`` writes are of
this form. Element columns fix the atoms' curves where all atoms of each element are equal by
symmetry; elsewhere only the total is taken.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from deepdos_nb.core.errors import DataError
from deepdos_nb.core.grids import Kind
from deepdos_nb.core.nesting import parse_json
from deepdos_nb.core.resampling import unit_factor
from deepdos_nb.crystal.read import read_structure
from deepdos_nb.crystal.symmetry import symmetry_orbits
from deepdos_nb.data.records import Record
from deepdos_nb.data.sources.calculations import CalculationStore, find_calculations
from deepdos_nb.data.sources.curve_records import curve_record, element_rows
from deepdos_nb.data.sources.curve_tables import Curve, CurveTable, read_curve
from deepdos_nb.data.sources.materials_table import read_materials
from deepdos_nb.data.stores import Entry, Store, entry_of

ENDINGS = (".cif", ".vasp", ".poscar")


@dataclass(frozen=True)
class FolderSettings:
    """What the columns of a folder's tables mean; the keys of its `dataset.json`.

    Parameters
    ----------
    kind : {"edos", "phdos"}, optional
        Without it the energy unit decides: eV, Ry and Ha are electrons, cm⁻¹ and THz phonons.
    energy_unit : str, optional
        eV, meV, Ry, Ha, cm⁻¹ or THz; a unit in the header, as in "energy (eV)", comes first.
    density : {"cell", "atom", "arbitrary"}
        States per energy unit and cell, per energy unit and atom, or without a scale.
    broadening : float
        Standard deviation, in the grid's unit, of a Gaussian to convolve the curves with.
    method, licence : str
        Recorded, and shown in legends.
    """

    kind: Kind | None = None
    energy_unit: str | None = None
    density: Literal["cell", "atom", "arbitrary"] = "cell"
    broadening: float = 0.0
    method: str = ""
    licence: str = ""


class FolderStore:
    """The records of a folder; structures are read for the index, spectra when asked for.

    Parameters
    ----------
    folder : path
    leave : collection of str
        Names of materials that are read from something else than a table.
    facts : mapping, optional
        By name of the material what `materials.csv` says, where somebody has read it already.
    **options
        Override the keys of `dataset.json`.

    Raises
    ------
    DataError
        If there are no structures or no curves, or a structure has no curve or the reverse.
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        leave: Collection[str] = (),
        facts: Mapping[str, Mapping[str, Any]] | None = None,
        **options: Any,
    ):
        self.folder = Path(folder)
        self.source = self.folder.resolve().name
        self.settings = _settings(self.folder / "dataset.json", options)
        files = [path for path in structure_files(self.folder) if path.stem not in leave]
        self.files = {path.stem: path for path in files}
        self._check_doubles(files)
        table = self.folder / "spectra.csv"
        self.table = CurveTable(table) if table.exists() else None
        if self.table:
            curves = set(self.table.places)
        else:
            named = {p.stem for p in self.folder.glob("*.csv")}
            curves = named - {"materials"} - {n for n in named if n.startswith("summary_")}
        self._match(curves)
        known = {name: name for name in leave} | _names(files)
        self.facts = read_materials(self.folder, known) if facts is None else facts

    def _check_doubles(self, files: list[Path]) -> None:
        """Refuse two structures of one name: nobody could say which the curve belongs to."""
        for path in files:
            if self.files[path.stem] != path:
                raise DataError(
                    f"{path.name} and {self.files[path.stem].name} are both called {path.stem}.",
                    source=str(self.folder),
                    remedy="Keep the one that the curve belongs to, or rename one of them.",
                )

    def _match(self, curves: set[str]) -> None:
        if not self.files:
            raise DataError(
                f"there are no structures ({', '.join('*' + e for e in ENDINGS)}).",
                source=str(self.folder),
            )
        if missing := sorted(self.files.keys() - curves):
            where = "spectra.csv" if self.table else f"{missing[0]}.csv"
            raise DataError(
                f"{len(missing)} of {len(self.files)} structures have no curve, "
                f"{missing[0]} for example.",
                source=str(self.folder),
                remedy=f"Add it to {where}, or take the structure out of the folder.",
            )
        if extra := sorted(curves - self.files.keys()):
            raise DataError(
                f"there is a curve of {extra[0]}, but no structure.",
                source=str(self.folder),
                remedy=f"Add {extra[0]}.cif.",
            )

    def entries(self) -> Iterator[Entry]:
        """Index of the records, in the order of their names."""
        for name, path in self.files.items():
            with self._named(name):
                structure = read_structure(path)
                kind, _ = self._kind(self._curve(name))
                sites = self._resolved(name, structure)
            gap = self.facts.get(name, {}).get("gap")
            numbers = np.array(structure.atomic_numbers)
            yield entry_of(name, kind, self.source, numbers, gap=gap, sites=sites)

    def read(self, row: int) -> Record:
        """The record of one row."""
        name = list(self.files)[row]
        with self._named(name):
            return self._record(name)

    @contextmanager
    def _named(self, name: str) -> Iterator[None]:
        """Errors in a curve name its material and file."""
        try:
            yield
        except DataError as error:
            if error.source:
                raise
            path = self.table.path if self.table else self.folder / f"{name}.csv"
            reason = f"{name}: {error.reason}"
            raise DataError(reason, source=str(path), remedy=error.remedy) from error

    def _curve(self, name: str) -> Curve:
        return self.table.read(name) if self.table else read_curve(self.folder / f"{name}.csv")

    def _kind(self, curve: Curve) -> tuple[Kind, str]:
        """Kind of a curve and the unit of its energies."""
        unit = curve.unit or self.settings.energy_unit
        if unit is None:
            raise DataError(
                "the unit of the energies is not stated.",
                source=str(self.folder),
                remedy='Name the column "energy (eV)", or write {"energy_unit": "eV"} into '
                "dataset.json.",
            )
        if self.settings.kind:
            return self.settings.kind, unit
        factor = unit_factor(unit, Kind.edos)
        if 1e-3 * 0.99 < factor < 1e-3 * 1.01:
            raise DataError(
                "energies in meV may be those of electrons or of phonons.",
                source=str(self.folder),
                remedy='Write {"kind": "phdos"} or {"kind": "edos"} into dataset.json.',
            )
        return (Kind.edos if factor >= 1.0 else Kind.phdos), unit

    def _resolved(self, name: str, structure: Any) -> bool:
        curve = self._curve(name)
        if curve.sites or not curve.elements:
            return bool(curve.sites)
        return element_rows(curve, structure, symmetry_orbits(structure, symprec=1e-2)) is not None

    def _record(self, name: str) -> Record:
        curve = self._curve(name)
        kind, unit = self._kind(curve)
        facts = self.facts.get(name, {})
        stated = {k: v for k in ("method", "licence") if (v := getattr(self.settings, k))}
        return curve_record(
            name,
            read_structure(self.files[name]),
            curve,
            kind,
            unit,
            source=self.source,
            shift=float(facts.get("shift", 0.0)),
            density=self.settings.density,
            broadening=self.settings.broadening,
            provenance={**facts, **stated},
        )


def structure_files(folder: Path) -> list[Path]:
    """Structure files of a folder, sorted by name."""
    return [p for p in sorted(folder.glob("*")) if p.suffix.lower() in ENDINGS]


def own_stores(folder: Path) -> list[Store]:
    """What a folder of your own holds: results of calculations, and structures with tables.

    Raises
    ------
    DataError
        If there is neither, or something does not fit together.
    """
    structures = structure_files(folder)
    found = find_calculations(folder, {path.stem: path for path in structures})
    names = {one.name for one in found}
    if len(names) < len(found):
        double = next(n for n in names if sum(one.name == n for one in found) > 1)
        raise DataError(
            f"there are two calculations of {double}.",
            source=str(folder),
            remedy="Keep one of them, or rename it.",
        )
    if not found:
        return [FolderStore(folder)]
    settings = _settings(folder / "dataset.json", {})
    known = _names(structures) | {one.path.name: one.name for one in found}
    known |= {name: name for name in names}
    facts = read_materials(folder, known, calculated=names)
    stated = {k: v for k in ("method", "licence") if (v := getattr(settings, k))}
    store = CalculationStore(
        found,
        folder.resolve().name,
        broadening=settings.broadening or None,
        facts={name: stated | facts.get(name, {}) for name in names},
    )
    if all(path.stem in names for path in structures):
        return [store]
    return [store, FolderStore(folder, leave=names, facts=facts)]


def _names(files: Iterable[Path]) -> dict[str, str]:
    """What a structure file's material may be called, with the ending or without, and its name."""
    return {path.name: path.stem for path in files} | {path.stem: path.stem for path in files}


def _settings(path: Path, options: dict[str, Any]) -> FolderSettings:
    given: dict[str, Any] = {}
    if path.exists():
        try:
            given = dict(parse_json(path.read_text("utf-8")))
        except (ValueError, TypeError) as error:
            raise DataError(f"not a JSON object ({error}).", source=str(path)) from error
    given |= options
    known = {f.name for f in fields(FolderSettings)}
    if unknown := given.keys() - known:
        raise DataError(
            f"unknown setting {sorted(unknown)[0]!r}.",
            source=str(path),
            remedy=f"Known are {', '.join(sorted(known))}.",
        )
    settings = FolderSettings(**given)
    if settings.kind is not None:
        settings = replace(settings, kind=Kind(settings.kind))
    if settings.density not in ("cell", "atom", "arbitrary"):
        raise DataError(
            f"density {settings.density!r} is none of cell, atom, arbitrary.", source=str(path)
        )
    return settings
