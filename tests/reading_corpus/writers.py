"""CIFs with the habits of programmes and people: symbols, origins, operators, sites, grammar."""

from __future__ import annotations

import gzip

import gemmi
from cif_files import P3M1, ROCK_SALT, cif, cubic, hexagonal, rock_salt

from deepdos_nb.core import errors as e
from reading_corpus.case import HM, LABEL, NACL, OCCUPANCY, SUM, TYPE, Cases, Refused, Right, Z

MULTIPLICITY = "_atom_site_symmetry_multiplicity"
MAGNETIC = "_space_group_symop_magn_operation.xyz"
CALCITE = (("Ca1", 0, 0, 0), ("C1", 0, 0, 0.25), ("O1", 0.2578, 0, 0.25))
RUTILE = ("x,y,z", "-x,-y,z", "1/2-y,1/2+x,z+1/2", "1/2+y,1/2-x,1/2+z")
CUBE = {HM: "F m -3 m"}


def symbols() -> Cases:
    close_packed = [("Mg1", 1 / 3, 2 / 3, 0.25)]
    for symbol in (
        "P6_{3}/mmc",
        "P6$_3$/mmc",
        "P63/MMC",
        "P 6_3/m 2/m 2/c",
        "P 63 / m m c",
        "P63/mmc (194)",
    ):
        text = cif(hexagonal(3.209, 5.211), close_packed, items={HM: symbol})
        yield "hcp#.cif", text, Right("Mg2", 23.236)
    for symbol in ("F m \\bar{3} m", "Fm\\overline{3}m", "F m \\bar 3 m"):
        yield "tex#.cif", rock_salt(f"'{symbol}'"), NACL
    for symbol in ("C m c a", "C m c e", "CMCE", "C 2/m 2/c 21/e", "B m a b"):
        text = cif((4.8, 7.3, 9.8, 90, 90, 90), [("I1", 0, 0.154, 0.118)], items={HM: symbol})
        yield "glide#.cif", text, Right("I8", 42.924)
    # In the tables of 1952 the second setting of monoclinic groups was written like the first.
    for symbol in ("B 2", "B2", "b 2"):
        tilted = (6.0, 6.5, 7.1, 90, 90, 105)
        text = cif(tilted, [("Ba1", 0.1, 0.3, 0.2)], items={HM: symbol})
        yield "unique_c#.cif", text, Right("Ba4", 66.87, "setting B 1 1 2 was used")
    for number in ("0", "231", "300", "9" * 5000, "-225", "225.5", "\u0662\u0662\u0665"):
        text = rock_salt(number, "_space_group_IT_number")
        yield "number#.cif", text, Refused(e.UnreadableStructureError, "not understood")
    for symbol in ("F m \\\n-3 m", "Fm\\\n-3m", "-F 4 2 \\\n3"):
        yield "folded#.cif", rock_salt().replace("'F m -3 m'", f"\n;\\\n{symbol}\n;"), NACL


def centrings() -> Cases:
    """Operators without the translations of the lattice, as some programmes list them."""
    uranium = (2.854, 5.869, 4.955, 90, 90, 90)
    for name, cell, sites, right in (
        ("F m -3 m", cubic(5.64), ROCK_SALT, NACL),
        ("I m -3 m", cubic(2.866), (("Fe1", 0, 0, 0),), Right("Fe2", 11.77)),
        ("R -3 c:H", hexagonal(4.99, 17.06), CALCITE, Right("Ca6 C6 O18", 12.263)),
        ("C m c m", uranium, (("U1", 0, 0.102, 0.25),), Right("U4", 20.75, "?")),
    ):
        group = gemmi.find_spacegroup_by_name(name)
        items: dict[str, object] = {HM: group.hm}
        listed = [op.triplet() for op in group.operations().sym_ops]
        text = cif(cell, sites, items=items, operators=listed)
        yield "primitive#.cif", text, Right(right.formula, right.volume, "lack the centring")
        whole = [op.triplet() for op in group.operations()]
        yield "whole#.cif", cif(cell, sites, items=items, operators=whole), right
    listed = [op.triplet() for op in gemmi.find_spacegroup_by_name("P m -3 m").operations()]
    meant = cif(cubic(3.4), ROCK_SALT, items=CUBE | {SUM: "Na Cl", Z: 1}, operators=listed)
    yield "meant.cif", meant, Right("Na1 Cl1", 19.652, "?")
    for turned in ("x,y+1/2,z+1/2,-1", "x,y+1/2,z+1/2,+1"):
        sites = (("Na1", 0, 0, 0), ("Cl1", 0.5, 0, 0))
        text = cif(cubic(4.2), sites, operators=["x,y,z,+1", "-x,-y,-z,+1"], operator_tag=MAGNETIC)
        tag = "_space_group_symop_magn_centering.xyz"
        text += "\n".join(["loop_", tag, "x,y,z,+1", turned, ""])
        yield "magnetic#.mcif", text, Right("Na2 Cl2", 18.522, "?")


