"""The cell of a CIF: its edges and angles, what is wrong with them, and the volume it states."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from deepdos_nb.crystal.checks import MAX_EDGE
from deepdos_nb.crystal.cif_atoms import cif_number
from deepdos_nb.crystal.cif_blocks import Block
from deepdos_nb.crystal.faults import no_cell

if TYPE_CHECKING:
    from pymatgen.core import Lattice

VOLUME_TOLERANCE = 0.02
"""Relative difference between the stated volume and that of the cell which goes unmentioned."""


def read_lattice(block: Block, name: str) -> Lattice:
    """Read the cell of a block.

    Raises
    ------
    DegenerateCellError
        If a length or angle is missing or no number, or no cell has them.
    """
    from pymatgen.core import Lattice

    edges = {tag: block.value(tag) for tag in (f"_cell_length_{axis}" for axis in "abc")}
    lengths = [cif_number(edge) for edge in edges.values()]
    given = [block.value(f"_cell_angle_{angle}") for angle in ("alpha", "beta", "gamma")]
    # The dictionary's default.
    angles = [cif_number(angle or "90") for angle in given]
    if not all(0 < length <= MAX_EDGE for length in lengths):
        if all(length > 0 for length in lengths):
            raise no_cell(name, f"a cell edge is {max(lengths):.3g} Å long.", "Give lengths in Å.")
        for tag, value in edges.items():
            if np.isnan(cif_number(value)):
                raise no_cell(
                    name,
                    f"the cell is missing: {tag} is {value[:40]!r}, no number."
                    if value
                    else f"the cell is missing: {tag} is not given.",
                    "Give three lengths in Å, with decimal points and without units.",
                )
        raise no_cell(name)
    if not all(0 < angle < 180 for angle in angles) or max(angles) < 4:
        raise no_cell(
            name,
            f"the angles of the cell are {', '.join(given)}.",
            "Give three angles between 0° and 180°, in degrees.",
        )
    cosines = np.cos(np.radians(angles))
    if 1 + 2 * cosines.prod() - (cosines**2).sum() <= 1e-9:
        raise no_cell(name, f"no cell has the angles {', '.join(given)}: it would be flat.")
    return Lattice.from_parameters(*lengths, *angles)


def volume_note(block: Block, lattice: Lattice) -> tuple[str, ...]:
    """A note where the stated volume is another than that of edges and angles."""
    volume = cif_number(block.value("_cell_volume"))
    if not volume > 0 or abs(volume / lattice.volume - 1) < VOLUME_TOLERANCE:
        return ()
    return (
        f"The file states a cell of {volume:.4g} Å³, its edges and angles make "
        f"{lattice.volume:.4g} Å³; the edges and angles were used.",
    )
