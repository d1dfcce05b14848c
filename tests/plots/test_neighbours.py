"""The picture of an atom and its neighbours."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from crystals import mgo, rutile
from pymatgen.core import Lattice, Structure

from deepdos_nb.crystal.graph import build_graph
from deepdos_nb.plots import neighbours_axes


def long_box() -> Structure:
    return Structure(
        Lattice.tetragonal(3.0, 60.0), ["Cu"] * 20, [[0, 0, z / 20] for z in range(20)]
    )


@pytest.mark.parametrize("structure", [mgo(), rutile(), mgo().make_supercell([2, 2, 2])])
def test_all_of_the_cell_is_in_the_picture(structure):
    axes = neighbours_axes(structure, build_graph(structure), 0, dark=False)
    plt.close(axes.figure)
    drawn = np.concatenate([line.get_xydata() for line in axes.get_lines()])
    assert len(drawn) >= 24
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    assert ((drawn > (left, bottom)) & (drawn < (right, top))).all()


def test_a_needle_does_not_shrink_the_sphere():
    structure = long_box()
    axes = neighbours_axes(structure, build_graph(structure, radius=5.0), 0, dark=False)
    plt.close(axes.figure)
    bottom, top = axes.get_ylim()
    assert top - bottom < 20
