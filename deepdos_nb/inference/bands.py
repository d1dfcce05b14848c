"""`draft_bands`: the bands of whatever draft a model reads."""

from __future__ import annotations

from typing import Any

from deepdos_nb.inference.draft_bands import DraftBands
from deepdos_nb.inference.ensemble import Ensemble
from deepdos_nb.inference.orbitals import orbitals
from deepdos_nb.inference.vibrations import vibrations


def draft_bands(model: Ensemble, structure: Any) -> DraftBands:
    """Vibrations of a phonon model, orbitals of an electronic one.

    Parameters
    ----------
    model : Ensemble
    structure : pymatgen Structure, ASE Atoms, or path

    Raises
    ------
    ConfigError
        If the model reads no draft.
    StructureError
        If the structure cannot be used.
    """
    return (vibrations if model.kind.fixed_modes else orbitals)(model, structure)
