"""The frequencies of phonopy, from the same force constants between the same pairs of atoms."""

from __future__ import annotations

import numpy as np
import torch
from crystals import crystals, mgo, rutile, triclinic
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lattice_places import places, translations
from networks import random_springs
from phonopy import Phonopy
from phonopy.structure.atoms import PhonopyAtoms
from scipy.constants import speed_of_light

from deepdos_nb.core.arrays import Array
from deepdos_nb.crystal.elements import atomic_masses
from deepdos_nb.crystal.graph import build_graph
from deepdos_nb.crystal.primitive import primitive_cell
from deepdos_nb.physics.lattice_dynamics import INVERSE_CM2, LEAST, frequencies, phonon_cell
from deepdos_nb.physics.pairs import PairCell

WAVENUMBER = 1e12 / (100 * speed_of_light)
"""cm⁻¹ of 1 THz."""


def repeats(lattice: Array, reach: float) -> Array:
    """How often a cell is repeated until no two images of an atom are within reach of another."""
    spacing = 1 / np.linalg.norm(np.linalg.inv(lattice), axis=0)
    return np.floor(2 * reach / spacing).astype(int) + 1


def phonopy_model(
    force_constants: Array, pairs: PairCell, lattice: Array, fractional: Array, images: Array
) -> Phonopy:
    """The same crystal with force constants of a supercell that is large enough."""
    counts = repeats(lattice, float(pairs.vector.norm(dim=-1).max()))
    numbers = pairs.numbers.numpy()
    unit = PhonopyAtoms(
        numbers=numbers,
        masses=atomic_masses()[numbers],
        cell=lattice,
        scaled_positions=fractional,
    )
    model = Phonopy(unit, np.diag(counts), primitive_matrix=np.eye(3), is_symmetry=False)
    supercell = model.supercell
    owner = np.searchsorted(supercell.u2s_map, supercell.s2u_map)
    shift = np.round(supercell.positions @ np.linalg.inv(lattice) - fractional[owner]).astype(int)
    at = {(i, *cell): row for row, (i, cell) in enumerate(zip(owner, shift % counts, strict=True))}
    table = np.zeros((len(numbers), len(supercell), 3, 3))
    ends = zip(pairs.receiver.tolist(), pairs.sender.tolist(), images % counts, strict=True)
    for (i, j, image), constants in zip(ends, force_constants, strict=True):
        table[i, at[j, *image]] -= constants
        table[i, at[i, 0, 0, 0]] += constants
    model.force_constants = table
    return model


@settings(max_examples=6)
@example(structure=mgo(), seed=0)
@example(structure=rutile(), seed=1)
@example(structure=triclinic(), seed=2)
@given(structure=crystals(), seed=st.integers(0, 99))
def test_the_frequencies_are_those_of_phonopy(structure, seed):
    primitive = primitive_cell(structure, build_graph(structure))
    pairs = phonon_cell(primitive)
    force_constants = random_springs(seed)(pairs).double()
    fractional = places(structure, primitive)
    images = translations(fractional, primitive, pairs)
    model = phonopy_model(force_constants.numpy(), pairs, primitive.lattice, fractional, images)
    q = np.random.default_rng(seed).uniform(-1, 1, (5, 3))
    q[0] = [0.5, 0, 0]
    cartesian = 2 * np.pi * q @ np.linalg.inv(primitive.lattice).T
    found = frequencies(force_constants, pairs, torch.from_numpy(cartesian)).numpy()
    expected = WAVENUMBER * model.run_qpoints(q).frequencies
    # An imaginary frequency, which phonopy writes as a negative one, is put at the lowest here.
    expected = expected.clip(min=np.sqrt(LEAST * INVERSE_CM2))
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6 * expected.max())
