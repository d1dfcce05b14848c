r"""Balls and springs: from force constants to vibrations.

A crystal whose atoms i, j are joined by springs with force constants Φ_ij (3 × 3, eV/Å²) vibrates
as the eigenvectors of its dynamical matrix say (Born and Huang, Dynamical Theory of Crystal
Lattices (1954), § 24)::

    D_ij(q) = (m_i m_j)^-1/2 [ δ_ij Σ_l Φ_il − Σ_images Φ_ij exp(i q·r_ij) ],    D(q) e = ω² e.

The first sum makes a shift of the whole crystal cost nothing, so three branches rise from zero at
Γ, whatever the springs. An atom's share of a mode is ``|e_i|²``, and over all modes it is exactly
three in 3N: the density of states of a site follows with no further assumption.
"""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float, Num
from torch import Tensor

from deepdos_nb.core.grids import Grid
from deepdos_nb.core.limits import LARGE
from deepdos_nb.crystal.elements import atomic_masses
from deepdos_nb.crystal.kpoints import MESH_LENGTH, wave_vectors
from deepdos_nb.crystal.primitive import PrimitiveCell
from deepdos_nb.physics.inversion import RealBasis, real_basis, squared
from deepdos_nb.physics.large_cells import states_of
from deepdos_nb.physics.pairs import PairCell, hermitian, image_sums, pair_cell

INVERSE_CM2 = 1.602176634e-19 / 1e-20 / 1.66053906892e-27 / (2 * np.pi * 2.99792458e10) ** 2
"""(cm⁻¹)² of ω² = 1 eV/(Å² u), CODATA 2022."""

BROADENING = 20.0
"""Standard deviation of the Gaussian every mode is drawn as, cm⁻¹; the grid's step."""

REACH = 7.0
"""Standard deviations beyond which a Gaussian is nothing: e⁻²⁴."""

LEAST = 1e-6
"""Lowest ω², eV/(Å² u), that counts: 0.5 cm⁻¹. A mode without restoring force is put there."""


def phonon_cell(cell: PrimitiveCell) -> PairCell:
    """Pairs of a primitive cell, with a mesh of wave vectors that avoids Γ.

    For large cells half the `MESH_LENGTH` must do: the cost grows with the cube of their size.
    """
    length = MESH_LENGTH / 2 if 3 * cell.graph.n_nodes > LARGE else MESH_LENGTH
    return pair_cell(cell, wave_vectors(cell.lattice, length, rotations=cell.rotations))


def dynamical_matrices(
    force_constants: Float[Tensor, "edges 3 3"],
    cell: PairCell,
    q: Float[Tensor, "points 3"],
    basis: RealBasis | None = None,
) -> Num[Tensor, "points modes modes"]:
    """D(q) in eV/(Å² u), Hermitian, of the precision of `force_constants`.

    Parameters
    ----------
    force_constants : Tensor
        Of every edge, symmetric, eV/Å².
    cell : PairCell
    q : Tensor
        Å⁻¹.
    basis : RealBasis, optional
        Functions in which the matrices shall be real and symmetric, see `displacements`.
    """
    n, real = len(cell.numbers), force_constants.dtype
    rows = columns = torch.arange(3 * n)
    if basis is not None:
        rows, columns = basis.enough, basis.rows
    root = _masses(cell).sqrt().to(real).repeat_interleave(3)
    (parts,) = image_sums(force_constants[None], cell, q, rows, columns)
    own = torch.zeros(n, 3, 3, dtype=real).index_add(0, cell.receiver, force_constants)
    own = torch.block_diag(*own)[rows[:, None], columns]
    parts = torch.stack([own - parts[0], -parts[1]]) / (root[rows][:, None] * root[columns])
    return hermitian(parts) if basis is None else basis.real(parts)


def displacements(cell: PairCell) -> RealBasis | None:
    """Functions in which dynamical matrices are real, where inversion is a symmetry."""
    if cell.partner is None:
        return None
    return real_basis(cell.partner, torch.arange(3 * len(cell.numbers)), torch.tensor([-1] * 3))


