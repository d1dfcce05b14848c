"""Stage 0, whatever the kind: what drafts a spectrum from a structure before a network reads it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.grids import Kind
from deepdos_nb.core.limits import LARGE
from deepdos_nb.crystal.graph import CrystalGraph
from deepdos_nb.crystal.primitive import PrimitiveCell, primitive_cell
from deepdos_nb.parallel.threads import side_by_side
from deepdos_nb.physics.force_constants import ForceConstantNetwork
from deepdos_nb.physics.hoppings import HoppingNetwork
from deepdos_nb.physics.slater_koster import ORBITALS

if TYPE_CHECKING:
    from pymatgen.core import Structure

DraftModel = ForceConstantNetwork | HoppingNetwork
"""Force constants for phonons, tight binding for electrons."""

DRAFT_MODELS: dict[Kind, type[DraftModel]] = {
    model.kind: model for model in (ForceConstantNetwork, HoppingNetwork)
}

FEW_ATOMS = 20
"""Atoms of a primitive cell up to which draft models go one after the other: threads would cost
more than they gain."""

KEPT_DRAFTS = 1024
"""Drafts remembered unless told otherwise; each is as large as a spectrum."""


def make_draft_model(kind: Kind) -> DraftModel:
    """A draft model that has learnt nothing yet."""
    return DRAFT_MODELS[kind]()


def draft_spectrum(draft_model: DraftModel, structure: Structure, graph: CrystalGraph) -> Array:
    """Drafted spectra of the sites of one crystal, see `draft_spectra`.

    Parameters
    ----------
    draft_model : DraftModel
    structure : pymatgen Structure
    graph : CrystalGraph
        Of all its atoms.

    Returns
    -------
    ndarray, shape (n_atoms, n_bins), float32
    """
    ((drafted,),) = draft_spectra([draft_model], [primitive_cell(structure, graph)])
    return drafted


def draft_spectra(
    draft_models: Sequence[DraftModel], primitives: Sequence[PrimitiveCell]
) -> list[Array]:
    """Drafted spectra of the sites of some crystals.

    Each network runs once for all of them, and each crystal's wave vectors are found once for all
    networks.

    Parameters
    ----------
    draft_models : sequence of DraftModel
        Of one kind.
    primitives : sequence of PrimitiveCell

    Returns
    -------
    list of ndarray, each of shape (n_draft_models, n_atoms, n_bins), float32
        For each crystal. Phonons: share of one atom's three modes in each bin. Electrons: states of
        one atom in each bin. What lies beyond the window is missing.
    """
    if not primitives:
        return []
    cells: list[Any] = [draft_models[0].cell(primitive) for primitive in primitives]
    atoms = max(primitive.graph.n_nodes for primitive in primitives)
    drafted_by = partial(_drafted_by, cells=cells)
    if ORBITALS * atoms > LARGE:
        # SciPy diagonalises large cells on all threads, and lets no other Python thread do
        # anything meanwhile: draft models go one after the other.
        drafted = [drafted_by(draft_model) for draft_model in draft_models]
    else:
        at_once = None if atoms > FEW_ATOMS else 1
        drafted = side_by_side(drafted_by, draft_models, at_once=at_once)
    return [
        np.stack(rows)[:, primitive.member]
        for rows, primitive in zip(zip(*drafted, strict=True), primitives, strict=True)
    ]


@torch.no_grad()
def _drafted_by(draft_model: DraftModel, cells: list[Any]) -> list[Array]:
    device = draft_model.radius.device
    if device.type != "cpu":
        draft_model.cpu()
    rows = [row.float().numpy() for row in draft_model.projected_dos(cells)]
    if device.type != "cpu":
        draft_model.to(device)
    return rows


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

    def recall(self, structure: Structure) -> Array:
        """Draft of a crystal that is known, shape (n_atoms, n_bins); see `draft_spectra`."""
        return self.drafts[crystal_key(structure)]

    def keep(self, structure: Structure, draft: Array) -> None:
        """Remember the draft of a crystal."""
        while self.most is not None and len(self.drafts) >= self.most:
            self.drafts.pop(next(iter(self.drafts)))
        self.drafts[crystal_key(structure)] = draft


DRAFT_REVISION = 1
"""Of the rules that make a draft of a crystal: meshes, broadening, tolerances. One more whenever
the same network drafts another spectrum, so that drafts on disk are made again."""


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
