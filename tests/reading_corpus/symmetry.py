"""Symmetry: symbols, origins, axes, operators."""

from __future__ import annotations

from dataclasses import replace

import gemmi
from cif_files import CUBE_F, P3M1, ROCK_SALT, cif, cubic, hexagonal, rock_salt

from deepdos_nb.core import errors as e
from reading_corpus.case import HM, NACL, SUM, Cases, Refused, Right, Z


def symbols() -> Cases:
    for symbol in (
        "F m -3 m",
        "F 4/m -3 2/m",
        "F4/m-32/m",
        "fm-3m",
        "FM3M",
        "F m 3 m",
        "Fm3m",
        "F_m_-3_m",
        "F M -3 M",
        "Fm-3m (225)",
        "F m -3 m, No. 225",
        "Fm\u22123m",
        "F m 3\u0305 m",
        "-F 4 2 3",
    ):
        yield "hm#.cif", rock_salt(symbol), NACL
    for tag in (
        "_space_group_name_H-M_alt",
        "_space_group.name_H-M_alt",
        "_space_group_name_H-M_full",
        "_symmetry.space_group_name_H-M",
        "_space_group_name_H-M_ref",
        "_SYMMETRY_SPACE_GROUP_NAME_H-M",
        "_symmetry_space_group_name_H_M",
    ):
        yield "tag#.cif", rock_salt("F m -3 m", tag), NACL
    for tag in (
        "_symmetry_space_group_name_Hall",
        "_space_group_name_Hall",
        "_space_group.name_Hall",
    ):
        yield "hall#.cif", rock_salt("-F 4 2 3", tag), NACL
        yield "hall#.cif", rock_salt("-f_4_2_3", tag), NACL
    for tag in ("_symmetry_Int_Tables_number", "_space_group_IT_number", "_space_group.IT_number"):
        yield "number#.cif", rock_salt("225", tag), NACL
    for number in (227, 221):
        both = {HM: "F m -3 m", "_symmetry_Int_Tables_number": number}
        said = f"names space groups 225 and {number}; 225 was taken"
        yield "two_groups#.cif", cif(cubic(5.64), ROCK_SALT, items=both), replace(NACL, note=said)
    settled = both | {SUM: "Na Cl", Z: 4}
    yield "two_groups_z.cif", cif(cubic(5.64), ROCK_SALT, items=settled), NACL
    for tag in (
        "_symmetry_equiv_pos_as_xyz",
        "_space_group_symop_operation_xyz",
        "_symmetry_equiv.pos_as_xyz",
        "_space_group_symop.operation_xyz",
        "_SYMMETRY_EQUIV_POS_AS_XYZ",
    ):
        text = cif(cubic(5.64), ROCK_SALT, operators=CUBE_F, operator_tag=tag)
        yield "operators#.cif", text, NACL
    for symbol in ("F q -3 m", "unknown group", "Oh.5", "F 4/m 3 2/m"):
        yield "odd#.cif", rock_salt(symbol), Refused(e.UnreadableStructureError, "not understood")
    text = rock_salt("Oh.5", "_space_group_name_Schoenflies")
    yield "schoenflies.cif", text, Refused(e.UnreadableStructureError, "not understood")
    bare = cif(cubic(5.64), ROCK_SALT)
    yield "none.cif", bare, Right("Na1 Cl1", 89.70, "states no symmetry")
    stated = cif(cubic(5.64), ROCK_SALT, items={SUM: "Na Cl", Z: 4})
    yield "none_z.cif", stated, Refused(e.InconsistentStructureError, "states Na Cl with Z = 4")
    fluorite = (("Ca1", 0, 0, 0), ("F1", 0.25, 0.25, 0.25))
    for symbol in ("F 4/m -3 2/m", "f m -3 m", "-F 4 2 3"):
        yield (
            "fluorite#.cif",
            cif(cubic(5.463), fluorite, items={HM: symbol}),
            Right("Ca4 F8", 13.587),
        )
    zincite = (("Zn1", 1 / 3, 2 / 3, 0), ("O1", 1 / 3, 2 / 3, 0.382))
    for symbol in ("P 63 m c", "P6_3mc", "P 6(3) m c", "p 63 m c", "P 6c -2c"):
        text = cif(hexagonal(3.25, 5.207), zincite, items={HM: symbol})
        yield "zincite#.cif", text, Right("Zn2 O2", 11.907)


