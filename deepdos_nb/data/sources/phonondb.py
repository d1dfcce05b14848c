"""Site-projected phonon DOS computed from the Kyoto phonondb (VASP, PBEsol, finite displacements).

Format of a folder: `structures.jsonl` (one JSON object a line: mp_id, cell, numbers, frac, equiv,
imag) and `phdos_sites.npz` (grid in cm⁻¹; site: one row per inequivalent atom, states per cm⁻¹ and
per atom, integrating to three; offset: first row of each record).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import DataError
from deepdos_nb.core.files import DAMAGED_ARCHIVE
from deepdos_nb.core.grids import MODES_PER_ATOM, Kind
from deepdos_nb.core.nesting import parse_json
from deepdos_nb.data.records import Record
from deepdos_nb.data.stores import Entry, entry_of

SOURCE = "phonondb"
PROVENANCE = {
    "method": "finite displacements, PBEsol (VASP)",
    "licence": "CC BY 4.0",
    "citation": "A. Togo, phonondb, Kyoto University",
}
SMOOTHING_WINDOW, SMOOTHING_ORDER = 101, 3
"""Savitzky-Golay filter on a 1 cm⁻¹ grid that defines the 51-point benchmark curve."""


@cache
def _resampler(start: float, stop: float, n_points: int) -> Array:
    """Linear map from a uniform grid to the benchmark's 51 points, shape (n_points, 51).

    Interpolation to 1 cm⁻¹, Savitzky-Golay smoothing and sampling are all linear, so one matrix
    does them for every curve at once.
    """
    from scipy.signal import savgol_filter  # a second to import, for what few ask for

    grid = Kind.phdos.grid
    fine = np.arange(start, stop + 0.5, 1.0)
    coarse = np.linspace(start, stop, n_points)
    unit = np.stack([np.interp(fine, coarse, row) for row in np.eye(n_points)])
    smooth = savgol_filter(unit, SMOOTHING_WINDOW, SMOOTHING_ORDER, axis=1)
    return smooth[:, np.rint(grid.energies - start).astype(int)]


def to_benchmark_grid(energies: Array, curves: Array) -> Array:
    """Bring phonon curves to the benchmark grid: smoothed, sampled at 51 points, negatives clipped.

    Parameters
    ----------
    energies : ndarray, shape (n_points,)
        Uniform, cm⁻¹, from at most 0 to at least 1000.
    curves : ndarray, shape (..., n_points)

    Returns
    -------
    ndarray, shape (..., 51)
    """
    matrix = _resampler(float(energies[0]), float(energies[-1]), len(energies))
    return np.clip(np.asarray(curves, dtype=float) @ matrix, 0.0, None)


class PhonondbStore:
    """The stable records of a phonondb folder, structures read when asked for.

    Parameters
    ----------
    folder : path
    max_imaginary : float
        Largest accepted share of modes below −5 cm⁻¹.

    Raises
    ------
    DataError
        If a file is missing or malformed.
    """

    def __init__(self, folder: str | Path, *, max_imaginary: float = 1e-3):
        self.path = Path(folder) / "structures.jsonl"
        arrays = _arrays(Path(folder) / "phdos_sites.npz")
        self._grid, self._rows, self._offset = arrays["grid"], arrays["site"], arrays["offset"]
        # Place in the file and number of each record that is kept, and its entry.
        self._places: list[tuple[int, int]] = []
        self._entries: list[Entry] = []
        count = 0
        for count, place, found in _lines(self.path):
            if found["imag"] < max_imaginary:
                self._places.append((place, count - 1))
                numbers = np.asarray(found["numbers"])
                self._entries.append(entry_of(found["mp_id"], Kind.phdos, SOURCE, numbers))
        if len(self._offset) != count + 1 or self._offset[-1] != len(self._rows):
            raise DataError(
                f"{count} structures do not fit {len(self._offset) - 1} groups of "
                f"{len(self._rows)} rows.",
                source=str(folder),
                remedy="The two files must come from the same release; fetch both again.",
            )

    def __len__(self) -> int:
        return len(self._places)

    def entries(self) -> Iterator[Entry]:
        """Index of the records, in order."""
        return iter(self._entries)

    def read(self, row: int) -> Record:
        """The record of one row."""
        place, i = self._places[row]
        with self.path.open("rb") as file:
            file.seek(place)
            entry = parse_json(file.readline())
        return _record(entry, self._grid, self._rows[self._offset[i] : self._offset[i + 1]])


def load_phonondb(folder: str | Path, *, max_imaginary: float = 1e-3) -> list[Record]:
    """Read every stable record into memory; parameters and errors as in `PhonondbStore`."""
    store = PhonondbStore(folder, max_imaginary=max_imaginary)
    return [store.read(row) for row in range(len(store))]


def site_shares(grid: Array, rows: Array) -> tuple[Array, Array]:
    """Share of one atom's modes in each benchmark bin and beyond the window; together one.

    Parameters
    ----------
    grid : ndarray, shape (n_points,)
        Uniform, cm⁻¹, as in `to_benchmark_grid`.
    rows : ndarray, shape (n_orbits, n_points)
        States per cm⁻¹ of one atom; each integrates to three.

    Returns
    -------
    sites : ndarray, shape (n_orbits, 51)
    outside : ndarray, shape (n_orbits,)
    """
    target = Kind.phdos.grid
    inside = np.trapezoid(rows * (grid <= target.faces[-1]), grid, axis=1) / MODES_PER_ATOM
    outside = np.clip(1.0 - inside, 0.0, 1.0)
    # Tabulated rows integrate to three only within the table's rounding; modes there are none
    # beyond the window unless they are a visible share.
    outside[outside < 5e-3] = 0.0
    sites = to_benchmark_grid(grid, rows)
    sites *= ((1.0 - outside) / np.maximum(sites.sum(axis=1), 1e-12))[:, None]
    return sites, outside


def _record(entry: dict[str, Any], grid: Array, rows: Array) -> Record:
    rows = rows.astype(float)
    orbits = np.asarray(entry["equiv"], dtype=np.int64)
    counts = np.bincount(orbits, minlength=len(rows))
    sites, outside = site_shares(grid, rows)
    total = to_benchmark_grid(grid, counts @ rows)
    return Record(
        material_id=entry["mp_id"],
        kind=Kind.phdos,
        lattice=np.asarray(entry["cell"], dtype=float),
        numbers=np.asarray(entry["numbers"], dtype=np.int64),
        frac=np.asarray(entry["frac"], dtype=float),
        orbits=orbits,
        shape=total / total.sum(),
        site_shape=sites.astype(np.float32),
        outside=outside.astype(np.float32),
        source=SOURCE,
        provenance=PROVENANCE | {"imaginary": entry["imag"]},
    )


def _arrays(path: Path) -> dict[str, Array]:
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in ("grid", "site", "offset")}
    except FileNotFoundError:
        raise DataError(
            "no such file.", source=str(path), remedy="Name the folder that holds it."
        ) from None
    except DAMAGED_ARCHIVE as error:
        raise DataError(f"not a phonondb array file ({error}).", source=str(path)) from error


def _lines(path: Path) -> Iterator[tuple[int, int, dict[str, Any]]]:
    """Number, place in the file and content of each line."""
    needed = {"mp_id", "cell", "numbers", "frac", "equiv", "imag"}
    place = 0
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                entry = parse_json(line)
                if missing := needed - entry.keys():
                    raise DataError(
                        f"line {number} lacks {', '.join(sorted(missing))}.", source=str(path)
                    )
                yield number, place, entry
                place += len(line)
    except FileNotFoundError:
        raise DataError(
            "no such file.", source=str(path), remedy="Name the folder that holds it."
        ) from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"not JSON lines ({error}).", source=str(path)) from error
