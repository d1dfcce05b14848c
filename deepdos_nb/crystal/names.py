"""What a crystal is called: by the name its maker gave it, or by its formula."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pymatgen.core import Structure

NAME = "known_as"
"""Property of a structure that holds its formula as chemists write it."""


def known_as(structure: Structure) -> str:
    """The formula that a title shows, such as Cu2BaTiS4 for pymatgen's BaTi(CuS2)2."""
    name = (structure.properties or {}).get(NAME)
    return name if isinstance(name, str) else structure.composition.reduced_formula


def keep_name(source: Structure, copy: Structure) -> Structure:
    """Give a copy the name of what it was made from, if that has one; returns the copy."""
    if NAME in (source.properties or {}):
        copy.properties[NAME] = known_as(source)
    return copy
