"""Many crystals through an ensemble, for their spectra by element and their embeddings."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import DeepDOSError, ExtrapolationWarning
from deepdos_nb.inference.ensemble import FAR, FAR_NOTES, Ensemble
from deepdos_nb.screening.rows import Answer

if TYPE_CHECKING:
    from pymatgen.core import Structure


def answers_of(model: Ensemble, structures: Sequence[Structure]) -> list[Answer | DeepDOSError]:
    """What a model says of crystals, in their order; an error in place of what cannot be computed.

    Parameters
    ----------
    model : Ensemble
    structures : sequence of Structure
        Checked.
    """
    if not structures:
        return []
    try:
        return list(_answers(model, structures))
    except Exception as error:  # numerics of one crystal must not stop the others
        if len(structures) > 1:
            half = len(structures) // 2
            return answers_of(model, structures[:half]) + answers_of(model, structures[half:])
        reason = f"it could not be computed ({type(error).__name__}: {error})."
        return [error if isinstance(error, DeepDOSError) else DeepDOSError(reason)]


def _answers(model: Ensemble, structures: Sequence[Structure]) -> list[Answer]:
    from pymatgen.core import Element

    with warnings.catch_warnings():
        # The notes say the same, beside the crystal they belong to.
        warnings.simplefilter("ignore", ExtrapolationWarning)
        notes = [model.notes_on(structure) for structure in structures]
    # Whether a crystal was drafted before, alone or among others, must not show in the last digit.
    model.forget_drafts()
    graphs = model.graphs(structures)
    found: dict[int, Answer] = {}
    for group, outputs in model.outputs(graphs):
        shares = torch.stack([o.density for o in outputs], dim=1)
        states = torch.stack([o.states for o in outputs], dim=1)
        # (crystals, seeds, nodes, bins)
        absolute = (shares.double() * states.double()[..., None, None] / model.grid.step).cpu()
        embeddings = outputs[0].decoded.crystal.cpu().numpy()
        for row, i in enumerate(group):
            sites = absolute[row, :, : graphs[i].n_nodes]
            mean, members = sites.mean(dim=0).numpy(), sites.sum(dim=1).numpy()
            far = any(note.startswith(FAR_NOTES) for note in notes[i])
            found[i] = Answer(
                mean,
                [Element.from_Z(int(z)).symbol for z in graphs[i].numbers],
                _band(model, mean.sum(axis=0), members, FAR if far else 1.0),
                embeddings[row],
                notes[i],
            )
    return [found[i] for i in range(len(structures))]


def _band(model: Ensemble, total: Array, members: Array, widened: float) -> Array:
    """As `Spectrum.band`."""
    if len(members) < 2:
        return np.zeros_like(total)
    spread: Array = members.std(axis=0, ddof=1)
    return spread if model.error_band is None else widened * model.error_band.sigma(total, spread)
