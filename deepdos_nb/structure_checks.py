"""What makes a structure usable: one check, one clear error for each fault."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from deepdos_nb.errors import (
    DegenerateCellError,
    EmptyStructureError,
    OverlappingAtomsError,
    PartialOccupancyError,
    TooManyAtomsError,
    UnsupportedElementError,
)

if TYPE_CHECKING:
    from pymatgen.core import Structure

MAX_ATOMS = 500
"""Default limit on the atoms of one cell."""

MIN_DISTANCE = 0.5
"""Atoms closer than this count as overlapping, Å; the shortest bond, H–H, is 0.74 Å."""

MIN_VOLUME_PER_ATOM = 0.5
"""Cells with less volume per atom count as flat, Å³; diamond, the densest, has 5.7 Å³."""

MAX_Z = 103
"""Heaviest element accepted: lawrencium, the last one with a name in every table we rely on."""


def check_structure(
    structure: Structure, source: str | None = None, *, max_atoms: int = MAX_ATOMS
) -> Structure:
    """Return a clean copy of a structure, or raise the one error that explains what is wrong.

    Parameters
    ----------
    structure : pymatgen Structure
    source : str, optional
        Name to use in messages; the formula if missing.
    max_atoms : int

    Returns
    -------
    pymatgen Structure
        Ordered, elements only, no site properties.

    Raises
    ------
    EmptyStructureError, PartialOccupancyError, UnsupportedElementError, DegenerateCellError,
    TooManyAtomsError, OverlappingAtomsError
        Checked in this order.
    """
    from pymatgen.core import Structure

    if len(structure) == 0:
        raise EmptyStructureError(
            "there are no atoms in the cell.",
            source=source,
            remedy="Check that the file lists atomic positions.",
        )
    name = source or structure.composition.reduced_formula
    symbols = [_symbol(site, i, name) for i, site in enumerate(structure)]
    _check_cell(structure, name)
    if len(structure) > max_atoms:
        raise TooManyAtomsError(
            f"the cell holds {len(structure)} atoms, the limit is {max_atoms}.",
            source=name,
            remedy="Reduce it to the primitive cell, or raise max_atoms and expect it to be slow.",
        )
    _check_distances(structure, symbols, name)
    return Structure(structure.lattice, symbols, structure.frac_coords)


def _symbol(site: Any, index: int, source: str) -> str:
    """Element symbol of an ordered site, or the error that says why there is none."""
    from pymatgen.core import DummySpecies

    species = site.species
    if not len(species):
        raise partial(f"site {index + 1} is vacant.", source)
    occupancy = float(species.num_atoms)
    symbols = {getattr(s, "symbol", str(s)) for s in species}
    text = ", ".join(f"{getattr(s, 'symbol', s)} {float(n):g}" for s, n in species.items())
    if len(symbols) > 1:
        raise partial(f"site {index + 1} is shared by several species ({text}).", source)
    if not math.isclose(occupancy, 1.0, abs_tol=1e-3):
        raise partial(f"site {index + 1} is only partly occupied ({text}).", source)
    specie = next(iter(species))
    if isinstance(specie, DummySpecies) or not 1 <= int(specie.Z) <= MAX_Z:
        raise bad_element(str(specie), index, source)
    # Deuterium and tritium have hydrogen's electrons but not its mass, which phonons depend on.
    if specie.symbol in ("D", "T"):
        raise UnsupportedElementError(
            f"site {index + 1} is the hydrogen isotope {specie.symbol}.",
            source=source,
            remedy="Replace it by H, and expect its vibrations to be those of H.",
        )
    return str(specie.symbol)


def partial(reason: str, source: str) -> PartialOccupancyError:
    """Error for a disordered site."""
    return PartialOccupancyError(
        reason,
        source=source,
        remedy="Make an ordered structure first, for example with pymatgen's "
        "OrderDisorderedStructureTransformation.",
    )


def bad_element(species: str, index: int, source: str) -> UnsupportedElementError:
    """Error for a species that is no element."""
    return UnsupportedElementError(
        f"site {index + 1} holds {species!r}, which is no chemical element up to Z = {MAX_Z}.",
        source=source,
        remedy="Correct the species in the file.",
    )


def no_cell(
    source: str, reason: str = "the cell is missing, flat or has no volume."
) -> DegenerateCellError:
    """Error for a structure without a usable cell."""
    return DegenerateCellError(
        reason,
        source=source,
        remedy="Give three lattice vectors that span a volume; molecules need a box around them.",
    )


def _check_cell(structure: Structure, source: str) -> None:
    finite = (
        np.isfinite(structure.lattice.matrix).all() and np.isfinite(structure.frac_coords).all()
    )
    if not finite:
        raise no_cell(source, "the cell or the positions contain values that are no numbers.")
    if not structure.lattice.volume >= MIN_VOLUME_PER_ATOM * len(structure):
        raise no_cell(
            source,
            f"the cell of {structure.lattice.volume:.3g} Å³ has no room for "
            f"{len(structure)} atom{'s' if len(structure) > 1 else ''}.",
        )


def _check_distances(structure: Structure, symbols: list[str], source: str) -> None:
    first, second, _, distance = structure.get_neighbor_list(MIN_DISTANCE, exclude_self=True)
    if not len(distance):
        return
    k = int(np.argmin(distance))
    a, b = (f"{symbols[i]}{i + 1}" for i in (int(first[k]), int(second[k])))
    where = f"{a} and {b}" if a != b else f"{a} and its own periodic image"
    raise OverlappingAtomsError(
        f"{where} are {distance[k]:.2f} Å apart, less than {MIN_DISTANCE} Å.",
        source=source,
        remedy="Remove duplicate sites, or check the units of the cell.",
    )
