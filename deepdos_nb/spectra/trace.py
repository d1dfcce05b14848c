"""Every intermediate of one prediction, as plain numpy."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.grids import Kind, OfKind
from deepdos_nb.spectra.spectrum import Spectrum

if TYPE_CHECKING:
    from pymatgen.core import Structure

    from deepdos_nb.crystal.graph import CrystalGraph


@dataclass(frozen=True)
class Trace(OfKind):
    """Every intermediate of one prediction by one seed, as numpy arrays.

    With S sites, E edges, B bins, L_e encoder layers, L_d decoder layers, H heads, K transport
    steps and width W:

    Parameters
    ----------
    kind, structure
        As in `Spectrum`.
    graph : CrystalGraph
        Periodic neighbour graph; its edges index the columns of `neighbour_attention`.
    states : float
        Number of states per cell the density is multiplied by (3 S for phonons).
    site_embeddings : ndarray, shape (L_e + 1, S, W)
        Before the first and after every encoder layer.
    neighbour_attention : ndarray, shape (L_e, H, E)
        Weights of each edge's message; they sum to one over the edges into a site.
    crystal_embedding : ndarray, shape (W,)
    bin_attention : ndarray, shape (L_d, H, B, B)
        Self-attention among energy bins; rows sum to one.
    source_attention : ndarray, shape (L_d, H, B, S)
        Attention of every bin over the sites; rows sum to one.
    logits : ndarray, shape (S, B) or (S, B + 1)
        Site × bin logits; phonons have one more column for modes beyond the window.
    density : ndarray, shape (K + 1, S, B)
        Share of all states in each site and bin: Stage I, then after every transport step.
    outside : ndarray, shape (S,)
        Share of all states beyond the window; ``density[k].sum() + outside.sum() == 1``.
    fractions : ndarray, shape (K, B, 3)
        Part of each cell's states that moves left, stays, moves right.
    strides : tuple of int, length K
        How many cells a moving part travels in each step.
    seed : int
        Which member of the ensemble this is.
    draft : ndarray, shape (S, B), optional
        Share of all states in each site and bin as Stage 0 drafts it, before Stage I; None
        for models that read no draft.
    """

    kind: Kind
    structure: Structure
    graph: CrystalGraph
    states: float
    site_embeddings: Array
    neighbour_attention: Array
    crystal_embedding: Array
    bin_attention: Array
    source_attention: Array
    logits: Array
    density: Array
    outside: Array
    fractions: Array
    strides: tuple[int, ...]
    seed: int = 0
    draft: Array | None = None

    @cached_property
    def symbols(self) -> list[str]:
        """Element symbol of each site."""
        return [site.specie.symbol for site in self.structure]

    @property
    def n_steps(self) -> int:
        """Number K of transport steps."""
        return len(self.density) - 1

    @cached_property
    def total(self) -> Array:
        """Share of all states per bin at every step, shape (K + 1, B)."""
        return self.density.sum(axis=1)

    @cached_property
    def cdf(self) -> Array:
        """Cumulative share at the cell faces, from exactly 0 to 1, shape (K + 1, B + 1)."""
        running = np.cumsum(self.total.astype(np.float64), axis=1)
        return np.pad(running / running[:, -1:], ((0, 0), (1, 0)))

    @cached_property
    def velocity(self) -> Array:
        """Mean displacement of each cell's states in each step, in energy units, shape (K, B)."""
        reach = np.asarray(self.strides, dtype=float)[:, None] * self.grid.step
        return reach * (self.fractions[..., 2] - self.fractions[..., 0])

    @cached_property
    def mass_error(self) -> Array:
        """Deviation of the summed density and outside share from one, shape (K + 1,)."""
        return np.abs(self.total.sum(axis=1) + self.outside.sum() - 1.0)

    @cached_property
    def minimum(self) -> Array:
        """Smallest site density at every step, shape (K + 1,)."""
        return self.density.min(axis=(1, 2))

    def sites(self, step: int = -1) -> Array:
        """Absolute site densities after `step` transport steps, shape (S, B)."""
        return self.density[step] * self.states / self.grid.step

    def spectrum(self, step: int = -1) -> Spectrum:
        """The spectrum after `step` transport steps (0: Stage I, -1: the last)."""
        return Spectrum(
            self.kind,
            self.structure,
            self.sites(step),
            outside=self.outside * self.states,
            source=f"seed {self.seed}, step {step % (self.n_steps + 1)} of {self.n_steps}",
        )

    def __repr__(self) -> str:
        formula = self.structure.composition.reduced_formula
        return (
            f"Trace({self.kind}, {formula}, {len(self.structure)} sites, "
            f"{len(self.source_attention)} decoder layers, {self.n_steps} transport steps)"
        )
