"""The periodic graph against brute force, and its quotient."""

from __future__ import annotations

import numpy as np
import pytest
from crystals import crystals, mgo, other_cell, rutile, triclinic
from hypothesis import given, settings
from pymatgen.core import Lattice, Structure

from deepdos_nb.crystal.graph import MARGIN, MIN_NEIGHBOURS, RADIUS, build_graph
from deepdos_nb.crystal.symmetry import symmetry_orbits


def brute_force_distances(structure: Structure, atom: int, radius: float) -> np.ndarray:
    reach = range(-6, 7)
    images = np.array([[i, j, k] for i in reach for j in reach for k in reach])
    far = structure.cart_coords[None] + (images @ structure.lattice.matrix)[:, None]
    distance = np.linalg.norm(far - structure.cart_coords[atom], axis=-1).ravel()
    return np.sort(distance[(distance > 1e-8) & (distance < radius)])


@pytest.mark.parametrize("make", [mgo, rutile, triclinic])
def test_every_image_within_the_cutoff_is_a_neighbour(make):
    structure = make()
    graph = build_graph(structure)
    for atom in range(len(structure)):
        expected = brute_force_distances(structure, atom, graph.cutoff[atom])
        found = graph.distance[graph.neighbours(atom)]
        np.testing.assert_allclose(found, expected, atol=1e-9)


@settings(max_examples=25)
@given(crystals())
def test_every_atom_sees_twelve_neighbours_with_weight(structure):
    graph = build_graph(structure)
    assert graph.degree.min() >= MIN_NEIGHBOURS
    assert (graph.cutoff >= RADIUS).all()
    for atom in range(graph.n_nodes):
        weights = graph.envelope[graph.neighbours(atom)]
        twelfth = 0.5 * (np.cos(np.pi / MARGIN) + 1)
        assert weights[MIN_NEIGHBOURS - 1] >= twelfth - 1e-9
    assert (np.diff(graph.receiver) >= 0).all()


def test_sparse_crystal_extends_its_cutoff_past_the_whole_shell():
    graph = build_graph(Structure(Lattice.cubic(9.0), ["Ar"], [[0, 0, 0]]))
    assert graph.degree[0] == 18  # 6 at a and all 12 at √2 a: no shell is cut
    assert graph.cutoff[0] == pytest.approx(MARGIN * 9.0 * np.sqrt(2))


def test_vectors_point_from_receiver_to_the_senders_image():
    structure = triclinic()
    graph = build_graph(structure)
    cell = structure.lattice.matrix
    far = structure.cart_coords[graph.sender] + graph.image @ cell
    np.testing.assert_allclose(structure.cart_coords[graph.receiver] + graph.vector, far, atol=1e-9)


def test_another_primitive_cell_gives_the_same_neighbourhoods():
    structure = triclinic()
    a, b = (build_graph(s) for s in (structure, other_cell(structure, np.random.default_rng(3))))
    assert sorted(map(tuple, a.image)) != sorted(map(tuple, b.image))  # truly another description
    for atom in range(a.n_nodes):
        np.testing.assert_allclose(
            a.distance[a.neighbours(atom)], b.distance[b.neighbours(atom)], atol=1e-9
        )


def test_quotient_keeps_one_atom_per_orbit_with_its_weight():
    structure = rutile()
    orbit = symmetry_orbits(structure)
    graph = build_graph(structure)
    small = graph.quotient(orbit)
    assert sorted(small.weight) == [2, 4]
    assert small.weight.sum() == len(structure)
    assert (small.degree == graph.degree[[np.flatnonzero(orbit == o)[0] for o in (0, 1)]]).all()
    assert (small.numbers[small.orbit] == structure.atomic_numbers).all()


def test_orbits_of_a_crystal_without_symmetry_are_its_atoms():
    assert len(set(symmetry_orbits(triclinic()))) == 4


def test_pyg_export_holds_the_same_edges():
    graph = build_graph(mgo())
    data = graph.to_pyg()
    assert data.num_nodes == 2
    assert data.edge_index.shape == (2, graph.n_edges)
    np.testing.assert_allclose(data.edge_vec.norm(dim=1).numpy(), graph.distance, rtol=1e-5)
