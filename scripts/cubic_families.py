"""Cubic compounds known from experiment, built from their prototypes.

Small, highly symmetric crystals: seconds to compute, and the families that textbooks compare
(alkali halides, III-V semiconductors, half-Heuslers). All atoms sit where symmetry puts them, so
one lattice constant describes each crystal; a machine-learnt potential finds it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ase import Atoms
from pymatgen.analysis.structure_prediction.volume_predictor import DLSVolumePredictor
from pymatgen.core import Lattice, Structure
from scipy.optimize import minimize_scalar

from deepdos_nb.labelling.sevennet import PhononSettings, potential

FCC, SIMPLE = ((0, 0.5, 0.5), (0.5, 0, 0.5), (0.5, 0.5, 0)), ((1, 0, 0), (0, 1, 0), (0, 0, 1))
BCC = ((-0.5, 0.5, 0.5), (0.5, -0.5, 0.5), (0.5, 0.5, -0.5))
TETRAHEDRAL = (0.25, 0.25, 0.25)
"""Hole of the fcc lattice, fractions of its primitive vectors."""
CENTRE = (0.5, 0.5, 0.5)
"""Octahedral hole of the fcc lattice, and centre of a simple cube."""


VOLUMES = DLSVolumePredictor(min_scaling=0.05, max_scaling=20.0)


class NoMinimumError(Exception):
    """The potential has no minimum where one was looked for."""


def symbols_of(formula: str) -> list[str]:
    """Elements in the order of a formula, which may name one twice."""
    parts = re.findall(r"([A-Z][a-z]?)(\d*)", formula)
    return [symbol for symbol, number in parts for _ in range(int(number or 1))]


def likely_volume(structure: Structure) -> float:
    """Volume (Å³) that the radii of the neighbouring elements suggest.

    Raises
    ------
    NoMinimumError
        If they suggest none.
    """
    try:
        return float(VOLUMES.predict(structure))
    except (ValueError, KeyError) as error:
        raise NoMinimumError(f"no likely volume ({error})") from error


@dataclass(frozen=True)
class Family:
    """A prototype without free positions.

    Parameters
    ----------
    name : str
        Prototype and Strukturbericht symbol.
    cell : tuple
        Primitive vectors over the lattice constant.
    sites : tuple
        Fractional coordinates in the order of the elements of a member's formula.
    members : str
        Formulas. Repeated elements (Ca F F) are written once with their number.
    polymorphs : bool
        Whether members are built although the collection has their formula in another structure:
        what structure alone does to a spectrum is best seen on them.
    """

    name: str
    cell: tuple[tuple[float, ...], ...]
    sites: tuple[tuple[float, float, float], ...]
    members: str
    polymorphs: bool = False

    @property
    def key(self) -> str:
        """Short name."""
        return self.name.partition(" (")[0].replace(" ", "-")

    def build(self, formula: str) -> Structure:
        """A member with the lattice constant that minimises the potential's energy.

        Raises
        ------
        NoMinimumError
            If the energy still falls at an end of the search.
        """
        symbols = symbols_of(formula)
        atoms = Atoms(symbols, scaled_positions=self.sites, cell=self.cell, pbc=True)
        atoms.calc = potential(PhononSettings().model)

        def energy(constant: float) -> float:
            scaled = atoms.copy()
            scaled.set_cell([[constant * x for x in row] for row in self.cell], scale_atoms=True)
            scaled.calc = atoms.calc
            return float(scaled.get_potential_energy())

        # The potential knows no crystal far from its minimum: begin at a likely volume.
        wide = Structure(
            Lattice([[5.0 * x for x in row] for row in self.cell]), symbols, self.sites
        )
        guess = 5.0 * (likely_volume(wide) / wide.volume) ** (1 / 3)
        found = minimize_scalar(
            energy,
            bounds=(0.86 * guess, 1.25 * guess),
            method="bounded",
            options={"xatol": 0.003 * guess},
        )
        if not 0.88 * guess < found.x < 1.22 * guess:
            raise NoMinimumError(f"no minimum of the energy near {guess:.2f} Å")
        lattice = Lattice([[float(found.x) * x for x in row] for row in self.cell])
        return Structure(lattice, symbols, self.sites)


OCTET = """LiF LiCl LiBr LiI NaF NaCl NaBr NaI KF KCl KBr KI RbF RbCl RbBr RbI CsF CsCl CsBr CsI
    BeO BeS BeSe BeTe MgO MgS MgSe MgTe CaO CaS CaSe CaTe SrO SrS SrSe SrTe BaO BaS BaSe BaTe
    ZnO ZnS ZnSe ZnTe CdO CdS CdSe CdTe CuF CuCl CuBr CuI AgF AgCl AgBr AgI BN BP BAs BSb AlN
    AlP AlAs AlSb GaN GaP GaAs GaSb InN InP InAs InSb SiC GeC SnC SiGe SiSn GeSn"""
"""Compounds of eight valence electrons, whose choice between four and six neighbours is the oldest
question of crystal chemistry (Phillips, Rev. Mod. Phys. 42, 317, 1970)."""

FAMILIES = (
    Family(
        "rock salt (B1)",
        FCC,
        ((0, 0, 0), CENTRE),
        """LiH LiBr LiI NaH KH RbH AgF AgCl AgBr MgO CaO SrO BaO CdO TiO NbO MgS CaS SrS BaS
        MgSe CaSe SrSe BaSe CaTe SrTe BaTe PbS PbSe PbTe SnTe SnSe SnS GeTe YN LaN LuN ZrN HfN VN
        NbN TaN ZrC HfC VC NbC TaC ScP YP LaP LuP ScAs YAs LaAs LuAs ScSb YSb LaSb LuSb ScBi YBi
        LaBi LuBi ScS ScSe YS YSe YTe LaS LaSe LaTe LuS LuSe LuTe ZrS ZrP HfP SnP SnAs SnSb LiF
        LiCl NaF NaBr NaI KF KBr KI RbF RbI CsF""",
    ),
    Family(
        "zinc blende (B3)",
        FCC,
        ((0, 0, 0), TETRAHEDRAL),
        """AlAs AlSb GaSb InP InAs InSb BSb ZnS ZnSe ZnTe CdS CdTe HgS HgSe HgTe CuF CuCl CuBr
        CuI AgI SiC MgTe ZnO InN BN BeO GeC""",
    ),
    Family(
        "caesium chloride (B2)",
        SIMPLE,
        ((0, 0, 0), CENTRE),
        """CsBr CsI TlCl TlBr TlI AlRu AlRh AlPd AlIr AlOs AlAu GaRu GaRh GaIr InPd TiRu TiOs
        TiRe TiPd TiPt TiRh TiIr ZrRu ZrRh ZrOs ZrIr ZrPt ZrCu ZrZn HfRu HfRh HfOs HfPt HfPd ScCu
        ScRu ScRh ScPd ScAg ScAu ScIr ScPt ScCd ScHg ScZn YCu YAg YAu YZn YCd YHg YMg YTl YIn YRh
        YIr LaZn LaCd LaAg LaMg LaHg LaTl LuMg LuAg LuAu LuZn LuCd LuHg LuTl LuRh LuPd LuIr MgAg
        MgAu MgHg MgTl MgSc MgRh MgPd SrMg LiAg LiAu LiHg LiTl LiPb CaCd CaHg CaTl CaPd CaIn SrCd
        SrHg SrTl BaCd BaHg BaZn CuZn CuPd BeCu AgZn AgCd AuZn AuCd AuMg BePd BeRh BeTi ZnPd ZnPt
        CdPd TaRu NbRu VRu VOs  NaTl HgLi ZnRh""",
    ),
    Family(
        "fluorite and antifluorite (C1)",
        FCC,
        ((0, 0, 0), TETRAHEDRAL, (0.75, 0.75, 0.75)),
        """CaF2 SrF2 BaF2 CdF2 PbF2 HgF2 SrCl2 BaCl2 ZrO2 HfO2 OLi2 ONa2 OK2 ORb2 SLi2 SNa2 SK2
        SRb2 SeLi2 SeNa2 SeK2 TeLi2 TeNa2 TeK2 TeRb2 SiMg2 GeMg2 SnMg2 PbMg2 CBe2 BBe2 AuAl2
        AuGa2 AuIn2 PtAl2 PtGa2 PtIn2 PtSn2 SiIr2 PIr2 PRh2 TiH2 ZrH2 ScH2 YH2 LaH2 LuH2 VH2 NbH2
        TaH2 PdAl2 IrSn2 AuSb2 ZnF2 SnPt2""",
    ),
    Family(
        "half-Heusler (C1b)",
        FCC,
        (CENTRE, TETRAHEDRAL, (0, 0, 0)),
        """TiPtSn ZrPtSn HfPtSn ZrPdSn HfPdSn TiPdSn TiRhSb ZrRhSb HfRhSb TiIrSb ZrIrSb HfIrSb
        NbRhSn TaRhSn NbIrSn TaIrSn NbRuSb TaRuSb VRuSb VRhSn ScPdSb YPdSb LuPdSb ScPtSb YPtSb
        LuPtSb ScPdBi YPdBi LuPdBi ScPtBi YPtBi LuPtBi LaPtBi LaPdBi LaPtSb ScAuSn YAuSn LuAuSn
        ScAuPb LuAuPb ZrIrBi HfRhBi TiRhBi ZrRhBi ZrIrAs LiMgN LiMgP LiMgAs LiMgSb LiMgBi LiZnN
        LiZnP LiZnAs LiZnSb LiCdP LiCdAs LiCdSb LiAlSi LiAlGe LiGaSi LiGaGe LiInSi LiInGe LiBeN
        LiBeP LiBeAs NaMgP NaZnP NaZnAs NaZnSb NaCdSb KZnAs AgMgAs CuMgAs CuMgSb CuMgBi AuMgSb
        CuCdSb AgCdSb LiPdBi LiPdSb LiPtSb LiCuS LiCuTe LiAgTe MgPdSb MgPtSb CaAuBi NbOsSb TaOsSb
        VOsSb GeCaZn SiCaZn""",
    ),
    Family(
        "fcc (A1)",
        FCC,
        ((0, 0, 0),),
        """Li Be Na Mg Sc Ti V Ga Y Zr Nb Mo Ru Cd In Cs Ba La Lu Hf Ta W Re Os Hg Tl Bi""",
        polymorphs=True,
    ),
    Family(
        "bcc (A2)",
        BCC,
        ((0, 0, 0),),
        """Li Be Na Mg Al Ca Sc Ti Cu Ga Sr Y Zr Ru Rh Pd Ag Cd In La Lu Hf Re Os Ir Pt Au Hg Tl Pb
        Bi""",
        polymorphs=True,
    ),
    Family("rock salt (B1)", FCC, ((0, 0, 0), CENTRE), OCTET, polymorphs=True),
    Family("zinc blende (B3)", FCC, ((0, 0, 0), TETRAHEDRAL), OCTET, polymorphs=True),
)


def members() -> Iterator[tuple[Family, str]]:
    """Every family with each of its formulas."""
    for family in FAMILIES:
        for formula in family.members.split():
            yield family, formula
