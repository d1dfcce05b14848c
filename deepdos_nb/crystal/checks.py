"""What makes a structure usable: one check, one clear error for each fault."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from deepdos_nb.core.errors import (
    EmptyStructureError,
    OverlappingAtomsError,
)
from deepdos_nb.core.limits import MAX_ATOMS
from deepdos_nb.crystal.distances import (
    MIN_VOLUME,
    NOBLE_GASES,
    SEARCH,
    Nearest,
    nearest,
    searchable,
    seen,
    volume_ratio,
)
from deepdos_nb.crystal.faults import (
    ISOTOPES,
    MAX_Z,
    bad_element,
    content_of,
    isotope,
    no_cell,
    partial,
    too_many,
)
from deepdos_nb.crystal.names import keep_name

if TYPE_CHECKING:
    from pymatgen.core import Structure

NOTES = "notes"
"""Property of a structure that holds what was assumed when it was read."""

CAUTION = "Caution:"
"""How a note begins that says a crystal looks like none of the training crystals."""

MIN_BOND = 0.5
"""Atoms closer than this part of the sum of their covalent radii overlap; the embedded crystals
go down to 0.64."""

MIN_DISTANCE = 0.5
"""Atoms closer than this overlap whatever they are, Å; the shortest bond, H–H, is 0.74 Å."""

MAX_EDGE = 10_000.0
"""Å; no cell that anybody computes is longer."""

VACUUM = 6.0
"""Å without atoms that make a direction without periodicity harmless."""

SEEN_MARGIN = 0.02
"""Relative margin around what training crystals hold, for cautions."""

FARTHEST = 1e5
"""Cells away from the first one in which an atom may be given; unwrapped trajectories stray far,
but numbers beyond have lost the digits that place it."""

LARGEST_FRACTION = 50.0
"""Fractional coordinates in a file beyond this are damaged numbers, not cells far away."""

OCCUPANCY_ROUNDING = 0.02
"""Written occupancies may add up to this much more than one by rounding."""


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
        Ordered, elements only, no site properties. `notes_of` gives what was assumed about it.

    Raises
    ------
    EmptyStructureError, PartialOccupancyError, UnsupportedElementError, DegenerateCellError,
    TooManyAtomsError, OverlappingAtomsError
        Checked in this order.
    """
    from pymatgen.core import Lattice, Structure

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
        raise too_many(len(structure), max_atoms, name)
    notes = [*notes_of(structure), *_check_periodic(structure, name)]
    bare = Lattice(structure.lattice.matrix)
    place = structure.frac_coords
    if np.abs(place).max() > 2:
        # A search for neighbours makes every cell between the atoms.
        place = place - np.floor(place)
    clean = Structure(bare, symbols, place)
    if not searchable(bare):
        raise no_cell(name, "the cell is a needle or a sheet thinner than any atom.")
    neighbours = nearest(clean)
    _check_distances(structure, neighbours, name)
    notes += _cautions(clean, neighbours)
    if notes:
        clean.properties[NOTES] = list(dict.fromkeys(notes))
    return keep_name(structure, clean)


def notes_of(structure: Structure) -> tuple[str, ...]:
    """What was assumed when a structure was read, and cautions about it."""
    notes = structure.properties.get(NOTES, ()) if structure.properties else ()
    return tuple(n for n in notes if isinstance(n, str)) if isinstance(notes, list | tuple) else ()


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
    content = content_of([(s.symbol, float(n)) for s, n in site.species.items()])
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
    name = getattr(specie, "element", specie).name
    if name in ISOTOPES:
        raise isotope(name, atom, source)
    return str(specie.symbol)


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
    farthest = float(np.abs(structure.frac_coords).max())
    if farthest > FARTHEST:
        raise no_cell(
            source, f"an atom is {farthest:.3g} cells away.", "Check the columns of the file."
        )
    longest = max(structure.lattice.abc)
    if longest > MAX_EDGE:
        raise no_cell(source, f"a cell edge is {longest:.3g} Å long.", "Give lengths in Å.")
    if not structure.lattice.volume >= MIN_VOLUME * len(structure):
        raise no_cell(
            source,
            f"the cell of {structure.lattice.volume:.3g} Å³ has no room for "
            f"{len(structure)} atom{'s' if len(structure) > 1 else ''}.",
        )


