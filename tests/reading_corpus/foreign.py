"""POSCARs, trajectories and other formats that say more than their parsers hear; hostile files."""

from __future__ import annotations

import json
from typing import Any

import gemmi
from cif_files import cif, cubic, rock_salt

from deepdos_nb.core import errors as e
from reading_corpus.case import HM, Cases, Refused, Right
from reading_corpus.vasp import poscar

MANY = Refused(e.TooManyAtomsError, "the limit is 500")
DAMAGED = Refused(e.UnreadableStructureError)
PO = Right("Po1", 35.937)


def poscars() -> Cases:
    gallium = "0 0 0 {}\n.25 .25 .25 {}"
    for first, second in (("As", "Ga"), ("T T T As1", "F F F Ga1"), ("Ga", "P"), ("Al3+", "As")):
        mode = "Selective\nDirect" if " " in first else "Direct"
        text = poscar(mode=mode, rows=gallium.format(first, second))
        yield "POSCAR#", text, Right("Ga1 As1", 22.58, "line of elements was used")
    for names in (("Ga", "As"), ("Ga1", "As2"), ("site 1", "site 2"), ("! Ga", "! As")):
        yield "POSCAR#", poscar(rows=gallium.format(*names)), Right("Ga1 As1", 22.58)
    whole = poscar()
    steps = "Direct configuration=     {}\n0 0 0\n.25 .25 .25\n"
    for text in (
        whole * 2,
        whole + "\n" + whole,
        whole.replace("Direct\n", steps.format(1)).rstrip("\n") + "\n" + steps.format(2),
        whole + poscar(mode="Selective dynamics\nCartesian"),
    ):
        yield (
            "CONTCAR#",
            text,
            Refused(e.UnreadableStructureError, "holds 2 structures")
            if "configuration" not in text
            else Refused(e.UnreadableStructureError),
        )
    for more in ("5e-1 5e-1 5e-1", "1 1 1", "1 0 .5 T T T"):
        text = poscar(rows=f"0 0 0\n.25 .25 .25\n{more}")
        yield "POSCAR#", text, Refused(e.UnreadableStructureError, "more than there are atoms")
    for tail in (
        "\n 0.1 0.2 0.3\n 0.1 0.2 0.3\n",
        "Lattice velocities and vectors\n 1\n 0. 0. 0.\n 0. 0. 0.\n 0. 0. 0.\n",
        "\nCartesian\n 0.1 0.2 0.3\n 0.1 0.2 0.3\n\n 1\n 0.5\n",
    ):
        yield "CONTCAR#", poscar(tail=tail), Right("Ga1 As1", 22.58)
    for text in (
        poscar(rows="0 0 0\n0,25 0,25 0,25"),
        poscar(cell="5.653\n0 0,5 0,5\n0,5 0 0,5\n0,5 0,5 0"),
    ):
        yield "POSCAR#", text, Refused(e.UnreadableStructureError, "decimal commas")
    yield "POSCAR", poscar(rows="0 0 0\n.25, .25, .25"), Right("Ga1 As1", 22.58)
    for number in ("1_0", ".2_5", "\u0660.\u0665", "0x1"):
        yield "POSCAR#", poscar(rows=f"0 0 0\n{number} .25 .25"), DAMAGED
    text = poscar(rows="0 0 0\n3.25 .25 -2.75")
    yield "POSCAR", text, Right("Ga1 As1", 22.58, "not in Å")
    for far in ("60", "1000", "1e7", "-1e15"):
        text = poscar(rows=f"0 0 0\n{far} .25 .25")
        yield "POSCAR#", text, Refused(e.UnreadableStructureError, "no position in parts")


