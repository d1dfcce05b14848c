"""What must hold for any file: no surprise from damaged ones, the same crystal from whole ones."""

from __future__ import annotations

import warnings

import gemmi
import numpy as np
import pytest
from cif_files import P3M1, cif, cubic, hexagonal, rock_salt
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymatgen.core import Lattice, Structure
from pymatgen.io.cif import CifParser
from pymatgen.io.vasp import Poscar
from reading_corpus import poscar

from deepdos_nb.core.errors import DeepDOSError
from deepdos_nb.crystal.atom_labels import SYMBOLS, of_label, of_type, stated_content
from deepdos_nb.crystal.operators import Operators, listed_operators
from deepdos_nb.crystal.read import example, examples, notes_of, parse_structure
from deepdos_nb.crystal.space_groups import hall_setting, settings_of, settings_of_number

TABLE = list(gemmi.spacegroup_table())
WHOLE = {
    "a.cif": rock_salt(),
    "b.cif": cif(
        hexagonal(4.24, 6.84), [("Cd1", 0, 0, 0), ("I1", ".333", ".667", ".25")], operators=P3M1
    ),
    "c.cif": examples()["SiO2"].read_text("utf-8"),
    "POSCAR": poscar(),
    "d.extxyz": '1\nLattice="3 0 0 0 3 0 0 0 3" Properties=species:S:1:pos:R:3\nPo 0 0 0\n',
    "e.json": example("MgO").to_json(),
}
quickly = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def answer(content: bytes | str, name: str) -> None:
    """Read; anything but a crystal or an error of ours fails the test."""
    try:
        found = parse_structure(content, name)
    except DeepDOSError as error:
        complete = all((error.source, error.reason, error.remedy))
    else:
        complete = len(found) > 0 and bool(np.isfinite(found.frac_coords).all())
    assert complete


@quickly
@given(name=st.sampled_from(sorted(WHOLE)), data=st.data())
def test_damaged_files_give_a_crystal_or_an_error_of_ours(name: str, data: st.DataObject) -> None:
    raw = bytearray(WHOLE[name].encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, max(len(raw) - 1, 0)))
        length = data.draw(st.integers(0, 20))
        raw[at : at + length] = data.draw(
            st.one_of(
                st.binary(max_size=8),
                st.sampled_from([b"nan", b"-", b"1e9", b"?", b"\n", b"'", b";", b"0"]),
            )
        )
    answer(bytes(raw), name)


@settings(quickly, max_examples=60)
@given(
    name=st.sampled_from([*WHOLE, "a.xsf", "a.res", "a.xml", "none"]), text=st.text(max_size=300)
)
def test_any_text_gives_an_error_of_ours(name: str, text: str) -> None:
    answer(text, name)


values = st.one_of(
    st.text(alphabet=st.characters(codec="ascii", exclude_characters="\n\r\0"), max_size=12),
    st.floats(allow_nan=True, allow_infinity=True).map(str),
    st.sampled_from(
        [
            "?",
            ".",
            "1e999",
            "-0",
            "0.333",
            "1/3",
            "\u2212.5",
            "F m -3 m",
            "R -3 m",
            "x,y,z",
            "D",
            "Og",
        ]
    ),
)


@quickly
@given(
    a=values,
    symbol=values,
    operators=st.lists(values, max_size=4),
    sites=st.lists(st.tuples(values, values, values, values), max_size=4),
)
def test_any_values_in_a_cif_give_a_crystal_or_an_error_of_ours(
    a: str, symbol: str, operators: list[str], sites: list[tuple[str, ...]]
) -> None:
    quoted = [tuple(v.replace("'", "") or "?" for v in site) for site in sites]
    text = cif(
        (a.replace("'", "") or "?", 5, 5, 90, 90, 90),
        quoted or [("Na", 0, 0, 0)],
        operators=[o.replace("'", "") for o in operators],
        items={"_symmetry_space_group_name_H-M": symbol.replace("'", "") or "?"},
    )
    answer(text, "a.cif")


@pytest.mark.parametrize("number", range(1, 231, 7))
def test_every_tabulated_symbol_is_known_however_it_is_written(number: int) -> None:
    for group in (g for g in TABLE if g.number == number):
        mine = settings_of(group.xhm())[0]
        assert mine, group.xhm()
        assert mine[0].name == group.xhm()
        assert len(mine[0].operators) == len(list(group.operations()))
        for text in (
            group.hm,
            group.hm.lower(),
            group.hm.upper(),
            group.hm.replace(" ", "_"),
            f" {group.hm} ",
        ):
            assert group.number in {s.number for s in settings_of(text)[0]}, text
        setting = hall_setting(group.hall)
        assert setting is not None
        assert same_group(setting.operators, mine[0].operators), group.hall
    assert all(s.number == number for s in settings_of_number(number))


