"""The atoms that a CIF lists: names, positions and occupancies, checked one by one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import (
    EmptyStructureError,
    OverlappingAtomsError,
    PartialOccupancyError,
    UnsupportedElementError,
)
from deepdos_nb.crystal.atom_labels import LONGEST, Readings, of_label, of_type
from deepdos_nb.crystal.checks import LARGEST_FRACTION, OCCUPANCY_ROUNDING
from deepdos_nb.crystal.cif_blocks import POSITIONS, UNKNOWN, Block
from deepdos_nb.crystal.faults import bad_element, content_of, no_cell, partial, too_many
from deepdos_nb.crystal.text import decimal, plain_signs

AXES = tuple(f"_atom_site_fract_{axis}" for axis in "xyz")

SAME_PLACE = 1e-4
"""Fractions of a cell within which two listed positions are one."""

OCCUPANCY_SLACK = 0.006
"""Refined occupancies this much below one are one, within what diffraction tells."""

EXACT_OCCUPANCY = 1e-3
"""Occupancies this close to one go unmentioned."""

WORST_DIGITS = 2
"""Digits that a rounded coordinate is taken to have at least."""


@dataclass(frozen=True)
class Atoms:
    """Atoms as they are listed, each to be repeated by symmetry.

    Parameters
    ----------
    labels : list of str
    names : list of Readings
        What elements each may be.
    position : ndarray, shape (n, 3)
        Fractional.
    tolerance : ndarray, shape (n,)
        Fractions of a cell by which the digits given leave each position open.
    attached : bool
        Whether hydrogens are counted at some atoms instead of being listed.
    multiplicity : ndarray, shape (n,), optional
        Images of each in the cell, as the file counts them; NaN where it does not.
    notes : tuple of str
    """

    labels: list[str]
    names: list[Readings]
    position: Array
    tolerance: Array
    attached: bool = False
    multiplicity: Array | None = None
    notes: tuple[str, ...] = ()

    def only(self, left: Array, note: str) -> Atoms:
        """Some of the atoms, with a note that tells why."""
        return replace(
            self,
            labels=[self.labels[i] for i in left],
            names=[self.names[i] for i in left],
            position=self.position[left],
            tolerance=self.tolerance[left],
            multiplicity=None if self.multiplicity is None else self.multiplicity[left],
            notes=(*self.notes, note),
        )

    def counted(self, site: Array) -> bool:
        """Whether atoms have as many images as the file says; `site` tells whose each one is."""
        if self.multiplicity is None or np.isnan(self.multiplicity).all():
            return False
        images = np.bincount(site, minlength=len(self.labels))
        return bool(((images == self.multiplicity) | np.isnan(self.multiplicity)).all())

    def kinds(self) -> Array:
        """A number for each atom, equal where their names mean the same."""
        numbers = {name: i for i, name in enumerate(dict.fromkeys(self.names))}
        return np.array([numbers[name] for name in self.names])


def cif_number(text: str) -> float:
    """Value of a CIF number such as ``0.123(4)`` or ``1/3``; NaN where there is none."""
    plain = plain_signs(text).split("(")[0].strip()
    if "/" in plain:
        above, _, below = plain.partition("/")
        return decimal(above) / decimal(below) if decimal(below) else float("nan")
    return decimal(plain)


def read_atoms(block: Block, name: str, max_atoms: int) -> Atoms:
    """Read the atoms of a block.

    Raises
    ------
    StructureError
        If one has no position or no element, or is disordered; names the first.
    """
    n = len(block.columns[POSITIONS])
    types = _column(block, n, "_atom_site_type_symbol")
    labels = _column(block, n, "_atom_site_label", "_atom_site_label_atom_id", "_atom_site_id")
    occupancy = _occupancies(block, n)
    called = [
        label or kind or f"number {i + 1}"
        for i, (label, kind) in enumerate(zip(labels, types, strict=True))
    ]
    real = [flag.lower() != "dum" for flag in _column(block, n, "_atom_site_calc_flag")]
    kept = [i for i in range(n) if real[i] and occupancy[i] != 0]
    if not kept:
        raise EmptyStructureError(
            "all atoms listed have occupancy 0 or are dummies.",
            source=name,
            remedy="Correct the occupancies.",
        )
    if len(kept) > max_atoms:
        raise too_many(len(kept), max_atoms, name, "the file lists")
    text = [[block.columns.get(axis, [""] * n)[i] for axis in AXES] for i in kept]
    position = _positions(text, [called[i] for i in kept], name)
    names = [_name(types[i], labels[i], called[i], name) for i in kept]
    counts = _column(
        block, n, "_atom_site_symmetry_multiplicity", "_atom_site_site_symmetry_multiplicity"
    )
    atoms = Atoms(
        [called[i] for i in kept],
        names,
        position,
        np.array([_tolerance(row) for row in text]),
        attached=any(cif_number(v) > 0 for v in block.column("_atom_site_attached_hydrogens")),
        multiplicity=np.array([cif_number(counts[i]) for i in kept]),
        notes=tuple(_remarks(types, labels, called, kept, position)),
    )
    _check_disorder(block, n, name)
    return _whole_sites(atoms, occupancy[kept], name)


def _column(block: Block, n: int, *tags: str) -> list[str]:
    values = block.column(*tags)
    if len(values) != n:
        return [""] * n
    return ["" if v in UNKNOWN else v.strip()[:LONGEST] for v in values]


def _occupancies(block: Block, n: int) -> Array:
    """One where the file leaves it open, NaN where it is no number."""
    values = _column(block, n, "_atom_site_occupancy")
    return np.array([cif_number(v) if v else 1.0 for v in values])


def _positions(text: list[list[str]], called: list[str], name: str) -> Array:
    position = np.array([[cif_number(v) for v in row] for row in text])
    good = np.isfinite(position).all(axis=1) & (np.abs(position) <= LARGEST_FRACTION).all(axis=1)
    if not good.all():
        i = int(np.flatnonzero(~good)[0])
        raise no_cell(
            name,
            f"atom {called[i]} has no position ({' '.join(t or '?' for t in text[i])[:80]}).",
            "Complete its fractional coordinates, with decimal points, or remove it.",
        )
    # Thirds are meant exactly however many digits they are written with.
    for third in (1 / 3, 2 / 3):
        position = np.where(np.abs(position / third - 1) < 1e-4, third, position)
    return position


def _tolerance(row: list[str]) -> float:
    digits = 99
    for text in row:
        value, decimals = cif_number(text), len(text.split("(")[0].strip().partition(".")[2])
        # Few digits are exact where they make a simple fraction: 0, 0.5, 0.125.
        if abs(value * 8 - round(value * 8)) > 1e-9:
            digits = min(digits, max(decimals, WORST_DIGITS))
    return max(SAME_PLACE, 1.5 * 10.0**-digits)


def _name(kind: str, label: str, called: str, source: str) -> Readings:
    found = of_type(kind) if kind else of_label(label) if label else Readings(())
    if found.shared:
        raise partial(
            f"site {called} is shared by several species ({', '.join(found.shared)}).", source
        )
    if found.elements:
        return found
    if kind:
        raise bad_element(kind, called, source)
    raise UnsupportedElementError(
        f"atom {called} names no element.",
        source=source,
        remedy="Add the element as _atom_site_type_symbol.",
    )


def _remarks(
    types: list[str], labels: list[str], called: list[str], kept: list[int], position: Array
) -> Iterator[str]:
    gone = [called[i] for i in range(len(types)) if i not in set(kept)]
    if gone:
        yield f"Left out, being dummies or of occupancy 0: {listed(gone)}."
    odd = []
    for i in kept:
        by_type, by_label = of_type(types[i]), of_label(labels[i])
        clear = types[i] and labels[i] and by_label.sure and not by_label.assumed
        if clear and by_label.elements and by_label.elements[0] not in by_type.elements:
            odd.append(f"{labels[i]} ({types[i]})")
    if odd:
        yield f"Labels and types name different elements, the types were used: {listed(odd)}."
    if np.abs(position).max() > 2:
        yield (
            f"Fractional coordinates up to {np.abs(position).max():.4g} were read modulo 1; check "
            "that they are not in Å."
        )


def listed(names: list[str]) -> str:
    """The first few of some names."""
    names = list(dict.fromkeys(names))
    return ", ".join(names[:4]) + (" …" if len(names) > 4 else "")


def _whole_sites(atoms: Atoms, occupancy: Array, source: str) -> Atoms:
    """The atoms with every site once; refuses disorder, and sites that are listed twice.

    A site may be shared by ions of one element, of two charges for example.
    """
    cells = np.round(atoms.position % 1.0 / SAME_PLACE).astype(int) % round(1 / SAME_PLACE)
    _, place = np.unique(cells, axis=0, return_inverse=True)
    place = place.ravel()
    total = np.bincount(place, weights=np.nan_to_num(occupancy, nan=0.0))
    bad = ~((occupancy > 1 - OCCUPANCY_SLACK) & (total[place] <= 1 + OCCUPANCY_ROUNDING))
    if not bad.any():
        near = [atoms.labels[i] for i in np.flatnonzero(occupancy < 1 - EXACT_OCCUPANCY)]
        note = f"Occupancies a little below one were taken as one: {listed(near)}."
        return replace(atoms, notes=(*atoms.notes, note)) if near else atoms
    ions = _ions(atoms, occupancy, place, total)
    if (ions[bad] >= 0).all():
        left = np.flatnonzero(~bad | (ions == np.arange(len(ions))))
        shared = [atoms.labels[i] for i in left if bad[i]]
        note = f"Ions of one element share a site and were taken as one atom: {listed(shared)}."
        return atoms.only(left, note)
    i = int(np.flatnonzero(bad & (ions < 0))[0])
    here = np.flatnonzero(place == place[i])
    kinds = {atoms.names[j].elements[0] for j in here}
    content = content_of([(atoms.names[j].elements[0], occupancy[j]) for j in here])
    label = atoms.labels[i]
    if not np.isfinite(occupancy[here]).all() or (occupancy[here] < 0).any():
        raise partial(f"the occupancy of site {label} is no number between 0 and 1.", source)
    if len(here) == 1 and occupancy[i] > 1.5:
        raise PartialOccupancyError(
            f"the occupancy of site {label} is {occupancy[i]:g}, and one atom has 1.",
            source=source,
            remedy="Write occupancies as parts of one, not in per cent or as numbers of atoms.",
        )
    if total[place[i]] > 1.5:
        raise OverlappingAtomsError(
            f"there is more than one atom at the position of {label} ({content}).",
            source=source,
            remedy="Remove duplicate sites.",
        )
    if len(kinds) > 1:
        raise partial(f"site {label} is shared by several species ({content}).", source)
    if total[place[i]] > 1 + OCCUPANCY_ROUNDING:
        raise partial(f"site {label} holds more than one atom ({content}).", source)
    raise partial(f"site {label} is only partly occupied ({content}).", source)


def _ions(atoms: Atoms, occupancy: Array, place: Array, total: Array) -> Array:
    """For each part of a site whose parts are of one element and fill it, the first; else -1."""
    first = np.full(len(place), -1)
    for site in np.unique(place):
        here = np.flatnonzero(place == site)
        same = len({atoms.names[j] for j in here}) == 1 and len(here) > 1
        parts = (occupancy[here] > 0).all() and (occupancy[here] < 1).all()
        if same and parts and abs(total[site] - 1) <= OCCUPANCY_SLACK:
            first[here] = here[0]
    return first


def _check_disorder(block: Block, n: int, source: str) -> None:
    groups = {g for g in _column(block, n, "_atom_site_disorder_group") if g not in ("", "0")}
    if len({re.sub(r"^-", "", g) for g in groups}) > 1:
        raise partial(
            f"atoms of {len(groups)} disorder groups are listed as if all were there.", source
        )
