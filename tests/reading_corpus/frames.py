"""Trajectories, slabs and other formats."""

from __future__ import annotations

from deepdos_nb.core import errors as e
from reading_corpus.case import Cases, Refused, Right


def frames() -> Cases:
    def xyz(
        lattice: str = "0 2.83 2.83 2.83 0 2.83 2.83 2.83 0",
        pbc: str = ' pbc="T T T"',
        n: object = 2,
        rows: str = "Ga 0 0 0\nAs 1.415 1.415 1.415",
    ) -> str:
        return f'{n}\nLattice="{lattice}" Properties=species:S:1:pos:R:3{pbc}\n{rows}\n'

    right = Right("Ga1 As1", 22.67)
    yield "one.extxyz", xyz(), right
    yield "nopbc.extxyz", xyz(pbc=""), right
    for count in (2, 3, 10):
        yield (
            "many#.extxyz",
            xyz() * count,
            Refused(e.UnreadableStructureError, f"holds {count} structures"),
        )
        yield (
            "many#.xyz",
            xyz() * count,
            Refused(e.UnreadableStructureError, f"holds {count} structures"),
        )
    for pbc in ("T T F", "T F T", "F T T", "F F F", "F F T"):
        yield (
            "pbc#.extxyz",
            xyz(pbc=f' pbc="{pbc}"'),
            Refused(e.DegenerateCellError, "not periodic along"),
        )
    layer = {"rows": "C 0 0 0\nC 0 1.42 0", "pbc": ' pbc="T T F"'}
    thin = xyz("2.46 0 0 -1.23 2.13 0 0 0 2", **layer)
    yield "layer.extxyz", thin, Refused(e.DegenerateCellError, "2.0 Å apart")
    text = xyz("2.46 0 0 -1.23 2.13 0 0 0 15", **layer)
    yield "vacuum.extxyz", text, Right("C2", 39.30, "Not periodic along c")
    yield "huge.extxyz", xyz(n=10**9), Refused(e.TooManyAtomsError, "the limit is 500")
    for text in (
        xyz(n=3),
        xyz(n="x"),
        xyz(rows="Ga 0 0 0\nAs 1 1"),
        xyz(rows="Ga nan 0 0\nAs 1 1 1"),
        xyz(lattice="1 0 0"),
        xyz(rows="X 0 0 0\nAs 1.4 1.4 1.4"),
        "2\n\nGa 0 0 0\nAs 1 1 1\n",
    ):
        yield "bad#.extxyz", text, Refused(e.StructureError)
    vectors = "PRIMVEC\n0 2.83 2.83\n2.83 0 2.83\n2.83 2.83 0\n"
    atoms = "PRIMCOORD{}\n2 1\n31 0 0 0\n33 1.415 1.415 1.415\n"
    yield "c.xsf", f"CRYSTAL\n{vectors}{atoms.format('')}", right
    for word in ("SLAB", "POLYMER"):
        yield (
            f"{word}.xsf",
            f"{word}\n{vectors}{atoms.format('')}",
            Refused(e.DegenerateCellError, "not periodic"),
        )
    moving = f"ANIMSTEPS 2\nCRYSTAL\n{vectors}{atoms.format(' 1')}{atoms.format(' 2')}"
    yield "moving.xsf", moving, Refused(e.UnreadableStructureError, "holds 2 structures")
