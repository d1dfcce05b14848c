"""Cautions: what no training crystal looks like, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from deepdos_nb.crystal.checks import check_structure, notes_of
from deepdos_nb.crystal.distances import covalent_radii, nearest, seen
from deepdos_nb.crystal.read import example, examples
from deepdos_nb.data.sources.embedded import load_embedded


def test_hardly_any_embedded_crystal_earns_a_caution() -> None:
    kinds = ("phdos", "edos")
    records = [r for kind in kinds for part in load_embedded(kind).values() for r in part]
    warned = [r.structure.formula for r in records if notes_of(check_structure(r.structure))]
    assert len(warned) < 0.02 * len(records), "run scripts/bond_ranges.py: the data have changed"


@pytest.mark.parametrize("name", examples())
def test_stretched_and_squeezed_examples_do(name: str) -> None:
    for factor in (1.6, 0.75):
        changed = example(name)
        changed.scale_lattice(changed.volume * factor**3)
        assert any(n.startswith("Caution") for n in notes_of(check_structure(changed))), factor


def test_nearest_neighbours_are_those_of_a_rock_salt() -> None:
    salt = Structure.from_spacegroup(
        "Fm-3m", Lattice.cubic(5.64), ["Na", "Cl"], [[0] * 3, [0.5] * 3]
    )
    found = nearest(salt)
    radii = covalent_radii()[[11, 17]]
    np.testing.assert_allclose(found.ratio, 2.82 / radii.sum(), rtol=1e-6)
    assert found.pair is not None
    assert found.pair[2] == pytest.approx(2.82)
    assert all(0.5 < low <= high for low, high in seen().nearest.values())
    assert seen().volume[0] < 1 < seen().volume[1]
