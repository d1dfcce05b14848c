"""Crystals that are built alike: what a prototype look-up scores, and who has a twin in training.

Two crystals are *twins* if they have the same anonymous formula, space group and Pearson symbol:
rock salt is rock salt, whoever sits in it. A test set whose crystals have twins in training asks
for interpolation between elements, not for new structures.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.crystal.elements import element_features
from deepdos_nb.crystal.primitive import space_group
from deepdos_nb.data.records import Record

if TYPE_CHECKING:
    from pymatgen.core import Structure

LOOSE = 1e-2
"""Å; as records find the orbits of their sites."""


def prototype(structure: Structure) -> str:
    """Anonymous formula, space-group number and Pearson symbol, such as ``AB 225 cF8``.

    Without a space group, where none is found.
    """
    found = space_group(structure, LOOSE)
    built = "1 ?" if found is None else f"{found.number} {found.pearson_symbol}"
    return f"{structure.composition.anonymized_formula} {built}"


def twins(records: Sequence[Record], train: Sequence[Record]) -> list[Array]:
    """Places in `train` of every record's twins, an array of int for each record."""
    known: dict[str, list[int]] = defaultdict(list)
    for i, record in enumerate(train):
        known[prototype(record.structure)].append(i)
    return [np.array(known.get(prototype(r.structure), []), dtype=int) for r in records]


def look_up(records: Sequence[Record], train: Sequence[Record], found: Sequence[Array]) -> Array:
    """Totals of a prototype look-up, each summing to one, shape (n_records, n_bins).

    Of a crystal's twins in training that of the nearest elements answers: nearest in the mean
    tabulated properties of their atoms, the ones that the networks read. A crystal without a twin
    gets the mean of all training curves. Nothing is fitted.

    Parameters
    ----------
    records, train : sequence of Record
    found : sequence of ndarray
        Twins of each record, as `twins` gives them.
    """
    mean = np.mean([r.shape for r in train], axis=0)
    table = element_features()
    curves = []
    for record, places in zip(records, found, strict=True):
        if not len(places):
            curves.append(mean)
            continue
        own = table[record.numbers].mean(axis=0)
        far = [np.linalg.norm(table[train[i].numbers].mean(axis=0) - own) for i in places]
        curves.append(train[places[int(np.argmin(far))]].shape)
    return np.stack(curves)
