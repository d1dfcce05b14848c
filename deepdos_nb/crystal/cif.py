"""From a CIF to a structure: its cell, its atoms, and the symmetry that fits both.

What the file says twice is compared: its operators with its space group, the cell with either, and
the atoms with the formula and the number of formula units it states. Where that decides between
two readings, a note says so; where nothing fits, the file is refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import InconsistentStructureError, UnsupportedElementError
from deepdos_nb.crystal.atom_labels import Stated, combinations, stated_content
from deepdos_nb.crystal.checks import check_structure
from deepdos_nb.crystal.cif_atoms import Atoms, listed, read_atoms
from deepdos_nb.crystal.cif_blocks import crystal_block
from deepdos_nb.crystal.cif_cell import read_lattice, volume_note
from deepdos_nb.crystal.cif_symmetry import Candidate, candidates
from deepdos_nb.crystal.distances import bond_lengths
from deepdos_nb.crystal.expand import (
    REACH,
    Expanded,
    coincident,
    expand,
    without_repeats,
)
from deepdos_nb.crystal.faults import too_many

if TYPE_CHECKING:
    from pymatgen.core import Lattice, Structure

FORMULAS = ("sum", "structural", "iupac", "moiety", "analytical")
"""Formulas that a file may state; the first that is understood counts."""

IMAGES_PER_ATOM = 400
"""Images of listed atoms that are made for each atom allowed, before they are counted."""


@dataclass(frozen=True)
class Reading:
    """One way to read a file: a symmetry, and an element for every atom.

    Parameters
    ----------
    candidate : Candidate
    symbols : tuple of str
        Element of each listed atom.
    site, position : ndarray
        All atoms of the cell, see `Expanded`.
    doubts : int
        0: formula and Z agree; 1: nothing is stated; 2: the number of atoms differs;
        3: their proportions do.
    notes : tuple of str
    """

    candidate: Candidate
    symbols: tuple[str, ...]
    site: Array
    position: Array
    doubts: int = 3
    notes: tuple[str, ...] = ()

    def elements(self) -> list[str]:
        """Element of every atom of the cell."""
        return [self.symbols[i] for i in self.site]

    def counts(self) -> Counter[str]:
        """Atoms of each element in the cell."""
        return Counter(self.elements())


def read_cif(text: str, name: str, max_atoms: int) -> tuple[Structure, tuple[str, ...]]:
    """Read the crystal in a CIF.

    Parameters
    ----------
    text : str
    name : str
        Of the file, for messages.
    max_atoms : int

    Returns
    -------
    structure : pymatgen Structure
        Atoms in the order of the file, each followed by its images.
    notes : tuple of str
        What was assumed.

    Raises
    ------
    StructureError
        One of its subclasses, with the reason.
    """
    block = crystal_block(text, name)
    lattice = read_lattice(block, name)
    atoms = read_atoms(block, name, max_atoms)
    stated = stated_content(
        [block.value(f"_chemical_formula_{kind}") for kind in FORMULAS],
        block.value("_cell_formula_units_z"),
        block.value("_exptl_crystal_density_diffrn"),
        lattice.volume,
        block.value("_chemical_formula_weight"),
    )
    known = candidates(block, np.asarray(lattice.matrix), name)
    edges = np.array(lattice.abc)
    read: list[Reading] = []
    for candidate in known:
        reading = _read(candidate, atoms, edges, stated, name, max_atoms)
        if reading is None:
            continue
        read.append(reading)
        if reading.doubts == 0 and not candidate.choice:
            break  # nothing can agree better
    if not read:
        fault = known[0].note.split(";")[0].rstrip(".")
        raise InconsistentStructureError(
            f"{fault[:1].lower()}{fault[1:]}, and no formula with Z tells which are meant.",
            source=name,
            remedy="Correct the operators, or list the atoms of the whole cell as P 1.",
        )
    best = _choose(read, atoms, stated, lattice, name)
    structure = _structure(best, atoms, lattice)
    return structure, (*block.notes, *atoms.notes, *best.notes, *volume_note(block, lattice))


def _structure(read: Reading, atoms: Atoms, lattice: Lattice) -> Structure:
    from pymatgen.core import Structure

    labels = [atoms.labels[i] for i in read.site]
    return Structure(lattice, read.elements(), read.position, labels=labels)


def _read(
    candidate: Candidate,
    atoms: Atoms,
    edges: Array,
    stated: Stated | None,
    name: str,
    max_atoms: int,
) -> Reading | None:
    """The best reading with one symmetry; None where it needs a confirmation it does not get."""
    if len(atoms.labels) * len(candidate.operators) > IMAGES_PER_ATOM * max(max_atoms, 500):
        raise too_many(
            len(atoms.labels),
            max_atoms,
            name,
            f"{len(candidate.operators)} operators have to be applied to",
        )
    images = expand(
        atoms.position, atoms.tolerance, atoms.kinds(), candidate.operators, REACH / edges
    )
    n_images, several = len(images.site), len(candidate.operators) > 1
    if n_images > 8 * max_atoms + 1000:
        raise too_many(n_images, max_atoms, name)
    pairs = coincident(images.position, atoms.tolerance[images.site]) if several else None
    best: Reading | None = None
    for symbols in combinations(atoms.names):
        left: Array = np.arange(n_images)
        if pairs is not None and len(pairs):
            element = np.unique(symbols, return_inverse=True)[1][images.site]
            left = without_repeats(n_images, pairs, element)
        reading = Reading(candidate, symbols, images.site[left], images.position[left])
        doubts = _doubts(stated, reading.counts())
        if best is None or doubts < best.doubts:
            best = replace(reading, doubts=doubts)
        if best.doubts == 0 or stated is None:
            break
    if best is None or (candidate.confirm and best.doubts > 0):
        return None
    notes = _notes(best, atoms, images, assumed=stated is None)
    return replace(best, notes=tuple(notes))


def _doubts(stated: Stated | None, counts: Counter[str]) -> int:
    if stated is None:
        return 1
    if not stated.proportions_fit(counts):
        return 3
    return {True: 0, None: 1, False: 2}[stated.number_fits(counts)]


def _notes(best: Reading, atoms: Atoms, images: Expanded, *, assumed: bool) -> Iterator[str]:
    candidate = best.candidate
    if candidate.note and not candidate.choice and not (candidate.settled and best.doubts == 0):
        yield candidate.note
    guessed = [
        f"{label} as {symbol}"
        for label, name, symbol in zip(atoms.labels, atoms.names, best.symbols, strict=True)
        if assumed and name.assumed
    ]
    if guessed:
        yield f"Without a formula to compare, capitals were read as elements: {listed(guessed)}."
    for moved, how in (
        (images.moved & ~images.beyond, "nearby, within the digits given"),
        (images.beyond, f"up to {REACH:g} Å away, where their images would overlap"),
    ):
        if moved.any():
            put = listed([atoms.labels[i] for i in np.flatnonzero(moved)])
            yield f"Put on special positions {how}: {put}."
    fewer = np.bincount(images.site, minlength=len(atoms.labels)) > np.bincount(
        best.site, minlength=len(atoms.labels)
    )
    gone = np.flatnonzero(images.repeats | fewer)
    if len(gone):
        repeated = listed([atoms.labels[i] for i in gone])
        yield f"Atoms that repeat images of others were counted once: {repeated}."


def _choose(
    read: list[Reading], atoms: Atoms, stated: Stated | None, lattice: Lattice, name: str
) -> Reading:
    """The reading that agrees best with what the file states."""
    fewest = min(r.doubts for r in read)
    rivals = [r for r in read if r.doubts == fewest]
    if fewest == 3 and stated is not None:
        # A fault of the atoms themselves says more than a formula that they do not make.
        check_structure(_structure(read[0], atoms, lattice), name)
        raise _contradiction(read[0], stated, name)
    best = rivals[0]
    if best.candidate.choice:
        open_ones = [r for r in rivals if r.candidate.choice]
        counted = [r for r in open_ones if atoms.counted(r.site)]
        best = _likeliest(counted or open_ones, lattice)
    _check_names(best, atoms, stated, name)
    if fewest < 2 or stated is None:
        return best
    if best.candidate.settled:
        raise _contradiction(best, stated, name)
    note = f"The file states {stated.content()}; its atoms and symmetry make {_formula(best)}."
    return replace(best, notes=(*best.notes, note))


def _likeliest(rivals: list[Reading], lattice: Lattice) -> Reading:
    """The one of several settings whose shortest bond is longest; a note if it matters."""
    if len(rivals) == 1:
        return rivals[0]
    bonds = [bond_lengths(lattice, r.elements(), r.position) for r in rivals]
    best = max(range(len(rivals)), key=lambda i: round(float(bonds[i].min(initial=9.0)), 3))
    same = [
        len(rivals[best].site) == len(r.site)
        and len(b) == len(bonds[best])
        and np.allclose(b, bonds[best], atol=1e-3)
        for r, b in zip(rivals, bonds, strict=True)
    ]
    if all(same):
        return rivals[best]
    other = rivals[same.index(False)]
    note = (
        f"{rivals[best].candidate.note[:-1]} ({len(rivals[best].site)} atoms), which the file "
        f"leaves open; the other choice would give {len(other.site)} atoms."
    )
    return replace(rivals[best], notes=(*rivals[best].notes, note))


def _check_names(best: Reading, atoms: Atoms, stated: Stated | None, name: str) -> None:
    """Refuse names of atoms that only a formula could explain, where there is none."""
    explained = stated is not None and (bool(stated.amounts) or best.doubts == 0)
    for label, readings in zip(atoms.labels, atoms.names, strict=True):
        if not (readings.sure or explained):
            raise UnsupportedElementError(
                f"atom {label} names no element for certain ({' or '.join(readings.elements)}?).",
                source=name,
                remedy="Add its element as _atom_site_type_symbol, and any atoms that are missing.",
            )
    if atoms.attached and not explained:
        raise InconsistentStructureError(
            "hydrogens are counted at other atoms (_atom_site_attached_hydrogens), not listed.",
            source=name,
            remedy="Add the hydrogen atoms with their positions.",
        )


def _contradiction(read: Reading, stated: Stated, name: str) -> InconsistentStructureError:
    counts = read.counts()
    missing = sorted(set(stated.amounts) - set(counts))
    reason = f"the file states {stated.content()}, but its atoms make {_formula(read)}"
    if missing:
        reason += f": {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing"
    return InconsistentStructureError(
        f"{reason}.",
        source=name,
        remedy="Add the atoms that are missing with their elements, or correct "
        "_chemical_formula_sum, Z or the symmetry.",
    )


def _formula(read: Reading) -> str:
    counts = read.counts()
    content = " ".join(f"{e}{n if n > 1 else ''}" for e, n in sorted(counts.items()))
    return f"{content} in the cell"
