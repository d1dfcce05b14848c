"""Three studies: a family of semiconductors, a random alloy, a substitution step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from deepdos_nb.cases.alloy import CELLS, SEEDS, quasi_random
from deepdos_nb.cases.chalcogenides import MEMBERS, copper_barium
from deepdos_nb.cases.substitution import SITES, substituted
from deepdos_nb.data.records import Record
from deepdos_nb.data.stores import ShardStore
from deepdos_nb.spectra.spectrum import Spectrum

if TYPE_CHECKING:
    from pymatgen.core import Structure

REFERENCES = Path(__file__).parent / "references.npz"
"""Labels by `deepdos label`, as it stores them."""


@dataclass(frozen=True)
class Case:
    """One crystal of a study.

    Attributes
    ----------
    study, name : str
    structure : Structure
    record : Record or None
        Electronic density of states by GPAW; None where none has been computed.
    """

    study: str
    name: str
    structure: Structure = field(repr=False)
    record: Record | None = field(repr=False)

    @property
    def reference(self) -> Spectrum | None:
        """The reference as a site-resolved spectrum; None where there is none."""
        return None if self.record is None else self.record.reference()


def case_studies() -> dict[str, list[Case]]:
    """The case studies of this package.

    - ``"Cu2BaMX4"``: M = Ti, Zr, Hf, Si and X = S, Se in the trigonal type of Cu2BaGeS4;
    - ``"CuPtFeCoNi"``: five metals at random on an fcc lattice, in cells of ten and twenty atoms;
    - ``"InP to GaP"``: gallium for indium, one of four atoms at a time.

    Returns
    -------
    dict of list of Case
        By study, in order.
    """
    known = {record.material_id: record for record in references()}
    return {
        study: [Case(study, name, build(), known.get(name)) for name, build in members()]
        for study, members in STUDIES.items()
    }


@cache
def references() -> tuple[Record, ...]:
    """Every reference that has been computed."""
    if not REFERENCES.exists():
        return ()
    store = ShardStore([REFERENCES], "case studies")
    return tuple(store.read(row) for row, _ in enumerate(store.entries()))


Members = Iterator[tuple[str, Callable[[], "Structure"]]]


def _chalcogenides() -> Members:
    for formula in MEMBERS:
        yield formula, partial(copper_barium, formula)


def _alloys() -> Members:
    for atoms in CELLS:
        yield f"CuPtFeCoNi-{atoms}", partial(quasi_random, atoms, seed=SEEDS[atoms])


def _substitutions() -> Members:
    for gallium in range(SITES + 1):
        yield substitution_name(gallium), partial(substituted, gallium)


def substitution_name(gallium: int) -> str:
    """Name of a step, In3Ga1P4."""
    parts = (("In", SITES - gallium), ("Ga", gallium), ("P", SITES))
    return "".join(f"{symbol}{count}" for symbol, count in parts if count)


STUDIES: dict[str, Callable[[], Members]] = {
    "Cu2BaMX4": _chalcogenides,
    "CuPtFeCoNi": _alloys,
    "InP to GaP": _substitutions,
}
"""Names and builders of the members of each study."""
