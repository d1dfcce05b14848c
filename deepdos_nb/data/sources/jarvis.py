"""Electronic densities of states of JARVIS-DFT (VASP, OptB88vdW): 55,000 crystals, totals only.

The file `edos_pdos` of JARVIS (figshare, doi:10.6084/m9.figshare.14745327, CC BY 4.0; Choudhary et
al., npj Comput. Mater. 6, 173 (2020)) is one JSON array with the keys jid, atoms, edos_up
(300 values from -5 eV in steps of 0.05 eV about the Fermi level, scaled, or "na") and pdos_elast.
It is downloaded once, checked against the hash that the repository publishes, and rewritten with
one crystal a line, so that a crystal can be read without reading the others.
"""

from __future__ import annotations

import json
import shutil
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import DataError
from deepdos_nb.core.files import DAMAGED_ARCHIVE, replacing
from deepdos_nb.core.grids import Kind
from deepdos_nb.core.nesting import parse_json
from deepdos_nb.core.resampling import to_bins
from deepdos_nb.crystal.symmetry import symmetry_orbits
from deepdos_nb.data.downloads import data_home
from deepdos_nb.data.records import Record
from deepdos_nb.data.sources.materials_project import BROADENING, zero_of
from deepdos_nb.data.stores import Entry, entry_of

SOURCE = "jarvis"
DOI = "10.6084/m9.figshare.14745327"
FILE = "edos-up_pdos-elast_interp"
"""What the name of the file begins with; a date and an ending follow."""

ENERGIES = -5.0 + 0.05 * np.arange(300)
"""Energies of the curves over the Fermi level, eV."""

PROVENANCE = {
    "method": "OptB88vdW (VASP, JARVIS-DFT), spin up",
    "licence": "CC BY 4.0",
    "citation": "Choudhary et al., npj Comput. Mater. 6, 173 (2020)",
}


def jarvis_file(cache: str | Path | None = None) -> Path:
    """Where the rewritten file is kept."""
    return (Path(cache) if cache is not None else data_home()) / "jarvis-edos.jsonl"


def fetch_jarvis(cache: str | Path | None = None, *, progress: bool = False) -> Path:
    """Download and rewrite the public file once; returns where it lies.

    Parameters
    ----------
    cache : path, optional
        Folder to keep it in; `data_home` by default.
    progress : bool
        Show a progress bar.

    Raises
    ------
    DataError
        If the download fails or its hash is not the published one; nothing is kept then.
    """
    import pooch

    from deepdos_nb.data.downloads import Bar, download_error

    target = jarvis_file(cache)
    if target.exists():
        return target
    remedy = "Without network, pass a copy of the file to `rewrite`."
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        place = mkdtemp(prefix=".jarvis-", dir=target.parent)
    except OSError as error:
        raise download_error(error, f"doi:{DOI}", target.parent, remedy) from error
    try:
        repository = pooch.create(path=place, base_url=f"doi:{DOI}/")
        # Names of the files and their hashes, as the repository states them.
        repository.load_registry_from_doi()
        names = sorted(name for name in repository.registry_files if name.startswith(FILE))
        if not names:
            raise DataError(f"lists no file {FILE}….", source=f"doi:{DOI}", remedy=remedy)
        bar = pooch.DOIDownloader(progressbar=Bar()) if progress else None
        rewrite(repository.fetch(names[-1], downloader=bar), target)
    except (OSError, ValueError) as error:
        raise download_error(error, f"doi:{DOI}", target.parent, remedy) from error
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return target


def rewrite(archive: str | Path, target: str | Path) -> dict[str, int]:
    """Write the crystals of the public file that have a curve, one a line.

    Left out are crystals without a curve, and those whose curve does not reach the window of the
    grid, for its Fermi level lies high in a gap.

    Parameters
    ----------
    archive : path
        The JSON file as published, or the zip file that holds it.
    target : path

    Returns
    -------
    dict
        Crystals by what became of them: "kept", "no curve", "outside the window".

    Raises
    ------
    DataError
        If the file is missing, damaged or something else.
    """
    entries = _array(Path(archive))
    counts = Counter({"kept": 0, "no curve": 0, "outside the window": 0})
    with replacing(target) as part, part.open("w", encoding="utf-8") as file:
        for number, entry in enumerate(entries, start=1):
            where = f"crystal {number}"
            if not isinstance(entry, dict) or not {"jid", "atoms", "edos_up"} <= set(entry):
                raise DataError(f"{where} lacks jid, atoms or edos_up.", source=str(archive))
            if isinstance(entry["edos_up"], str):
                counts["no curve"] += 1
                continue
            values = _values(entry, str(archive), where)
            _atoms(entry, str(archive), where)
            if not values.any():
                counts["no curve"] += 1
            elif _on_grid(values) is None:
                counts["outside the window"] += 1
            else:
                counts["kept"] += 1
                kept = {key: entry[key] for key in ("jid", "atoms", "edos_up")}
                file.write(json.dumps(kept, separators=(",", ":")) + "\n")
    return dict(counts)