def same_group(a: Operators, b: Operators) -> bool:
    def keys(o: Operators) -> set[bytes]:
        shifts = np.round(o.translation * 48).astype(int) % 48
        return {
            w.astype(int).tobytes() + t.tobytes() for w, t in zip(o.rotation, shifts, strict=True)
        }

    return keys(a) == keys(b)


@quickly
@given(index=st.integers(0, len(TABLE) - 1), flips=st.lists(st.booleans(), min_size=6, max_size=6))
def test_operators_are_read_however_they_are_written(index: int, flips: list[bool]) -> None:
    lines = [op.triplet() for op in TABLE[index].operations()]
    changes = (
        (lambda s: s.upper()),
        (lambda s: s.replace(",", " , ")),
        (lambda s: s.replace("-", "\u2212")),
        (lambda s: s.replace("1/2", "0.5")),
        (lambda s: s.replace("1/2", "\u00bd")),
        (lambda s: f"'{s}'"),
    )
    written = lines
    for change, wanted in zip(changes, flips, strict=True):
        written = [change(line) for line in written] if wanted else written
    found = listed_operators(tuple(written))
    assert found.closed
    assert same_group(found, listed_operators(tuple(lines)))


places = st.tuples(*[st.integers(5, 995).map(lambda n: n / 1000)] * 3)


@settings(quickly, max_examples=60)
@given(index=st.integers(0, len(TABLE) - 1), place=places)
def test_general_positions_agree_with_pymatgen(index: int, place: tuple[float, ...]) -> None:
    """Two implementations of symmetry, one crystal: wherever ours reads it."""
    group = TABLE[index]
    cell = {
        "Cubic": cubic(60),
        "Tetragonal": (60, 60, 70, 90, 90, 90),
        "Hexagonal": hexagonal(60, 70),
    }
    system = group.crystal_system_str().capitalize()
    trigonal = hexagonal(60, 70) if group.ext != "R" else (60, 60, 60, 70, 70, 70)
    default = (60, 66, 72, 90, 90, 90)
    shape = trigonal if system == "Trigonal" else cell.get(system, default)
    lines = [op.triplet() for op in group.operations()]
    text = cif(shape, [("Cs1", *place)], operators=lines)
    try:
        ours = parse_structure(text, "a.cif")
    except DeepDOSError:
        return  # atoms that touch, or a unique axis that this cell does not have
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = CifParser.from_str(text, site_tolerance=1.5e-3).parse_structures(primitive=False)[
            0
        ]
    assert len(ours) == len(theirs)
    for site in theirs:
        apart = ours.lattice.get_all_distances(site.frac_coords, ours.frac_coords).min()
        assert apart < 0.15


cells = st.tuples(*[st.floats(4.5, 9.0)] * 3, *[st.floats(75.0, 105.0)] * 3)


@settings(quickly, max_examples=60)
@given(cell=cells, shifts=st.tuples(*[st.floats(-0.12, 0.12)] * 6), flip=st.booleans())
def test_what_pymatgen_writes_is_read_as_it_was(
    cell: tuple[float, ...], shifts: tuple[float, ...], flip: bool
) -> None:
    lattice = Lattice.from_parameters(*cell)
    if flip:
        lattice = Lattice(lattice.matrix[[1, 0, 2]])
    place = np.array(shifts).reshape(2, 3) + np.array([[0.0], [0.5]])
    made = Structure(lattice, ["K", "Br"], place)
    for name, text in (
        ("a.cif", made.to(fmt="cif")),
        ("POSCAR", Poscar(made).get_str(significant_figures=12)),
    ):
        found = parse_structure(str(text), name)
        assert found.formula == made.formula
        assert found.volume == pytest.approx(made.volume, rel=1e-6)
        assert found.get_distance(0, 1) == pytest.approx(made.get_distance(0, 1), abs=1e-5)
        assert not [n for n in notes_of(found) if not n.startswith("Caution")]


@quickly
@given(
    symbol=st.sampled_from(SYMBOLS.split()),
    tail=st.sampled_from(["", "1", "12A", "1'", "_2", "2+"]),
)
def test_elements_are_read_from_labels_and_types(symbol: str, tail: str) -> None:
    assert of_label(symbol + tail).elements[:1] == (symbol,)
    assert of_type(symbol).elements[:1] == (symbol,)


@quickly
@given(text=st.text(max_size=40))
def test_names_and_formulas_never_raise(text: str) -> None:
    of_label(text)
    of_type(text)
    stated_content([text, text], text, text, 100.0, text)
    settings_of(text)
    hall_setting(text)