def _check_periodic(structure: Structure, source: str) -> list[str]:
    """Refuse directions that are not periodic and have no vacuum; a note where they have."""
    pbc = structure.lattice.pbc
    if all(pbc):
        return []
    open_axes = [k for k in range(3) if not pbc[k]]
    for k in open_axes:
        place = np.sort(structure.frac_coords[:, k] % 1.0)
        gap = float(np.diff(np.append(place, place[0] + 1)).max())
        normal = np.cross(*np.delete(structure.lattice.matrix, k, axis=0))
        height = structure.lattice.volume / float(np.linalg.norm(normal))
        if gap * height < VACUUM:
            raise no_cell(
                source,
                f"it is not periodic along {'abc'[k]} (pbc {_flags(pbc)}), and its images there "
                f"would be {gap * height:.1f} Å apart.",
                "For a slab or a molecule, add at least 10 Å of vacuum; for a crystal, mark all "
                "three directions as periodic.",
            )
    names = " and ".join("abc"[k] for k in open_axes)
    return [f"Not periodic along {names}: computed as a crystal of images with vacuum between."]


def _flags(pbc: Any) -> str:
    return " ".join("T" if flag else "F" for flag in pbc)


def _check_distances(structure: Structure, found: Nearest, source: str) -> None:
    if found.pair is None:
        return
    i, j, distance, ratio = found.pair
    if ratio >= MIN_BOND and distance >= MIN_DISTANCE:
        return
    i, j = sorted((i, j))
    a, b = _place(structure[i], i), _place(structure[j], j)
    where = f"{a} and {b}" if i != j else f"{a} and its own periodic image"
    limit = max(MIN_BOND * distance / ratio if ratio > 0 else 0.0, MIN_DISTANCE)
    remedy = "Remove duplicate sites, or check the units of the cell, its axes and symmetry."
    if i != j and _atom(structure[i], i) == _atom(structure[j], j):
        remedy = (
            "They are images of one listed atom: write its place with more digits if it is a "
            "special one, or check the cell, its axes and symmetry."
        )
    raise OverlappingAtomsError(
        f"{where} are {distance:.2f} Å apart, less than {limit:.2g} Å.",
        source=source,
        remedy=remedy,
    )


def _cautions(structure: Structure, found: Nearest) -> list[str]:
    """What no training crystal looks like: isolated, stretched or squeezed atoms."""
    ranges, (densest, loosest), _ = seen()
    cautions = []
    symbols = np.array([site.specie.symbol for site in structure])
    for symbol in dict.fromkeys(symbols.tolist()):
        here = found.ratio[symbols == symbol]
        if np.isinf(here).any():
            cautions.append(f"{CAUTION} {symbol} has no neighbour within {SEARCH[1]:g} Å.")
            continue
        low, high = ranges.get(symbol, (0.0, np.inf))
        close = here.min() < low * (1 - SEEN_MARGIN)
        if close or here.max() > high * (1 + SEEN_MARGIN):
            cautions.append(
                f"{CAUTION} the nearest neighbour of {symbol} is unusually "
                f"{'close' if close else 'far'}, {here.min() if close else here.max():.2f} times "
                f"the sum of covalent radii; in training it was {low:.2f} to {high:.2f}."
            )
    if NOBLE_GASES.issuperset(symbols.tolist()):
        return cautions
    volume = volume_ratio(structure)
    if not densest <= volume <= loosest:
        per_atom = structure.volume / len(structure)
        cautions.append(
            f"{CAUTION} {per_atom:.3g} Å³ per atom, {volume:.2g} times what is usual for these "
            "elements, is an unusual density."
        )
    return cautions
