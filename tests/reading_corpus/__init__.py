"""Several hundred bad and odd structure files, each with what reading it must give.

Every case is a right crystal, perhaps with a note, or one typed error. Classes follow what people
report to makers of such readers. `scripts/reading_table.py` counts them for the documentation.
"""

from __future__ import annotations

from reading_corpus import foreign, writers
from reading_corpus.atoms import elements, hydrogens, mixtures
from reading_corpus.case import Case, Cases, Refused, Right
from reading_corpus.files import cells, grammar, junk, limits
from reading_corpus.frames import frames
from reading_corpus.symmetry import axes, digits, magnetic, origins, signs, symbols
from reading_corpus.vasp import poscar, poscars

__all__ = ["CLASSES", "Case", "Cases", "Refused", "Right", "cases", "poscar"]

CLASSES = {
    "Symmetry: symbols, tags, operators": (symbols, writers.symbols, writers.centrings),
    "Magnetic operators and centrings": (magnetic,),
    "Origin choices": (origins, writers.origins),
    "Rhombohedral and other axes": (axes,),
    "Hydrogens missing, labels of groups": (hydrogens, writers.formulas),
    "Shared and partly occupied sites": (mixtures, writers.sites),
    "Names of elements": (elements,),
    "Signs and numbers": (signs, writers.operators),
    "Few digits, atoms listed twice": (digits, writers.digits),
    "Grammar, encodings, compression": (grammar, writers.grammar),
    "Cells and distances": (cells,),
    "POSCAR": (poscars, foreign.poscars),
    "Trajectories, slabs": (frames, foreign.trajectories),
    "Limits": (limits, foreign.hostile),
    "Binary, empty and foreign files": (junk, foreign.others),
}
"""Generators of cases by what they are about."""


def cases() -> list[Case]:
    """All of them."""
    found = []
    for kind, makers in CLASSES.items():
        for i, (name, content, expected) in enumerate(c for make in makers for c in make()):
            raw = content.encode() if isinstance(content, str) else content
            found.append(Case(kind, name.replace("#", f"{i}"), raw, expected))
    return found
