"""What force constants and tight binding show alike: their draft of a crystal, and its bands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import torch
from torch import Tensor

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import ConfigError
from deepdos_nb.crystal.band_path import Ticks
from deepdos_nb.crystal.graph import CrystalGraph
from deepdos_nb.inference.ensemble import Ensemble
from deepdos_nb.physics.draft import DraftModel, draft_spectrum
from deepdos_nb.spectra.spectrum import Spectrum

if TYPE_CHECKING:
    from pymatgen.core import Structure

Wanted = TypeVar("Wanted", bound=DraftModel)

AT_ONCE = 2**21
"""Elements of the matrices solved at once: some ten complex copies of them are in memory."""


@dataclass(frozen=True, kw_only=True)
class DraftBands:
    """Bands of a crystal along a path, and the spectrum that they make.

    Parameters
    ----------
    spectrum : Spectrum
        Density of states, site by site: the draft that the network reads.
    bands : ndarray, shape (n_q, n_bands)
        Wavenumbers (cm⁻¹, 3 N for the N atoms of a primitive cell), or energies from the zero of
        the spectrum (eV, one band an orbital), along the path.
    distance : ndarray, shape (n_q,)
        Place of each wave vector on the path, Å⁻¹.
    ticks : tuple of (float, str)
        Place and name of the points of high symmetry.
    k : ndarray, shape (n_q, 3)
        The wave vectors, Å⁻¹.
    cell : Structure
        The primitive cell they belong to.
    vectors : callable
        Takes a wave vector (Å⁻¹) and gives the eigenvectors of all bands there, complex, shape
        (n_basis, n_bands). The phase of an atom at x is exp(i k·x) times its entry.
    """

    spectrum: Spectrum
    bands: Array
    distance: Array
    ticks: Ticks
    k: Array
    cell: Structure
    vectors: Callable[[Array], Array]


def solved(solve: Callable[[Tensor], Tensor], k: Tensor, rows: int) -> Tensor:
    """Eigenvalues at all wave vectors `k`, of as many matrices at a time as memory takes.

    Parameters
    ----------
    solve : callable
        Takes wave vectors, shape (n, 3), and gives eigenvalues, shape (n, rows).
    k : Tensor, shape (n_q, 3)
    rows : int
        Of each matrix.
    """
    return torch.cat([solve(part) for part in k.split(max(1, AT_ONCE // rows**2))])


def draft_model_of(model: Ensemble, wanted: type[Wanted]) -> Wanted:
    """The draft model that an ensemble reads.

    Raises
    ------
    ConfigError
        If it reads none, or one of the other kind.
    """
    found = model.draft_model
    if not isinstance(found, wanted):
        kind = wanted.kind
        raise ConfigError(
            f"this model reads no {kind.draft}.",
            remedy=f"Use `load_model('{kind}')`, or train one with `--draft`.",
        )
    return found


def drafted(draft_model: DraftModel, structure: Structure, graph: CrystalGraph) -> Spectrum:
    """The draft of a crystal as an absolute spectrum."""
    kind = draft_model.kind
    rows = draft_spectrum(draft_model, structure, graph)
    if kind.modes_per_atom is None:
        return Spectrum(kind, structure, rows / kind.grid.step, source=kind.draft)
    return Spectrum(
        kind,
        structure,
        kind.modes_per_atom * rows / kind.grid.step,
        outside=kind.modes_per_atom * (1.0 - rows.sum(axis=1)).clip(min=0.0),
        source=kind.draft,
    )
