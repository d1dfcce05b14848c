"""The crystal: which cell is drawn, which bonds cross its boundary, and what its atoms say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatgen.core import Lattice, Structure
from synthetic import rock_salt

from deepdos_nb.crystal.read import example
from deepdos_nb.widgets.base.cells import cells_of, conventional_cell
from deepdos_nb.widgets.base.scene import BOND_SLACK, build_scene
from deepdos_nb.widgets.crystal.structure import StructureView

SYSTEMS = ["Si", "MgO", "TiO2", "SrTiO3", "Al"]


def primitive(cation: str = "Na", anion: str = "Cl", a: float = 5.64) -> Structure:
    half = a / 2
    lattice = Lattice([[0, half, half], [half, 0, half], [half, half, 0]])
    return Structure(lattice, [cation, anion], [[0.0] * 3, [0.5] * 3])


def same_crystal(first: Structure, second: Structure) -> bool:
    from pymatgen.analysis.structure_matcher import StructureMatcher

    matcher = StructureMatcher(primitive_cell=False, scale=False, attempt_supercell=False)
    return bool(matcher.fit(first, second))


def test_the_conventional_cell_of_rock_salt_is_the_cube():
    cell = conventional_cell(primitive())
    assert cell is not None
    np.testing.assert_allclose(sorted(cell.lattice.abc), 5.64, atol=1e-6)
    np.testing.assert_allclose(cell.lattice.angles, 90, atol=1e-6)
    assert np.bincount(cell.site).tolist() == [4, 4]
    drawn = Structure(cell.lattice, [primitive()[s].specie for s in cell.site], cell.fractional)
    assert same_crystal(drawn, rock_salt("Na", "Cl", 5.64))
    assert conventional_cell(rock_salt()) is None


@settings(max_examples=25, deadline=None)
@given(
    shift=st.tuples(*[st.floats(-2, 2)] * 3),
    angle=st.floats(0, 6.28),
)
def test_wherever_and_however_it_lies_every_atom_stands_for_its_site(shift: Any, angle: float):
    """A conventional atom is its site moved by whole lattice vectors, and none is missing."""
    from pymatgen.core.operations import SymmOp

    structure = primitive("Zn", "S", 5.4)
    structure.translate_sites([0, 1], shift, to_unit_cell=False)
    structure.apply_operation(SymmOp.from_axis_angle_and_translation([1, 2, 3], angle, True))
    cell = conventional_cell(structure)
    assert cell is not None
    assert len(cell.site) == 8
    drawn = Structure(cell.lattice, [structure[s].specie for s in cell.site], cell.fractional)
    assert same_crystal(drawn, structure * [[-1, 1, 1], [1, -1, 1], [1, 1, -1]])


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_larger_cell_has_the_same_sites(name: str):
    structure = example(name)
    for cell in cells_of(structure):
        scene = build_scene(structure, cell)
        assert set(scene.site) == set(range(len(structure)))
        # Nothing is drawn twice.
        apart = np.linalg.norm(scene.positions[:, None] - scene.positions, axis=-1)
        np.fill_diagonal(apart, np.inf)
        assert apart.min() > 0.5
    assert build_scene(structure, "2×2×2").repeat == (2, 2, 2)


@pytest.mark.parametrize("name", SYSTEMS)
def test_bonds_across_the_boundary_complete_every_atom(name: str):
    structure = example(name)
    scene = build_scene(structure, across=True)
    plain = build_scene(structure)
    assert len(scene.site) > len(plain.site)
    assert len(scene.bonds) > len(plain.bonds)
    joined = np.bincount(scene.bonds.ravel(), minlength=len(scene.site))
    # An atom has as many bonds as each of its images, which only a complete shell gives to all.
    inner = scene.site[: len(plain.site)]
    for atom in range(len(structure)):
        assert len(set(joined[: len(inner)][inner == scene.site[atom]])) == 1
    first, second = scene.bonds.T
    length = np.linalg.norm(scene.positions[first] - scene.positions[second], axis=1)
    size = scene.radii[scene.site]
    assert (length < BOND_SLACK * (size[first] + size[second])).all()


def test_switching_the_cell_keeps_the_selection_and_the_colours():
    view = StructureView(primitive(), backend="canvas")
    assert view.choice.cells == ["given", "conventional", "2×2×2"]
    view.state.selected_sites = (1,)
    view.shares = [0.25, 0.75]
    before = view.canvas
    assert before is not None
    view.choice.cell = "conventional"
    assert view.canvas is before
    assert view.canvas.selected_sites == [1]
    assert view.state.selected_sites == (1,)
    assert view.canvas.colours == view.look()[0]
    assert len(view.canvas.scene["site"]) == 27
    view.choice.across = True
    assert len(view.canvas.scene["site"]) > 27
    view.canvas.selected_sites = [0]
    assert view.state.selected_sites == (0,)
    assert view.error == ""


def test_atoms_say_their_name_and_share():
    view = StructureView(primitive(), backend="canvas")
    assert view.canvas is not None
    assert view.canvas.tips == ["Na1", "Cl2"]
    view.shares = [0.1667, 0.8333]
    assert view.canvas.tips == ["Na1 · 16.7 %", "Cl2 · 83.3 %"]


def test_nglview_is_told_the_same_words_per_drawn_atom():
    view = StructureView(primitive(), backend="nglview")
    assert view.ngl is not None
    sent: list[Any] = []
    view.ngl.widget.send = sent.append  # type: ignore[method-assign]
    shown = {str(i): {} for i in range(3)}
    view.ngl._heard(None, {"type": "request_repr_dict", "data": {"0": shown}}, [])
    view.shares = [0.5, 0.5]
    code = [m["args"][0] for m in sent if m["methodName"] == "executeCode"][-1]
    assert code.startswith("this.ddosTips = ")
    assert code.count("Na1 · 50.0 %") == int((view.scene.site == 0).sum())
    started = [m["args"][0] for m in view.ngl.widget._ngl_msg_archive if "ddosFollow" in str(m)]
    assert len(started) == 1
    assert "= EXTENT" not in started[0]


@pytest.mark.parametrize("backend", ["nglview", "canvas"])
def test_another_crystal_takes_the_place_of_the_first(backend: Any):
    view = StructureView(primitive(), backend=backend)
    view.shares, view.choice.cell, view.choice.across = [0.2, 0.8], "2×2×2", True
    table, before = view.table, view.ngl
    cube = rock_salt()
    view.show(cube)
    assert view.shares is None
    assert view.table is table
    assert view.ngl is None or view.ngl is not before
    assert (view.choice.cell, view.choice.across) == ("given", False)
    assert view.choice.cells == ["given", "2×2×2"]
    assert len(view.table.rows) == len(cube)
    np.testing.assert_array_equal(view.scene.site, build_scene(cube).site)
    view.shares = np.full(len(cube), 1 / len(cube))
    view.choice.cell = "2×2×2"
    assert view.scene.repeat == (2, 2, 2)
    assert view.error == ""
