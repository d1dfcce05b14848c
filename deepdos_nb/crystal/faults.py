"""Faults of a structure in words: one error for each, with a remedy that can be followed."""

from __future__ import annotations

from collections.abc import Sequence

from deepdos_nb.core.errors import (
    DegenerateCellError,
    PartialOccupancyError,
    TooManyAtomsError,
    UnsupportedElementError,
)

ISOTOPES = frozenset({"D", "T"})
"""Names of hydrogen's isotopes."""

MAX_Z = 103
"""Heaviest element accepted: lawrencium, the last one with a name in every table we rely on."""


def content_of(parts: Sequence[tuple[str, float]]) -> str:
    """Elements of a site with their occupancies, the first few of many."""
    shown = ", ".join(f"{symbol} {amount:g}" for symbol, amount in parts[:6])
    return shown + (" …" if len(parts) > 6 else "")


def partial(reason: str, source: str) -> PartialOccupancyError:
    """Error for a disordered site."""
    return PartialOccupancyError(
        reason,
        source=source,
        remedy="Make an ordered structure first, for example with pymatgen's "
        "OrderDisorderedStructureTransformation.",
    )


def isotope(symbol: str, atom: str, source: str) -> UnsupportedElementError:
    """Error for a hydrogen of another mass."""
    return UnsupportedElementError(
        f"atom {atom} is the hydrogen isotope {symbol}.",
        source=source,
        remedy="Replace it by H, and expect its vibrations to be those of H.",
    )


def not_an_element(symbol: str, source: str) -> UnsupportedElementError:
    """Error for a name of a species that a parser does not know."""
    if symbol in ISOTOPES:
        return isotope(symbol, symbol, source)
    return bad_element(symbol, symbol, source)


def bad_element(species: str, atom: str, source: str) -> UnsupportedElementError:
    """Error for a species that is no element."""
    return UnsupportedElementError(
        f"atom {atom} is {species!r}, which is no chemical element up to Z = {MAX_Z}.",
        source=source,
        remedy="Correct the species in the file.",
    )


def no_cell(
    source: str,
    reason: str = "the cell is missing, flat or has no volume.",
    remedy: str = "Give three vectors that span a volume; molecules need a box around them.",
) -> DegenerateCellError:
    """Error for a structure without a usable cell."""
    return DegenerateCellError(reason, source=source, remedy=remedy)


def too_many(
    count: int, max_atoms: int, source: str, what: str = "the cell holds"
) -> TooManyAtomsError:
    """Error for more atoms than allowed."""
    return TooManyAtomsError(
        f"{what} {count} atoms, the limit is {max_atoms}.",
        source=source,
        remedy="Reduce it to the primitive cell, or raise max_atoms and expect it to be slow.",
    )