def origins() -> Cases:
    """Origins that multiplicities, formulas or bonds tell."""
    for place in (0, 0.125):
        for count, volume in ((8, 104.82), (16, 52.41)):
            sites = [("Al1", count, *[place] * 3)]
            text = cif(cubic(9.43), sites, columns=(LABEL, MULTIPLICITY), items={HM: "F d -3 m"})
            yield "counted#.cif", text, Right(f"Al{count}", volume, "?")
    sites = [("Si1", 8, 0, 0, 0)]
    text = cif(cubic(5.4307), sites, columns=(LABEL, MULTIPLICITY), items={HM: "FD-3M"})
    yield "counted_si.cif", text, Right("Si8", 20.02)
    for symbol in ("P n -3 m", "Pn3m"):
        for corner, centre in (("O1", "Cu1"), ("Cu1", "O1")):
            sites = [(corner, 0, 0, 0), (centre, 0.25, 0.25, 0.25)]
            text = cif(cubic(4.27), sites, items={HM: symbol, SUM: "Cu2 O", Z: 2})
            yield "cuprite#.cif", text, Right("Cu4 O2", 12.976)
    for iron, selenium in (
        ((0, 0, 0), (0, 0.5, 0.267)),
        ((0.75, 0.25, 0), (0.25, 0.25, 0.267)),
    ):
        sites = [("Fe1", *iron), ("Se1", *selenium)]
        text = cif((3.77, 3.77, 5.52, 90, 90, 90), sites, items={HM: "P4/NMM"})
        yield "selenide#.cif", text, Right("Fe2 Se2", 19.61, "leaves open")


def rutile(operators: list[str], tag: str = "_symmetry_equiv_pos_as_xyz") -> str:
    sites = [("Ti1", 0, 0, 0), ("O1", 0.305, 0.305, 0)]
    cell = (4.594, 4.594, 2.959, 90, 90, 90)
    return cif(cell, sites, operators=operators, operator_tag=tag)


def operators() -> Cases:
    right = Right("Ti2 O4", 10.41)
    for change in (
        lambda o: o.replace(",", ",\t"),
        lambda o: o.replace("-x", "x\u0304").replace("-y", "y\u0304"),
        lambda o: "+" + o if o[0] != "-" else o,
        lambda o: o.replace("1/2", "0.500000"),
        lambda o: o.replace("1/2", "3/2"),
        lambda o: o.replace("1/2", "2/4"),
    ):
        yield "written#.cif", rutile([change(o) for o in RUTILE]), right
    yield "magnetic.mcif", rutile([f"{o},+1" for o in RUTILE], MAGNETIC), right
    bare = rutile(list(RUTILE))
    for operator in RUTILE:
        bare = bare.replace(f"'{operator}'", operator.replace(",", ", "))
    yield "unquoted.cif", bare, right
    numbered = bare.replace("loop_", "loop_\n_symmetry_equiv_pos_site_id", 1)
    for i, operator in enumerate(RUTILE):
        spread = operator.replace(",", ", ")
        numbered = numbered.replace(f"\n{spread}\n", f"\n{i + 1} {spread}\n")
    yield (
        "numbered.cif",
        numbered,
        Refused(e.UnreadableStructureError, "no symmetry operator"),
    )
    for number in ("1_0", "0_5", "5.0e-1_0", "\u0660.\u0665", "1/0", "infinity"):
        sites = [("Na1", 0, 0, 0), ("Cl1", number, 0.5, 0.5)]
        text = cif(cubic(5.64), sites, items=CUBE)
        yield "digits#.cif", text, Refused(e.DegenerateCellError, "has no position")
    for number in ("5.0D-1", "5d-1", "1/2", "0.5000(2)", "+.5", "50e-2"):
        sites = [("Na1", 0, 0, 0), ("Cl1", number, 0.5, 0.5)]
        yield "fortran#.cif", cif(cubic(5.64), sites, items=CUBE), NACL


