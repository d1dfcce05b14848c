"""Prototypes: who is built like whom, and what the nearest twin answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from crystals import mgo, rutile
from pymatgen.core import Lattice, Structure

from deepdos_nb.data.records import Record
from deepdos_nb.evaluation.prototypes import look_up, prototype, twins


def record(structure: Structure, height: int, n_bins: int = 51) -> Record:
    n = len(structure)
    return Record(
        material_id=f"{structure.formula} {height}",
        kind="phdos",
        lattice=np.array(structure.lattice.matrix),
        numbers=np.array(structure.atomic_numbers),
        frac=np.array(structure.frac_coords),
        orbits=np.arange(n),
        shape=np.eye(n_bins)[height],
    )


def salt(cation: str, anion: str, edge: float) -> Structure:
    positions = [[0, 0, 0], [0.5, 0.5, 0.5]]
    return Structure.from_spacegroup("Fm-3m", Lattice.cubic(edge), [cation, anion], positions)


def test_a_prototype_is_the_same_in_every_cell_and_for_every_element():
    assert prototype(salt("Na", "Cl", 5.6)) == prototype(mgo()) == "AB 225 cF8"
    assert prototype(mgo() * (2, 1, 1)) == "AB 225 cF8"
    assert prototype(rutile()) == "AB2 136 tP6"
    zincblende = Structure.from_spacegroup(
        "F-43m", Lattice.cubic(5.4), ["Zn", "S"], [[0, 0, 0], [0.25, 0.25, 0.25]]
    )
    assert prototype(zincblende) != prototype(mgo())


def test_the_twin_of_the_nearest_elements_answers_and_a_stranger_gets_the_mean():
    train = [
        record(salt("Ca", "O", 4.8), 3),
        record(salt("Cs", "I", 7.6), 7),
        record(rutile(), 9),
    ]
    bare = replace(record(mgo(), 0), frac=record(mgo(), 0).frac + 0.1)
    lone = record(Structure(Lattice.cubic(3.0), ["Po"], [[0, 0, 0]]), 0)
    found = twins([bare, lone], train)
    assert [places.tolist() for places in found] == [[0, 1], []]
    curves = look_up([bare, lone], train, found)
    assert curves[0].argmax() == 3
    np.testing.assert_allclose(curves[1], np.mean([r.shape for r in train], axis=0))
