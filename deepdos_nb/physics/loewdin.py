"""Orbitals that overlap, made orthogonal.

Löwdin (J. Chem. Phys. 18, 365 (1950)) gives every orbital as much of the others as makes all of
them orthogonal: a matrix H between orbitals with overlaps 1 + S becomes
(1 + S)^(−½) H (1 + S)^(−½). To first order in S the root is 1 − S/2, which needs no inverse and is
defined for any S.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Num
from torch import Tensor

ROWS_AT_ONCE = 16
"""Rows of a large matrix multiplied together: about those of an atom and its neighbour."""

Product = Callable[[Tensor, Tensor], Tensor]


def orthogonalised(
    matrix: Num[Tensor, "*points orbitals orbitals"],
    overlap: Num[Tensor, "*points orbitals orbitals"],
    product: Product = torch.matmul,
) -> Num[Tensor, "*points orbitals orbitals"]:
    """(1 − S/2) H (1 − S/2) of Hermitian H and S; Hermitian to the last bit.

    Parameters
    ----------
    matrix : Tensor
        H.
    overlap : Tensor
        S, without the ones on its diagonal.
    product : callable
        Of two matrices, the first of which is a part of the overlap.
    """
    # With h = S/2 and W = H − H h/2, what is taken away is h W and its adjoint.
    half = overlap / 2
    taken = product(half, matrix - product(half, matrix).mH / 2)
    return matrix - (taken + taken.mH)


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
