"""Storage of labels: one small file a crystal while work goes on, gathered into shards.

Every file is written under another name and renamed, so a killed process leaves nothing half
written. A shard holds many crystals in a few concatenated arrays; spectra are in twelve bits a
value (`curve_codes`), or float16 in shards from before there were codes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import DataError
from deepdos_nb.core.files import DAMAGED_ARCHIVE, write_arrays
from deepdos_nb.core.nesting import parse_json
from deepdos_nb.data.curve_codes import decoded, encoded


@dataclass(frozen=True)
class Label:
    """The reference spectrum of one crystal, as stored.

    Parameters
    ----------
    lattice : ndarray, shape (3, 3)
        Å, vectors as rows.
    numbers, frac, orbits : ndarray
        Atomic numbers, fractional coordinates and symmetry orbit of each atom.
    states : ndarray, shape (n_orbits, C, n_bins)
        States of one atom of each orbit per bin; channels are s, p, d, f for electrons and one
        for phonons.
    facts : dict
        Name, kind, source, licence, engine, settings, time, convergence.
    """

    lattice: Array
    numbers: Array
    frac: Array
    orbits: Array
    states: Array
    facts: dict[str, Any]

    @property
    def name(self) -> str:
        """Identifier, unique within a folder."""
        return str(self.facts["name"])


class Outline(NamedTuple):
    """A label without its spectrum; attributes as in `Label`."""

    lattice: Array
    numbers: Array
    frac: Array
    facts: dict[str, Any]

    @property
    def name(self) -> str:
        """Identifier, unique within a folder."""
        return str(self.facts["name"])


def write_shard(path: Path, labels: Iterable[Label]) -> None:
    """Gather labels into one file.

    Raises
    ------
    DataError
        If there is nothing to write, or a spectrum has negative values.
    """
    labels = list(labels)
    if not labels:
        raise DataError("there are no labels to write.", source=str(path))
    try:
        codes, scales = encoded([label.states for label in labels])
    except ValueError as error:
        raise DataError(f"cannot be stored: {error}.", source=str(path)) from error
    facts = "\n".join(json.dumps(label.facts, separators=(",", ":")) for label in labels)
    write_arrays(
        path,
        {
            "lattice": np.stack([x.lattice for x in labels]).astype(np.float32),
            "numbers": np.concatenate([x.numbers for x in labels]).astype(np.uint8),
            "frac": np.concatenate([x.frac for x in labels]).astype(np.float32),
            "orbits": np.concatenate([x.orbits for x in labels]).astype(np.uint16),
            "codes": codes,
            "scales": scales,
            "atoms": np.array([len(x.numbers) for x in labels], dtype=np.uint16),
            "facts": np.frombuffer(facts.encode(), dtype=np.uint8),
        },
    )


def read_shard(path: Path) -> Iterator[Label]:
    """Labels of one shard, in order.

    Raises
    ------
    DataError
        If the file is missing, damaged or something else.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            data = {name: file[name] for name in file.files}
        facts = _facts(data["facts"])
        ends = np.cumsum(data["atoms"].astype(np.int64))
        if "codes" in data:
            starts = ends - data["atoms"]
            rows = np.maximum.reduceat(data["orbits"].astype(np.int64), starts) + 1
            states = decoded(data["codes"], data["scales"], rows)
        else:
            states = data["states"].astype(np.float32)
        row = 0
        for i, (end, fact) in enumerate(zip(ends, facts, strict=True)):
            atoms = slice(int(end - data["atoms"][i]), int(end))
            orbits = data["orbits"][atoms].astype(np.int64)
            n_orbits = int(orbits.max()) + 1
            yield Label(
                lattice=data["lattice"][i].astype(float),
                numbers=data["numbers"][atoms].astype(np.int64),
                frac=data["frac"][atoms].astype(float),
                orbits=orbits,
                states=states[row : row + n_orbits],
                facts=fact,
            )
            row += n_orbits
    except FileNotFoundError:
        raise DataError("no such file.", source=str(path)) from None
    except DAMAGED_ARCHIVE as error:
        raise DataError(f"not a shard of labels ({error}).", source=str(path)) from error


def read_outlines(path: Path) -> list[Outline]:
    """Labels of one shard, in order, without decompressing their spectra.

    Raises
    ------
    DataError
        If the file is missing, damaged or something else.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            facts, lattices = _facts(file["facts"]), file["lattice"]
            ends = np.cumsum(file["atoms"].astype(np.int64))[:-1]
            numbers, frac = np.split(file["numbers"], ends), np.split(file["frac"], ends)
        return [Outline(*one) for one in zip(lattices, numbers, frac, facts, strict=True)]
    except FileNotFoundError:
        raise DataError("no such file.", source=str(path)) from None
    except DAMAGED_ARCHIVE as error:
        raise DataError(f"not a shard of labels ({error}).", source=str(path)) from error


def _facts(stored: Array) -> list[dict[str, Any]]:
    return [parse_json(line) for line in stored.tobytes().decode().splitlines()]