def trajectories() -> Cases:
    def xyz(header: str, rows: str = "Ga 0 0 0\nAs 1.415 1.415 1.415", n: object = 2) -> str:
        return f"{n}\n{header}\n{rows}\n"

    cell = 'Lattice="0 2.83 2.83 2.83 0 2.83 2.83 2.83 0"'
    columns = "Properties=species:S:1:pos:R:3"
    right = Right("Ga1 As1", 22.67)
    for header in (
        f"{cell.lower()} {columns}",
        f"{cell.replace('Lattice', 'cell')} {columns}",
        f"{cell} pbc=T {columns}",
        f'{cell} PBC="TTT" {columns}',
        f"{cell} pbc=[true, True, 1] {columns}",
        f'{cell} boundary="p p p" {columns}',
        f'{cell} {columns} energy=-1.5 config_type="a=b"',
    ):
        yield "whole#.extxyz", xyz(header), right
    for flags in (
        'PBC="T T F"',
        'pbc="TTF"',
        'pbc="1 1 0"',
        "pbc=[T,T,F]",
        "pbc={true true false}",
        "pbc='T T F'",
        'boundary="p p f"',
        'periodic="T T F"',
    ):
        text = xyz(f"{cell} {flags} {columns}")
        yield "slab#.extxyz", text, Refused(e.DegenerateCellError, "not periodic along c")
    for flags in ('pbc="T T"', 'pbc="x y z"', "pbc=maybe", 'pbc=""'):
        text = xyz(f"{cell} {flags} {columns}")
        yield "unclear#.extxyz", text, Refused(e.UnreadableStructureError, "not understood")
    whole = xyz(f"{cell} {columns}")
    for text in (whole + "\n" + whole, whole + "\n\n\n" + whole + "\n"):
        yield "gap#.xyz", text, Refused(e.UnreadableStructureError, "holds 2 structures")
    for symbol in ("D", "T", "Ga1", "Ga3+", "Qq", "Tv"):
        text = xyz(f"{cell} {columns}", f"{symbol} 0 0 0\nAs 1.415 1.415 1.415")
        yield "name#.xyz", text, Refused(e.UnsupportedElementError, f"atom {symbol} is ")
    text = xyz(f"{cell} Properties=species:S:1:scaled_positions:R:3")
    yield "scaled.xyz", text, Refused(e.DegenerateCellError, "no column of positions")
    for text in (whole + "As 3 3 3\n", xyz(cell, n=1), xyz(cell, n=-1), xyz(cell, n="1_0")):
        yield "count#.xyz", text, Refused(e.UnreadableStructureError, "count the atoms")
    yield "short.xyz", xyz(cell, n=3), Refused(e.UnreadableStructureError, "fewer follow")


def others() -> Cases:
    crystal: dict[str, Any] = {
        "lattice": {"matrix": [[3.3, 0, 0], [0, 3.3, 0], [0, 0, 3.3]]},
        "sites": [{"species": [{"element": "Po", "occu": 1}], "abc": [0, 0, 0]}],
    }
    yield "one.json", json.dumps(crystal), PO
    yield "list.json", json.dumps([crystal]), PO
    yield "entry.json", json.dumps({"structure": crystal}), PO
    for n in (2, 3):
        text = json.dumps([crystal] * n)
        yield "list#.json", text, Refused(e.UnreadableStructureError, f"holds {n} structures")
    molecule = json.dumps({"sites": crystal["sites"]})
    yield "molecule.json", molecule, Refused(e.DegenerateCellError, "cell is missing")
    yield "sites.json", json.dumps(crystal | {"sites": crystal["sites"] * 501}), MANY
    yield "one.yaml", json.dumps(crystal), PO
    repeated = Refused(e.UnreadableStructureError, "repeated by symmetry")
    for group, expected in (
        ("P 1", Right("Na1 Cl1", 20.577, "?")),
        ("F m -3 m", repeated),
        ("P 1 21/c 1", repeated),
        ("P -1", repeated),
    ):
        lines = (
            "CRYST1    3.452    3.452    3.452  90.00  90.00  90.00 {:<11}   1\n"
            "ATOM      1 NA    NA A   1       0.000   0.000   0.000  1.00  0.00          NA\n"
            "ATOM      2 CL    CL A   1       1.726   1.726   1.726  1.00  0.00          CL\nEND\n"
        )
        yield "group#.pdb", lines.format(group), expected
        head = f"3.3 3.3 3.3\n90 90 90 SPGR = {{}} {group}    OPT = 1\n1 0\n0 Po\n1 Po 0 0 0\n"
        number = {"P 1": 1, "P -1": 2}.get(group, 225)
        yield "group#.cssr", head.format(number), PO if number == 1 else repeated
    title = "TITL x 0 36 0 0 0 1 (P1) n - 1\nCELL 1.5 3.3 3.3 3.3 90 90 90\n"
    for lines, expected in (
        ("LATT -1\n", PO),
        ("LATT  -1\n", PO),
        ("LATT 1\n", repeated),
        ("LATT 4\n", repeated),
        ("LATT -1\nSYMM -X,-Y,Z\n", repeated),
    ):
        yield "group#.res", f"{title}{lines}SFAC Po\nPo 1 0 0 0 1\nEND\n", expected
    archive = "!BIOSYM archive 3\nPBC=ON\nx\n!DATE\nPBC 5.64 5.64 5.64 90 90 90 ({})\n"
    for group in ("FM-3M", "P21/C", "P-1"):
        yield "group#.car", archive.format(group), repeated
    dump = (
        "ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n1\nITEM: BOX BOUNDS pp pp pp\n"
        "0 3.3\n0 3.3\n0 3.3\nITEM: ATOMS id {} x y z\n1 {} 0 0 0\n"
    )
    for kind, word in (("type", "1"), ("mol type", "1 1")):
        text = dump.format(kind, word)
        yield "run#.lammpstrj", text, Refused(e.UnsupportedElementError, "does not name their")
    yield "run.lammpstrj", dump.format("type element", "1 Po"), PO


