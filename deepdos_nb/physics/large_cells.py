r"""Matrices of large cells: one wave vector at a time, real where that can be, single precision.

With phases exp(i k·r_ij) between atoms a matrix is complex at any k. Phases exp(i k·R) between
cells describe the same states, which differ by a factor exp(i k·r_i) on every atom only. Where 2k
is a vector of the reciprocal lattice, as at Γ and at corners of the zone, these phases are ±1: the
matrix is real, and its eigenvectors cost a quarter. Single precision halves that again, with errors
of about 10⁻⁶ of the largest eigenvalue, far below the width that states are drawn with.

All eigenvectors are computed, because the density of every site is wanted. An expansion in
Chebyshev polynomials does without them, but needs a start for every row of the matrix, and takes
longer in every cell that fits into memory (`benchmarks/large_cells.py` measures both).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from jaxtyping import Bool, Float, Float64, Int64, Num
from torch import Tensor

from deepdos_nb.core.arrays import Array
from deepdos_nb.parallel.threads import blas_like_torch
from deepdos_nb.physics.loewdin import orthogonalised
from deepdos_nb.physics.pairs import PairCell

ENTRIES_AT_ONCE = 2**20
"""Matrix elements written together, which bounds the memory that their places take."""

ROWS_AT_ONCE = 32
"""Rows multiplied together: about those of four atoms, whose neighbours are much the same."""

SAME_PHASE = 1e-6
"""Radians within which a phase is a multiple of π: lattice vectors are known about as well."""


def states_of(
    cell: PairCell,
    blocks: Float[Tensor, "edges b b"],
    own: Float[Tensor, "atoms b b"],
    kept: Int64[Tensor, " rows"],
    owner: Int64[Tensor, " rows"],
    overlap: Float[Tensor, "edges b b"] | None = None,
) -> Iterator[tuple[Float64[Tensor, " rows"], Float[Tensor, "owners rows"]]]:
    """Eigenvalues, and every owner's share of every state, for one wave vector after the other.

    Parameters
    ----------
    cell : PairCell
    blocks, own : Tensor
        Matrix elements between the ends of an edge, and of an atom with itself.
    kept : Tensor
        Which of the b rows of each atom there are, as b × atom + row, ascending.
    owner : Tensor
        To whom each of them belongs.
    overlap : Tensor, optional
        Between the ends of an edge, see `orthogonalised`.
    """
    owners = int(owner.max()) + 1
    blocks, own = blocks.float(), own.float()
    for k in cell.q:
        matrix = lattice_sum(k, cell, blocks, own, kept)
        if overlap is not None:
            between = lattice_sum(k, cell, overlap.float(), torch.zeros_like(own), kept)
            matrix = orthogonalised(matrix, between, sparse_product)
            del between
        values, vectors = _diagonalised(matrix)
        share = vectors.abs().square_()
        del vectors
        yield values.double(), share.new_zeros(owners, len(kept)).index_add_(0, owner, share)


def _diagonalised(
    matrix: Num[Tensor, "rows rows"],
) -> tuple[Float[Tensor, " rows"], Num[Tensor, "rows rows"]]:
    """Eigenvalues and eigenvectors; the matrix is written over.

    SciPy's library takes two thirds of torch's time for real matrices, and twice its time for
    complex ones (3,840 and 2,000 rows, one core of an AMD EPYC).
    """
    if matrix.is_complex():
        values, vectors = torch.linalg.eigh(matrix)
        return values, vectors
    from scipy.linalg import eigh  # late, see `SECOND_BLAS`

    with blas_like_torch():
        found = eigh(matrix.numpy().T, driver="evd", overwrite_a=True, check_finite=False)
    return torch.from_numpy(found[0]), torch.from_numpy(found[1])


def sparse_product(
    sparse: Num[Tensor, "rows inner"], dense: Num[Tensor, "inner columns"]
) -> Num[Tensor, "rows columns"]:
    """The product of two dense matrices, the first of which is zero but near some columns.

    In large cells an atom overlaps with a tenth of the others or fewer.
    """
    result = dense.new_empty(len(sparse), dense.shape[1])
    near = dense.new_empty(0)  # used again, or a thread's heap grows by many times a matrix
    for some, rows in zip(sparse.split(ROWS_AT_ONCE), result.split(ROWS_AT_ONCE), strict=True):
        there = (some != 0).any(dim=0).nonzero().squeeze(1)
        torch.index_select(dense, 0, there, out=near.resize_(len(there), dense.shape[1]))
        torch.mm(some[:, there], near, out=rows)
    return result


def lattice_sum(
    k: Float64[Tensor, " three"],
    cell: PairCell,
    blocks: Float[Tensor, "edges b b"],
    own: Float[Tensor, "atoms b b"],
    kept: Int64[Tensor, " rows"],
) -> Num[Tensor, "rows rows"]:
    """The Hermitian matrix of a wave vector, Å⁻¹, with phases between cells: real where it can be.

    See `states_of`.
    """
    n, b = own.shape[:2]
    place = torch.full((n * b,), -1)
    place[kept] = torch.arange(len(kept))
    place = place.unflatten(0, (n, b))
    angle = torch.from_numpy(between_cells((cell.vector @ k).numpy(), cell))
    phase = torch.polar(torch.ones_like(angle), angle)
    if (phase.imag.abs() < SAME_PHASE).all():
        phase = phase.real.round()
    phase = phase.to(blocks.dtype.to_complex() if phase.is_complex() else blocks.dtype)
    matrix = torch.zeros(len(kept) ** 2, dtype=phase.dtype)
    everyone = torch.arange(n)
    _add(matrix, own.to(phase.dtype), place, everyone, everyone)
    for some in torch.arange(len(blocks)).split(max(1, ENTRIES_AT_ONCE // b**2)):
        elements = phase[some, None, None] * blocks[some]
        _add(matrix, elements, place, cell.receiver[some], cell.sender[some])
    matrix = matrix.unflatten(0, (len(kept), len(kept)))
    return matrix.add_(matrix.mH.clone()).mul_(0.5)


def _add(
    matrix: Num[Tensor, " entries"],
    elements: Num[Tensor, "edges b b"],
    place: Int64[Tensor, "atoms b"],
    row: Int64[Tensor, " edges"],
    column: Int64[Tensor, " edges"],
) -> None:
    """Add blocks to a matrix, without rows and columns that have no place."""
    rows, columns = place[row][:, :, None], place[column][:, None, :]
    there: Bool[Tensor, "edges b b"] = (rows >= 0) & (columns >= 0)
    size = round(len(matrix) ** 0.5)
    matrix.index_add_(0, (size * rows + columns)[there], elements[there])


def between_cells(angle: Array, cell: PairCell) -> Array:
    """Phases k·R of the edges from phases k·r, by a change of phase on every atom.

    Along a tree of edges all phases become zero. What the others keep belongs to closed ways, whose
    vectors are vectors of the lattice.
    """
    receiver, sender = cell.receiver.numpy(), cell.sender.numpy()
    turn = np.full(len(cell.numbers), np.nan)
    while np.isnan(turn).any():
        turn[np.flatnonzero(np.isnan(turn))[0]] = 0.0
        while len(new := np.flatnonzero(~np.isnan(turn[receiver]) & np.isnan(turn[sender]))):
            new = new[np.unique(sender[new], return_index=True)[1]]
            turn[sender[new]] = turn[receiver[new]] + angle[new]
    between: Array = angle + turn[receiver] - turn[sender]
    return between
