"""What other formats state and their parsers pass over: symmetry, elements that are not named."""

from __future__ import annotations

import re

from deepdos_nb.core.errors import UnreadableStructureError, UnsupportedElementError

TRIVIAL = re.compile(r"\(?\s*(?:1\s*)?(?:P\s*1(?:\s+1\s+1)?|P1|1)?\s*\)?", re.IGNORECASE)
"""Space groups under which a list of atoms is complete, and no symbol at all."""

GROUPS = (
    # Protein Data Bank, columns 56 to 66.
    re.compile(r"^CRYST1[^\n]{49}([^\n]{0,11})", re.MULTILINE),
    # Cerius² (.cssr) and Accelrys (.car).
    re.compile(r"\bSPGR[ \t]*=[ \t]*(\d+[ \t]+[^\n]*?)(?:[ \t]+OPT\b|[ \t]*$)", re.MULTILINE),
    re.compile(r"^PBC[ \t]+[\d. \t]+(\([^\n)]*\))", re.MULTILINE),
    # SHELX and what AIRSS makes of it.
    re.compile(r"^(SYMM[ \t]+[^\n]*)$", re.MULTILINE | re.IGNORECASE),
    re.compile(r"^(LATT[ \t]+(?![ \t]*-1\b)[^\n]*)$", re.MULTILINE | re.IGNORECASE),
)
"""Where formats state the symmetry by which their atoms are to be repeated."""

MAX_NESTING = 50
"""Brackets inside each other; a structure has a handful."""

YAML_BYTES = 1000
"""Largest YAML for each atom allowed; the parser reads half a megabyte in a second."""


def check_foreign(text: str, name: str) -> None:
    """Refuse files whose atoms have to be repeated by a symmetry, or name no elements.

    Raises
    ------
    UnreadableStructureError, UnsupportedElementError
    """
    for pattern in GROUPS:
        for group in pattern.findall(text)[:10]:
            if not TRIVIAL.fullmatch(group.strip()):
                raise UnreadableStructureError(
                    f"its atoms are to be repeated by symmetry ({group.strip()[:40]}), which is "
                    "read from CIF only.",
                    source=name,
                    remedy="Export the crystal as CIF, or all atoms of the cell as P 1.",
                )
    if re.match(r"ITEM: ", text) and not re.search(r"^ITEM: ATOMS .*\belement\b", text, re.M):
        raise UnsupportedElementError(
            "it numbers the types of its atoms and does not name their elements.",
            source=name,
            remedy="Dump the elements too, or export the crystal as extended XYZ, CIF or POSCAR.",
        )


def check_yaml(text: str, name: str, max_atoms: int) -> None:
    """Refuse YAML that would keep its parser busy for long, or nests too deeply for it."""
    limit = YAML_BYTES * max(max_atoms, 500)
    depth = deepest = 0
    if len(text) <= limit:
        for bracket in re.findall(r"[\[\]{}]", text):
            depth += 1 if bracket in "[{" else -1
            deepest = max(deepest, depth)
    deep = deepest > MAX_NESTING or re.search(r"^[ \t?:\-]{200}|(?:[?\-][ \t]+){50}", text, re.M)
    if len(text) > limit or deep or "<<" in text:
        raise UnreadableStructureError(
            f"with {len(text) / 1e6:.1f} MB it is too long for a crystal of {max_atoms} atoms."
            if len(text) > limit
            else "it nests or merges its parts as no structure does.",
            source=name,
            remedy="Give a file with a single structure, as CIF or POSCAR.",
        )
