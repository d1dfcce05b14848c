"""The one way for a crystal into a model: its graph, with a draft if the model reads one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.crystal.graph import CrystalGraph, build_graph
from deepdos_nb.crystal.primitive import primitive_cell
from deepdos_nb.physics.draft import DraftMemory, DraftModel, draft_spectrum

if TYPE_CHECKING:
    from pymatgen.core import Structure


def model_input(
    structure: Structure,
    orbits: Array | None = None,
    draft_model: DraftModel | DraftMemory | Sequence[DraftMemory] | None = None,
) -> CrystalGraph:
    """What the networks read of a crystal.

    Parameters
    ----------
    structure : pymatgen Structure
    orbits : ndarray of int, shape (n_atoms,), optional
        Symmetry orbit of each atom: the graph then has one node an orbit, see
        `CrystalGraph.quotient`. Without it, one node an atom.
    draft_model : DraftModel, DraftMemory or sequence of DraftMemory, optional
        For models that read drafts; of several, the graph's `draft` has shape (n_drafts, n_nodes,
        n_bins), and the crystal's symmetry is searched once.

    Returns
    -------
    CrystalGraph
    """
    graph = build_graph(structure)
    if isinstance(draft_model, DraftMemory):
        graph = replace(graph, draft=draft_model.draft(structure, graph))
    elif isinstance(draft_model, Sequence):
        fresh = sum(not memory.knows(structure) for memory in draft_model)
        primitive = primitive_cell(structure, graph) if fresh > 1 else None
        drafts = [memory.draft(structure, graph, primitive) for memory in draft_model]
        graph = replace(graph, draft=np.stack(drafts))
    elif draft_model is not None:
        graph = replace(graph, draft=draft_spectrum(draft_model, structure, graph))
    return graph if orbits is None else graph.quotient(orbits)
