"""Grammar, encodings, cells, limits, junk."""

from __future__ import annotations

import bz2
import gzip
import lzma

from cif_files import ROCK_SALT, cif, cubic, rock_salt

from deepdos_nb.core import errors as e
from reading_corpus.case import HM, NACL, Cases, Refused, Right


def grammar() -> Cases:
    text = rock_salt()
    for content in (
        text.upper().replace("NA1", "Na1").replace("CL1", "Cl1"),
        text.replace("_cell", "_CELL"),
        text.replace("loop_", "LOOP_"),
        text.replace("data_", "DATA_"),
        text.replace("'", '"'),
        text.replace("'F m -3 m'", "F m -3 m"),
        text.replace("'F m -3 m'", "\n;F m -3 m\n;"),
        text.replace("_atom_site_fract", "_Atom_Site.Fract"),
        "\n\n# comment\n" + text,
        text.replace("data_crystal", "data_"),
        text.replace("\n", "\r\n"),
        text.replace("\n", "\r"),
        text.replace(
            "data_crystal\n",
            "data_crystal\n_publ_section_title\n;\ndata_reduction was done\nloop_\n;\n",
        ),
        text.replace("Na1 0", "Na1\u00a00"),
        text.replace("_length_a ", "_length_a\u2009"),
        text.replace("Na1 0", "Na1\t0"),
        text.replace("Na1 0", "Na1\u200b0"),
        text.replace("Na1 0", "Na1\x0b0"),
        "data_global\n_journal_year 2001\n" + text,
        text.replace("5.64", "5.64(1)"),
        text.replace("_cell_angle_alpha 90\n", ""),
        text + "#END\n",
        text + "data_empty\n_a b\n",
        text.replace("data_crystal", "data_Größe"),
        text.replace("data_", "# M\u00fcller\ndata_"),
    ):
        yield "written#.cif", content, NACL
    yield "nodata.cif", text.replace("data_crystal\n", ""), Right("Na4 Cl4", 22.43, "no data_ line")
    for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig", "latin-1"):
        yield f"{encoding}.cif", text.encode(encoding), NACL
    for ending, compress in (
        (".gz", gzip.compress),
        (".bz2", bz2.compress),
        (".xz", lzma.compress),
    ):
        whole = compress(text.encode())
        yield f"c.cif{ending}", whole, NACL
        yield (
            f"cut.cif{ending}",
            whole[:-10],
            Refused(e.UnreadableStructureError, "compressed file is damaged"),
        )
        bomb = compress(b"#" * 6_000_000)
        yield f"bomb.cif{ending}", bomb, Refused(e.UnreadableStructureError, "unpacked")
    other = rock_salt().replace("5.64", "4.21").replace("Na", "Mg").replace("Cl", "O")
    many = Refused(e.UnreadableStructureError, "holds 2 crystals")
    yield "twice.cif", text + other, many
    yield "two.cif", text + other.replace("data_crystal", "data_other"), many
    for tag in ("_cell_length_a", "_Cell_Length_A", "_cell.length_a", HM):
        value = "4.21" if "ength" in tag else "'F d -3 m'"
        content = text.replace("loop_", f"{tag} {value}\nloop_", 1)
        yield "doubled#.cif", content, Refused(e.UnreadableStructureError, "given twice")
    for content in (text[: len(text) * k // 7] for k in range(3, 7)):
        yield "cut#.cif", content, Refused(e.StructureError)
    for content, words in (
        ("This is no crystal.", "no crystal structure"),
        ("data_", "no fractional"),
        ("data_a\n_b 1\n", "no fractional"),
        ("#\\#CIF_1.1\n", "no"),
        ("<html><body>data_</body></html>", "no crystal structure"),
        (text.replace("'F m -3 m'", "'F m -3 m"), "damaged"),
        ("loop_\n_a\n_b\n1 2 3\n", "no"),
    ):
        yield "junk#.cif", content, Refused(e.StructureError, words)
    cartesian = text.replace("_atom_site_fract_", "_atom_site_Cartn_")
    yield "cartesian.cif", cartesian, Refused(e.EmptyStructureError, "only Cartesian")


def cells() -> Cases:
    flat = Refused(e.DegenerateCellError)
    for cell in (
        (0, 4, 4, 90, 90, 90),
        (-4, 4, 4, 90, 90, 90),
        ("?", 4, 4, 90, 90, 90),
        ("nan", 4, 4, 90, 90, 90),
        (1e300, 4, 4, 90, 90, 90),
        ("inf", 4, 4, 90, 90, 90),
        (4, 4, 4, 0, 90, 90),
        (4, 4, 4, 90, 90, 180),
        (4, 4, 4, 60, 60, 120),
        (4, 4, 4, 20, 90, 170),
        (4, 4, 4, 1.57, 1.57, 1.57),
        (4, 4, 4, 90, 90, 360),
        (4, 4, 4, "90,5", 90, 90),
        (20000, 4, 4, 90, 90, 90),
    ):
        yield "cell#.cif", cif(cell, [("Fe1", 0, 0, 0)]), flat
    for a in (0.564, 0.0564, 56.4e-3):
        text = rock_salt().replace("5.64", str(a))
        yield "nanometres#.cif", text, Refused(e.StructureError)
    for cell in (
        (0.001, 4000, 4000, 90, 90, 90),
        (0.01, 0.01, 9999, 90, 90, 90),
        (1e-6, 1e-6, 9999, 90, 90, 90),
        (0.3, 40, 40, 90, 90, 90),
        (4, 4, 4, 0.05, 90, 90),
    ):
        yield "needle#.cif", cif(cell, [("Fe1", 0, 0, 0)]), Refused(e.StructureError)
    for z, d in (("Bi", 0.78), ("Fe", 0.9), ("O", 0.4), ("H", 0.2), ("Na", 1.2)):
        text = cif((8, 8, 8, 90, 90, 90), [(f"{z}1", 0, 0, 0), (f"{z}2", 0, 0, d / 8)])
        yield "near#.cif", text, Refused(e.OverlappingAtomsError, "apart")
    for factor in (1.35, 1.6, 2.5):
        text = rock_salt().replace("5.64", str(round(5.64 * factor, 4)))
        yield "stretched#.cif", text, Right("Na4 Cl4", 22.43 * factor**3, "Caution")
    text = rock_salt().replace("5.64", "3.8")
    yield "squeezed.cif", text, Right("Na4 Cl4", 6.859, "unusual")
    for a in (20, 100, 1000):
        text = cif(cubic(a), [("H1", 0, 0, 0)], operators=["x,y,z"])
        yield "alone#.cif", text, Right("H1", float(a) ** 3, "no neighbour")
    text = cif(
        cubic(30),
        [("O1", 0, 0, 0), ("H1", 0.0319, 0, 0), ("H2", -0.008, 0.0309, 0)],
        operators=["x,y,z"],
    )
    yield "molecule.cif", text, Right("H2 O1", 9000, "unusual density")
    text = rock_salt().replace("loop_", "_cell_volume 160.0\nloop_", 1)
    yield "volume.cif", text, Right("Na4 Cl4", 22.43, "edges and angles were used")


def limits() -> Cases:
    def grid(n: int) -> list[tuple[object, ...]]:
        """Places that no operator of a cube leaves where they are."""
        steps = [(k * 0.618033 % 1, k * 0.754877 % 1, k * 0.569840 % 1) for k in range(1, n + 1)]
        return [(f"C{i}", *(f"{v:.5f}" for v in xyz)) for i, xyz in enumerate(steps)]

    many = Refused(e.TooManyAtomsError, "the limit is 500")
    for n in (3, 10, 120, 400, 499):
        yield "cube#.cif", cif(cubic(200), grid(n), items={HM: "F m -3 m"}), many
    for n in (501, 3000, 60_000):
        yield "list#.cif", cif(cubic(500), grid(n)), many
    operators = [f"x+{i}/500,y,z" for i in range(499)]
    text = cif(cubic(400), grid(2), operators=operators)
    yield (
        "operators.cif",
        text,
        Refused(e.UnreadableStructureError, "symmetry operators are listed"),
    )
    yield "big.cif", b"#" * 5_000_001, Refused(e.UnreadableStructureError, "the limit is 5 MB")
    yield (
        "names.cif",
        cif(cubic(5.64), ROCK_SALT).replace("Na1", "Na" * 400_000),
        Refused(e.StructureError),
    )
    yield "symbol.cif", rock_salt("F m " + "-3 m " * 100_000), Refused(e.StructureError)
    yield (
        "blanks.cif",
        rock_salt().replace("'F m -3 m'", "F" + " " * 1_000_000 + "m"),
        Refused(e.StructureError),
    )
    yield "deep.json", "[" * 200_000, Refused(e.StructureError)
    yield "lines.xyz", "a b c\n" * 200_000, Refused(e.StructureError)
    yield "lines.yaml", "- [1, 2, 3]\n" * 300_000, Refused(e.StructureError)
    yield (
        "laughs.xml",
        '<!DOCTYPE l [<!ENTITY a "a">]><l>&a;</l>',
        Refused(e.UnreadableStructureError, "entities"),
    )
    yield "POSCAR", "x\n" * 1_000_000, Refused(e.StructureError)


def junk() -> Cases:
    binary = Refused(e.UnreadableStructureError, "binary file")
    for raw in (
        b"\x00\x01\x02" * 50,
        bytes(range(256)) * 9,
        b"PK\x03\x04" + b"\0" * 200,
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        b"%PDF-1.4\x01\x02",
        b"\x7fELF" + b"\0" * 60,
        b"\x93NUMPY\x01\x00v\0",
    ):
        for name in ("a.cif", "POSCAR", "a.xyz"):
            yield name, raw, binary
    for raw in (b"", b" \n\n", b"\t", b"\xef\xbb\xbf", b"\r\n\r\n"):
        for name in ("a.cif", "POSCAR"):
            yield name, raw, Refused(e.EmptyStructureError, "empty")
    for text in (
        "1 2 3\n",
        "hello\n",
        "{}",
        "[]",
        "null",
        "<a/>",
        "---\n",
        "x: y\n",
        "\u4f60\u597d\n",
        "0\n\n",
    ):
        for name in (
            "a.cif",
            "POSCAR",
            "a.xyz",
            "a.json",
            "a.xsf",
            "a.res",
            "a.txt",
            "noending",
            "a.yaml",
            "a.xml",
        ):
            yield name, text, Refused(e.StructureError)
