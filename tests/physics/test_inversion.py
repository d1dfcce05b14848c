"""Real matrices where inversion is a symmetry: the same bands, sites, and slopes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from crystals import mgo, other_cell, rutile, triclinic, turned
from pymatgen.core import Lattice, Structure
from scipy.spatial.distance import cdist

from deepdos_nb.core.grids import Kind
from deepdos_nb.crystal.graph import build_graph
from deepdos_nb.crystal.primitive import primitive_cell
from deepdos_nb.physics.force_constants import ForceConstantNetwork
from deepdos_nb.physics.hoppings import HoppingNetwork
from deepdos_nb.physics.inversion import real_basis
from deepdos_nb.physics.lattice_dynamics import (
    displacements,
    dynamical_matrices,
    frequencies,
    modes,
    phonon_cell,
    site_lines,
)
from deepdos_nb.physics.tight_binding import hamiltonians, orbital_cell, site_states


def centred() -> Structure:
    """No symmetry but inversion: pairs of atoms, one atom at a centre and one at another."""
    half = triclinic()
    frac = np.concatenate([half.frac_coords, -half.frac_coords, [[0, 0, 0], [0.5, 0, 0.5]]])
    # Larger, so that nothing overlaps.
    lattice = Lattice(1.5 * half.lattice.matrix)
    return Structure(lattice, [*half.species, *half.species, "Ti", "S"], frac + 0.1)


def hexagonal() -> Structure:
    """Close-packed magnesium: the centre lies between the atoms."""
    lattice = Lattice.hexagonal(3.21, 5.21)
    return Structure(lattice, ["Mg", "Mg"], [[1 / 3, 2 / 3, 0.25], [2 / 3, 1 / 3, 0.75]])


def zinc_blende() -> Structure:
    lattice = Lattice.cubic(5.65)
    return Structure.from_spacegroup("F-43m", lattice, ["Ga", "As"], [[0, 0, 0], [0.25] * 3])


CENTRED = {"MgO": mgo, "rutile": rutile, "Mg": hexagonal, "P-1": centred}


def primitive(structure: Structure):
    return primitive_cell(structure, build_graph(structure))


@pytest.fixture
def bonds() -> HoppingNetwork:
    torch.manual_seed(0)
    return HoppingNetwork().eval().requires_grad_(False)


@pytest.fixture
def springs() -> ForceConstantNetwork:
    torch.manual_seed(0)
    return ForceConstantNetwork().eval().requires_grad_(False)


@pytest.mark.parametrize("name", CENTRED)
def test_inversion_is_found_in_any_cell(name: str):
    rng = np.random.default_rng(0)
    one = CENTRED[name]()
    for structure in (
        one,
        turned(one, rng),
        other_cell(one, rng),
        one.copy().make_supercell([2, 1, 1]),
    ):
        cell = primitive(structure)
        assert cell.partner is not None
        there = cell.partner[cell.partner]
        assert there.tolist() == list(range(len(there)))
        numbers = cell.graph.numbers
        assert (numbers[cell.partner] == numbers).all()
        # Every bond has one that points the other way, between the partners.
        graph, partner = cell.graph, 100.0 * cell.partner
        ways = np.column_stack([100.0 * graph.receiver, 100.0 * graph.sender, graph.vector])
        back = np.column_stack([partner[graph.receiver], partner[graph.sender], -graph.vector])
        assert cdist(back, ways).min(axis=1).max() < 2e-3


@pytest.mark.parametrize("structure", [zinc_blende(), triclinic()])
def test_without_a_centre_matrices_stay_complex(structure: Structure, bonds: HoppingNetwork):
    cell = primitive(structure)
    assert cell.partner is None
    orbitals = orbital_cell(cell)
    assert orbitals.basis is None
    terms = bonds(orbitals.pairs).double()
    assert hamiltonians(terms, orbitals, orbitals.pairs.q, basis=orbitals.basis).is_complex()
    assert displacements(phonon_cell(cell)) is None


@pytest.mark.parametrize("name", CENTRED)
def test_electrons_have_the_same_bands_and_states(name: str, bonds: HoppingNetwork):
    cell = orbital_cell(primitive(CENTRED[name]()))
    terms, k = bonds(cell.pairs).double(), cell.pairs.q[:5]
    real = hamiltonians(terms, cell, k, basis=cell.basis)
    assert real.dtype == torch.float64
    torch.testing.assert_close(real, real.mT)
    plain = hamiltonians(terms, cell, k)
    torch.testing.assert_close(
        torch.linalg.eigvalsh(real), torch.linalg.eigvalsh(plain), atol=1e-5, rtol=0
    )
    blind = replace(cell, pairs=replace(cell.pairs, partner=None))
    states, same = site_states(terms, cell), site_states(terms, blind)
    torch.testing.assert_close(states, same, atol=1e-5 * float(same.max()), rtol=0)


@pytest.mark.parametrize("name", CENTRED)
def test_phonons_have_the_same_modes(name: str, springs: ForceConstantNetwork):
    cell = phonon_cell(primitive(CENTRED[name]()))
    constants = springs(cell).double()
    real = dynamical_matrices(constants, cell, cell.q, displacements(cell))
    assert real.dtype == torch.float64
    blind = replace(cell, partner=None)
    plain = torch.linalg.eigvalsh(dynamical_matrices(constants, blind, cell.q))
    assert torch.allclose(torch.linalg.eigvalsh(real), plain, atol=1e-6)
    lines, same = (site_lines(constants, c, Kind.phdos.grid) for c in (cell, blind))
    if name == "P-1":  # all sites differ; elsewhere rows hold for the mean of an orbit only
        torch.testing.assert_close(lines, same, atol=1e-5, rtol=0)
    torch.testing.assert_close(cell.over_orbits(lines), cell.over_orbits(same), atol=1e-5, rtol=0)
    share = modes(constants, cell)[1]
    torch.testing.assert_close(share.sum(dim=1), torch.ones_like(share[:, 0]))


@pytest.mark.parametrize("name", ["rutile", "P-1"])
def test_slopes_are_the_same(name: str, bonds: HoppingNetwork):
    cell = orbital_cell(primitive(CENTRED[name]()), thinned=0.4)
    bonds.double().requires_grad_()
    slopes = []
    for one in (cell, replace(cell, pairs=replace(cell.pairs, partner=None))):
        states = site_states(bonds(cell.pairs), one)
        slopes.append(torch.autograd.grad(states.square().sum(), bonds.parameters()))
    assert any(slope.any() for slope in slopes[0])
    for mine, plain in zip(*slopes, strict=True):
        torch.testing.assert_close(mine, plain, atol=1e-3 * float(plain.abs().max()), rtol=0)


def test_slopes_of_frequencies_are_the_same(springs: ForceConstantNetwork):
    cell = phonon_cell(primitive(rutile()))
    springs.double().requires_grad_()
    slopes = []
    for one in (cell, replace(cell, partner=None)):
        loss = frequencies(springs(cell), one, cell.q).sum()
        slopes.append(torch.autograd.grad(loss, springs.parameters()))
    assert any(slope.any() for slope in slopes[0])
    for mine, plain in zip(*slopes, strict=True):
        torch.testing.assert_close(mine, plain, atol=1e-3 * float(plain.abs().max()), rtol=0)


def test_partners_may_be_rows_far_apart():
    # Two atoms that change places, one that stays; of two rows the second changes its sign.
    basis = real_basis(
        torch.tensor([1, 0, 2]), torch.tensor([0, 1, 2, 3, 5]), torch.tensor([1, -1])
    )
    assert basis.first.tolist() == [0, 1]
    assert basis.second.tolist() == [2, 3]
    assert basis.sign.tolist() == [1, -1]
    assert basis.alone.tolist() == [4]
    assert basis.odd.tolist() == [True]
    assert basis.enough.tolist() == [0, 1, 4]
