"""Crystals of prototypes with free parameters: hexagonal, tetragonal, layered.

A member starts from typical proportions and a likely volume, and is relaxed with a machine-learnt
potential in the symmetry of its prototype. Layers keep the vacuum that they start with.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ase import Atoms
from ase.constraints import FixSymmetry
from ase.filters import FrechetCellFilter
from ase.optimize import FIRE
from cubic_families import NoMinimumError, likely_volume, symbols_of
from pymatgen.core import Lattice, Structure
from pymatgen.io.ase import AseAtomsAdaptor
from wider_families import LANTHANIDES, combined

from deepdos_nb.labelling.sevennet import PhononSettings, potential

HEXAGONAL = ((1.0, 0.0, 0.0), (-0.5, 3**0.5 / 2, 0.0), (0.0, 0.0, 1.0))
TETRAGONAL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
BODY = ((-0.5, 0.5, 0.5), (0.5, -0.5, 0.5), (0.5, 0.5, -0.5))
"""Primitive vectors of the body-centred tetragonal lattice."""
RHOMBOHEDRAL = (
    (0.5, 0.5 / 3**0.5, 1 / 3),
    (-0.5, 0.5 / 3**0.5, 1 / 3),
    (0.0, -1 / 3**0.5, 1 / 3),
)
"""Primitive vectors over the hexagonal a and c."""
A, B = (1 / 3, 2 / 3), (2 / 3, 1 / 3)
"""Positions of close-packed layers."""
VACUUM = 12.0
"""Å from the atoms of a layer to those of its image."""
FORCE, STEPS = 0.02, 120


@dataclass(frozen=True)
class RelaxedFamily:
    """A prototype with free parameters.

    Parameters
    ----------
    name : str
        Prototype and Strukturbericht symbol.
    cell : tuple
        Primitive vectors over a, a, c.
    ratio : float
        c/a to start from.
    sites : tuple
        Fractional coordinates in the order of the elements of a member's formula.
    members : str
        Formulas.
    polymorphs : bool
        Whether members are built although their formula has a label in another structure.
    thickness : float, optional
        Of a layer: c is this many Å and `VACUUM`, and fractions along c count in the thickness.
    """

    name: str
    cell: tuple[tuple[float, ...], ...]
    ratio: float
    sites: tuple[tuple[float, float, float], ...]
    members: str
    polymorphs: bool = False
    thickness: float | None = None

    @property
    def key(self) -> str:
        """Short name."""
        return self.name.partition(" (")[0].replace(" ", "-")

    def build(self, formula: str) -> Structure:
        """A relaxed member.

        Raises
        ------
        NoMinimumError
            If the relaxation does not end, or the volume leaves what is likely.
        """
        symbols = symbols_of(formula)
        start = self._layer(symbols) if self.thickness is not None else self._bulk(symbols)
        atoms: Atoms = AseAtomsAdaptor.get_atoms(start, msonable=False)
        atoms.calc = potential(PhononSettings().model)
        atoms.set_constraint(FixSymmetry(atoms, symprec=1e-3, verbose=False))
        free = [True, True, self.thickness is None, False, False, True]
        with FIRE(FrechetCellFilter(atoms, mask=free), logfile=None) as relaxation:
            converged = relaxation.run(fmax=FORCE, steps=STEPS)
        relaxed = AseAtomsAdaptor.get_structure(atoms)
        if not converged or not 0.6 < relaxed.volume / start.volume < 1.7:
            raise NoMinimumError("the relaxation did not end near where it began")
        return Structure(relaxed.lattice, symbols, relaxed.frac_coords)

    def _bulk(self, symbols: list[str]) -> Structure:
        lattice = self._lattice(5.0, 5.0 * self.ratio)
        wide = Structure(lattice, symbols, self.sites)
        scale = (likely_volume(wide) / wide.volume) ** (1 / 3)
        return Structure(self._lattice(5.0 * scale, 5.0 * scale * self.ratio), symbols, self.sites)

    def _layer(self, symbols: list[str]) -> Structure:
        """In the plane as wide as covalent radii are long."""
        assert self.thickness is not None
        from ase.data import atomic_numbers, covalent_radii

        radii = [float(covalent_radii[atomic_numbers[symbol]]) for symbol in symbols]
        bond = min(radii) + max(radii)
        a = bond * (3**0.5 if self.thickness == 0 else 1.3)
        c = self.thickness + VACUUM
        sites = [(x, y, z * self.thickness / c) for x, y, z in self.sites]
        return Structure(self._lattice(a, c), symbols, sites)

    def _lattice(self, a: float, c: float) -> Lattice:
        return Lattice([[a * x, a * y, c * z] for x, y, z in self.cell])


RELAXED_FAMILIES = (
    RelaxedFamily(
        "hexagonal close packing (A3)",
        HEXAGONAL,
        1.62,
        ((*A, 0.25), (*B, 0.75)),
        combined(
            f"""Li Na Be Mg Ca Sr Sc Y La Lu Ti Zr Hf V Nb Ta Mo W Re Ru Os Rh Ir Pd Pt Cu Ag
            Au Zn Cd Al Ga In Tl Si Ge Sn Pb K Rb Cs Ba Co Ni {LANTHANIDES}""",
            "2",
        ),
        polymorphs=True,
    ),
    RelaxedFamily(
        "gold copper (L1_0)",
        TETRAGONAL,
        1.35,
        ((0, 0, 0), (0.5, 0.5, 0.5)),
        """CuAu FePt FePd CoPt NiPt AlTi GaTi InMg HgZr HgTi ZnPd ZnPt CdPd CdPt HgPd HgPt
        MnAl MnGa MnNi NaBi LiBi LiPb PdZn PbK BiK HfAu ZrAu MgCd InTi AlNb VPt VPd CrPt CrPd
        MnRh NbRu TaRh NbRh NbIr TaIr VRh VIr ZnNi CuPt CuPd AgPt AgPd AgTi CuTi AuIn AuSn
        AuZr PtGa PtIn PdIn PdGa PdAl PtAl PtZn PbLi SnLi InLi TlLi SbLi SbNa SnNa BiRb BiCs""",
    ),
    RelaxedFamily(
        "tungsten carbide (B_h)",
        HEXAGONAL,
        0.97,
        ((0, 0, 0), (*A, 0.5)),
        """WC MoC WN MoN TaN NbN RuC OsC TaC NbC ReC ReN ReB MoP WP NbP TaP ZrTe HfTe TiTe ZrS
        ZrSe NbS TaS ScS TiB IrB RuB OsB PtB VN VC VP TiP ZrP HfP TiN ZrN NbB TaB MoB WB OsN
        IrN IrC PtC BiLi MgB AlB LiN NaC ScTe YTe""",
        polymorphs=True,
    ),
    RelaxedFamily(
        "graphene",
        HEXAGONAL,
        1.0,
        ((*A, 0), (*B, 0)),
        """C2 Si2 Ge2 Sn2 Pb2 BN BP BAs BSb AlN AlP AlAs GaN GaP GaAs InN InP SiC GeC SnC SiGe
        SiSn GeSn ZnO ZnS CdO BeO MgO CaO BeS CdS""",
        polymorphs=True,
        thickness=0.0,
    ),
    RelaxedFamily(
        "molybdenum disulfide layer",
        HEXAGONAL,
        1.0,
        ((*A, 0.5), (*B, 0.0), (*B, 1.0)),
        """MoS2 MoSe2 MoTe2 WS2 WSe2 WTe2 NbS2 NbSe2 TaS2 TaSe2 VS2 VSe2 CrS2 ReS2 TiS2 ZrS2
        HfS2 ScS2 MoO2 WO2 CrO2 GeO2 ScO2 NbO2""",
        polymorphs=True,
        thickness=3.2,
    ),
    RelaxedFamily(
        "cadmium iodide layer",
        HEXAGONAL,
        1.0,
        ((0, 0, 0.5), (*A, 0.0), (*B, 1.0)),
        """ZrS2 ZrSe2 HfS2 HfSe2 TiS2 TiSe2 TiTe2 SnS2 SnSe2 PtS2 PtSe2 PtTe2 PdS2 PdSe2 PdTe2
        MgCl2 MgBr2 MgI2 CdCl2 CdBr2 CdI2 ZnCl2 ZnI2 CaI2 PbI2 GeI2 SnI2 HgI2 NiCl2 FeCl2
        MnCl2 CoCl2 VS2 NbS2 TaS2 IrTe2 RhTe2 NiTe2 MnO2 TiO2 CaBr2""",
        polymorphs=True,
        thickness=2.8,
    ),
    RelaxedFamily(
        "cadmium iodide (C6)",
        HEXAGONAL,
        1.6,
        ((0, 0, 0), (*A, 0.25), (*B, 0.75)),
        """ZrS2 ZrSe2 ZrTe2 HfS2 HfSe2 HfTe2 TiS2 TiSe2 TiTe2 SnS2 SnSe2 PtS2 PtSe2 PtTe2
        PdTe2 IrTe2 RhTe2 NiTe2 CoTe2 MgBr2 MgI2 CaI2 CdI2 ZnI2 PbI2 MnI2 MnBr2 FeBr2 CoBr2
        CoI2 FeI2 VCl2 VBr2 VI2 TiCl2 TiBr2 TiI2 GeI2 TaS2 VS2 VSe2 NbTe2 OAg2 NCa2 NSr2 NBa2
        CY2 SBi2 FAg2 YbI2 TmI2 YbBr2 LaI2 SiTe2 CTi2 CZr2 NSc2 CSc2""",
    ),
    RelaxedFamily(
        "aluminium diboride (C32)",
        HEXAGONAL,
        1.08,
        ((0, 0, 0), (*A, 0.5), (*B, 0.5)),
        f"""MgB2 AlB2 TiB2 ZrB2 HfB2 VB2 NbB2 TaB2 CrB2 MoB2 WB2 ScB2 YB2 LuB2 MnB2 FeB2 ReB2
        OsB2 RuB2 AuB2 AgB2 CaB2 SrSi2 CaSi2 LaSi2 YSi2 LaGa2 CaGa2 SrGa2 BaGa2 YGa2 LaCu2
        LaHg2 CaHg2 SrHg2 BaSi2 HfBe2 ZrBe2 NaHg2 LuSi2 LaZn2 NaB2 BeB2 ZnB2 LiB2
        {combined("Gd Tb Dy Ho Er Tm Yb", "B2")} {combined("Ce Pr Nd Sm Gd Eu", "Ga2")}
        {combined("Gd Dy Er Yb Eu Tm", "Si2")}""",
    ),
    RelaxedFamily(
        "molybdenum disilicide (C11_b)",
        BODY,
        3.2,
        ((0, 0, 0), (0.333, 0.333, 0), (0.667, 0.667, 0)),
        """MoSi2 WSi2 ReSi2 CrAl2 CuZr2 AgZr2 AuZr2 AgTi2 PdTi2 PdZr2 AgHf2 CuHf2 AuHf2 PdHf2
        CuTi2 MgHg2 CdTi2 AuMn2 AuY2 AlPd2 InPd2 ScPd2 RuAl2 ScAg2 YAg2 YAu2 ScAu2 LuAu2 LuAg2
        ErAu2 ErAg2 DyAg2 HoAu2 GdAg2 YbAg2 TmAu2 AlCr2 SiOs2 GeMo2 TaRe2""",
    ),
    RelaxedFamily(
        "wurtzite (B4)",
        HEXAGONAL,
        1.63,
        ((*A, 0.0), (*B, 0.5), (*A, 0.376), (*B, 0.876)),
        """Zn2O2 Zn2S2 Zn2Se2 Cd2S2 Cd2Se2 Be2O2 Al2N2 Ga2N2 In2N2 Ag2I2 Mg2Te2 Cu2Cl2 Cu2I2
        Si2C2 B2N2 Ga2As2 In2P2 Al2As2 Cu2H2 Ga2P2 Al2P2 In2As2 Mn2S2 Mg2S2 Mg2Se2 Cd2O2 Hg2S2
        Ga2Sb2 B2P2 Be2S2 Sc2N2 Y2N2 La2N2 Na2H2 Ag2F2 Li2I2 Li2Br2 Li2Cl2 Na2Br2 Ge2C2 Tl2N2
        Pb2O2 Sn2S2 Ge2O2""",
        polymorphs=True,
    ),
    RelaxedFamily(
        "nickel arsenide (B8_1)",
        HEXAGONAL,
        1.35,
        ((0, 0, 0), (0, 0, 0.5), (*A, 0.25), (*B, 0.75)),
        """Ni2As2 Ni2Sb2 Ni2Te2 Ni2Se2 Co2Te2 Co2Sb2 Co2Se2 Fe2S2 Fe2Se2 Fe2Te2 Fe2Sb2 Cr2Te2
        Cr2Sb2 Cr2S2 Mn2As2 Mn2Sb2 Mn2Te2 Mn2Bi2 V2S2 V2Se2 V2Te2 Ti2S2 Ti2Se2 Ti2Te2 Pt2Sn2
        Pt2Sb2 Pt2Bi2 Pt2Pb2 Pd2Te2 Pd2Sb2 Pd2Sn2 Ir2Sb2 Ir2Sn2 Ir2Te2 Rh2Te2 Rh2Sn2 Rh2Bi2
        Au2Sn2 Ni2Sn2 Sc2Te2 Zr2Te2 Nb2S2 Ta2S2 Cu2Sn2 Ti2As2 Ti2P2 Zr2P2 Hf2P2 V2P2 Ni2Bi2
        Ag2Te2 Y2Te2""",
    ),
    RelaxedFamily(
        "delafossite (F5_1)",
        RHOMBOHEDRAL,
        6.0,
        ((0, 0, 0), (0.5, 0.5, 0.5), (0.11, 0.11, 0.11), (0.89, 0.89, 0.89)),
        """CuAlO2 CuGaO2 CuInO2 CuScO2 CuYO2 CuLaO2 CuRhO2 CuCrO2 CuFeO2 CuCoO2 AgAlO2 AgGaO2
        AgInO2 AgScO2 AgRhO2 AgCrO2 AgCoO2 PdCoO2 PtCoO2 PdRhO2 PdCrO2 AuScO2 HgScO2""",
    ),
    RelaxedFamily(
        "sodium ferrite layers (F5_1)",
        RHOMBOHEDRAL,
        5.2,
        ((0.5, 0.5, 0.5), (0, 0, 0), (0.26, 0.26, 0.26), (0.74, 0.74, 0.74)),
        f"""LiCoO2 LiNiO2 LiCrO2 LiVO2 LiRhO2 LiAlO2 LiScO2 LiYS2 LiTiS2 LiCrS2 LiVS2 NaScO2
        NaInO2 NaCrO2 NaFeO2 NaCoO2 NaTiO2 NaVO2 NaRhO2 NaYO2 NaLaS2 NaYS2 NaInS2 NaScS2
        NaCrS2 NaTiS2 NaZrS2 NaBiS2 NaSbSe2 KScO2 KInO2 KTlO2 KLaO2 KYS2 KInS2 KCrS2 KBiS2
        KLaS2 RbScO2 RbInO2 RbYS2 RbScS2 RbBiS2 CsYS2 CsScO2 CsLaS2 NaYSe2 KYSe2 RbYSe2 LiAuF2
        TlBiTe2 TlBiSe2 TlBiS2 TlSbTe2 AgBiSe2 AgBiS2 AgSbTe2 NaBiO2 LiHfN2 NaNbN2 NaTaN2
        SrZrN2 CaTaN2 LiInO2 LiTlO2 NaTlO2 KAlO2 NaAlO2
        {combined("Na K", "Gd Er Nd Yb", "O2 S2")}""",
    ),
    RelaxedFamily(
        "calcium dialuminium disilicide (D5_2)",
        HEXAGONAL,
        1.65,
        ((0, 0, 0), (*A, 0.63), (*B, 0.37), (*A, 0.26), (*B, 0.74)),
        """CaAl2Si2 SrAl2Si2 CaAl2Ge2 SrAl2Ge2 YAl2Si2 YAl2Ge2 CaMg2N2 CaMg2P2 CaMg2As2
        CaMg2Sb2 CaMg2Bi2 SrMg2P2 SrMg2As2 SrMg2Sb2 SrMg2Bi2 BaMg2P2 BaMg2As2 BaMg2Sb2
        BaMg2Bi2 CaZn2P2 CaZn2As2 CaZn2Sb2 SrZn2P2 SrZn2As2 SrZn2Sb2 CaCd2P2 CaCd2As2 CaCd2Sb2
        SrCd2P2 SrCd2As2 SrCd2Sb2 CaMn2P2 CaMn2As2 SrMn2P2 SrMn2As2 YbMg2Sb2 YbZn2Sb2 YbCd2Sb2
        YbMg2Bi2 EuMg2Sb2 EuZn2Sb2 EuCd2Sb2 EuMg2Bi2 EuCd2As2 EuZn2P2 YbZn2P2 YbMg2As2
        BaCd2Sb2 ZrLi2N2""",
    ),
    RelaxedFamily(
        "thorium chromium disilicide (D1_3)",
        BODY,
        2.5,
        ((0, 0, 0), (0.75, 0.25, 0.5), (0.25, 0.75, 0.5), (0.37, 0.37, 0), (0.63, 0.63, 0)),
        f"""BaFe2As2 SrFe2As2 CaFe2As2 BaNi2As2 SrNi2As2 BaCo2As2 CaCo2P2 SrCo2P2 BaRh2As2
        BaIr2P2 SrIr2As2 CaRh2P2 SrRh2P2 SrRu2P2 BaRu2As2 SrRu2As2 SrPd2Ge2 CaPd2Ge2 CaPd2As2
        SrPd2As2 BaPd2As2 SrPt2As2 SrPt2Si2 LaPt2Ge2 LaPd2Ge2 LaRu2Si2 LaRu2Ge2 LaRu2P2
        LaRh2Si2 LaRh2Ge2 LaIr2Si2 LaOs2Si2 LaCu2Si2 LaCu2Ge2 LaAg2Si2 LaAu2Si2 LaNi2Si2
        LaNi2Ge2 LaFe2Si2 LaCo2Si2 YRu2Si2 YRh2Si2 YPd2Si2 YCu2Si2 YCu2Ge2 YNi2Si2 LuRu2Si2
        LuRh2Si2 LuPd2Si2 LuCu2Si2 CaCu2Si2 CaCu2Ge2 CaZn2Si2 CaAg2Ge2 CaAu2Ge2 CaNi2Si2
        CaNi2Ge2 CaAl2Ga2 SrAl2Ga2 CaZn2Ge2 BaZn2Si2 BaZn2Ge2 SrZn2Ge2 BaCd2Ge2 BaMg2Si2
        BaMg2Ge2 SrAg2Ge2 SrAu2Si2 BaAu2Ge2 SrCu2Si2 SrCu2Ge2 BaCu2As2 SrCu2As2 SrCu2Sb2
        KFe2As2 KCo2Se2 KNi2Se2 KCu2Se2 TlCu2Se2 TlNi2Se2 TlCu2S2 TlCo2S2 TlFe2Se2 KRh2As2
        KCu2Te2 RbNi2Se2 {combined("Ce Nd Gd Er Yb", "Rh2 Cu2 Pd2 Ru2", "Si2")}
        {combined("Eu", "Rh2 Cu2 Pd2 Pt2", "Si2 Ge2 P2")}""",
    ),
)


def members() -> Iterator[tuple[RelaxedFamily, str]]:
    """Every family with each of its formulas."""
    for family in RELAXED_FAMILIES:
        for formula in dict.fromkeys(family.members.split()):
            yield family, formula