def magnetic() -> Cases:
    """Magnetic files list the centrings of the lattice apart; time may be turned by both."""
    iron, tag = [("Fe1", 0, 0, 0)], "_space_group_symop_magn_operation.xyz"
    signs = ("x,y,z", "-x,-y,z", "-x,-y,-z", "x,y,-z")
    text = cif(cubic(2.866), iron, operators=[f"{o},+1" for o in signs], operator_tag=tag)
    yield "primitive.cif", text, Right("Fe1", 23.54)
    for time in ("+1", "-1"):
        for centring in (f"x+1/2,y+1/2,z+1/2,{time}", f"1/2+x,1/2+y,1/2+z,{time}"):
            apart = "loop_\n_space_group_symop_magn_centering.xyz\nx,y,z,+1\n" + centring + "\n"
            yield "centred#.cif", text + apart, Right("Fe2", 11.77)
    # The square of a glide is a centring: without it the operators are no group.
    glide = ("x,y,z,+1", "x+1/4,y+1/4,-z,+1")
    apart = "loop_\n_space_group_symop_magn_centering_xyz\nx,y,z,+1\nx+1/2,y+1/2,z,+1\n"
    wide = (7.0, 7.0, 2.6, 90, 90, 90)
    text = cif(wide, iron, operators=glide, operator_tag=tag) + apart
    yield "glide.cif", text, Right("Fe4", 31.85, "?")
    faces = "x,y,z,+1", "x,y+1/2,z+1/2,+1", "x+1/2,y,z+1/2,+1", "x+1/2,y+1/2,z,+1"
    listed = "loop_\n_space_group_symop_magn_centering.xyz\n" + "\n".join(faces) + "\n"
    turns = gemmi.find_spacegroup_by_name("F m -3 m").operations().sym_ops
    for operators in ([op.triplet() for op in turns], CUBE_F):  # some list all, and centrings too
        text = cif(cubic(5.64), ROCK_SALT, operators=operators, operator_tag=tag)
        yield "faces#.cif", text + listed, NACL
    bad = text + listed.replace("x,y+1/2,z+1/2", "x,y+1/2")
    yield "bad.cif", bad, Refused(e.UnreadableStructureError, "is no symmetry operator")
    many = "".join(f"x+{i}/97,y,z,+1\n" for i in range(1, 97))
    text = cif(cubic(2.866), iron, operators=signs + glide, operator_tag=tag)
    text += "loop_\n_space_group_symop_magn_centering_xyz\n" + many
    yield "many.cif", text, Refused(e.UnreadableStructureError, "the limit is 400")


def origins() -> Cases:
    eight = {SUM: "Si", Z: 8}
    for symbol in (
        "F d -3 m",
        "Fd-3m",
        "F d 3 m",
        "F 41/d -3 2/m",
        "F d -3 m Z",
        "Fd-3mS",
        "F d -3 m :1",
        "Fd-3m:2",
        "F d -3 m (origin choice 2)",
        "F d -3 m O1",
    ):
        for x in (0, 0.125):
            yield (
                "si#.cif",
                cif(cubic(5.4307), [("Si1", x, x, x)], items={HM: symbol} | eight),
                (Right("Si8", 20.02, "?")),
            )
    for x in (0, 0.125):
        text = cif(cubic(5.4307), [("Si1", x, x, x)], items={HM: "F d -3 m"})
        yield "open#.cif", text, Right("Si8", 20.02, "leaves open")
        text = cif(
            cubic(5.4307),
            [("Si1", x, x, x)],
            items={HM: "F d -3 m", "_exptl_crystal_density_diffrn": 2.329},
        )
        yield "density#.cif", text, Right("Si8", 20.02)
    for u, mg, al in ((0.2624, 0.125, 0.5), (0.3874, 0, 0.625)):
        sites = [("Mg1", mg, mg, mg), ("Al1", al, al, al), ("O1", u, u, u)]
        text = cif(cubic(8.0806), sites, items={HM: "F d -3 m", SUM: "Al2 Mg O4"})
        yield "spinel#.cif", text, Right("Mg8 Al16 O32", 9.42, "?")
    for ti, o in (((0, 0, 0), (0, 0, 0.2081)), ((0, 0.25, 0.375), (0, 0.25, 0.1669))):
        text = cif(
            (3.784, 3.784, 9.515, 90, 90, 90),
            [("Ti1", *ti), ("O1", *o)],
            items={HM: "I 41/a m d", SUM: "O2 Ti", Z: 4},
        )
        yield "anatase#.cif", text, Right("Ti4 O8", 11.35)


