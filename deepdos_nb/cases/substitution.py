"""Gallium for indium in InP, atom by atom: five cells of eight atoms from InP to GaP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from deepdos_nb.core.errors import ConfigError

if TYPE_CHECKING:
    from pymatgen.core import Structure

INDIUM_PHOSPHIDE, GALLIUM_PHOSPHIDE = 5.869, 5.451
"""Measured lattice constants, Å."""
TOWARDS_GALLIUM = 0.0107
"""How far a phosphorus atom moves along each axis, in parts of the cell, towards a gallium atom
where the other three neighbours are indium. Relaxed with SevenNet 7net-l3i5
(`scripts/case_structures.py`); with two or three gallium atoms the moves add up, to 0.0003."""
SITES = 4
"""Indium atoms of the cubic cell."""
METALS = np.array([[0.0, 0.0, 0.0], [0.0, 0.5, 0.5], [0.5, 0.0, 0.5], [0.5, 0.5, 0.0]])
ANIONS = METALS + 0.25


def substituted(gallium: int, *, relaxed: bool = True) -> Structure:
    """InP with so many of its four indium atoms replaced.

    The lattice constant follows Vegard's law.

    Parameters
    ----------
    gallium : int
        0 (InP) to 4 (GaP).
    relaxed : bool
        Phosphorus sits nearer to gallium; otherwise where zinc blende has it.

    Raises
    ------
    ConfigError
        If there are not so many indium atoms.
    """
    from pymatgen.core import Lattice, Structure

    if not 0 <= gallium <= SITES:
        raise ConfigError(
            f"{gallium} gallium atoms cannot replace {SITES}.", remedy=f"Use 0 to {SITES}."
        )
    share = gallium / SITES
    lattice = Lattice.cubic(INDIUM_PHOSPHIDE + share * (GALLIUM_PHOSPHIDE - INDIUM_PHOSPHIDE))
    anions = ANIONS.copy()
    if relaxed:
        for metal in METALS[:gallium]:
            # Every phosphorus atom touches every metal atom of the cell once.
            way = (metal - ANIONS + 0.5) % 1.0 - 0.5
            anions += TOWARDS_GALLIUM * np.sign(way)
    symbols = ["Ga"] * gallium + ["In"] * (SITES - gallium) + ["P"] * SITES
    return Structure(lattice, symbols, np.concatenate([METALS, anions]))