def hostile() -> Cases:
    """Small files that ask for much work, or for much memory."""
    for a in (0.5, 0.05, 0.005):
        text = cif(cubic(a), [("Si1", 0, 0, 0)], items={HM: "F d -3 m"})
        yield "tiny#.cif", text, Refused(e.DegenerateCellError, "no room")
    general = [(f"C{k}", 0.0121 * k % 1, 0.0273 * k % 1, 0.0337 * k % 1) for k in range(1, 300)]
    plain = cif(cubic(200), general)
    every = [group.xhm() for group in gemmi.spacegroup_table()]
    for tag, values in (
        ("_space_group_name_H-M_alt", every),
        ("_space_group_name_H-M_alt", [f"Q{i} x" for i in range(20_000)]),
        ("_space_group_name_Hall", [f"-F 4 2 3 ({i} 0 0)" for i in range(9000)]),
        ("_space_group_IT_number", [str(i) for i in range(1, 231)]),
    ):
        names = "\n".join(["loop_", tag, *(f'"{value}"' for value in values), "loop_"])
        text = plain.replace("loop_", names, 1)
        yield "names#.cif", text, Refused(e.UnreadableStructureError, "space groups")
    for filler in ("_a\n;\n;\n" * 300_000, "data_x\n" * 300_000, "_t 1\n" * 300_000):
        yield "items#.cif", filler, Refused(e.UnreadableStructureError, "items")
    yield "ligatures.cif", "data_a\n_a " + "\ufdfa" * 1_500_000, Refused(e.StructureError)
    crystal = {"lattice": {"matrix": [[3, 0, 0], [0, 3, 0], [0, 0, 3]]}}
    site = {"species": [{"element": "Po", "occu": 1}], "abc": [0, 0, 0]}
    yield "sites.json", json.dumps(crystal | {"sites": [site] * 60_000}), MANY
    far = crystal | {"sites": [site, dict(site, abc=[1e9, 0, 0])]}
    yield "far.json", json.dumps(far), Refused(e.DegenerateCellError, "cells away")
    near = crystal | {"sites": [site, dict(site, abc=[9e4, 0, 0])]}
    yield "same.json", json.dumps(near), Refused(e.OverlappingAtomsError, "apart")
    frame = 'Lattice="4 0 0 0 4 0 0 0 4"'
    for text in (
        f"1\n{frame}\nPo 0 0 0\n1000000000\n{frame}\nPo 0 0 0\n",
        f"  1000000000\n{frame}\nPo 0 0 0\n",
    ):
        yield "count#.xyz", text, MANY
    for n in ("+1000000000", "1_000_000_000", "1e9", "\u0661"):
        yield "count#.xyz", f"{n}\n{frame}\nPo 0 0 0\n", DAMAGED
    for columns in ("species:S:1:pos:R:3:x:R:999999999", "species:S:1:pos:R:3" + ":x:R:1" * 9999):
        text = f"1\n{frame} Properties={columns}\nPo 0 0 0\n"
        yield "columns#.xyz", text, Refused(e.UnreadableStructureError, "columns")
    text = f"1\n{frame} {'k=1 ' * 500_000}\nPo 0 0 0\n"
    yield "header.xyz", text, Refused(e.UnreadableStructureError, "characters")
    laughs = "a: &a [x, x]\n" + "".join(
        f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    for text in (
        "{" * 50_000,
        "- " * 100_000,
        "a: [" + "1," * 300_000 + "1]\n",
        laughs + "lattice: *i\nsites: *i\n",
        "a: &a {b: 1}\nc: {<<: [*a, *a]}\n",
        "!!python/object/apply:os.system ['true']\n",
    ):
        yield "bomb#.yaml", text, DAMAGED
    text = rock_salt().replace("Na1", "<script>alert(1)</script>")
    yield "script.cif", text, Refused(e.UnsupportedElementError, "names no element")