def axes() -> Cases:
    rhombohedral, hexagonal_cell = (4.7459,) * 3 + (57.24,) * 3, hexagonal(4.546, 11.862)
    bi, bi_hex = [("Bi1", 0.234, 0.234, 0.234)], [("Bi1", 0, 0, 0.234)]
    for symbol in (
        "R -3 m",
        "R-3m",
        "R -3 m :R",
        "R -3 m R",
        "r -3 m",
        "R -3 2/m",
        "-P 3* 2",
        "R -3 m (rhombohedral axes)",
    ):
        yield "bi#.cif", cif(rhombohedral, bi, items={HM: symbol}), Right("Bi2", 35.39)
    for symbol in ("R -3 m H", "R -3 m :H", '-R 3 2"', "H -3 m"):
        yield (
            "bi#.cif",
            cif(rhombohedral, bi, items={HM: symbol}),
            Right("Bi2", 35.39, "does not fit"),
        )
    for symbol in ("R -3 m", "R-3m", "R -3 m :H", "R -3 m H", "H -3 m", '-R 3 2"', "R -3 2/m"):
        yield "bi_hex#.cif", cif(hexagonal_cell, bi_hex, items={HM: symbol}), Right("Bi6", 35.38)
    for symbol in ("R -3 m :R", "R-3mR"):
        yield (
            "bi_hex#.cif",
            cif(hexagonal_cell, bi_hex, items={HM: symbol}),
            (Right("Bi6", 35.38, "does not fit")),
        )
    triplets = {
        kind: [op.triplet() for op in gemmi.find_spacegroup_by_name(f"R -3 m:{kind}").operations()]
        for kind in "HR"
    }
    wrong = Refused(e.InconsistentStructureError, "cell")
    yield "hex_operators.cif", cif(rhombohedral, bi, operators=triplets["H"]), wrong
    yield "rh_operators.cif", cif(hexagonal_cell, bi_hex, operators=triplets["R"]), wrong
    text = cif(rhombohedral, bi, operators=triplets["H"], items={HM: "R -3 m", SUM: "Bi", Z: 2})
    yield "hex_operators_z.cif", text, Right("Bi2", 35.39, "listed operators were not used")
    for symbol in ("P m -3 m", "P 4/m m m", "P 6/m m m"):
        text = cif((4.0, 4.5, 5.2, 90, 90, 90), [("Po1", 0, 0, 0)], items={HM: symbol})
        yield "metric#.cif", text, Refused(e.InconsistentStructureError, "symmetry of")
    sites = [("Zr1", 0.275, 0.04, 0.208), ("O1", 0.07, 0.332, 0.345), ("O2", 0.45, 0.758, 0.479)]
    for symbol in ("P 21/c", "P 1 21/c 1", "P2(1)/c", "P 2_1/c", "-P 2ybc", "p 1 21/c 1"):
        text = cif((5.15, 5.21, 5.32, 90, 99.2, 90), sites, items={HM: symbol})
        yield "monoclinic#.cif", text, Right("Zr4 O8", 11.74)
    swapped = [(name, x, z, y) for name, x, y, z in sites]
    for symbol in ("P 1 1 21/b", "P 21/b"):
        text = cif((5.15, 5.32, 5.21, 90, 90, 99.2), swapped, items={HM: symbol})
        yield "unique_c#.cif", text, Right("Zr4 O8", 11.74)