def sites() -> Cases:
    """Ions that share a site, occupancies near one, labels of mixtures."""
    ions = (LABEL, TYPE, OCCUPANCY)
    for part in (0.5, 0.333, 0.25):
        rows = [("Fe1", "Fe2+", part, 0, 0, 0), ("Fe2", "Fe3+", 1 - part, 0, 0, 0)]
        rows.append(("O1", "O2-", 1, 0.5, 0.5, 0.5))
        text = cif(cubic(4.3), rows, columns=ions, items=CUBE)
        yield "valence#.cif", text, Right("Fe4 O4", 9.938, "taken as one atom")
    partly = e.PartialOccupancyError
    rows = [("H1", "H", 0.5, 0, 0, 0), ("D1", "D", 0.5, 0, 0, 0), ("Pd1", "Pd", 1, 0.5, 0.5, 0.5)]
    text = cif(cubic(4.1), rows, columns=ions, items=CUBE)
    yield "isotopes.cif", text, Refused(partly, "shared by several species")
    rows = [("Fe1", "Fe2+", 0.4, 0, 0, 0), ("Fe2", "Fe3+", 0.4, 0, 0, 0)]
    text = cif(cubic(2.9), rows, columns=ions)
    yield "vacancies.cif", text, Refused(partly, "partly occupied (Fe 0.4, Fe 0.4)")
    for value, expected in (
        ("0.9995", NACL),
        ("0.998", Right("Na4 Cl4", 22.43, "below one")),
        ("0.995(4)", Right("Na4 Cl4", 22.43, "below one")),
        ("0.99", Refused(partly, "partly occupied")),
        ("0.97", Refused(partly, "partly occupied")),
    ):
        rows = [("Na1", value, 0, 0, 0), ("Cl1", 1, 0.5, 0.5, 0.5)]
        text = cif(cubic(5.64), rows, columns=(LABEL, OCCUPANCY), items=CUBE)
        yield "nearly#.cif", text, expected
    for label in ("Na%K", "Na and K", "Na or K", "Na^K", "Cl(Br)", "Fe(Mg)1", "Mn2(Fe)"):
        text = cif(cubic(5.64), [(label, 0, 0, 0)], items=CUBE)
        yield "mixed#.cif", text, Refused(partly, "shared by several species")
    for label in ("O_F", "O(F)", "F_OH", "Na_K", "O-OH"):
        text = cif(cubic(5.64), [(label, 0, 0, 0)], items=CUBE)
        yield "perhaps#.cif", text, Refused(e.UnsupportedElementError, "no element for certain")
    crowd = cif(cubic(9), [("C1", 0.1, 0.2, 0.3)] * 400)
    yield "crowd.cif", crowd, Refused(e.OverlappingAtomsError, "C 1 …")


def formulas() -> Cases:
    """Formulas beside _chemical_formula_sum, and what they say is missing."""
    cell, brucite = hexagonal(3.142, 4.766), [("Mg1", 0, 0, 0), ("O1", 1 / 3, 2 / 3, 0.2203)]
    for kind, formula in (
        ("structural", "Mg (O H)2"),
        ("structural", "Mg(OH)2"),
        ("iupac", "Mg (O H)2"),
        ("moiety", "Mg 2+, 2(O H) -"),
        ("analytical", "H2 Mg O2"),
    ):
        items: dict[str, object] = {f"_chemical_formula_{kind}": formula}
        text = cif(cell, brucite, operators=P3M1, items=items)
        yield "elsewhere#.cif", text, Refused(e.InconsistentStructureError, "H is missing")
    for formula in ("NaCl.H2O", "Na Cl \u00b7 2(H2 O)", "NaCl*H2O", "Na Cl . H2 O", "NaCl.2H2O"):
        text = cif(cubic(5.64), ROCK_SALT, items=CUBE | {SUM: formula})
        yield "hydrate#.cif", text, Refused(e.InconsistentStructureError, "H, O are missing")
    items = {"_chemical_formula_weight": 58.32, Z: 1}
    text = cif(cell, brucite, operators=P3M1, items=items)
    yield "weight.cif", text, Right("Mg1 O2", 13.58, "a mass of 58.32 u")
    items = {"_chemical_formula_weight": 58.44, Z: 4}
    yield "weight_fits.cif", cif(cubic(5.64), ROCK_SALT, items=CUBE | items), NACL


