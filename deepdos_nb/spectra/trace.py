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
    density : ndarray, shape (K + 1, S, B)
        Share of all states in each site and bin: where Stage II starts, then after every step.
    outside : ndarray, shape (K + 1, S)
        Share of all states beyond the window; ``density[k].sum() + outside[k].sum() == 1``.
    fractions : ndarray, shape (K, B, 3)
        Part of each bin's states, of all sites together, that moves left, stays, moves right.
    strides : tuple of int, length K
        How many bins a moving part travels in each step; 0 for a correction, a factor for every
        site and bin that moves nothing, and for a remap, which has no reach.
    seed : int or None
        Which member of the ensemble this is; None for the mean of all.
    drafted : bool
        Whether `density[0]` is a draft by Stage 0; otherwise it is the decoder's own.
    remapped : bool
        Whether steps are monotone maps of all cell faces instead of moves between cells.
    notes : tuple of str
        As in `Spectrum`: what was assumed, and cautions.
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
    density: Array
    outside: Array
    fractions: Array
    strides: tuple[int, ...]
    seed: int | None = None
    drafted: bool = False
    remapped: bool = False
    notes: tuple[str, ...] = ()

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
        """Mean displacement of each cell's states in each step, in energy units, shape (K, B).

        Zero in steps that move no states from cell to cell (stride 0).
        """
        reach = np.asarray(self.strides, dtype=float)[:, None] * self.grid.step
        return reach * (self.fractions[..., 2] - self.fractions[..., 0])

    @cached_property
    def mass_error(self) -> Array:
        """Deviation of the summed density and outside share from one, shape (K + 1,)."""
        return np.abs(self.total.sum(axis=1) + self.outside.sum(axis=1) - 1.0)

    @cached_property
    def minimum(self) -> Array:
        """Smallest site density at every step, shape (K + 1,)."""
        return self.density.min(axis=(1, 2))

    def sites(self, step: int = -1) -> Array:
        """Absolute site densities after `step` steps, shape (S, B)."""
        return self.density[step] * self.states / self.grid.step

    @property
    def ownership(self) -> Array:
        """Share of each site in the states of every bin in the end, shape (B, S).

        The last map of all: it times the total is the spectrum of the sites, exactly. Zero where a
        bin holds no states.
        """
        density, total = self.density[-1], self.total[-1]
        return np.divide(density, total, out=np.zeros_like(density), where=total > 0).T

    @property
    def step_names(self) -> tuple[str, ...]:
        """What each of the K + 1 densities is, for titles: the start, then what each step did."""
        start = "draft" if self.drafted else "Stage I"
        other = "remap" if self.remapped else "correction"
        moves = (f"moved by up to {s} bin{'s' * (s > 1)}" if s else other for s in self.strides)
        return (start, *moves)

    @property
    def source(self) -> str:
        """Whose trace this is, for legends."""
        return "mean of all seeds" if self.seed is None else f"seed {self.seed}"

    def spectrum(self, step: int = -1) -> Spectrum:
        """The spectrum after `step` steps (0: where Stage II starts, -1: the last)."""
        return Spectrum(
            self.kind,
            self.structure,
            self.sites(step),
            outside=self.outside[step] * self.states,
            notes=self.notes,
            source=f"{self.source}, step {step % (self.n_steps + 1)} of {self.n_steps}",
        )

    def __repr__(self) -> str:
        formula = self.structure.composition.reduced_formula
        return (
            f"Trace({self.kind}, {formula}, {len(self.structure)} sites, "
            f"{len(self.source_attention)} decoder layers, {self.n_steps} steps)"
        )
