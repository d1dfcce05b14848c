"""Elements of atoms from their type symbols and labels, and what a stated formula says of them.

A label may stand for several elements (``HO1`` for a hydrogen or for holmium, ``OB`` for an
oxygen). Its readings are kept side by side until the formula of the file decides between them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice, product
from typing import NamedTuple

from deepdos_nb.crystal.faults import ISOTOPES
from deepdos_nb.crystal.text import plain_signs

SYMBOLS = (
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br"
    " Kr Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho"
    " Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf Es"
    " Fm Md No Lr Rf Db Sg Bh Hs Mt Ds Rg Cn Nh Fl Mc Lv Ts Og"
)
ELEMENTS = frozenset(SYMBOLS.split())

CHARGE = r"(?:\d*\.?\d*[+-]+|[+-]\d+\.?\d*|\((?:[+-]?\d+|[IVX]+|\d*[+-])\))?"
TYPE = re.compile(rf"([A-Za-z]{{1,2}})\d*{CHARGE}")
SHARED = re.compile(
    r"[^A-Za-z]*([A-Za-z]{1,2})[\d.\s]*(?:[,/\\+&;:|%^]+|\s(?:and|or)\s)[\d.\s]*"
    r"([A-Za-z]{1,2})(?![A-Za-z])"
)
WRITTEN = re.compile(
    r"[^A-Za-z]*([A-Z][a-z]?)[\d.\s]*(?:[\-\s]+[\d.\s]*|_+(?=[A-Z][a-z]))([A-Z][a-z]?)(?![a-z])"
)
JOINED = re.compile(
    r"\(?(?:([A-Z][a-z]?)\d*\(([A-Z][a-z])\)|([A-Z][a-z])[\d.]*([A-Z][a-z])|([A-Z][a-z]?)\d*\.\d+([A-Z][a-z]?))[\d.]*\)?"
)
WATER = re.compile(r"[HD]\d?O|O\d*[_(]?[HD]\d?\)?$|.*[-_ (]O[HD]\d?\)?$")
FLUOR = re.compile(r"(?:O\d*[_(]F|F\d*[_(](?:O|OH)|[A-Z][a-z]?\d*_[KNO])\d*\)?$")
"""Labels of sites that may be shared, ``O_F`` or ``Na_K``, or may have a letter of their own."""
UNLIKELY = frozenset({"Ho", "Po", "Es", "Fm", "Md", "No", "Lr"}) | frozenset(SYMBOLS.split()[103:])
"""Elements that capitals hardly ever mean: HO is a hydrogen, NO3 a nitrate."""
LONGEST = 60
"""Characters of a label that are looked at."""

GRAM_PER_CM3 = 1.66053907
"""Density of 1 u in 1 Å³, g/cm³."""

DENSITY_TOLERANCE = 0.02
"""Relative misfit of a stated density that still counts as agreement."""

MAX_READINGS = 256
"""Combinations of readings that are compared with a formula."""


class Readings(NamedTuple):
    """What an atom's name may mean.

    elements : tuple of str
        Symbols, likeliest first; empty where it names none.
    sure : bool
        Whether the first needs no confirmation by a formula.
    assumed : bool
        Whether a sure reading still rests on a convention that should be mentioned.
    shared : tuple of str
        Elements that share the site, by its name.
    """

    elements: tuple[str, ...]
    sure: bool = True
    assumed: bool = False
    shared: tuple[str, ...] = ()


@lru_cache(maxsize=1024)
def of_type(symbol: str) -> Readings:
    """Readings of an ``_atom_site_type_symbol`` such as ``Na1+``."""
    text = plain_signs(symbol[:LONGEST]).strip(" '\"")
    if both := _shared(text):
        return Readings((), shared=both)
    found = TYPE.fullmatch(text)
    if not found:
        # Scattering factors of valence shells have types of their own, "Sival" for example.
        found = re.fullmatch(r"([A-Z][a-z]?)val", text)
    if not found:
        return Readings(())
    letters = found[1]
    if letters.capitalize() != letters and len(letters) == 2:
        return _two_letters(letters)
    name = letters.capitalize()
    return Readings((name,)) if name in ELEMENTS | ISOTOPES else Readings(())


@lru_cache(maxsize=4096)
def of_label(label: str) -> Readings:
    """Readings of an ``_atom_site_label`` such as ``Na1``, ``O1W`` or ``OB``."""
    text = plain_signs(label[:LONGEST]).strip(" '\"[]{}").removeprefix("(")
    if both := _shared(text):
        return Readings((), shared=both)
    found = re.match(r"\d*([A-Za-z]+)", text)
    if not found:
        return Readings(())
    letters = found[1]
    # T names tetrahedral sites far more often than tritium.
    known = ELEMENTS | {"D"}
    if letters in UNLIKELY:
        return Readings((letters, letters[0]) if letters[0] in known else (letters,))
    if letters in known:
        return Readings((letters,), sure=not (WATER.match(text) or FLUOR.match(text)))
    if len(letters) == 1:
        name = letters.upper()
        return Readings((name,)) if name in known else Readings(())
    if len(letters) == 2:
        return _two_letters(letters)
    starts = [letters[:2].capitalize(), letters[0].upper()]
    if not letters[1].islower():
        starts.reverse()
    return Readings(tuple(s for s in starts if s in known), sure=False)


def _two_letters(letters: str) -> Readings:
    """Readings of two letters that are not written as an element is."""
    element, first = letters.capitalize(), letters[0].upper()
    if element in ELEMENTS:
        if first not in ELEMENTS:
            return Readings((element,))
        if element in UNLIKELY:
            return Readings((first, element), sure=False)
        return Readings((element, first), sure=True, assumed=True)
    return Readings((first,), sure=False) if first in ELEMENTS | ISOTOPES else Readings(())


def _shared(text: str) -> tuple[str, ...]:
    """Elements of a name like ``Nb,Zr``, ``(Fe/Ni)1`` or ``Si0.5Al0.5``."""
    found = SHARED.match(text) or WRITTEN.match(text) or JOINED.fullmatch(text)
    if not found:
        return ()
    pair = tuple(symbol.capitalize() for symbol in found.groups() if symbol)
    return pair if pair[0] != pair[1] and set(pair) <= ELEMENTS else ()


class Stated(NamedTuple):
    """The content a file states.

    amounts : atoms of each element in one formula unit; empty where no formula is understood
    units : formula units in the cell (Z), or None where it is not stated
    mass : mass of the cell after its stated density, u, or None
    text : the formula as written
    """

    amounts: Mapping[str, float]
    units: float | None
    mass: float | None
    text: str

    def proportions_fit(self, counts: Mapping[str, float]) -> bool:
        """Whether atoms counted are in the formula's proportions."""
        if not self.amounts:
            return True
        if set(counts) != set(self.amounts):
            return False
        scale = sum(counts.values()) / sum(self.amounts.values())
        # Formulas of solid solutions are rounded, those of ordered crystals are whole numbers.
        whole = all(amount == round(amount) for amount in self.amounts.values())
        slack = 1e-3 if whole else 0.02
        return all(abs(n - scale * self.amounts[e]) <= slack * n for e, n in counts.items())

    def number_fits(self, counts: Mapping[str, float]) -> bool | None:
        """Whether there are as many atoms as Z, or the density, says; None where neither is."""
        if self.units is not None and self.amounts:
            total, unit = sum(counts.values()), sum(self.amounts.values())
            # Some programmes write the formula of the whole cell beside Z.
            whole = all(a % self.units < 1e-6 for a in self.amounts.values())
            expected = {unit * self.units} | ({unit} if whole else set())
            return any(abs(total - n) < 0.02 * n for n in expected)
        if self.mass is not None:
            import gemmi

            mass = sum(n * gemmi.Element(e).weight for e, n in counts.items())
            return bool(abs(mass / self.mass - 1) < DENSITY_TOLERANCE)
        return None

    def content(self) -> str:
        """What is stated, in words."""
        formula = self.text or "a formula that was not understood"
        if self.units is not None and self.amounts:
            return f"{formula} with Z = {self.units:g}"
        return formula if self.mass is None else f"{formula} and a mass of {self.mass:.5g} u"


