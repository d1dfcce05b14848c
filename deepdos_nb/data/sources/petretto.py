"""The phonon-DOS benchmark: Petretto et al., Scientific Data 5, 180065 (2018), CC BY 4.0.

DFPT (ABINIT, PBEsol) phonon DOS as prepared for the E3NN phonon-DOS tutorial: one row a material
with columns mp_id, structure (an ASE dictionary), phfreq (51 points, cm⁻¹) and phdos (maximum one).
"""

from __future__ import annotations

import ast
import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import DataError
from deepdos_nb.core.grids import Kind
from deepdos_nb.core.nesting import parse_json
from deepdos_nb.crystal.symmetry import symmetry_orbits
from deepdos_nb.data.downloads import data_home, fetch, git_blob_sha1
from deepdos_nb.data.records import Record
from deepdos_nb.data.stores import Entry, entry_of

SOURCE = "petretto"
REPOSITORY = "ninarina12/phononDoS_tutorial"
URL = f"https://raw.githubusercontent.com/{REPOSITORY}/HEAD/data/data.csv"
BLOBS = frozenset(
    {
        "88ac58ed4571f293f05bbbcbf5605f69b3fdf6f1",
        "a20428522cf81f93207db1dcdb1de22e5b1b4cd6",
    }
)
"""Git blob hashes of the two published versions of the file."""

PROVENANCE = {
    "method": "DFPT, PBEsol (ABINIT)",
    "licence": "CC BY 4.0",
    "citation": "Petretto et al., Scientific Data 5, 180065 (2018)",
}

COLUMNS = ("mp_id", "structure", "phfreq", "phdos")


def fetch_petretto(
    cache: str | Path | None = None, *, url: str = URL, progress: bool = False
) -> Path:
    """Download the public file once, verify its hash, and return where it lies.

    Parameters
    ----------
    cache : path, optional
        Folder to keep it in; `data_home` by default.
    url : str
    progress : bool
        Show a progress bar.

    Raises
    ------
    DataError
        If the download fails or the content is none of the published versions; nothing is kept.
    """
    return fetch(
        url,
        petretto_file(cache),
        _verify,
        remedy="Without network, pass the path of a copy of data.csv.",
        progress=progress,
    )


def petretto_file(cache: str | Path | None = None) -> Path:
    """Where the downloaded file is kept."""
    return (Path(cache) if cache is not None else data_home()) / "petretto.csv"


def _verify(path: Path) -> str:
    found = git_blob_sha1(path)
    if found in BLOBS:
        return ""
    return f"the downloaded file has git hash {found}, which is no published version."


class PetrettoStore:
    """The benchmark's rows, found again by their place in the file.

    Parameters
    ----------
    path : path, optional
        A copy of ``data.csv``; without it the public file is downloaded and verified.

    Raises
    ------
    DataError
        If the file is missing or malformed; the message names the row.
    """

    def __init__(self, path: str | Path | None = None):
        self.path = Path(path) if path is not None else fetch_petretto()
        self._places: list[tuple[int, int, int]] = []
        csv.field_size_limit(1 << 24)
        try:
            self._scan()
        except FileNotFoundError:
            raise DataError(
                "no such file.", source=str(self.path), remedy="Pass the path of data.csv."
            ) from None
        except (UnicodeDecodeError, csv.Error) as error:
            raise DataError(f"not a table ({error}).", source=str(self.path)) from error

    def _scan(self) -> None:
        """Note where each row starts and stops, in bytes, and on which line."""
        stop = 0

        def lines(file: BinaryIO) -> Iterator[str]:
            nonlocal stop
            for line in file:
                stop += len(line)
                yield line.decode("utf-8-sig" if stop == len(line) else "utf-8")

        with self.path.open("rb") as file:
            rows = csv.reader(lines(file))
            self.columns = next(rows, [])
            if missing := set(COLUMNS) - set(self.columns):
                raise DataError(
                    f"lacks columns {', '.join(sorted(missing))}.", source=str(self.path)
                )
            start, line = stop, rows.line_num
            for row in rows:
                if row:
                    self._places.append((start, stop, line + 1))
                start, line = stop, rows.line_num

    def __len__(self) -> int:
        return len(self._places)

    def entries(self) -> Iterator[Entry]:
        """Index of the records, in order."""
        for row in range(len(self)):
            cells, line = self._cells(row)
            numbers = _atoms(cells, str(self.path), line)[1]
            yield entry_of(cells["mp_id"], Kind.phdos, SOURCE, numbers, sites=False)

    def read(self, row: int) -> Record:
        """The record of one row."""
        cells, line = self._cells(row)
        return _record(cells, str(self.path), line)

    def _cells(self, row: int) -> tuple[dict[str, str], int]:
        start, stop, line = self._places[row]
        with self.path.open("rb") as file:
            file.seek(start)
            text = file.read(stop - start).decode()
        cells = next(csv.reader(io.StringIO(text, newline="")), [])
        if len(cells) != len(self.columns):
            raise DataError(f"line {line} is malformed.", source=str(self.path))
        return dict(zip(self.columns, cells, strict=True)), line


def load_petretto(path: str | Path | None = None) -> list[Record]:
    """Read the benchmark into memory; parameters and errors as in `PetrettoStore`."""
    store = PetrettoStore(path)
    return [store.read(row) for row in range(len(store))]


def _atoms(row: dict[str, str], source: str, line: int) -> tuple[Array, Array, Array]:
    """Cell, atomic numbers and fractional coordinates."""
    try:
        atoms = ast.literal_eval(row["structure"])
        cell, numbers = np.array(atoms["cell"], dtype=float), np.array(atoms["numbers"])
        frac = np.array(atoms["positions"], dtype=float) @ np.linalg.inv(cell)
    except (ValueError, SyntaxError, KeyError, TypeError, np.linalg.LinAlgError) as error:
        raise DataError(f"line {line} is malformed ({error}).", source=source) from error
    return cell, numbers.astype(np.int64), frac


def _record(row: dict[str, str], source: str, line: int) -> Record:
    from pymatgen.core import Lattice, Structure

    cell, numbers, frac = _atoms(row, source, line)
    try:
        curve = np.clip(np.array(parse_json(row["phdos"]), dtype=float), 0.0, None)
    except (ValueError, TypeError) as error:
        raise DataError(f"line {line} is malformed ({error}).", source=source) from error
    if curve.shape != (Kind.phdos.grid.n_bins,) or not curve.sum() > 0:
        raise DataError(f"line {line} holds no 51-point spectrum.", source=source)
    return Record(
        material_id=row["mp_id"],
        kind=Kind.phdos,
        lattice=cell,
        numbers=numbers,
        frac=frac,
        orbits=symmetry_orbits(Structure(Lattice(cell), numbers.tolist(), frac), symprec=1e-2),
        shape=curve / curve.sum(),
        source=SOURCE,
        provenance=PROVENANCE,
    )
