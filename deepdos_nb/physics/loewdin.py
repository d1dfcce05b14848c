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