def digits() -> Cases:
    """Special positions written with more digits than were known."""
    cell = hexagonal(4.24, 6.84)
    for x, y in (
        ("0.33300", "0.66700"),
        ("0.3330(5)", "0.6670(5)"),
        ("0.3340", "0.6670"),
        ("0.332000", "0.667000"),
        ("0.33", "0.66700"),
    ):
        text = cif(cell, [("Cd1", 0, 0, 0), ("I1", x, y, "0.25")], operators=P3M1)
        yield "padded#.cif", text, Right("Cd1 I2", 35.50, "special positions")
    rows = [("Na1", "0.0020", "0.0010", "-0.0010"), ("Cl1", ".4990", ".5000", ".5020")]
    text = cif(cubic(5.64), rows, items=CUBE)
    yield "beside.cif", text, Right("Na4 Cl4", 22.43, "up to 0.1 Å away")
    # Images farther apart than that are two atoms: a dumbbell stays one.
    for place in ("0.01", "0.0100", "0.01000"):
        text = cif(cubic(37), [("H1", place, 0, 0)], operators=["x,y,z", "-x,-y,-z"])
        yield "dumbbell#.cif", text, Right("H2", 25326.5, "unusual density")
    for x, y in (("0.30000", "0.70000"), ("0.3", "0.7")):
        text = cif(cell, [("Cd1", 0, 0, 0), ("I1", x, y, "0.25")], operators=P3M1)
        yield "far#.cif", text, Refused(e.OverlappingAtomsError, "I1 in the file")


def grammar() -> Cases:
    text = rock_salt()
    for content in (
        text.replace("data_crystal", "data_ NaCl"),
        text.replace("data_crystal", "data_Na Cl (2) # halite"),
        text + "\x1a",
        text.encode() + b"\0" * 512,
        text.replace("'F m -3 m'", "\u2018F m -3 m\u2019"),
        text.replace("'F m -3 m'", "\u201cF m -3 m\u201d"),
        text.replace("'F m -3 m'", "\u2018F m -3 m\u2019").encode("cp1252"),
        text.replace("loop_", "_publ_author_name John A. Smith\nloop_", 1),
        text.replace("loop_", "_chemical_name_common common salt # rock\nloop_", 1),
        text.replace("loop_", "_cell_length_a 5.640(1)\nloop_", 1),
        "data_global\nloop_\n_atom_site_label\n_atom_site_fract_x\nX1 ?\n" + text,
        "#\\#CIF_2.0\n" + text.replace("'F m -3 m'", '"""F m -3 m"""'),
        text + "loop_\n_refln_index_h\n_refln_index_k\n" + "1 2\n" * 10_000,
        gzip.compress(text.replace("\n", "\r\n").encode("utf-16")),
    ):
        yield "habit#.cif", content, NACL
    for value, words in (
        ("5,64", "_cell_length_a is '5,64', no number"),
        ("'5.64 A'", "no number"),
        ("5_64", "no number"),
        ("'5.64 +- 0.01'", "no number"),
        ("?", "_cell_length_a is not given"),
    ):
        content = text.replace("_cell_length_a 5.64", f"_cell_length_a {value}")
        yield "length#.cif", content, Refused(e.DegenerateCellError, words)
    content = text.replace("_cell_length_a 5.64\n", "")
    yield "length.cif", content, Refused(e.DegenerateCellError, "_cell_length_a is not given")
    for content in (
        text.replace("loop_", "_cell_length_a 5.641\nloop_", 1),
        text + "loop_\n_atom_site_label\n_atom_site_fract_x\nK1 0.25\n",
    ):
        yield "contradicts#.cif", content, Refused(e.UnreadableStructureError, "given twice")
