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
from deepdos_nb.crystal.distances import (
    NOBLE_GASES,
    SEARCH,
    Nearest,
    nearest,
    searchable,
    seen,
    volume_ratio,
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
    clean = Structure(bare, symbols, structure.frac_coords)
    if not searchable(clean):
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
    longest = max(structure.lattice.abc)
    if longest > MAX_EDGE:
        raise no_cell(source, f"a cell edge is {longest:.3g} Å long.", "Give lengths in Å.")
    if not structure.lattice.volume >= MIN_VOLUME_PER_ATOM * len(structure):
        raise no_cell(
            source,
            f"the cell of {structure.lattice.volume:.3g} Å³ has no room for "
            f"{len(structure)} atom{'s' if len(structure) > 1 else ''}.",
        )


def too_many(
    count: int, max_atoms: int, source: str, what: str = "the cell holds"
) -> TooManyAtomsError:
    """Error for more atoms than allowed."""
    return TooManyAtomsError(
        f"{what} {count} atoms, the limit is {max_atoms}.",
        source=source,
        remedy="Reduce it to the primitive cell, or raise max_atoms and expect it to be slow.",
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
    raise OverlappingAtomsError(
        f"{where} are {distance:.2f} Å apart, less than {limit:.2g} Å.",
        source=source,
        remedy="Remove duplicate sites, or check the units of the cell, its axes and symmetry.",
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