def stated_content(
    formulas: Sequence[str], units: str, density: str, volume: float, weight: str = ""
) -> Stated | None:
    """The content of a cell after its formula, Z, density (g/cm³) and weight of the formula, u.

    As a CIF gives them; of several formulas the first counts that is understood. None where
    nothing is stated that could be compared.
    """
    given = [plain_signs(f[:1000]).strip(" '\"") for f in formulas]
    amounts, formula = next(((a, f) for f in given if (a := _amounts(f))), ({}, given[0]))
    z, rho, unit = _positive(units), _positive(density), _positive(weight)
    mass = None if rho is None else rho * volume / GRAM_PER_CM3
    if mass is None and unit is not None and z is not None:
        mass = unit * z
    if not amounts and mass is None:
        return None
    return Stated(amounts, z, mass, " ".join(formula[:LONGEST].split()))


def _positive(text: str) -> float | None:
    try:
        value = float(plain_signs(text).split("(")[0])
    except ValueError:
        return None
    return value if 0 < value < 1e6 else None


def _amounts(formula: str) -> dict[str, float]:
    """Atoms of each element in a formula; empty where it cannot be understood."""
    text = re.sub(r"(?<=[\s\w)])\s+\d*[+-]\d*$", "", formula)
    # A dot before water is no decimal point, "CuSO4.5H2O"; nor is a comma before another ion.
    parts = re.split(r"[·•*⋅∙]|\s\.\s|\.(?=\d*\s?\(?H2)|,\s", text)
    if len(parts) > 1:
        return _sum_of_parts(parts)
    amounts: dict[str, float] = {}
    tokens = text.replace(",", " ").split()
    for token in tokens:
        found = re.fullmatch(r"([A-Za-z]{1,2})(\d*\.?\d*)[+-]?", token)
        symbol = found[1].capitalize() if found else ""
        if found is None or symbol not in ELEMENTS | ISOTOPES:
            return _bracketed(text)
        if found[1] != symbol and len(symbol) == 2 and len(tokens) == 1:
            return {}
        amounts[symbol] = amounts.get(symbol, 0.0) + float(found[2] or 1)
    return {e: n for e, n in amounts.items() if n > 0}


