"""What makes a structure usable: one check, one clear error for each fault."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from deepdos_nb.core.errors import (
    DegenerateCellError,
    EmptyStructureError,
    OverlappingAtomsError,
    PartialOccupancyError,
    TooManyAtomsError,
    UnsupportedElementError,
)
from deepdos_nb.core.limits import MAX_ATOMS

if TYPE_CHECKING:
    from pymatgen.core import Structure

MIN_DISTANCE = 0.5
"""Atoms closer than this count as overlapping, Å; the shortest bond, H–H, is 0.74 Å."""

MIN_VOLUME_PER_ATOM = 0.5
"""Cells with less volume per atom count as flat, Å³; diamond, the densest, has 5.7 Å³."""

OCCUPANCY_ROUNDING = 0.02
"""Written occupancies may add up to this much more than one by rounding."""

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
    _check_distances(structure, name)
    return Structure(structure.lattice, symbols, structure.frac_coords)


def _atom(site: Any, index: int) -> str:
    """Name of an atom: the file's own label where it has a number, else symbol and position."""
    label = str(site.label or "")
    if re.fullmatch(r"[A-Za-z]+\d\w{0,6}", label) and len(site.species) == 1:
        return label
    return "/".join(getattr(s, "symbol", str(s)) for s in site.species) + str(index + 1)


def _place(site: Any, index: int) -> str:
    """Name of an atom as the views have it, counted from one, and the file's own if it differs."""
    name = "/".join(getattr(s, "symbol", str(s)) for s in site.species) + str(index + 1)
    label = _atom(site, index)
    return name if label == name else f"{name} ({label} in the file)"


def _symbol(site: Any, index: int, source: str) -> str:
    """Element symbol of an ordered site, or the error that says why there is none."""
    from pymatgen.core import DummySpecies

    if not len(site.species):
        raise partial(f"site {index + 1} is vacant.", source)
    atom, total = _atom(site, index), float(site.species.num_atoms)
    content = ", ".join(f"{s.symbol} {float(n):g}" for s, n in site.species.items())
    if total > 1.5:
        raise OverlappingAtomsError(
            f"there is more than one atom at the position of {atom} ({content}).",
            source=source,
            remedy="Remove duplicate sites.",
        )
    if len({s.symbol for s in site.species}) > 1:
        raise partial(f"site {atom} is shared by several species ({content}).", source)
    if total < 1 - 1e-3:
        raise partial(f"site {atom} is only partly occupied ({content}).", source)
    if total > 1 + OCCUPANCY_ROUNDING:
        raise partial(f"site {atom} holds more than one atom ({content}).", source)
    specie = next(iter(site.species))
    if isinstance(specie, DummySpecies) or not 1 <= int(specie.Z) <= MAX_Z:
        raise bad_element(specie.symbol, atom, source)
    # Deuterium and tritium have hydrogen's electrons but not its mass, which phonons depend on.
    isotope = getattr(specie, "element", specie).name
    if isotope in ("D", "T"):
        raise UnsupportedElementError(
            f"atom {atom} is the hydrogen isotope {isotope}.",
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


def bad_element(species: str, atom: str, source: str) -> UnsupportedElementError:
    """Error for a species that is no element."""
    return UnsupportedElementError(
        f"atom {atom} is {species!r}, which is no chemical element up to Z = {MAX_Z}.",
        source=source,
        remedy="Correct the species in the file.",
    )


def no_cell(
    source: str,
    reason: str = "the cell is missing, flat or has no volume.",
    remedy: str = "Give three vectors that span a volume; molecules need a box around them.",
) -> DegenerateCellError:
    """Error for a structure without a usable cell."""
    return DegenerateCellError(reason, source=source, remedy=remedy)


def _check_cell(structure: Structure, source: str) -> None:
    finite = (
        np.isfinite(structure.lattice.matrix).all() and np.isfinite(structure.frac_coords).all()
    )
    if not finite:
        raise no_cell(
            source,
            "the cell or the positions contain values that are no numbers.",
            "Check the columns of the file.",
        )
    if not structure.lattice.volume >= MIN_VOLUME_PER_ATOM * len(structure):
        raise no_cell(
            source,
            f"the cell of {structure.lattice.volume:.3g} Å³ has no room for "
            f"{len(structure)} atom{'s' if len(structure) > 1 else ''}.",
        )


def _check_distances(structure: Structure, source: str) -> None:
    first, second, _, distance = structure.get_neighbor_list(MIN_DISTANCE, exclude_self=True)
    if not len(distance):
        return
    k = int(np.argmin(distance))
    i, j = sorted((int(first[k]), int(second[k])))
    a, b = _place(structure[i], i), _place(structure[j], j)
    where = f"{a} and {b}" if i != j else f"{a} and its own periodic image"
    raise OverlappingAtomsError(
        f"{where} are {distance[k]:.2f} Å apart, less than {MIN_DISTANCE} Å.",
        source=source,
        remedy="Remove duplicate sites, or check the units of the cell.",
    )
