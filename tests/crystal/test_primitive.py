"""Primitive cells: found in silence, and done without where the search fails."""

from __future__ import annotations

import moyopy
import numpy as np
from crystals import mgo, rutile

from deepdos_nb.crystal.graph import build_graph
from deepdos_nb.crystal.primitive import primitive_cell, space_group


def test_a_supercell_that_breaks_symmetry_is_reduced_without_a_word(caplog):
    large = mgo() * (2, 1, 1)
    cell = primitive_cell(large, build_graph(large))
    assert cell.graph.n_nodes == 2
    assert len(np.unique(cell.member)) == 2
    assert sorted(np.bincount(cell.orbits)) == [len(large) // 2] * 2
    assert caplog.records == []


def test_orbits_are_those_of_the_atoms_given():
    structure = rutile()
    cell = primitive_cell(structure, build_graph(structure))
    titanium = cell.orbits[np.array(structure.atomic_numbers) == 22]
    oxygen = cell.orbits[np.array(structure.atomic_numbers) == 8]
    assert len(set(titanium)) == len(set(oxygen)) == 1
    assert set(titanium).isdisjoint(oxygen)


def test_where_the_search_fails_the_cell_given_stands(monkeypatch):
    def fails(*_args, **_options):
        raise ValueError("Primitive symmetry search failed")

    monkeypatch.setattr(moyopy, "MoyoDataset", fails)
    structure = rutile()
    assert space_group(structure) is None
    cell = primitive_cell(structure, build_graph(structure))
    assert cell.graph.n_nodes == len(structure)
    assert len(np.unique(cell.orbits)) == len(structure)
    assert cell.rotations.tolist() == [np.eye(3, dtype=int).tolist()]
