"""What chemistry already knows about an element, as numbers a network can start from."""

from __future__ import annotations

import warnings
from functools import cache

import numpy as np

from deepdos_nb.core.arrays import Array

MAX_NUMBER = 103
"""Heaviest element with an embedding."""


EUROPIUM, YTTERBIUM = 63, 70
"""Lanthanides that give two electrons to bands, with their 4f shells half full and full."""
TRIVALENT = (58, 64, 71)
"""Cerium, gadolinium, lutetium: lanthanides whose free atoms have a 5d electron."""


@cache
def element_features() -> Array:
    """Standardised properties of every element, shape (MAX_NUMBER + 1, n_features); row 0 is zero.

    Mass as log m and m^-1/2 (a spring's frequency scales with it), Pauling electronegativity,
    atomic radius, Mendeleev number, row, group, and the electrons in s, p, d and f valence shells,
    all from pymatgen's tables; a missing value takes the mean of the others.
    """
    from pymatgen.core import Element

    rows = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for number in range(1, MAX_NUMBER + 1):
            e = Element.from_Z(number)
            mass = float(e.atomic_mass)
            shells = _valence_electrons(e.full_electronic_structure)
            radius = float(e.atomic_radius) if e.atomic_radius else np.nan
            rows.append(
                [
                    np.log(mass),
                    mass**-0.5,
                    float(e.X),
                    radius,
                    float(e.mendeleev_no or np.nan),
                    float(e.row),
                    float(e.group),
                    *shells,
                ]
            )
    table = np.array(rows)
    mean, spread = np.nanmean(table, axis=0), np.nanstd(table, axis=0)
    table = np.where(np.isnan(table), mean, table)
    standard = (table - mean) / spread
    # Rounded as files of weights keep them, so that a model that was stored reads the same.
    rounded = np.vstack([np.zeros(standard.shape[1]), standard]).astype(np.float16)
    return rounded.astype(np.float32)


@cache
def atomic_masses() -> Array:
    """Mass of every element in u, float64, shape (MAX_NUMBER + 1,); row 0 is one."""
    from pymatgen.core import Element

    masses = [float(Element.from_Z(z).atomic_mass) for z in range(1, MAX_NUMBER + 1)]
    return np.array([1.0, *masses])


@cache
def atomic_radii() -> Array:
    """Atomic radius of every element in Å, shape (MAX_NUMBER + 1,); 1.6 where there is none."""
    from pymatgen.core import Element

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        radii = [Element.from_Z(z).atomic_radius for z in range(1, MAX_NUMBER + 1)]
    return np.array([1.0, *(float(r or 1.6) for r in radii)], dtype=np.float32)


@cache
def valence_electrons() -> Array:
    """Electrons every element brings into bands, int, shape (MAX_NUMBER + 1,); row 0 is zero.

    Its group, without a filled d shell below p electrons; lanthanides and actinides bring three,
    europium and ytterbium two, what stays in their f shells left out.
    """
    from pymatgen.core import Element

    groups = [int(Element.from_Z(z).group) for z in range(1, MAX_NUMBER + 1)]
    counts = [g if g <= 12 else g - 10 for g in groups]
    counts[EUROPIUM - 1] = counts[YTTERBIUM - 1] = 2
    return np.array([0, 1, 2, *counts[2:]])


@cache
def has_d_orbitals() -> Array:
    """Whether tight binding gives an element a d shell, bool, shape (MAX_NUMBER + 1,).

    From potassium on, up to the last element whose d shell is close to its valence levels.
    """
    from pymatgen.core import Element

    groups = np.array([int(Element.from_Z(z).group) for z in range(1, MAX_NUMBER + 1)])
    wide = (groups <= 12) & (np.arange(1, MAX_NUMBER + 1) >= 19)
    return np.concatenate([[False], wide])


SECOND = 6.0
"""How far above the outermost shell an empty second s level starts, eV."""


@cache
def atomic_levels() -> Array:
    """Levels of the outermost s, p and d shells of free atoms, and a guess for the next s shell.

    In eV, shape (MAX_NUMBER + 1, 4).

    In the local density approximation, from pymatgen's copy of the NIST tables (Kotochigova et
    al., Phys. Rev. A 55, 191 (1997)). Shells that a free atom leaves empty are not in the tables;
    they get a guess, and so do elements beyond uranium, as places to start learning from. Most free
    lanthanides have one 4f electron more than in crystals and none in 5d: their levels lie on lines
    between those of cerium, gadolinium and lutetium, which have.
    """
    from pymatgen.core import Element

    rows = [[0.0, 0.0, 0.0, 0.0]]
    for number in range(1, MAX_NUMBER + 1):
        element = Element.from_Z(min(number, 92))
        known = dict(element.atomic_orbitals_eV or {})
        s = float(known.get(f"{element.row}s", -4.0))
        p = float(known.get(f"{element.row}p", 2.0 if number <= 2 else max(0.35 * s, s + 2.0)))
        d = float(known.get(f"{element.row - 1}d", -0.5 if element.group <= 2 else -2.5))
        # Below p electrons, the d shell is core.
        rows.append([s, p, d if element.group <= 12 else 3.0, max(s, p) + SECOND])
    levels = np.array(rows)
    between = np.arange(TRIVALENT[0], TRIVALENT[-1])
    for shell in range(3):
        line = np.interp(between, TRIVALENT, levels[list(TRIVALENT), shell])
        # Divalent in crystals too, europium and ytterbium keep the s and p levels of their atoms.
        free = (shell < 2) & np.isin(between, (EUROPIUM, YTTERBIUM))
        levels[between, shell] = np.where(free, levels[between, shell], line)
    return levels.astype(np.float32)


def _valence_electrons(shells: list[tuple[int, str, int]]) -> list[float]:
    """Electrons outside the last noble gas in s, p, d and f shells."""
    top = max(n for n, _, _ in shells)
    counts = dict.fromkeys("spdf", 0.0)
    for n, kind, electrons in shells:
        inner = {"s": 0, "p": 0, "d": 1, "f": 2}[kind]
        if n + inner >= top:
            counts[kind] += electrons
    return list(counts.values())
