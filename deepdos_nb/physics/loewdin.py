"""Orbitals that overlap, made orthogonal.

Löwdin (J. Chem. Phys. 18, 365 (1950)) gives every orbital as much of the others as makes all of
them orthogonal: a matrix H between orbitals with overlaps 1 + S becomes
(1 + S)^(−½) H (1 + S)^(−½). To first order in S the root is 1 − S/2, which needs no inverse and is
defined for any S.
"""

from __future__ import annotations

from jaxtyping import Num
from torch import Tensor


def orthogonalised(
    matrix: Num[Tensor, "*points orbitals orbitals"],
    overlap: Num[Tensor, "*points orbitals orbitals"],
) -> Num[Tensor, "*points orbitals orbitals"]:
    """(1 − S/2) H (1 − S/2) of Hermitian H and S; Hermitian to the last bit.

    Parameters
    ----------
    matrix : Tensor
        H.
    overlap : Tensor
        S, without the ones on its diagonal.
    """
    half = overlap / 2
    left = matrix - half @ matrix
    both = left - left @ half
    return (both + both.mH) / 2
