"""The periodic graph against brute force, and its quotient."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from crystals import crystals, mgo, other_cell, rutile, triclinic
from hypothesis import given, settings
from pymatgen.core import Lattice, Structure
from torch_geometric.data import Batch, Data
from torch_geometric.nn import TransformerConv

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


@settings(max_examples=20)
@given(structure=crystals())
def test_a_graph_comes_back_from_pytorch_geometric(structure):
    graphs = [build_graph(structure), build_graph(rutile()).quotient(np.array([0, 0, 1, 1, 1, 1]))]
    together = Batch.from_data_list([graph.to_pyg() for graph in graphs])
    assert together.num_graphs == 2
    for graph, data in zip(graphs, together.to_data_list(), strict=True):
        np.testing.assert_array_equal(data.z, graph.numbers)
        np.testing.assert_array_equal(data.node_weight, graph.weight)
        np.testing.assert_array_equal(data.edge_index, [graph.sender, graph.receiver])
        np.testing.assert_allclose(data.edge_vec, graph.vector, atol=1e-6)
        np.testing.assert_allclose(data.edge_weight, graph.distance, atol=1e-6)
        np.testing.assert_allclose(data.edge_envelope, graph.envelope, atol=1e-6)


def test_a_layer_of_pytorch_geometric_runs_on_it():
    torch.manual_seed(0)
    layer = TransformerConv(1, 8, heads=2, edge_dim=3).eval()

    def embed(data: Data) -> torch.Tensor:
        with torch.no_grad():
            return layer(data.z[:, None].float() / 100, data.edge_index, data.edge_vec)

    alone = [build_graph(s).to_pyg() for s in (mgo(), triclinic())]
    found = embed(Batch.from_data_list(alone))
    torch.testing.assert_close(found, torch.cat([embed(data) for data in alone]))
    assert found.shape == (6, 16)
    # What a node hears comes from its senders: with other vectors into it, it alone changes.
    changed = alone[1].clone()
    changed.edge_vec = changed.edge_vec * (1 + (changed.edge_index[1] == 2))[:, None]
    moved = (embed(changed) - embed(alone[1])).abs().amax(dim=1) > 1e-4
    assert moved.tolist() == [False, False, True, False]
