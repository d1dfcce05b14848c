"""What a view of the crystal graph needs beside the graph: titles, sizes, the first orientation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.crystal.graph import MIN_NEIGHBOURS, RADIUS, CrystalGraph, radial_basis
from deepdos_nb.spectra.trace import Trace
from deepdos_nb.style.axes import formula_text
from deepdos_nb.style.palette import element_colours
from deepdos_nb.widgets.base.scene import standard_cell
from deepdos_nb.widgets.base.still import view_matrix

if TYPE_CHECKING:
    from pymatgen.core import Structure

LEAST_RADIUS, MOST_RADIUS = 1.5, 8.0
"""Ends of the cutoff's slider, Å."""


def upright(structure: Structure) -> list[float]:
    """Rotation, by rows, that shows a crystal as `StructureView` does."""
    own = np.asarray(structure.lattice.matrix)
    turn = view_matrix() @ (np.linalg.inv(own) @ standard_cell(structure.lattice)).T
    # A left-handed cell has a mirror image as its standard form.
    turn = turn if np.linalg.det(turn) > 0 else view_matrix()
    return [round(float(v), 6) for v in turn.ravel()]


def header_of(structure: Structure, *, traced: bool) -> dict[str, Any]:
    """What never changes: title, elements, sites, drawn radii and cell (Å), limits, as JSON."""
    from ase.data import covalent_radii

    symbols = [s.specie.symbol for s in structure]
    colours = element_colours(symbols)
    names = list(colours)
    radii = np.clip(0.3 * covalent_radii[[s.specie.Z for s in structure]], 0.2, 0.6)
    return {
        "title": f"Crystal graph of {formula_text(structure.composition.reduced_formula)}",
        "elements": [{"name": k, "colour": v} for k, v in colours.items()],
        "sites": [names.index(s) for s in symbols],
        "radii": [round(float(r), 3) for r in radii],
        "cell": np.round(structure.lattice.matrix, 5).ravel().tolist(),
        "limits": [LEAST_RADIUS, MOST_RADIUS],
        "usual": [RADIUS, MIN_NEIGHBOURS],
        "centres": np.round(radial_basis(np.zeros(1), np.zeros(1))[0], 4).tolist(),
        "upright": upright(structure),
        "traced": traced,
    }


def edge_words(labels: Sequence[str], graph: CrystalGraph, edge: int) -> str:
    """Where an edge comes from, how long it is and what the cutoff leaves of it."""
    image = " ".join(f"{int(i)}" for i in graph.image[edge]).replace("-", "−")
    return (
        f"{labels[graph.sender[edge]]} in cell ({image}), {graph.distance[edge]:.3f} Å, "
        f"cutoff weight {graph.envelope[edge]:.3f}"
    )


def traced_attention(trace: Trace, graph: CrystalGraph) -> Array | None:
    """Attention along each edge, mean over layers and heads; None where the graphs differ."""
    seen = trace.graph
    same = seen.n_edges == graph.n_edges and all(
        np.array_equal(getattr(seen, name), getattr(graph, name))
        for name in ("receiver", "sender", "image")
    )
    if not same:
        return None
    mean: Array = trace.neighbour_attention.mean(axis=(0, 1))
    return mean
