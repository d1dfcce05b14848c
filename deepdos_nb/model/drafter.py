"""Stage 0, whatever the kind: what drafts a spectrum from a structure before a network reads it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from deepdos_nb.arrays import Array
from deepdos_nb.graph import CrystalGraph
from deepdos_nb.grids import Kind
from deepdos_nb.model.bonds import BondNetwork
from deepdos_nb.model.springs import SpringNetwork
from deepdos_nb.model.threads import one_thread
from deepdos_nb.primitive import primitive_cell

if TYPE_CHECKING:
    from pymatgen.core import Structure

Drafter = SpringNetwork | BondNetwork
"""Springs for phonons, tight binding for electrons."""

UNIT: dict[Kind, float] = {"phdos": 1.0, "edos": 5.0}
"""What one atom has in the window, about: a draft's rows are of this size."""


def make_drafter(kind: Kind) -> Drafter:
    """A drafter that has learnt nothing yet."""
    return SpringNetwork() if kind == "phdos" else BondNetwork()


def kind_of(drafter: Drafter) -> Kind:
    """What it drafts."""
    return "phdos" if isinstance(drafter, SpringNetwork) else "edos"


@one_thread()
@torch.no_grad()
def draft(drafter: Drafter, structure: Structure, graph: CrystalGraph) -> Array:
    """Drafted spectra of the sites.

    Parameters
    ----------
    drafter : Drafter
    structure : pymatgen Structure
    graph : CrystalGraph
        Of all its atoms.

    Returns
    -------
    ndarray, shape (n_atoms, n_bins), float32
        Phonons: share of one atom's three modes in each bin. Electrons: states of one atom in each
        bin. What lies beyond the window is missing.
    """
    primitive = primitive_cell(structure, graph)
    device = drafter.radius.device
    rows = drafter.cpu().site_spectra(primitive)
    drafter.to(device)
    drafted: Array = rows.float().numpy()[primitive.member]
    return drafted


def with_draft(graph: CrystalGraph, structure: Structure, drafter: Drafter | None) -> CrystalGraph:
    """The graph of all atoms of a crystal with its draft; as it is without a drafter."""
    if drafter is None:
        return graph
    return replace(graph, draft=draft(drafter, structure, graph))


def same_drafter(a: Drafter | None, b: Drafter | None) -> bool:
    """Whether two drafters give the same drafts."""
    if a is None or b is None:
        return a is b
    mine, theirs = a.state_dict(), b.state_dict()
    return mine.keys() == theirs.keys() and all(
        torch.equal(value, theirs[name]) for name, value in mine.items()
    )