def _sum_of_parts(parts: Sequence[str]) -> dict[str, float]:
    """Atoms of ``2(C H4), Na Cl`` or of a salt and its water; empty if one is not understood."""
    amounts: dict[str, float] = {}
    for part in parts:
        found = re.fullmatch(r"\s*(\d*\.?\d*)\s*(.*?)(?:\s+\d*[+-])?\s*", part)
        inner = _amounts(found[2].removesuffix(".")) if found and len(parts) < 20 else {}
        if not inner or found is None:
            return {}
        for element, n in inner.items():
            amounts[element] = amounts.get(element, 0.0) + n * float(found[1] or 1)
    return amounts


def _bracketed(text: str) -> dict[str, float]:
    from pymatgen.core import Composition

    tight = text.replace(" ", "")
    if not re.fullmatch(r"(?:[A-Z][a-z]?|[\d.()\[\]])+", tight) or len(tight) > 200:
        return {}
    try:
        found = Composition(tight).get_el_amt_dict()
    except (ValueError, KeyError):
        return {}
    return dict(found) if set(found) <= ELEMENTS | ISOTOPES else {}


def combinations(names: Sequence[Readings]) -> Iterator[tuple[str, ...]]:
    """Elements of all atoms, for every combination of readings of different names."""
    distinct = list(dict.fromkeys(names))
    for chosen in islice(product(*(n.elements for n in distinct)), MAX_READINGS):
        meaning = dict(zip(distinct, chosen, strict=True))
        yield tuple(meaning[n] for n in names)
