"""VASP's format."""

from __future__ import annotations

import gzip

from deepdos_nb.core import errors as e
from reading_corpus.case import Cases, Refused, Right


def poscar(
    cell: str = "5.653\n0 .5 .5\n.5 0 .5\n.5 .5 0",
    names: str = "Ga As\n",
    counts: str = "1 1",
    mode: str = "Direct",
    rows: str = "0 0 0\n.25 .25 .25",
    tail: str = "",
) -> str:
    """Zinc blende in VASP's format, or what a test makes of it."""
    return f"title\n{cell}\n{names}{counts}\n{mode}\n{rows}\n{tail}"


def poscars() -> Cases:
    right = Right("Ga1 As1", 22.58)
    axes = "\n0 .5 .5\n.5 0 .5\n.5 .5 0"
    fcc = "\n0 2 2\n2 0 2\n2 2 0"
    for text in (
        poscar(),
        poscar(names="GA AS\n"),
        poscar(names="ga as\n"),
        poscar(names="Ga_d As_GW\n"),
        poscar(names="Ga/3f2 As_sv/1a\n"),
        poscar(names="Ga As ! names\n", counts="1 1 # counts"),
        poscar(mode="Selective dynamics\nDirect", rows="0 0 0 T T F\n.25 .25 .25 F F F"),
        poscar(cell=f"-45.163{axes}", mode="Cartesian", rows="0 0 0\n.25 .25 .25"),
        poscar(cell=f"-45.163{axes}"),
        poscar(cell=f"-45.163{fcc}", mode="kartesisch", rows="0 0 0\n1 1 1"),
        poscar(cell=f" -45.163 ! volume{fcc}"),
        poscar(cell=f"5.653 5.653 5.653{axes}", mode="C", rows="0 0 0\n.25 .25 .25"),
        poscar(cell=f"5.653D0{axes}"),
        poscar(mode="cartesian"),
        poscar(rows="0 0 0\n\u2212.75 .25 .25"),
        poscar(cell="5.653\n.5 0 .5\n0 .5 .5\n.5 .5 0"),
        poscar(tail="\n0 0 0\n0 0 0\n"),
        poscar().replace("\n", "\r\n"),
        poscar(names="Ga As Al\n", counts="1 1 0"),
        poscar(rows="0 0 0 Ga\n.25 .25 .25 As"),
    ):
        yield "POSCAR#", text, right
    rutile = (
        "1 0 0\n0 1 0\n0 0 .6441",
        "Ti O\n",
        "2 4",
        "0 0 0\n.5 .5 .32205\n.305 .305 0\n.695 .695 0\n.195 .805 .32205\n.805 .195 .32205",
    )
    for scale in ("-62.449", "4.594"):
        text = poscar(f"{scale}\n{rutile[0]}", *rutile[1:3], "Cartesian", rutile[3])
        yield "CONTCAR#", text, Right("Ti2 O4", 10.41)
    for names in ("Ga As Al\n", "Ga\n", "Ga As Ga As\n"):
        yield "POSCAR#", poscar(names=names), Refused(e.UnreadableStructureError, "line 6 names")
    for counts in ("1 1 1", "2", "1"):
        yield "POSCAR#", poscar(counts=counts), Refused(e.UnreadableStructureError, "line 6 names")
    for counts in ("1.0 1.0", "-1 1", "one one", "1 1 x", "1e0 1"):
        yield "POSCAR#", poscar(counts=counts), Refused(e.UnreadableStructureError, "line 7")
    for names in ("H1.25 As\n", "H.5 As\n", "H0.75 As\n"):
        yield "POSCAR#", poscar(names=names), Refused(e.UnsupportedElementError, "pseudo-hydrogen")
    for names in ("GaAs\n", "Xx As\n", "Va As\n", "Ga1 As2\n", "D As\n", "Ga3+ As3-\n"):
        yield "POSCAR#", poscar(names=names), Refused(e.UnsupportedElementError)
    for rows in (
        "0 0 0 T F F\n.25 .25 .25 T F F",
        "0 0 0 F F F\n.25 .25 .25 F F F",
        "0 0 0\n.25 .25 .25",
        "0 0 0 .TRUE. .FALSE. .F.\n.25 .25 .25 T F F",
        "0 0 0 T\n.25 .25 .25 F",
    ):
        yield (
            "POSCAR#",
            poscar(names="", rows=rows),
            Refused(e.UnsupportedElementError, "does not name"),
        )
        text = poscar(names="", mode="Selective\nDirect", rows=rows)
        yield "POSCAR#", text, Refused(e.UnsupportedElementError, "does not name")
    for scale in ("0", "5 -5 5", "1 2", "abc", "nan", "inf", ""):
        yield (
            "POSCAR#",
            poscar(cell=f"{scale}{axes}"),
            Refused(e.UnreadableStructureError, "line 2"),
        )
    for rows in ("0 0 0", "0 0 0\n.25 .25", "0 0 0\na b c", "0 0 0\n.25-.75 .25"):
        yield "POSCAR#", poscar(rows=rows), Refused(e.UnreadableStructureError, "damaged, cut off")
    text = poscar(rows="0 0 0\n.25 .25 .25\n.5 .5 .5")
    yield "POSCAR#", text, Refused(e.UnreadableStructureError, "more than there are atoms")
    for mode in ("", "xyz", "0 0 0"):
        yield (
            "POSCAR#",
            poscar(mode=mode),
            Refused(e.UnreadableStructureError, "neither Direct nor"),
        )
    for counts in ("1 99999999", "300 300"):
        yield "POSCAR#", poscar(counts=counts), Refused(e.TooManyAtomsError, "the limit is 500")
    for cell in (
        "1e300" + axes,
        "1\n0 0 0\n0 1 0\n0 0 1",
        "1\nnan 0 0\n0 1 0\n0 0 1",
        "-5\n1 1 0\n1 1 0\n0 0 1",
    ):
        yield "POSCAR#", poscar(cell=cell), Refused(e.StructureError)
    for k in range(1, 7):
        yield "POSCAR#", poscar()[: len(poscar()) * k // 8], Refused(e.StructureError)
    yield "zip.vasp.gz", gzip.compress(poscar().encode()), right
    alone = poscar("100\n1 0 0\n0 1 0\n0 0 1", "H\n", "1", rows="0 0 0")
    yield "alone.vasp", alone, Right("H1", 1e6, "no neighbour")
