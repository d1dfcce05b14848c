"""Atoms: hydrogens, groups, mixtures, names of elements."""

from __future__ import annotations

from cif_files import P3M1, cif, cubic, hexagonal

from deepdos_nb.core import errors as e
from reading_corpus.case import HM, LABEL, NACL, OCCUPANCY, SUM, TYPE, Cases, Refused, Right

BRUCITE = "H2 Mg O2"


def hydrogens() -> Cases:
    cell = hexagonal(3.142, 4.766)
    o, h = (0.33333, 0.66667, 0.2203), (0.33333, 0.66667, 0.43)

    def brucite(
        *sites: tuple[object, ...], columns: tuple[str, ...] = (LABEL,), **items: object
    ) -> str:
        return cif(
            cell,
            [("Mg1", *([0] * (len(sites[0]) - 1))), *sites],
            columns=columns,
            operators=P3M1,
            items=items,
        )

    for label in ("OH", "OH1", "oh", "Oh", "OW", "(OH)", "OH-", "O1", "O", "O1W", "Wat"):
        text = brucite((label, *o), **{SUM: BRUCITE})
        yield (
            "lost#.cif",
            text,
            Refused(e.InconsistentStructureError, "H is missing")
            if label != "Wat"
            else (Refused(e.InconsistentStructureError, "missing")),
        )
    for label in ("OH", "OH1", "O(H)", "O_H", "Oh", "OW", "Wat", "HOH", "H2O", "(OH)"):
        yield (
            "group#.cif",
            brucite((label, *o)),
            Refused(e.UnsupportedElementError, "no element for certain"),
        )
    for formula in ("Mg (OH)2", "Mg(OH)2", "MG O2 H2", "H4 Mg2 O4", "H2 Mg O2 ", "Mg O2 H2"):
        text = brucite(("O1", *o), **{SUM: formula})
        yield "formula#.cif", text, Refused(e.InconsistentStructureError, "H is missing")
    yield "o-h.cif", brucite(("O-H", *o)), Refused(e.PartialOccupancyError, "shared")
    yield (
        "one_site.cif",
        brucite(("O1", *o), ("H1", *o)),
        Refused(e.OverlappingAtomsError, "more than one atom"),
    )
    text = cif(
        cell,
        [("Mg1", 0, 0, 0, 0), ("O1", 1, *o)],
        columns=(LABEL, "_atom_site_attached_hydrogens"),
        operators=P3M1,
    )
    yield "attached.cif", text, Refused(e.InconsistentStructureError, "hydrogens are counted")
    text = brucite(("O1", *o), **{"_exptl_crystal_density_diffrn": 2.377})
    yield "density.cif", text, Right("Mg1 O2", 13.58, "states")
    for labels in (("O1", "H1"), ("OH1", "HO1"), ("OW", "HW"), ("Oh", "Ho"), ("O1A", "HOA")):
        text = brucite((labels[0], *o), (labels[1], *h), **{SUM: BRUCITE})
        yield "whole#.cif", text, Right("Mg1 H2 O2", 8.15)
    ice = ((0.3333, 0.6667, 0.06), (0.3333, 0.6667, 0.2), (0.45, 0.9, 0.02))
    for labels in (
        ("OW1", "HO1", "HO2"),
        ("O1", "HW1", "HW2"),
        ("O", "Ho1", "Ho2"),
        ("OH2", "HOa", "HOb"),
    ):
        sites = [(label, *xyz) for label, xyz in zip(labels, ice, strict=True)]
        text = cif(hexagonal(4.5, 7.3), sites, operators=["x,y,z"], items={SUM: "H2 O"})
        yield "ice#.cif", text, Right("H2 O1", 42.67, "unusual density")


