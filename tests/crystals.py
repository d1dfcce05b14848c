"""Small crystals, and ways to describe the same crystal differently."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from pymatgen.core import Lattice, Structure


def mgo() -> Structure:
    return rocksalt("Mg", "O", 4.212).get_primitive_structure()


def rocksalt(cation: str, anion: str, a: float) -> Structure:
    """Conventional cell of eight atoms, edge `a` in Å."""
    return Structure.from_spacegroup(
        "Fm-3m", Lattice.cubic(a), [cation, anion], [[0, 0, 0], [0.5, 0.5, 0.5]]
    )


def rutile() -> Structure:
    return Structure.from_spacegroup(
        "P4_2/mnm", Lattice.tetragonal(4.594, 2.959), ["Ti", "O"], [[0, 0, 0], [0.3053, 0.3053, 0]]
    )


def triclinic() -> Structure:
    """No symmetry at all, three elements, all sites different."""
    lattice = Lattice.from_parameters(4.1, 5.0, 6.2, 78, 83, 96)
    frac = [[0.02, 0.1, 0.07], [0.52, 0.43, 0.31], [0.81, 0.62, 0.74], [0.3, 0.8, 0.55]]
    return Structure(lattice, ["Na", "Cl", "O", "Na"], frac)


@st.composite
def crystals(draw: st.DrawFn) -> Structure:
    """Random crystals of one to five atoms that do not overlap."""
    n_atoms = draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    lattice = Lattice.from_parameters(*rng.uniform(3.0, 7.0, 3), *rng.uniform(65, 115, 3))
    frac: list[np.ndarray] = []
    for _ in range(200):
        trial = rng.uniform(size=3)
        near = lattice.get_all_distances([trial], frac).min() if frac else 9.0
        if near > 1.2:
            frac.append(trial)
        if len(frac) == n_atoms:
            break
    return Structure(lattice, rng.integers(1, 90, len(frac)), frac)


def turned(structure: Structure, rng: np.random.Generator) -> Structure:
    """The same crystal, rotated at random (improperly at times) and shifted."""
    matrix, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    cell = structure.lattice.matrix @ matrix.T
    return Structure(Lattice(cell), structure.species, structure.frac_coords + rng.uniform(size=3))


def permuted(structure: Structure, rng: np.random.Generator) -> tuple[Structure, np.ndarray]:
    """The same crystal with its atoms in another order, and that order."""
    order = rng.permutation(len(structure))
    species = [structure.species[i] for i in order]
    return Structure(structure.lattice, species, structure.frac_coords[order]), order


def other_cell(structure: Structure, rng: np.random.Generator) -> Structure:
    """The same crystal with another primitive cell: a unimodular change of basis."""
    change = np.eye(3, dtype=int)
    for _ in range(3):
        i, j = rng.choice(3, 2, replace=False)
        change[i] += rng.integers(-1, 2) * change[j]
    cell = change @ structure.lattice.matrix
    return Structure(
        Lattice(cell), structure.species, structure.cart_coords, coords_are_cartesian=True
    )
