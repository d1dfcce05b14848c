"""Reading crystals: every format in, every fault named."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import warnings
from pathlib import Path

import ase.build
import ase.io
import numpy as np
import pytest
from pymatgen.core import IStructure, Lattice, Molecule, Structure

from deepdos_nb.core import errors
from deepdos_nb.crystal import read
from deepdos_nb.crystal.read import (
    MAX_BYTES,
    check_structure,
    example,
    examples,
    notes_of,
    parse_structure,
    read_structure,
    warn_unseen,
)

MGO = (examples()["MgO"]).read_text(encoding="utf-8")
OXYGEN = re.search(r"^ *O +O1 .*$", MGO, re.M).group()  # type: ignore[union-attr]
POSCAR = "cell\n1\n{cell}\n{names}2\ndirect\n0 0 0\n{last}\n"
FCC = "2.7 2.7 0\n0 2.7 2.7\n2.7 0 2.7"
WATER = "3\nwater\nO 0 0 0\nH 0 0 0.96\nH 0.93 0 -0.24\n"


def cif(oxygen: str) -> str:
    """MgO with its last line, the oxygen, replaced."""
    return MGO.replace(OXYGEN, oxygen)


def poscar(cell: str = FCC, names: str = "Si\n", last: str = "0.25 0.25 0.25") -> str:
    return POSCAR.format(cell=cell, names=names, last=last)


def drop(text: str, pattern: str) -> str:
    return re.sub(pattern, "", text)


FAULTS = {
    "junk.cif": ("This is no crystal.", errors.UnreadableStructureError, "no crystal structure"),
    "binary.cif": (b"\x00\x01\x02" * 50, errors.UnreadableStructureError, "binary"),
    "noise.vasp": (bytes(range(256)) * 9, errors.UnreadableStructureError, "binary"),
    "unknown.ending": ("1 2 3\n", errors.UnreadableStructureError, "no crystal structure"),
    "cut.cif": (MGO[:-60], errors.UnreadableStructureError, "damaged, cut off"),
    "POSCAR_cut": (poscar(last=""), errors.UnreadableStructureError, "damaged, cut off"),
    "nothing.cif": ("", errors.EmptyStructureError, "empty"),
    "blank.vasp": (" \n\n", errors.EmptyStructureError, "empty"),
    "two.cif": (
        MGO + examples()["Si"].read_text(encoding="utf-8"),
        errors.UnreadableStructureError,
        "holds 2 crystals (MgO, Si)",
    ),
    "header.cif": (MGO[: MGO.index("loop_")], errors.EmptyStructureError, "no fractional atomic"),
    "cut_header.cif": (MGO[:200], errors.UnreadableStructureError, "damaged, cut off"),
    "half.cif": (cif(" O O1 1 0.5 0.5 0.5 0.5"), errors.PartialOccupancyError, "partly occupied"),
    "mixed.cif": (
        cif(" O O1 1 0.5 0.5 0.5 0.5\n S S1 1 0.5 0.5 0.5 0.5"),
        errors.PartialOccupancyError,
        "shared by several species",
    ),
    "odd.cif": (cif(" O O1 1 0.5 0.5 0.5 1.2"), errors.PartialOccupancyError, "more than one atom"),
    "dummy.cif": (cif(" Zz Zz1 1 0.5 0.5 0.5 1"), errors.UnsupportedElementError, "'Zz'"),
    "deuterium.cif": (cif(" D D1 1 0.5 0.5 0.5 1"), errors.UnsupportedElementError, "isotope D"),
    "heavy.cif": (cif(" Og Og1 1 0.5 0.5 0.5 1"), errors.UnsupportedElementError, "'Og'"),
    "nameless_POSCAR": (poscar(names=""), errors.UnsupportedElementError, "does not name"),
    "CONTCAR_d": (poscar(names="D\n"), errors.UnsupportedElementError, "isotope D"),
    "ghost.extxyz": (
        '1\nLattice="4 0 0 0 4 0 0 0 4" Properties=species:S:1:pos:R:3\nX 0 0 0\n',
        errors.UnsupportedElementError,
        "'X'",
    ),
    "close.cif": (
        MGO + " O O2 1 0.5 0.5 0.51 1\n",
        errors.OverlappingAtomsError,
        "O2 (O1 in the file) and O3 (O2 in the file) are 0.03 Å apart",
    ),
    "twice.cif": (
        MGO + " O O2 1 0.5 0.5 0.5 1\n",
        errors.OverlappingAtomsError,
        "more than one atom",
    ),
    "image.vasp": (
        poscar(last="0.01 0.99 0.001"),
        errors.OverlappingAtomsError,
        "Si1 and Si2 are",
    ),
    "thin.vasp": (
        poscar(cell="40 0 0\n0 40 0\n0 0 0.3", last="0.5 0.5 0.5"),
        errors.OverlappingAtomsError,
        "its own periodic image",
    ),
    "flat.vasp": (
        poscar(cell="2.7 2.7 0\n0 2.7 2.7\n2.7 5.4 2.7"),
        errors.DegenerateCellError,
        "no room for 2 atoms",
    ),
    "molecule.xyz": (WATER, errors.DegenerateCellError, "the cell is missing"),
    "nocell.cif": (drop(MGO, r"_cell_length_.*\n"), errors.DegenerateCellError, "cell is missing"),
    "zero.cif": (
        re.sub(r"(_cell_length_c +)\S+", r"\g<1>0.0", MGO),
        errors.DegenerateCellError,
        "no volume",
    ),
    "nan.vasp": (poscar(last="nan 0.2 0.2"), errors.DegenerateCellError, "no numbers"),
    "nan.cif": (cif(" O O1 1 nan 0.5 0.5 1"), errors.DegenerateCellError, "O1 has no position"),
    "dots.cif": (cif(" O O1 1 . . . 1"), errors.DegenerateCellError, "O1 has no position"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_has_one_clear_error(name: str, tmp_path: Path) -> None:
    content, expected, words = FAULTS[name]
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(errors.StructureError) as caught:
        read_structure(file)
    error = caught.value
    assert type(error) is expected
    assert error.source == name
    assert str(error).startswith(f"{name}: ")
    assert words in error.reason
    assert error.remedy
    assert error.remedy in str(error)
    assert error.remedy.endswith(".")
    assert str(tmp_path) not in str(error)
    assert "Traceback" not in str(error)

    with pytest.raises(expected):
        parse_structure(content, name)


def test_missing_files_and_directories_are_named(tmp_path: Path) -> None:
    with pytest.raises(errors.UnreadableStructureError, match=r"nowhere\.cif: there is no such"):
        read_structure(tmp_path / "nowhere.cif")
    with pytest.raises(errors.UnreadableStructureError, match="this is a directory"):
        read_structure(str(tmp_path))


def test_too_many_atoms_states_both_numbers() -> None:
    with pytest.raises(errors.TooManyAtomsError, match="holds 8 atoms, the limit is 7") as caught:
        read_structure(example("NaCl"), max_atoms=7)
    assert caught.value.remedy
    assert len(read_structure(example("NaCl"), max_atoms=8)) == 8


def test_objects_with_faults_get_the_same_errors() -> None:
    with pytest.raises(errors.EmptyStructureError):
        read_structure(ase.Atoms(cell=[4, 4, 4], pbc=True))
    with pytest.raises(errors.DegenerateCellError):
        read_structure(ase.build.molecule("H2O"))
    with pytest.raises(errors.DegenerateCellError, match="a molecule has no cell"):
        read_structure(Molecule(["H", "H"], [[0, 0, 0], [0, 0, 0.74]]))
    with pytest.raises(errors.PartialOccupancyError, match=r"Fe 0\.5, Ni 0\.5"):
        read_structure(Structure(Lattice.cubic(3), [{"Fe": 0.5, "Ni": 0.5}], [[0, 0, 0]]))
    with pytest.raises(errors.UnreadableStructureError, match="a int is no crystal structure"):
        read_structure(42)
    cubic = Lattice.cubic(3)
    with pytest.raises(errors.DegenerateCellError):
        check_structure(Structure(cubic, ["Fe"], [[np.nan, 0, 0]]), "made by hand")


@pytest.mark.parametrize(
    "name", ["q.cif", "POSCAR", "CONTCAR.relaxed", "q.vasp", "q.json", "q.xsf"]
)
def test_formats_keep_formula_volume_and_distances(name: str, tmp_path: Path) -> None:
    quartz, file = example("SiO2"), tmp_path / name
    kind = "poscar" if file.suffix in ("", ".relaxed", ".vasp") else file.suffix[1:]
    file.write_text(str(quartz.to(fmt=kind)), encoding="utf-8")
    same_crystal(read_structure(file), quartz)
    same_crystal(read_structure(str(file)), quartz)
    same_crystal(parse_structure(file.read_bytes(), name), quartz)
    same_crystal(parse_structure(memoryview(file.read_bytes()), f"C:\\data\\{name}"), quartz)


@pytest.mark.filterwarnings("ignore:FHI-aims:FutureWarning")
@pytest.mark.parametrize("name", ["q.extxyz", "q@3.extxyz", "q.res", "geometry.in", "q.gen"])
def test_what_ase_writes_is_read(name: str, tmp_path: Path) -> None:
    atoms = example("ZnO").to_ase_atoms()
    plain = ase.Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=True)
    ase.io.write(tmp_path / name.replace("@", ""), plain)
    (tmp_path / name.replace("@", "")).rename(tmp_path / name)
    same_crystal(read_structure(tmp_path / name), example("ZnO"))


def test_objects_of_both_libraries_are_read() -> None:
    gaas = example("GaAs")
    same_crystal(read_structure(gaas), gaas)
    same_crystal(read_structure(IStructure.from_sites(list(gaas))), gaas)
    same_crystal(read_structure(gaas.to_ase_atoms()), gaas)
    with pytest.raises(errors.UnreadableStructureError):
        read_structure(object())


def test_sites_keep_the_order_of_the_file() -> None:
    magnesium = next(line for line in MGO.splitlines() if line.split()[:1] == ["Mg"])
    swapped = MGO.replace(magnesium, "@").replace(OXYGEN, magnesium).replace("@", OXYGEN)
    assert [s.specie.symbol for s in parse_structure(MGO, "a.cif")] == ["Mg", "O"]
    assert [s.specie.symbol for s in parse_structure(swapped, "b.cif")] == ["O", "Mg"]
    symbols = [s.specie.symbol for s in example("SiO2")]
    assert symbols == ["Si"] * 3 + ["O"] * 6


def test_windows_line_ends_latin1_and_missing_endings_are_read() -> None:
    same_crystal(parse_structure(MGO.replace("\n", "\r\n"), "dos.cif"), example("MgO"))
    same_crystal(parse_structure(("# Müller\n" + MGO).encode("latin-1"), "old.cif"), example("MgO"))
    same_crystal(parse_structure(MGO, "upload"), example("MgO"))
    same_crystal(parse_structure(MGO, "POSCAR.cif"), example("MgO"))
    same_crystal(parse_structure(example("MgO").to_json(), "CONTCAR_1.json"), example("MgO"))


def test_oxidation_states_and_site_properties_are_stripped() -> None:
    dressed = example("MgO")
    dressed.add_oxidation_state_by_element({"Mg": 2, "O": -2})
    dressed.add_site_property("magmom", [1.0, 2.0])
    clean = read_structure(dressed)
    assert [str(s.specie) for s in clean] == ["Mg", "O"]
    assert clean.site_properties == {}
    assert str(dressed[0].specie) == "Mg2+", "the caller's structure must not be touched"


def test_the_result_is_a_copy() -> None:
    original = example("Si")
    read_structure(original).scale_lattice(1000.0)
    assert original.volume < 50


def test_size_cap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(errors.UnreadableStructureError, match="the limit is 5 MB"):
        parse_structure(b"#" * (MAX_BYTES + 1), "big.cif")
    monkeypatch.setattr("deepdos_nb.crystal.text.MAX_BYTES", len(MGO.encode()) - 1)
    (tmp_path / "MgO.cif").write_text(MGO, encoding="utf-8")
    with pytest.raises(errors.UnreadableStructureError, match="limit"):
        read_structure(tmp_path / "MgO.cif")


def test_uploads_leave_nothing_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    parse_structure(str(example("GaAs").to(fmt="cssr")), "../../escape.cssr")
    assert list(tmp_path.iterdir()) == []
    assert list(tmp_path.parent.glob("escape*")) == []


def test_unseen_elements_warn_and_are_named() -> None:
    with pytest.warns(errors.ExtrapolationWarning, match="AlNi.*never seen Ni"):
        assert warn_unseen(example("NiAl"), {13}) == ("Ni",)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert warn_unseen(example("NiAl"), {13, 28}) == ()


GROUPS = {
    "Al": (225, 2.70),
    "Bi2Te3": (166, 7.86),
    "CaF2": (225, 3.18),
    "GaAs": (216, 5.32),
    "MgO": (225, 3.58),
    "MoS2": (194, 5.00),
    "NaCl": (225, 2.16),
    "NiAl": (221, 5.90),
    "Si": (227, 2.33),
    "SiO2": (152, 2.65),
    "SrTiO3": (221, 5.12),
    "TiO2": (136, 4.25),
    "ZnO": (186, 5.68),
}


def test_examples_have_textbook_symmetry_and_density() -> None:
    assert set(examples()) == set(GROUPS)
    for name, (group, density) in GROUPS.items():
        crystal = example(name)
        assert crystal.get_space_group_info()[1] == group, name
        assert float(crystal.density) == pytest.approx(density, rel=0.01), name
    with pytest.raises(errors.UnreadableStructureError, match="Choose from Al, Bi2Te3"):
        example("unobtainium")


def test_import_is_light() -> None:
    code = (
        "import sys, deepdos_nb.crystal.read; "
        "print([m for m in ('pymatgen', 'ase', 'torch', 'matplotlib') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
    assert read.__doc__


def same_crystal(found: Structure, expected: Structure) -> None:
    assert type(found) is Structure
    assert found.composition == expected.composition
    assert found.volume == pytest.approx(expected.volume, rel=1e-4)
    shortest = [np.sort(s.distance_matrix[np.triu_indices(len(s), 1)]) for s in (found, expected)]
    np.testing.assert_allclose(*shortest, atol=2e-3)


def test_notes_survive_reading_again_and_are_strings() -> None:
    bare = parse_structure(
        drop(MGO, r"_symmetry_.*\n|_chemical.*\n|_cell_formula.*\n|loop_\n _symm.*\n.*\n.*\n"),
        "a.cif",
    )
    assert notes_of(bare) == (
        "The file states no symmetry; its atoms were taken as all of the cell.",
    )
    assert notes_of(read_structure(bare)) == notes_of(bare)
    assert notes_of(Structure.from_dict(bare.as_dict())) == notes_of(bare)
    assert all(notes_of(example(name)) == () for name in examples())
    foreign = example("MgO")
    foreign.properties["notes"] = {"author": 1}
    assert notes_of(read_structure(foreign)) == ()


def test_ase_slabs_need_vacuum() -> None:
    slab = ase.build.fcc111("Al", (1, 1, 4), vacuum=8.0)
    assert any("Not periodic along c" in note for note in notes_of(read_structure(slab)))
    with pytest.raises(errors.DegenerateCellError, match="not periodic along c"):
        read_structure(ase.build.fcc111("Al", (1, 1, 4), vacuum=1.0))
    with pytest.raises(errors.DegenerateCellError, match="not periodic along a"):
        read_structure(ase.Atoms("Po", cell=[3.3, 3.3, 3.3]))


@pytest.mark.parametrize("name", ["\ud800.cif", "a\x1b[31m.cif", "\u202egnp.cif", "a\nb.cif"])
def test_names_that_would_steer_a_terminal_are_shown_plainly(name: str, tmp_path: Path) -> None:
    with pytest.raises(errors.UnreadableStructureError) as caught:
        parse_structure("This is no crystal.", name)
    assert "?" in str(caught.value)
    assert str(caught.value).isprintable()
    left_out = cif(OXYGEN + "\n O 'O\u202e2' 1 0.25 0.25 0.25 0")
    (note,) = notes_of(parse_structure(left_out, "a.cif"))
    assert "Left out" in note
    assert note.isprintable()
    file = tmp_path / "x.cif"
    file.write_text("This is no crystal.", encoding="utf-8")
    try:
        file = file.rename(tmp_path / os.fsdecode(b"gr\xf6\xdfe.cif"))
    except OSError:
        pytest.skip("the file system keeps no such names")
    with pytest.raises(errors.UnreadableStructureError, match=r"gr\?\?e\.cif"):
        read_structure(file)


def test_atoms_far_outside_the_cell_are_brought_back() -> None:
    near, far = (
        Structure(Lattice.cubic(4.2), ["Cs", "Cl"], [[0, 0, 0], [0.5 + n, 0.5, 0.5 - n]])
        for n in (0, 70_000)
    )
    same_crystal(read_structure(far), near)
    assert np.abs(read_structure(far).frac_coords).max() <= 1
    with pytest.raises(errors.DegenerateCellError, match="cells away"):
        read_structure(Structure(Lattice.cubic(4.2), ["Cs"], [[1e9, 0, 0]]))