def frequencies(
    force_constants: Float[Tensor, "edges 3 3"], cell: PairCell, q: Float[Tensor, "points 3"]
) -> Float[Tensor, "points modes"]:
    """Wavenumbers of all modes, cm⁻¹; they have gradients, and degeneracy is fine.

    The slope of an eigenvalue is ⟨e|dD|e⟩ (Hellmann and Feynman): no eigenvector is differentiated.
    """
    matrices = dynamical_matrices(force_constants, cell, q, displacements(cell))
    return _wavenumbers(torch.linalg.eigvalsh(matrices))


def modes(
    force_constants: Float[Tensor, "edges 3 3"], cell: PairCell
) -> tuple[Float[Tensor, "points modes"], Float[Tensor, "points atoms modes"]]:
    """Wavenumbers, cm⁻¹, and each atom's share of every mode."""
    basis = displacements(cell)
    squares, vectors = torch.linalg.eigh(dynamical_matrices(force_constants, cell, cell.q, basis))
    row = squared(vectors)
    owner = (torch.arange(row.shape[1]) if basis is None else basis.rows) // 3
    share = row.new_zeros(len(row), len(cell.numbers), row.shape[2]).index_add(1, owner, row)
    return _wavenumbers(squares), cell.over_partners(share, dim=1)


def site_lines(
    force_constants: Float[Tensor, "edges 3 3"], cell: PairCell, grid: Grid
) -> Float[Tensor, "atoms bins"]:
    """Each atom's share of all modes, drawn on the grid; the mean over the wave vectors."""
    if 3 * len(cell.numbers) <= LARGE or force_constants.requires_grad:
        wavenumbers, share = modes(force_constants, cell)
        # What is drawn 20 cm⁻¹ wide needs no double precision.
        lines = broadened(wavenumbers.float(), grid)
        weighed = (share * cell.weight[:, None, None]).float()
        return weighed.transpose(0, 1).flatten(1) @ lines.flatten(0, 1)
    n, m = len(cell.numbers), _masses(cell).to(force_constants.dtype)
    own = torch.zeros(n, 3, 3, dtype=m.dtype).index_add(0, cell.receiver, force_constants)
    between = force_constants / (m[cell.receiver] * m[cell.sender]).sqrt()[:, None, None]
    every = torch.arange(3 * n)
    states = states_of(cell, -between, own / m[:, None, None], every, every // 3)
    rows = torch.zeros(n, grid.n_bins, dtype=m.dtype)
    for weight, (squares, shares) in zip(cell.weight, states, strict=True):
        lines = broadened(_wavenumbers(squares), grid)
        rows += weight * (shares @ lines.to(shares.dtype))
    return rows


def broadened(wavenumbers: Float[Tensor, "*lines"], grid: Grid) -> Float[Tensor, "*lines bins"]:
    """Each mode as a Gaussian on the grid; what lies outside the grid is left out.

    A mode near zero is reflected there, because no state lies below.
    """
    centres = torch.from_numpy(grid.energies).to(wavenumbers.dtype)
    height = grid.step / (BROADENING * (2 * np.pi) ** 0.5)
    lines = torch.exp(-0.5 * ((centres - wavenumbers[..., None]) / BROADENING) ** 2)
    # Few modes are so low that their mirror image reaches the grid. The first cell reaches half
    # below zero, and the reflected half is its own other half.
    low = wavenumbers < REACH * BROADENING
    mirrored = torch.exp(-0.5 * ((centres + wavenumbers[low][:, None]) / BROADENING) ** 2)
    return height * lines.index_put((low,), mirrored * (centres > 0), accumulate=True)


def _masses(cell: PairCell) -> Float[Tensor, " atoms"]:
    """Atomic mass units."""
    return torch.from_numpy(atomic_masses())[cell.numbers]


def _wavenumbers(squares: Tensor) -> Tensor:
    return (squares.clamp_min(LEAST) * INVERSE_CM2).sqrt()