class JarvisStore:
    """The crystals of a rewritten file, found again by their place in it.

    Parameters
    ----------
    path : path, optional
        As `rewrite` wrote it; without it the public file is downloaded and verified.

    Raises
    ------
    DataError
        If the file is missing.
    """

    def __init__(self, path: str | Path | None = None):
        self.path = Path(path) if path is not None else fetch_jarvis()
        self._places = [0]
        try:
            with self.path.open("rb") as file:
                for line in file:
                    self._places.append(self._places[-1] + len(line))
        except FileNotFoundError:
            raise DataError("no such file.", source=str(self.path)) from None

    def __len__(self) -> int:
        return len(self._places) - 1

    def entries(self) -> Iterator[Entry]:
        """Index of the records, in order."""
        for row in range(len(self)):
            entry = self._entry(row)
            values = _values(entry, str(self.path), f"line {row + 1}")
            numbers = _atoms(entry, str(self.path), f"line {row + 1}")[1]
            gap = zero_of(ENERGIES, values, 0.0)[2]
            yield entry_of(entry["jid"], "edos", SOURCE, numbers, gap=gap, sites=False)

    def read(self, row: int) -> Record:
        """The record of one row."""
        entry, where = self._entry(row), f"line {row + 1}"
        lattice, numbers, frac = _atoms(entry, str(self.path), where)
        found = _on_grid(_values(entry, str(self.path), where))
        if found is None:
            raise DataError(f"{where}: the curve does not reach −4…4 eV.", source=str(self.path))
        bins, zero, gap = found
        from pymatgen.core import Lattice, Structure

        structure = Structure(Lattice(lattice), numbers.tolist(), frac)
        return Record(
            material_id=str(entry["jid"]),
            kind=Kind.edos,
            lattice=lattice,
            numbers=numbers,
            frac=frac,
            orbits=symmetry_orbits(structure, symprec=1e-2),
            shape=bins / bins.sum(),
            source=SOURCE,
            provenance=PROVENANCE | {"zero": zero, "gap": gap},
        )

    def _entry(self, row: int) -> dict[str, Any]:
        with self.path.open("rb") as file:
            file.seek(self._places[row])
            line = file.read(self._places[row + 1] - self._places[row])
        try:
            entry: dict[str, Any] = parse_json(line)
            return {key: entry[key] for key in ("jid", "atoms", "edos_up")}
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(f"line {row + 1} is malformed.", source=str(self.path)) from error


def _array(path: Path) -> list[Any]:
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                name, *_ = (n for n in archive.namelist() if n.endswith(".json"))
                content = parse_json(archive.read(name))
        else:
            content = parse_json(path.read_bytes())
    except FileNotFoundError:
        raise DataError("no such file.", source=str(path)) from None
    except DAMAGED_ARCHIVE as error:
        raise DataError(f"not the JSON file of JARVIS ({error}).", source=str(path)) from error
    if not isinstance(content, list):
        raise DataError("not a JSON array of crystals.", source=str(path))
    return content


def _values(entry: dict[str, Any], source: str, where: str) -> Array:
    """The curve, not negative."""
    try:
        values = np.array(entry["edos_up"], dtype=float)
    except (ValueError, TypeError) as error:
        raise DataError(f"{where}: edos_up is no list of numbers.", source=source) from error
    if values.shape != ENERGIES.shape or not np.isfinite(values).all():
        raise DataError(f"{where}: edos_up has not {len(ENERGIES)} finite values.", source=source)
    return np.clip(values, 0.0, None)


def _on_grid(values: Array) -> tuple[Array, str, float] | None:
    """States in each bin, the zero and the gap; None where the curve ends within the window."""
    zero, level, gap = zero_of(ENERGIES, values, 0.0)
    try:
        bins = to_bins("edos", ENERGIES - level, values, broadening=BROADENING)
    except DataError:
        return None
    return (bins, zero, gap) if bins.sum() > 0 else None


def _atoms(entry: dict[str, Any], source: str, where: str) -> tuple[Array, Array, Array]:
    """Cell, atomic numbers and fractional coordinates of a JARVIS `atoms` dictionary."""
    from pymatgen.core import Element

    try:
        atoms = entry["atoms"]
        lattice = np.array(atoms["lattice_mat"], dtype=float)
        numbers = np.array([Element(str(symbol).strip()).Z for symbol in atoms["elements"]])
        frac = np.array(atoms["coords"], dtype=float)
        if atoms.get("cartesian", False):
            frac = frac @ np.linalg.inv(lattice)
        if frac.shape != (len(numbers), 3) or lattice.shape != (3, 3):
            raise ValueError("coordinates and elements do not fit")
    except (ValueError, KeyError, TypeError, AttributeError, np.linalg.LinAlgError) as error:
        raise DataError(f"{where}: atoms are malformed ({error}).", source=source) from error
    return lattice, numbers, frac
