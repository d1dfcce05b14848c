"""Large cells: what single, real matrices of one wave vector say is what diagonalising all says."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from crystals import mgo, rutile, triclinic
from pymatgen.core import Lattice, Structure

from deepdos_nb.core.grids import grid_for
from deepdos_nb.crystal.elements import atomic_masses
from deepdos_nb.crystal.graph import build_graph
from deepdos_nb.crystal.primitive import PrimitiveCell, primitive_cell
from deepdos_nb.inference.loading import load_model
from deepdos_nb.physics import lattice_dynamics, tight_binding
from deepdos_nb.physics.large_cells import lattice_sum
from deepdos_nb.physics.lattice_dynamics import dynamical_matrices, phonon_cell, site_lines
from deepdos_nb.physics.tight_binding import orbital_cell, site_states

PHONONS, ELECTRONS = grid_for("phdos"), grid_for("edos")


def reduced(structure: Structure) -> PrimitiveCell:
    return primitive_cell(structure, build_graph(structure))


def rattled(structure: Structure, cells: tuple[int, int, int], seed: int = 0) -> Structure:
    rng = np.random.default_rng(seed)
    large = structure.copy()
    large.make_supercell(cells)
    cart = large.cart_coords + 0.05 * rng.standard_normal((len(large), 3))
    return Structure(large.lattice, large.species, cart, coords_are_cartesian=True)


def two_molecules() -> Structure:
    """Two dimers that no edge joins: phases of one say nothing of the other's."""
    frac = [[0, 0, 0], [0.04, 0, 0], [0.5, 0.5, 0.5], [0.54, 0.01, 0.5]]
    return Structure(Lattice.orthorhombic(30, 31, 32), ["C", "O", "C", "O"], frac)


CRYSTALS = {
    "real: one wave vector": rattled(rutile(), (2, 2, 3)),
    "complex: an edge of 3 Å": rattled(rutile(), (1, 1, 1)),
    "no symmetry": triclinic(),
    "symmetry, orbits": rutile(),
    "islands": two_molecules(),
}


@pytest.mark.parametrize("name", CRYSTALS)
def test_phonons_of_large_cells_are_those_of_all_matrices(name, monkeypatch):
    cell = phonon_cell(reduced(CRYSTALS[name]))
    springs = load_model("phdos").draft_model(cell).double()
    exact = site_lines(springs, cell, PHONONS)
    monkeypatch.setattr(lattice_dynamics, "LARGE", 1)
    large = site_lines(springs, cell, PHONONS)
    assert not torch.equal(large, exact), "the other way was taken"
    np.testing.assert_allclose(large, exact, atol=3e-5 * float(exact.max()))


@pytest.mark.parametrize("name", CRYSTALS)
@pytest.mark.parametrize("gapped", [None, True])
def test_electrons_of_large_cells_are_those_of_all_matrices(name, gapped, monkeypatch):
    cell = orbital_cell(reduced(CRYSTALS[name]))
    terms = load_model("edos").draft_model(cell.pairs).double()
    learning = terms._replace(levels=terms.levels.clone().requires_grad_())
    exact = site_states(learning, cell, gapped=gapped).detach()
    at_once = site_states(terms, cell, gapped=gapped)
    monkeypatch.setattr(tight_binding, "LARGE", 1)
    large = site_states(terms, cell, gapped=gapped)
    assert large.dtype == at_once.dtype == torch.float64
    assert not torch.equal(at_once, exact), "another way was taken"
    assert not torch.equal(large, at_once), "another way was taken"
    np.testing.assert_allclose(at_once, exact, atol=3e-5 * float(exact.max()))
    np.testing.assert_allclose(large, exact, atol=3e-5 * float(exact.max()))


def test_training_keeps_the_way_that_has_gradients(monkeypatch):
    monkeypatch.setattr(tight_binding, "LARGE", 1)
    cell = orbital_cell(reduced(mgo()))
    terms = load_model("edos").draft_model(cell.pairs)
    terms = terms._replace(levels=terms.levels.clone().requires_grad_())
    site_states(terms.double(), cell).square().sum().backward()
    assert terms.levels.grad.abs().max() > 0


@pytest.mark.parametrize(
    ("turn", "real"), [((0, 0, 0), True), ((0.5, 0, 0.5), True), ((0.25, 0, 0), False)]
)
def test_a_matrix_is_real_where_twice_its_wave_vector_is_a_lattice_vector(turn, real):
    primitive = reduced(triclinic())
    cell = phonon_cell(primitive)
    k = torch.from_numpy(2 * np.pi * np.linalg.inv(primitive.lattice) @ np.array(turn))
    springs = load_model("phdos").draft_model(cell).double()
    n = len(cell.numbers)
    own = torch.zeros(n, 3, 3, dtype=springs.dtype).index_add(0, cell.receiver, springs)
    matrix = lattice_sum(k, cell, -springs, own, torch.arange(3 * n))
    assert matrix.is_complex() is not real
    np.testing.assert_allclose(matrix, matrix.mH.resolve_conj(), atol=1e-12)
    # Its phases are others; without masses, its eigenvalues are the same.
    root = torch.from_numpy(atomic_masses())[cell.numbers].double().sqrt().repeat_interleave(3)
    stiffness = dynamical_matrices(springs, cell, k[None])[0] * (root[:, None] * root)
    exact = torch.linalg.eigvalsh(stiffness)
    np.testing.assert_allclose(torch.linalg.eigvalsh(matrix), exact, atol=1e-4 * float(exact.max()))


def test_the_mesh_of_large_phonon_cells_is_coarser(monkeypatch):
    structure = rattled(mgo(), (3, 3, 3))
    many = len(phonon_cell(reduced(structure)).weight)
    monkeypatch.setattr(lattice_dynamics, "LARGE", 1)
    assert len(phonon_cell(reduced(structure)).weight) < many
