"""Cautions: what no training crystal looks like, and nothing else."""

from __future__ import annotations

import json
from itertools import islice

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from deepdos_nb.crystal.checks import check_structure, notes_of
from deepdos_nb.crystal.distances import RANGES, covalent_radii, nearest, seen
from deepdos_nb.crystal.read import example, examples
from deepdos_nb.data.catalogue import open_dataset


def test_hardly_any_crystal_that_the_ranges_are_made_of_earns_a_caution() -> None:
    # The sets grow at their ends; what has come since the weights were trained may be strange.
    counted = json.loads(RANGES.read_text("utf-8"))["crystals"]
    records = [
        r for kind, n in counted.items() for r in islice(open_dataset(f"embedded-{kind}"), n)
    ]
    assert len(records) == sum(counted.values())
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