def signs() -> Cases:
    base = ("x,y,z", "-x,-y,z", "1/2-y,1/2+x,z+1/2", "1/2+y,1/2-x,1/2+z")
    right = Right("Ti2 O4", 10.41)

    def rutile(operators: list[str] | tuple[str, ...], o: object = 0.305, **items: object) -> str:
        sites = [("Ti1", 0, 0, 0), ("O1", o, o, 0)]
        return cif((4.594, 4.594, 2.959, 90, 90, 90), sites, operators=operators, items=items)

    for sign in "\u2212\u2013\u2012\u2014\u2010\u2011\uff0d\ufe63\u00ad":
        yield "minus#.cif", rutile([o.replace("-", sign) for o in base]), right
    yield "half.cif", rutile([o.replace("1/2", "\u00bd") for o in base]), right
    yield "slash.cif", rutile([o.replace("/", "\u2044") for o in base]), right
    yield "decimal.cif", rutile([o.replace("1/2", "0.5") for o in base]), right
    yield "capitals.cif", rutile([o.upper() for o in base]), right
    yield "blanks.cif", rutile([o.replace(",", " , ").replace("+", " + ") for o in base]), right
    yield "nbsp.cif", rutile([o.replace(",", ",\u00a0") for o in base]), right
    for bad in (
        "~x,y,z",
        "x;y;z",
        "x,y",
        "2x,y,z",
        "1/2y,x,z",
        "x,y,q",
        "x,y,z,w",
        "",
        "x,x,z",
        "0,0,0",
    ):
        operators = [*base, bad or "?x"]
        yield (
            "junk#.cif",
            rutile(operators),
            Refused(e.UnreadableStructureError, "no symmetry operator"),
        )
    for lost in range(1, 4):
        kept = [o for i, o in enumerate(base) if i != lost]
        yield "lost#.cif", rutile(kept), Refused(e.InconsistentStructureError, "form no group")
    for number in ("\u22120.305", "-0.305", "0.305(2)", "3.05e-1", "1.305", "-.305"):
        yield "number#.cif", rutile(base, number), right
    for number in ("0,305", "nan", "inf", "1e300", "?", ".", "x", "--1", "0.3.05"):
        yield (
            "nonumber#.cif",
            rutile(base, number),
            Refused(e.DegenerateCellError, "has no position"),
        )


def digits() -> Cases:
    cell = hexagonal(4.24, 6.84)
    for x, y, z, note in (
        (".333", ".667", ".25", "special positions"),
        ("0.33", "0.67", "0.25", "special positions"),
        (".3333", ".6667", ".25", ""),
        ("0.33333", "0.66667", "0.2500", ""),
        ("1/3", "2/3", "1/4", ""),
        ("0.333", "0.666", "0.25", "special positions"),
    ):
        text = cif(cell, [("Cd1", 0, 0, 0), ("I1", x, y, z)], operators=P3M1)
        yield "cdi2_#.cif", text, Right("Cd1 I2", 35.50, note)
    for x, y in ((".167", ".333"), ("0.1667", "0.3333")):
        text = cif(hexagonal(5.0, 3.0), [("Al1", x, y, 0)], operators=P3M1)
        yield "line#.cif", text, Right("Al6", 10.83, "?")
    images = [
        ("Na1", 0, 0, 0),
        ("Na2", 0, 0.5, 0.5),
        ("Na3", 0.5, 0, 0.5),
        ("Na4", 0.5, 0.5, 0),
        ("Cl1", 0.5, 0.5, 0.5),
        ("Cl2", 0.5, 0, 0),
        ("Cl3", 0, 0.5, 0),
        ("Cl4", 0, 0, 0.5),
    ]
    text = cif(cubic(5.64), images, items={HM: "F m -3 m"})
    yield "all_listed.cif", text, Right("Na4 Cl4", 22.43, "counted once")
    text = cif(cubic(5.64), images, items={HM: "F m -3 m", SUM: "Na4 Cl4"}, operators=["x,y,z"])
    yield "p1_kept_symbol.cif", text, Right("Na4 Cl4", 22.43, "those listed were used")
