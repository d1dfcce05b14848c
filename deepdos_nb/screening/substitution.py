"""New crystals from known ones: elements exchanged for others of their group.

A crude and well-tried way to make candidates: chemically like elements often crystallise alike
(Hautier et al., Inorg. Chem. 50, 656 (2011)). The cell is scaled so that every atom keeps the usual
volume of its element; positions stay. Nothing says that such a crystal is stable, or exists.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.crystal.distances import seen
from deepdos_nb.screening.items import Item
from deepdos_nb.screening.sources import describe, stream

if TYPE_CHECKING:
    from pymatgen.core import Structure

FAMILIES = (
    "Li Na K Rb Cs",
    "Be Mg Ca Sr Ba Zn Cd",
    "Sc Y La Lu Al Ga In",
    "Ti Zr Hf Si Ge Sn",
    "V Nb Ta",
    "Cr Mo W",
    "Mn Fe Co Ni",
    "Ru Rh Pd Os Ir Pt",
    "Cu Ag Au",
    "N P As Sb Bi",
    "O S Se Te",
    "F Cl Br I",
)
"""Elements that stand in for one another."""


class substituted:
    """Crystals of any source, each followed by some with elements exchanged.

    It can be read as often as you like, always with the same crystals in the same order, so that
    a screen of it can be resumed.

    Parameters
    ----------
    sources : as for `screen`
    count : int
        New crystals made of each, if there are so many.
    seed : int
        Of the choice among them.

    Raises
    ------
    ConfigError
        If `count` is negative.
    """

    def __init__(self, sources: Any, count: int = 10, *, seed: int = 0):
        if count < 0:
            raise ConfigError(f"{count} new crystals cannot be made of each.")
        self.sources, self.count, self.seed = sources, count, seed
        self.name = f"{', '.join(describe(sources))} × {count}, seed {seed}"

    def __iter__(self) -> Iterator[Item]:
        for item in stream(self.sources):
            yield item
            name, structure = item.read_or_reason(max_atoms=10**6)
            if not isinstance(structure, Exception):
                for words, new in exchanged(structure, self.count, f"{self.seed} {name}"):
                    yield Item(f"{name} {words}", item.source, "object", new)


def exchanged(structure: Structure, count: int, seed: str) -> Iterator[tuple[str, Structure]]:
    """Crystals with one or more elements exchanged, and what was exchanged for what.

    Parameters
    ----------
    structure : Structure
    count : int
        At most so many, drawn at random.
    seed : str
    """
    old = [element.symbol for element in structure.composition.elements]
    choices = [
        new
        for new in product(*(_family(symbol) for symbol in old))
        # Two elements that become one would make another structure, an alloy's.
        if len(set(new)) == len(old) and list(new) != old
    ]
    random.Random(seed).shuffle(choices)
    for new in choices[:count]:
        words = ", ".join(f"{a}→{b}" for a, b in zip(old, new, strict=True) if a != b)
        yield words, _exchange(structure, dict(zip(old, new, strict=True)))


def _exchange(structure: Structure, swaps: dict[str, str]) -> Structure:
    from pymatgen.core import Lattice, Structure

    symbols = [swaps[site.specie.symbol] for site in structure]
    new = Structure(structure.lattice, symbols, structure.frac_coords)
    usual = seen().atomic_volume
    growth = usual[list(new.atomic_numbers)].sum() / usual[list(structure.atomic_numbers)].sum()
    cell = np.asarray(structure.lattice.matrix) * growth ** (1 / 3)
    return Structure(Lattice(cell), symbols, structure.frac_coords)


@cache
def _family(symbol: str) -> tuple[str, ...]:
    """What may stand in an element's place, itself first."""
    for family in FAMILIES:
        members = family.split()
        if symbol in members:
            return (symbol, *(m for m in members if m != symbol))
    return (symbol,)
