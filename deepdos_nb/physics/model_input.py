"""The one way for crystals into a model: their graphs, with drafts if the model reads them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.crystal.graph import CrystalGraph, build_graph
from deepdos_nb.crystal.primitive import PrimitiveCell, primitive_cell
from deepdos_nb.physics.draft import DraftMemory, DraftModel, draft_spectra

if TYPE_CHECKING:
    from pymatgen.core import Structure

TOGETHER = 64
"""Crystals that are drafted at a time: enough for the networks, and little memory."""


def model_input(
    structure: Structure,
    orbits: Array | None = None,
    draft_model: DraftModel | DraftMemory | None = None,
) -> CrystalGraph:
    """What the networks read of a crystal.

    Parameters
    ----------
    structure : pymatgen Structure
    orbits : ndarray of int, shape (n_atoms,), optional
        Symmetry orbit of each atom: the graph then has one node an orbit, see
        `CrystalGraph.quotient`. Without it, one node an atom.
    draft_model : DraftModel or DraftMemory, optional
        For models that read drafts.

    Returns
    -------
    CrystalGraph
    """
    memories: list[DraftMemory] = []
    if isinstance(draft_model, DraftMemory):
        memories.append(draft_model)
    elif draft_model is not None:
        memories.append(DraftMemory(draft_model))
    (graph,) = model_inputs([structure], memories)
    if graph.draft is not None:
        graph = replace(graph, draft=graph.draft[0])
    return graph if orbits is None else graph.quotient(orbits)


def model_inputs(
    structures: Sequence[Structure],
    memories: Sequence[DraftMemory] = (),
    *,
    by_orbit: bool = False,
) -> list[CrystalGraph]:
    """What the networks read of some crystals, each drafted by several draft models.

    Parameters
    ----------
    structures : sequence of pymatgen Structure
    memories : sequence of DraftMemory
        The graphs' `draft` has shape (n_memories, n_nodes, n_bins); None without memories.
    by_orbit : bool
        One node for each symmetry orbit, found to a thousandth of an Å, instead of each atom: the
        same answer from fewer nodes. `CrystalGraph.orbit` tells each atom's node.
    """
    graphs: list[CrystalGraph] = []
    for begin in range(0, len(structures), TOGETHER):
        graphs += _inputs(structures[begin : begin + TOGETHER], memories, by_orbit)
    return graphs


def _inputs(
    structures: Sequence[Structure], memories: Sequence[DraftMemory], by_orbit: bool
) -> Iterator[CrystalGraph]:
    graphs = [build_graph(structure) for structure in structures]
    known = [all(memory.knows(s) for memory in memories) for s in structures]
    # The search for symmetry takes as long as a small draft: once for each crystal.
    cells = {
        i: primitive_cell(structures[i], graphs[i])
        for i in range(len(structures))
        if by_orbit or not known[i]
    }
    drafts = _drafts(structures, memories, {i: cells[i] for i in cells if not known[i]})
    for i, graph in enumerate(graphs):
        drafted = replace(graph, draft=drafts[i]) if memories else graph
        yield drafted.quotient(cells[i].orbits) if by_orbit else drafted


def _drafts(
    structures: Sequence[Structure],
    memories: Sequence[DraftMemory],
    fresh: dict[int, PrimitiveCell],
) -> dict[int, Array]:
    """Drafts of every crystal, shape (n_memories, n_atoms, n_bins)."""
    if not memories:
        return {}
    drafts = {
        i: np.stack([memory.recall(structure) for memory in memories])
        for i, structure in enumerate(structures)
        if i not in fresh
    }
    made = draft_spectra([memory.draft_model for memory in memories], list(fresh.values()))
    for i, rows in zip(fresh, made, strict=True):
        drafts[i] = rows
        for memory, draft in zip(memories, rows, strict=True):
            memory.keep(structures[i], draft)
    return drafts