def mixtures() -> Cases:
    shared = Refused(e.PartialOccupancyError, "shared by several species")
    body = ("x,y,z", "x+1/2,y+1/2,z+1/2")
    for label in (
        "Nb,Zr",
        "Nb/Zr",
        "(Nb,Zr)",
        "(Nb,Zr)1",
        "Nb+Zr",
        "Nb0.5Zr0.5",
        "NbZr",
        "Nb-Zr",
        "Nb Zr",
        "Nb&Zr",
        "Nb;Zr",
        "Nb:Zr",
        "Nb_Zr",
        "NB,ZR",
        "nb/zr",
        "V,Nb",
        "Nb50Zr50",
        "Nb, Zr",
    ):
        yield "label#.cif", cif(cubic(3.3), [(label, 0, 0, 0)], operators=body), shared
    for kind in ("Nb,Zr", "Nb/Zr", "Nb+Zr", "NbZr", "Fe0.5Ni0.5"):
        text = cif(cubic(3.3), [("M1", kind, 0, 0, 0)], columns=(LABEL, TYPE), operators=body)
        yield "type#.cif", text, shared
    for parts in ((0.5, 0.5), (0.7, 0.3), (0.99, 0.01)):
        sites = [("Nb1", parts[0], 0, 0, 0), ("Zr1", parts[1], 0, 0, 0)]
        yield (
            "sites#.cif",
            cif(cubic(3.3), sites, columns=(LABEL, OCCUPANCY), operators=body),
            shared,
        )
    for value in ("0.5", "0.9", "0.01", ".75(2)"):
        text = cif(
            cubic(3.3), [("Nb1", value, 0, 0, 0)], columns=(LABEL, OCCUPANCY), operators=body
        )
        yield "part#.cif", text, Refused(e.PartialOccupancyError, "partly occupied")
    for value in ("100", "2"):
        text = cif(
            cubic(3.3), [("Nb1", value, 0, 0, 0)], columns=(LABEL, OCCUPANCY), operators=body
        )
        yield "many#.cif", text, Refused(e.PartialOccupancyError, "one atom has 1")
    for value in ("nan", "abc", "-1", "1,0"):
        text = cif(
            cubic(3.3), [("Nb1", value, 0, 0, 0)], columns=(LABEL, OCCUPANCY), operators=body
        )
        yield "number#.cif", text, Refused(e.PartialOccupancyError, "no number between 0 and 1")
    text = cif(
        cubic(3.3),
        [("Nb1", "1", 0, 0, 0), ("Nb2", "2", 0.5, 0.5, 0.5)],
        columns=(LABEL, "_atom_site_disorder_group"),
    )
    yield "groups.cif", text, Refused(e.PartialOccupancyError, "disorder groups")
    for value in (".", "?", "1", "1.0", "1.000(3)", "1."):
        sites = [("Na1", value, 0, 0, 0), ("Cl1", value, 0.5, 0.5, 0.5)]
        yield (
            "full#.cif",
            cif(cubic(5.64), sites, columns=(LABEL, OCCUPANCY), items={HM: "F m -3 m"}),
            NACL,
        )
    for value in ("0", "0.0", "0.00(1)"):
        sites = [("Na1", 1, 0, 0, 0), ("Cl1", ".", 0.5, 0.5, 0.5), ("I1", value, 0.25, 0.25, 0.25)]
        text = cif(cubic(5.64), sites, columns=(LABEL, OCCUPANCY), items={HM: "F m -3 m"})
        yield "zero#.cif", text, Right("Na4 Cl4", 22.43, "Left out")
        text = cif(cubic(5.64), [("I1", value, 0, 0, 0)], columns=(LABEL, OCCUPANCY))
        yield "all_zero#.cif", text, Refused(e.EmptyStructureError, "occupancy 0")


def elements() -> Cases:
    def typed(kind: object, label: str = "Na1") -> str:
        sites = [(label, kind, 0, 0, 0), ("Cl1", "Cl", 0.5, 0.5, 0.5)]
        return cif(cubic(5.64), sites, columns=(LABEL, TYPE), items={HM: "F m -3 m"})

    for kind in ("Na", "?", ".", "Na1+", "Na+", "Na+1", "Na1", "Na(1+)"):
        yield "type#.cif", typed(kind), NACL
    for kind in ("NA", "na"):
        yield "capitals#.cif", typed(kind), Right("Na4 Cl4", 22.43, "capitals")
    yield "conflict.cif", typed("Na", "K1"), Right("Na4 Cl4", 22.43, "different elements")
    for kind in ("X", "M", "Zz", "Og", "Wat", "D", "T", "1", "NH4", "Lv"):
        yield "none#.cif", typed(kind), Refused(e.UnsupportedElementError)
    for label in ("M1", "T1", "X", "A", "Me", "1", "Ln1", "D1"):
        text = cif(cubic(5.64), [(label, 0, 0, 0)])
        yield "label#.cif", text, Refused(e.UnsupportedElementError)
    for label in ("NA1", "na", "NA"):
        text = cif(
            cubic(5.64),
            [(label, 0, 0, 0), ("CL", 0.5, 0.5, 0.5)],
            items={HM: "F m -3 m", SUM: "Cl Na"},
        )
        yield "caps#.cif", text, NACL
