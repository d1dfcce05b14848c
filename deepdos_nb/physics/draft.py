"""Stage 0, whatever the kind: what drafts a spectrum from a structure before a network reads it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import torch

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.grids import Kind
from deepdos_nb.crystal.graph import CrystalGraph
from deepdos_nb.crystal.primitive import PrimitiveCell, primitive_cell
from deepdos_nb.physics.force_constants import ForceConstantNetwork
from deepdos_nb.physics.hoppings import HoppingNetwork
from deepdos_nb.physics.threads import one_thread

if TYPE_CHECKING:
    from pymatgen.core import Structure

DraftModel = ForceConstantNetwork | HoppingNetwork
"""Force constants for phonons, tight binding for electrons."""

DRAFT_MODELS: dict[Kind, type[DraftModel]] = {
    model.kind: model for model in (ForceConstantNetwork, HoppingNetwork)
}

KEPT_DRAFTS = 1024
"""Drafts remembered unless told otherwise; each is as large as a spectrum."""


def make_draft_model(kind: Kind) -> DraftModel:
    """A draft model that has learnt nothing yet."""
    return DRAFT_MODELS[kind]()


@one_thread()
@torch.no_grad()
def draft_spectrum(
    draft_model: DraftModel,
    structure: Structure,
    graph: CrystalGraph,
    primitive: PrimitiveCell | None = None,
) -> Array:
    """Drafted spectra of the sites.

    Parameters
    ----------
    draft_model : DraftModel
    structure : pymatgen Structure
    graph : CrystalGraph
        Of all its atoms.
    primitive : PrimitiveCell, optional
        Where it is known already: the search for symmetry takes as long as a small draft.

    Returns
    -------
    ndarray, shape (n_atoms, n_bins), float32
        Phonons: share of one atom's three modes in each bin. Electrons: states of one atom in each
        bin. What lies beyond the window is missing.
    """
    primitive = primitive or primitive_cell(structure, graph)
    device = draft_model.radius.device
    rows = draft_model.cpu().projected_dos(primitive)
    draft_model.to(device)
    drafted: Array = rows.float().numpy()[primitive.member]
    return drafted


class DraftMemory:
    """A draft model with the drafts it has made.

    The same crystal is often looked at again: predicted, traced, scored in several ways, read by
    several seeds.

    Parameters
    ----------
    draft_model : DraftModel
    most : int, optional
        Drafts remembered; the oldest is forgotten first. None remembers all.
    """

    def __init__(self, draft_model: DraftModel, most: int | None = KEPT_DRAFTS):
        self.draft_model = draft_model
        self.most = most
        self.drafts: dict[str, Array] = {}

    def knows(self, structure: Structure) -> bool:
        """Whether this crystal has been drafted."""
        return crystal_key(structure) in self.drafts

    def draft(
        self, structure: Structure, graph: CrystalGraph, primitive: PrimitiveCell | None = None
    ) -> Array:
        """See `draft_spectrum`."""
        key = crystal_key(structure)
        if key not in self.drafts:
            while self.most is not None and len(self.drafts) >= self.most:
                self.drafts.pop(next(iter(self.drafts)))
            self.drafts[key] = draft_spectrum(self.draft_model, structure, graph, primitive)
        return self.drafts[key]


def crystal_key(structure: Structure) -> str:
    """SHA-256 of lattice, positions and atomic numbers, in hexadecimal."""
    digest = hashlib.sha256()
    for array in (structure.lattice.matrix, structure.frac_coords):
        digest.update(np.ascontiguousarray(array, dtype=np.float64).tobytes())
    digest.update(np.asarray(structure.atomic_numbers, dtype=np.int64).tobytes())
    return digest.hexdigest()


def same_draft_model(a: DraftModel | None, b: DraftModel | None) -> bool:
    """Whether two draft models give the same drafts."""
    if a is None or b is None:
        return a is b
    mine, theirs = a.state_dict(), b.state_dict()
    return mine.keys() == theirs.keys() and all(
        torch.equal(value, theirs[name]) for name, value in mine.items()
    )
