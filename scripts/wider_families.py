"""More crystals of textbook prototypes: what the first thousand labels lack.

Members are written as known compounds, or as products of lists where a family's whole chemistry is
wanted: pairs of elements that no known compound holds teach a model as well as others do.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from cubic_families import BCC, CENTRE, FCC, SIMPLE, TETRAHEDRAL, Family

FACES = ((0.5, 0.5, 0), (0.5, 0, 0.5), (0, 0.5, 0.5))
EDGES = ((0.5, 0, 0), (0, 0.5, 0), (0, 0, 0.5))
OTHER_HOLE = (0.75, 0.75, 0.75)

TRIVALENT = "Ce Pr Nd Sm Gd Tb Dy Ho Er Tm"
LANTHANIDES = f"{TRIVALENT} Eu Yb"
"""Lanthanides beside La and Lu, which have no open 4f shell; Pm has no stable isotope. With frozen
4f shells Eu and Yb are divalent, the others trivalent; compounds of other valences are left out."""


def combined(*lists: str) -> str:
    """Formulas of one entry of each list, in all combinations."""
    return " ".join("".join(parts) for parts in product(*(x.split() for x in lists)))


LANTHANIDE_FAMILIES = (
    Family(
        "rock salt (B1)",
        FCC,
        ((0, 0, 0), CENTRE),
        f"""{combined(LANTHANIDES, "S Se Te O")} {combined(TRIVALENT, "N P As Sb Bi")}""",
    ),
    Family(
        "caesium chloride (B2)",
        SIMPLE,
        ((0, 0, 0), CENTRE),
        combined(LANTHANIDES, "Cd Hg Mg Ag Au Zn Cu Tl In Rh Pd Ir"),
    ),
    Family("fcc (A1)", FCC, ((0, 0, 0),), LANTHANIDES),
    Family("bcc (A2)", BCC, ((0, 0, 0),), LANTHANIDES, polymorphs=True),
    Family(
        "fluorite and antifluorite (C1)",
        FCC,
        ((0, 0, 0), TETRAHEDRAL, OTHER_HOLE),
        f"""EuF2 YbF2 SmF2 EuCl2 YbCl2 {combined(TRIVALENT, "H2")}""",
    ),
    Family(
        "half-Heusler (C1b)",
        FCC,
        (CENTRE, TETRAHEDRAL, (0, 0, 0)),
        f"""{combined("Nd Gd Dy Ho Er Tm", "Pt Pd Ni", "Sb Bi")}
        {combined("Nd Gd Er Tm Yb", "Au", "Sn")}""",
    ),
    Family(
        "gold copper (L1_2)",
        SIMPLE,
        ((0, 0, 0), *FACES),
        f"""{combined(LANTHANIDES, "In3 Sn3")} {combined(TRIVALENT, "Pd3")}""",
    ),
    Family(
        "perovskite (E2_1)",
        SIMPLE,
        ((0, 0, 0), CENTRE, *FACES),
        """EuTiO3 EuZrO3 YbTiO3 CeAlO3 PrAlO3 NdAlO3 SmAlO3 GdAlO3 DyAlO3 ErAlO3 NdGaO3 PrGaO3
        GdScO3 DyScO3 CsEuCl3 CsYbI3 CsEuI3 CsYbCl3 CsYbBr3 LiEuH3 KYbF3 RbYbF3""",
    ),
    Family(
        "Heusler (L2_1)",
        FCC,
        ((0, 0, 0), CENTRE, TETRAHEDRAL, OTHER_HOLE),
        f"""{combined("Gd Dy Ho Er Tm Yb", "Sn In", "Pd2")}
        {combined("Nd Gd Er Yb", "In", "Au2")}""",
    ),
)

PAIRS = (
    Family(
        "rock salt (B1)",
        FCC,
        ((0, 0, 0), CENTRE),
        f"""TiC TiN VO TiS TiB MnO FeO CoO NiO MnS MnSe CrN MnTe CrO CsH PbO InP InN InAs InSb
        InBi GaN TlF TlN GeS GeSe CuH {combined("Mo W Re Ru Os Rh Ir Pd Pt", "N C")}
        {combined("Ti Zr Hf V Nb Ta", "O S Se P As B")}
        {combined("Al Ga In Tl", "N P S Se Te")} {combined("Cu Ag Au", "N S Se H F")}
        {combined("Si Ge Sn Pb", "O S Se Te P As Sb")} {combined("Li Na K Rb Cs", "O S")}
        {combined("Be Mg Zn Cd Hg", "N P As C")} {combined("Sb Bi", "N P S Se Te")}
        {combined("Mn Fe Co Ni Cr", "C N P As S")}""",
    ),
    Family(
        "zinc blende (B3)",
        FCC,
        ((0, 0, 0), TETRAHEDRAL),
        f"""HgTe AlBi GaBi InBi BBi TlP TlAs TlSb
        {combined("Re Os Ru Rh Ir Pd Pt Mo W", "B P As")}
        {combined("Mn Fe Co Ni Cr", "O Se Te Sb")} {combined("Si Ge Sn Pb", "N B")}
        {combined("Au Hg Tl", "Cl Br I")}""",
    ),
    Family(
        "caesium chloride (B2)",
        SIMPLE,
        ((0, 0, 0), CENTRE),
        f"""AlNi AlCo AlFe AlMn GaNi GaCo GaFe GaMn TiFe TiCo TiNi ZrCo ZrNi HfCo HfNi ScCo
        ScNi FeRh FeCo FePd FeV FeTa FeCr CoV MnRh MnPd MnPt MnAu MnHg MnV MnRu MnIr NiZn NiIn
        NiBe CoBe BeNi CuSi TiAl ScAl YAl LaAl ScGa ScIn LuIn LuZr TiZn TiHg TiAu TiBe
        {combined("Be Mg Ca Sr Ba Zn Cd", "Al Ga In Ge Sn Pb Bi Sb Te")}
        {combined("Li Na K Rb Cs", "Mg Ca Zn Cd Al Ga In Sn Pb Bi Sb")}
        {combined("Cu Ag Au", "Sc Ti Zr Al Ga In Sn Sb")}
        {combined("Mo W Re", "Ti Hf Al Os Ir Rh")}
        {combined("Nb Ta V", "Al Ir Rh Pt Pd Zn Mo W Re")}""",
    ),
)

CATIONS = """Li Na K Rb Cs Be Mg Ca Sr Ba Sc Y La Lu Ti Zr Hf V Nb Ta Mo W Re Ru Os Rh Ir Pd Pt Cu
Ag Au Zn Cd Hg Al Ga In Tl Si Ge Sn Pb"""
ANIONS = "C N P As Sb O S Se Te H F Cl Br I"

EVERY_PAIR = (
    *(
        Family(name, cell, ((0, 0, 0), hole), combined(CATIONS, ANIONS), polymorphs=True)
        for name, cell, hole in (
            ("zinc blende (B3)", FCC, TETRAHEDRAL),
            ("rock salt (B1)", FCC, CENTRE),
            ("caesium chloride (B2)", SIMPLE, CENTRE),
        )
    ),
    Family(
        "fluorite and antifluorite (C1)",
        FCC,
        ((0, 0, 0), TETRAHEDRAL, OTHER_HOLE),
        f"""{combined("Be Mg Ca Sr Ba Zn Cd Hg Sn Pb", "F2 Cl2 Br2 I2 H2")}
        {combined("Ti Zr Hf Si Ge Sn Pb Ru Ir Mo W Re Pt", "O2 S2 Se2 N2")}
        {combined("O S Se Te", "Li2 Na2 K2 Rb2 Cs2 Cu2 Ag2 Tl2")}
        {combined("C Si Ge Sn Pb", "Be2 Mg2 Ca2 Sr2 Ba2")}""",
        polymorphs=True,
    ),
)
"""Cations and anions in all combinations, each in the structures of textbooks: two crystals of one
formula differ by their structure alone."""

FULL_SHELLS = (
    Family(
        "half-Heusler (C1b)",
        FCC,
        (CENTRE, TETRAHEDRAL, (0, 0, 0)),
        f"""{combined("Sc Y La Lu", "Pd Pt", "P As Sb Bi")}
        {combined("Ti Zr Hf", "Rh Ir", "P As Sb Bi")} {combined("V Nb Ta", "Ru Os", "P As Sb Bi")}
        {combined("Ti Zr Hf", "Pd Pt", "Si Ge Sn Pb")}
        {combined("V Nb Ta", "Rh Ir", "Si Ge Sn Pb")} {combined("Sc Y La Lu", "Rh Ir", "S Se Te")}
        {combined("Ti Zr Hf", "Ru Os", "S Se Te")} {combined("Sc Y La Lu", "Cu Ag Au", "Si Ge Sn")}
        {combined("Li Na K Rb Cs", "Be Mg Ca Zn Cd", "N P As Sb Bi")}
        {combined("Li Na K", "B Al Ga In", "Si Ge Sn")}
        {combined("Mg Ca Sr Ba", "Li Na Cu Ag Au", "N P As Sb Bi")}
        {combined("Li Na K Rb", "Cu Ag Au", "S Se Te")}""",
    ),
)
"""Half-Heuslers of 8 and 18 valence electrons, most of them with a gap."""

WIDER_FAMILIES = (
    Family(
        "fcc (A1)",
        FCC,
        ((0, 0, 0),),
        "B C Si Ge Sn P As Sb Bi S Se Te Cl Br I K Rb Mn Fe Co Cr Zn Ca Sr Pd Pb Xe",
        polymorphs=True,
    ),
    Family(
        "bcc (A2)",
        BCC,
        ((0, 0, 0),),
        "B C Si Ge Sn P As Sb S Se Te Mn Co Ni Zn Cr Fe V Nb Ta Mo W K Rb Cs Ba Xe",
        polymorphs=True,
    ),
    Family(
        "simple cubic (A_h)",
        SIMPLE,
        ((0, 0, 0),),
        """P As Sb Bi S Se Te Li Na K Rb Cs Be Mg Ca Sr Ba Al Ga In Tl Si Ge Sn Pb Sc Y La Lu
        Ti Zr Hf V Nb Ta Mo W Re Ru Os Rh Ir Pd Pt Cu Ag Au Zn Cd Hg""",
        polymorphs=True,
    ),
    *PAIRS,
    Family(
        "diamond (A4)",
        FCC,
        ((0, 0, 0), TETRAHEDRAL),
        combined(
            "C Si Ge Sn Pb P As B Al Ga Se Te Ti Zr Nb Mo Ru Rh Pd Pt Cu Ag Au Zn Cd Li Na Mg Ca",
            "2",
        ),
        polymorphs=True,
    ),
    Family(
        "fluorite and antifluorite (C1)",
        FCC,
        ((0, 0, 0), TETRAHEDRAL, OTHER_HOLE),
        """MgF2 MnF2 EuF2 CoSi2 NiSi2 FeSi2 MnF2 NiF2 CoF2 CuF2 AgF2 SnO2 PbO2 TiO2 MoO2 RuO2
        SiO2 TeO2 OCu2 OAg2 ORh2 SCs2 OCs2 SAg2 SCu2 SeCu2 TeCu2 CaH2 SrH2 BaH2 MoH2 WH2 CrH2
        MnH2 NiH2 PdH2 RhH2 ReH2 PtMg2 AuMg2 PdMg2 CaLi2 NiAl2 CoGa2 RhGa2 IrGa2 PdGa2 PdIn2
        RhIn2 CdCl2 MgCl2 CaCl2 PbCl2 PbBr2 CaBr2 SrBr2 BaBr2 BaI2 MgBr2 HgCl2 CaI2 SrI2 NbO2
        VO2 TaN2 WN2 MoN2 ReN2 OsN2 PtN2 IrN2 RuN2 NBe2 PBe2 SBe2 SiCa2 GeCa2 SnCa2 PbCa2
        SiBe2 BLi2 NLi2 PLi2""",
    ),
    Family(
        "half-Heusler (C1b)",
        FCC,
        (CENTRE, TETRAHEDRAL, (0, 0, 0)),
        """TiNiSn ZrNiSn HfNiSn TiCoSb ZrCoSb HfCoSb NbCoSn TaCoSn VFeSb NbFeSb TaFeSb VCoSn
        ScNiSb YNiSb LuNiSb ScNiBi YNiBi LuNiBi TiFeTe ZrCoBi HfCoBi TiNiPb ZrNiPb HfNiPb
        MnNiSb MnPtSb MnPdSb MnIrSn MnCoSb TiPtGe ZrPtGe HfPtGe ZrPtPb HfPtPb TiPtPb ZrNiGe
        TiNiGe TaRhGe NbRhGe TaIrGe NbIrGe VIrGe VIrSn TaRhPb TiIrAs TiRhAs HfIrAs HfRhAs
        ScRhTe YRhTe ScIrTe TiRuTe TiOsTe ZrRuTe ZrOsTe HfRuTe NbOsBi TaRuAs NbRuAs VRuAs
        VOsAs TaOsAs ScPtAs ScPdAs YPdAs LaPtAs LaNiSb LaNiBi LaAuSn LaAuPb YAuPb ScAuSi
        ScAuGe ScAgSn YCuSn ZrAuIn HfAuIn BaLiBi SrLiBi CaLiBi MgLiBi BaLiSb SrLiSb CaLiSb
        BaLiAs SrLiAs CaLiAs BaLiP SrLiP CaLiP SrLiN BaLiN SrNaP SrKP SrNaSb SrKSb CaNaP BaNaP
        BaKP BaKAs BaNaN SrNaAs KCaBi RbCaAs CsCaP RbSrSb CsBaBi RbBaN KZnP KZnSb RbZnP RbZnSb
        CsZnP CsCdSb KCdAs KCdSb RbCdP NaBeN NaBeP NaBeSb KBeP KBeAs RbBeSb KMgP KMgN KMgSb
        RbMgAs RbMgP CsMgSb CsMgP NaMgSb NaMgBi NaMgN NaZnBi NaHgP NaHgAs KHgSb LiHgAs LiHgSb
        LiHgP NaAlSi NaAlGe NaAlSn KAlSi KAlGe LiAlSn LiGaSn NaGaSi NaGaSn KGaGe RbAlSi NaInSn
        KInSn LiInSn RbInGe CsInSi LiBSi LiBC NaBSi KBSi BaAgP BaAgAs BaCuAs SrAgBi CaAgBi
        CaCuP SrCuSb SrAuBi BaAuBi CaAuP MgAuSb MgCuAs MgAgP MgAgSb MgAgBi ZnAgSb ZnCuAs ZnCuP
        CdAgAs CdCuP HgAgSb LiCuSe NaCuS NaCuSe KCuS NaAgS NaAgSe KAgTe RbAgS CsAgTe CsCuSe
        LiAgS LiAuS NaAuTe KAuS RbAuSe LiZnBi LiCdBi LiBeBi LiBeSb AlCuGe AlAgSi GaCuGe InCuSn
        TlAgSn AlAuGe GaAuSi InAuSn""",
    ),
    Family(
        "gold copper (L1_2)",
        SIMPLE,
        ((0, 0, 0), *FACES),
        """AuCu3 PtCu3 PdCu3 TiPt3 ZrPt3 ScPt3 YPt3 VPt3 CrPt3 MnPt3 FePt3 CoPt3 SnPt3 PbPt3
        GaPt3 InPt3 AlPt3 MgPt3 CdPt3 ZnPt3 TaPt3 NbPt3 ScPd3 YPd3 LaPd3 LuPd3 SnPd3 PbPd3
        InPd3 GaPd3 MgPd3 TlPd3 FePd3 MnPd3 TiPd3 ZrPd3 HfPd3 TiRh3 VRh3 NbRh3 TaRh3 ZrRh3
        HfRh3 ScRh3 YRh3 CrRh3 MoRh3 WRh3 TiIr3 VIr3 NbIr3 TaIr3 ZrIr3 HfIr3 ScIr3 CrIr3 MnIr3
        AlNi3 GaNi3 GeNi3 SiNi3 FeNi3 MnNi3 TiNi3 TiCo3 VCo3 TaCo3 AlCo3 ScAl3 ZrAl3 LiAl3
        YAl3 LuAl3 TiAl3 HfAl3 NbAl3 TaAl3 MgAl3 ScGa3 LuGa3 YGa3 LaGa3 LaIn3 YIn3 ScIn3 LuIn3
        CaIn3 SrIn3 ZrIn3 CaSn3 LaSn3 YSn3 NaSn3 LiSn3 SrSn3 CaPb3 SrPb3 NaPb3 LaPb3 YPb3
        LiPb3 CaTl3 LaTl3 YTl3 SrTl3 ScTl3 LuTl3 ZrHg3 TiHg3 LiHg3 ScHg3 TiZn3 ZrZn3 NbZn3
        LiZn3 ScZn3 InMg3 CdMg3 ZnMg3 AgMg3 MgAg3 MgIn3 CuAu3 PdAu3 ZnAu3 AlZr3 InZr3 HgZr3
        SiZr3 AlTi3 GaTi3 SnTi3 PbTi3 HgTi3 InSc3 TlSc3 SnSc3 AlSc3 RuSc3 AlY3 TlY3 InLa3
        TlLa3 SnLa3 AlLa3 PbLa3 AlCu3 GaCu3 SnCu3 ZnCu3 GaAg3 InAg3 AlAg3 CdAg3 SiAl3 PbCa3
        SnCa3 TlCa3 HgLi3 PbLi3 InLi3 CdLi3 AgLi3 AuLi3 SrLi3 CaLi3 SiMn3 SiFe3 GeFe3 GaFe3
        AlFe3 SnFe3 ReIr3 MoPt3 WIr3 OsTa3 RuNb3 BeRh3 BeCu3 BPd3 BPt3 BiPd3 SbPd3 TePd3""",
    ),
    Family(
        "bismuth fluoride (D0_3)",
        FCC,
        ((0, 0, 0), CENTRE, TETRAHEDRAL, OTHER_HOLE),
        """BiLi3 SbLi3 AsLi3 PLi3 AlFe3 SiFe3 GaFe3 BiK3 BiRb3 BiCs3 SbK3 SbRb3 SbCs3 SbCu3
        SnCu3 AlCu3 SnMn3 HgLi3 TlLi3 PbLi3 GeLi3 SiLi3 SnLi3 AuLi3 AgLi3 CdLi3 InLi3 LuMg3
        YMg3 LaMg3 GdMg3 BiNa3 SbNa3 AsNa3 PNa3 NNa3 NLi3 BiF3 YH3 LaH3 ScH3 LuH3 AlMg3 ZnLi3
        MgLi3 YCd3 ScCd3 LaHg3 YZn3 SbMg3 BiCa3 SbSr3 BiBa3""",
    ),
    Family(
        "sodium thallide (B32)",
        FCC,
        ((0, 0, 0), TETRAHEDRAL, CENTRE, OTHER_HOLE),
        "LiAl LiGa LiIn LiZn LiCd NaIn NaTl LiTl NaGa KIn KTl RbTl NaCd LiMg LiSi NaSn CaZn",
        polymorphs=True,
    ),
    Family(
        "Heusler (L2_1)",
        FCC,
        ((0, 0, 0), CENTRE, TETRAHEDRAL, OTHER_HOLE),
        f"""TiAlNi2 TiInNi2 TiSnNi2 ZrAlNi2 ZrSnNi2 HfAlNi2 HfSnNi2 HfGaNi2 NbAlNi2 NbSnNi2
        NbGaNi2 TaAlNi2 VAlNi2 VGaNi2 ScAlNi2 ScInNi2 YSnNi2 YInNi2 LuSnNi2 MgSbNi2 MgSnNi2
        LiSnNi2 LiGeNi2 ScSnPd2 YSnPd2 LuSnPd2 ZrInPd2 HfInPd2 ZrAlPd2 HfAlPd2 ZrSnPd2 TiInPd2
        TiAlPd2 TiGaPd2 ScInPd2 YInPd2 LuInPd2 YPbPd2 ScAlPd2 MgSbPd2 MgSnPd2 LiSnPd2 LiGePd2
        LiInPd2 ZrZnPd2 NbInPd2 TiSnPd2 TiAlCu2 ZrAlCu2 HfAlCu2 ScAlCu2 ScInCu2 YInCu2 TiInCu2
        HfInCu2 ZrInCu2 LiSiCu2 LiGeCu2 MnAlCu2 MnInCu2 MnSnCu2 MnSbNi2 MnGaNi2 MnSnNi2
        MnInNi2 MnSiCo2 MnGeCo2 MnSnCo2 MnAlCo2 MnGaCo2 TiAlCo2 TiSiCo2 TiGeCo2 TiSnCo2
        TiGaCo2 ZrAlCo2 ZrSnCo2 HfAlCo2 HfSnCo2 NbAlCo2 NbSnCo2 VAlCo2 VGaCo2 VSnCo2 TaAlCo2
        CrAlCo2 CrGaCo2 FeSiCo2 FeAlCo2 FeGaCo2 VAlFe2 VGaFe2 VSiFe2 TiAlFe2 TiSnFe2 TiSiFe2
        CrAlFe2 CrGaFe2 CoSiFe2 CoGaFe2 MnSiFe2 MnAlFe2 NbAlFe2 TaAlFe2 NbGaFe2 TiGaFe2
        ZrAlAu2 TiAlAu2 HfAlAu2 ScInAu2 ScAlAu2 LuInAu2 YInAu2 TiInAu2 ZrInAu2 ScInAg2 YInAg2
        LuInAg2 MgInAg2 MgZnAg2 MgAlAg2 LaInAg2 TiAlRu2 TiGaRu2 TiSiRu2 TiGeRu2 TiSnRu2
        ZrAlRu2 ZrGaRu2 ZrSnRu2 HfAlRu2 HfGaRu2 HfSnRu2 NbAlRu2 NbGaRu2 TaAlRu2 TaGaRu2 VAlRu2
        VGaRu2 VSiRu2 ScSiRu2 NbSnRu2 FeSiRu2 FeGeRu2 FeSnRu2 MnSnRh2 MnGeRh2 MnPbRh2 FeSnRh2
        ScSnRh2 TiAlRh2 ZrAlRh2 HfAlRh2 NbAlRh2 TaAlRh2 LiSiRh2 YSnRh2 TiAlOs2 ZrAlOs2 HfAlOs2
        VAlOs2 NbAlOs2 TiAlIr2 ZrAlIr2 LiSiIr2 LiGeIr2 ScAlIr2 LiSnPt2 LiGePt2 TiGaPt2 ScInPt2
        YInPt2 ZrAlPt2 LiSbNa2 NaSbK2 LiSbK2 CsSbK2 RbSbK2 CsSbNa2 KSbNa2 KBiLi2 CsBiLi2
        RbSbLi2 NaBiK2 CsBiK2 RbBiNa2 {combined("Mg Ca Zn Cd", "Si Ge Sn Pb", "Li2")}
        {combined("Cu Ag Au Pd Pt", "Si Sn Sb In", "Li2")}
        {combined("Cu Ag Au", "In Ga Sn", "Mg2")} AlSiLi2 AlGeLi2 GaGeLi2 InGeLi2 TlSnLi2
        AlAgLi2 GaPdLi2 CdHgAg2 ZnCdAu2 CuZnAu2 CdZnAg2 ZnHgAu2 AuCdCu2""",
    ),
    Family(
        "rhenium trioxide (D0_9)",
        SIMPLE,
        ((0, 0, 0), *EDGES),
        """ReO3 WO3 MoO3 TaO3 NbO3 NbF3 TaF3 MoF3 ScF3 AlF3 GaF3 InF3 YF3 TiF3 VF3 FeF3 CrF3
        RhF3 NCu3 NLi3 BiF3 LaF3 ZrF3 HfF3 IrF3 PF3 OsO3 ScCl3 YCl3 AlCl3 InBr3 LaI3 NAg3 PCu3
        NNa3 NK3 SbF3 AsF3 MnF3""",
    ),
    Family(
        "perovskite (E2_1)",
        SIMPLE,
        ((0, 0, 0), CENTRE, *FACES),
        """SrTiO3 BaTiO3 CaTiO3 PbTiO3 CdTiO3 KNbO3 NaNbO3 KTaO3 NaTaO3 LiNbO3 LiTaO3 RbTaO3
        RbNbO3 CsTaO3 AgNbO3 AgTaO3 TlNbO3 CsPbI3 CsPbBr3 CsPbCl3 CsPbF3 CsSnI3 CsSnBr3
        CsSnCl3 CsGeI3 CsGeBr3 CsGeCl3 RbPbI3 RbPbBr3 RbSnI3 RbSnCl3 RbGeI3 RbPbF3 KPbI3 KSnI3
        TlPbI3 TlSnI3 TlGeI3 BaZrO3 SrZrO3 CaZrO3 PbZrO3 BaHfO3 SrHfO3 CaHfO3 PbHfO3 BaSnO3
        SrSnO3 CaSnO3 CdSnO3 PbSnO3 BaPbO3 SrPbO3 BaBiO3 SrBiO3 KBiO3 BaGeO3 SrGeO3 CaGeO3
        MgSiO3 CaSiO3 BaSiO3 SrSiO3 MgTiO3 MgZrO3 ZnTiO3 SrVO3 CaVO3 BaVO3 SrNbO3 BaNbO3
        SrMoO3 BaMoO3 CaMoO3 PbMoO3 SrRuO3 CaRuO3 BaRuO3 SrIrO3 BaIrO3 CaIrO3 SrRhO3 CaRhO3
        BaOsO3 CaOsO3 SrOsO3 SrReO3 BaTaO3 SrTaO3 SrPtO3 SrFeO3 CaFeO3 BaFeO3 SrMnO3 CaMnO3
        BaMnO3 SrCoO3 SrCrO3 CaCrO3 PbCrO3 LaMnO3 LaFeO3 LaCoO3 LaCrO3 LaNiO3 BiFeO3 BiMnO3
        LaVO3 LaTiO3 YTiO3 LaAlO3 YAlO3 LaGaO3 LaScO3 LaInO3 LaYO3 LuAlO3 YScO3 BiAlO3 BiGaO3
        BiScO3 BiInO3 LaRhO3 LaIrO3 LaRuO3 LaCuO3 LaPdO3 NaWO3 KWO3 LiWO3 NaReO3 KReO3 NaMoO3
        AgCuO3 NaOsO3 KIO3 RbIO3 TlIO3 AgBiO3 NaBiO3 KSbO3 NaSbO3 KMgF3 RbMgF3 CsMgF3 NaMgF3
        AgMgF3 TlMgF3 KZnF3 RbZnF3 CsZnF3 NaZnF3 AgZnF3 KCdF3 RbCdF3 CsCdF3 TlCdF3 NaCdF3
        KCaF3 RbCaF3 CsCaF3 CsSrF3 CsBaF3 RbHgF3 CsHgF3 KHgF3 TlHgF3 CsHgCl3 CsHgBr3 RbHgCl3
        CsCaCl3 CsCaBr3 CsCaI3 KCaCl3 RbCaCl3 RbCaBr3 CsSrCl3 CsSrBr3 RbSrCl3 CsCdCl3 CsCdBr3
        TlCdCl3 RbCdCl3 CsMgCl3 KMgCl3 KMgBr3 TlMgCl3 CsMgBr3 LiBaF3 LiSrF3 LiCaF3 LiBaH3
        LiSrH3 LiBaCl3 NaSrH3 KMgH3 RbMgH3 NaMgH3 CsMgH3 KCaH3 RbCaH3 CsCaH3 CsSrH3 LiBeH3
        NaBeH3 KBeH3 RbBeH3 SrZnH3 KZnH3 CaNiH3 CaPdH3 SrPdH3 BaPdH3 LiPtH3 LiRhH3 MgCoH3
        MgRhH3 NaAlH3 KBeF3 RbBeF3 KMnF3 RbMnF3 CsMnF3 NaMnF3 KFeF3 RbFeF3 CsFeF3 KCoF3 RbCoF3
        KNiF3 NaNiF3 RbNiF3 KCrF3 KCuF3 KVF3 RbVF3 KPdF3 AgCuF3 TlMnF3 CsMnCl3 CsFeCl3 CsCuCl3
        CsAuCl3 CsAgCl3 KMnCl3 BaZrS3 SrZrS3 CaZrS3 BaHfS3 SrHfS3 BaTiS3 SrTiS3 CaTiS3 BaSnS3
        SrSnS3 LaYS3 BaNbS3 BaTaS3 SrTaS3 PbZrS3 BaZrSe3 SrHfSe3 BaHfSe3 CaSnSe3 SrTiSe3
        LaScS3 LaYSe3 LaWN3 LaReN3 LaMoN3 YWN3 YReN3 LaNbN3 CsNbN3 RbTaN3""",
    ),
    Family(
        "antiperovskite",
        SIMPLE,
        ((0, 0, 0), CENTRE, *FACES),
        f"""{combined("P As Sb Bi", "N", "Mg3 Ca3 Sr3 Ba3")}
        {combined("Sn Pb Ge Si", "O", "Ca3 Sr3 Ba3 Mg3")}
        {combined("Al In Ga Tl Sn Pb Zn Cd", "C", "Ti3 Sc3 Y3 La3")}
        {combined("Au Ag Hg", "C", "Sc3 Y3")} {combined("F Cl Br I", "O", "Li3 Na3")}
        {combined("Cl Br I", "S", "Li3 Na3 Ag3")} {combined("Br I", "Se Te", "Na3 K3")}
        {combined("Au", "O", "K3 Rb3 Cs3")}
        {combined("In Sn Zn Ga Al Cu Ge", "N", "Mn3 Ti3 Cr3")}
        {combined("Zn Al Ga In Sn Mg Cd", "C", "Ni3 Mn3 Fe3")}
        {combined("Fe Ni Pt Pd Rh Ag Au Sn Ga", "N", "Fe3 Mn3 Ni3")} CuNCu3 PdNCu3 ZnNCu3
        InNCu3 AgNCu3 SnBSc3 AlBSc3 InBSc3 TlBSc3 PbBSc3 RhBSc3 IrBSc3 PtBSc3 PdBSc3 RuBSc3
        InNLa3 SnNLa3 TlNZr3 InNTi3 TlNTi3 AlNTi3 SnNSc3 AlNSc3 GaNSc3 InNSc3 MgCRh3 AlCPd3
        MgCPd3 InCPd3 MgCCo3 PbNCa3 SnNCa3 GeNCa3 TlNCa3 AuNCa3 InNCa3 AlNCa3 HgNCa3 AuNSr3
        InNSr3 BiPSr3 SbPSr3 AsPBa3 BrPMg3 BiPCa3 SbAsBa3 ClPCa3 FPMg3 IPCa3 FNMg3""",
    ),
)


def members() -> Iterator[tuple[Family, str]]:
    """Every family with each of its formulas, lanthanides first."""
    for family in (*LANTHANIDE_FAMILIES, *WIDER_FAMILIES, *EVERY_PAIR, *FULL_SHELLS):
        for formula in dict.fromkeys(family.members.split()):
            yield family, formula
