"""Meshes of wave vectors: reduced by symmetry they say the same as in full."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from crystals import mgo, other_cell, rutile, triclinic
from networks import random_springs
from pymatgen.core import Lattice, Structure

import deepdos_nb as dd
from deepdos_nb.crystal.graph import build_graph
from deepdos_nb.crystal.kpoints import mesh_counts, orbital_mesh_length, wave_vectors
from deepdos_nb.crystal.primitive import PrimitiveCell, primitive_cell
from deepdos_nb.physics.hoppings import HoppingNetwork

HEXAGONAL = Structure(
    Lattice.hexagonal(3.2, 5.2),
    ["Zn", "Zn", "O", "O"],
    [[1 / 3, 2 / 3, 0], [2 / 3, 1 / 3, 0.5], [1 / 3, 2 / 3, 0.38], [2 / 3, 1 / 3, 0.88]],
)


def primitive(structure: Structure) -> PrimitiveCell:
    return primitive_cell(structure, build_graph(structure))


def in_full(cell: PrimitiveCell) -> PrimitiveCell:
    """The same cell, whose symmetry nobody knows."""
    return replace(cell, orbit=np.arange(cell.graph.n_nodes), rotations=np.eye(3, dtype=int)[None])


def bonds() -> HoppingNetwork:
    torch.manual_seed(3)
    return HoppingNetwork().eval().requires_grad_(False)


CRYSTALS = {
    "rock salt": mgo,
    "rutile": rutile,
    "wurtzite": lambda: HEXAGONAL,
    "another cell of rutile": lambda: other_cell(rutile(), np.random.default_rng(0)),
    "no symmetry": triclinic,
    "perovskite": lambda: dd.example("SrTiO3"),
}


@pytest.mark.parametrize("name", CRYSTALS)
@pytest.mark.parametrize("make", [random_springs, bonds])
def test_drafts_are_those_of_the_full_mesh(name, make):
    cell, network = primitive(CRYSTALS[name]()), make()
    with torch.no_grad():
        reduced, full = network.projected_dos([network.cell(c) for c in (cell, in_full(cell))])
    torch.testing.assert_close(reduced, full, rtol=1e-4, atol=1e-5 * float(full.max()))


@pytest.mark.parametrize("centred", [False, True])
def test_symmetric_crystals_need_few_wave_vectors(centred):
    cell = primitive(mgo())
    every, _ = wave_vectors(cell.lattice, centred=centred)
    few, weight = wave_vectors(cell.lattice, centred=centred, rotations=cell.rotations)
    assert len(few) < len(every) / 3
    assert weight.sum() == pytest.approx(1.0)
    assert (weight > 0).all()


def test_rotations_map_the_crystal_onto_itself():
    for make in (mgo, rutile, lambda: HEXAGONAL):
        cell = primitive(make())
        metric = cell.lattice @ cell.lattice.T
        for rotation in cell.rotations:
            # x turns with R, so the metric of x obeys Rᵀ G R = G.
            np.testing.assert_allclose(rotation.T @ metric @ rotation, metric, atol=1e-6)
    assert len(primitive(mgo()).rotations) == 48


def test_a_mesh_with_its_centre_has_even_numbers_of_points_or_one():
    edges = np.array([20.0, 10.0, 7.0])
    assert mesh_counts(edges, 20.0, centred=False).tolist() == [1, 2, 3]
    assert mesh_counts(edges, 20.0, centred=True).tolist() == [1, 2, 4]


def test_electrons_of_larger_cells_have_thinner_meshes():
    lengths = [orbital_mesh_length(n) for n in range(1, 1000)]
    assert lengths == sorted(lengths, reverse=True)
    assert (lengths[0], lengths[29], lengths[299], lengths[300]) == (40.0, 40.0, 20.0, 10.0)
    assert lengths[59] == pytest.approx(25.2, abs=0.05)
