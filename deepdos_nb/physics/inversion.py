r"""Real matrices for crystals with a centre of inversion.

Inversion P takes row o of a lattice matrix, an orbital or a displacement of an atom, to ±1 times
row o′, the same on the partner of that atom. Sums over images with phases exp(i k·r) between atoms
then have H_or(k) = s_o s_r conj(H_o′r′(k)): P with complex conjugation leaves H(k) as it is, at any
k. Written with functions that it leaves as they are too, H(k) is real and symmetric::

    (|o⟩ + s|o′⟩)/√2,    i(|o⟩ − s|o′⟩)/√2,    and where o = o′:  |o⟩ if s = 1,  i|o⟩ if s = −1.

These functions are the same for all k. Eigenvectors of real matrices cost less than half of those
of complex ones, and half of the rows of H(k) say all. What an eigenvector has in both functions of
a pair is what it has in both rows, which own equal parts of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int64, Num
from torch import Tensor


@dataclass(frozen=True)
class RealBasis:
    """Functions in which matrices are real, in the order of `rows`.

    Parameters
    ----------
    first, second : Tensor
        Rows o and o′ of each pair.
    sign : Tensor
        s of each pair.
    alone : Tensor
        Rows that are their own partners.
    odd : Tensor
        Which of those change their sign.
    """

    first: Int64[Tensor, " pairs"]
    second: Int64[Tensor, " pairs"]
    sign: Float[Tensor, " pairs"]
    alone: Int64[Tensor, " alone"]
    odd: Bool[Tensor, " alone"]

    @property
    def enough(self) -> Int64[Tensor, " enough"]:
        """Rows of a matrix that say all."""
        return torch.cat([self.first, self.alone])

    @property
    def rows(self) -> Int64[Tensor, " rows"]:
        """A row for each function, of an atom that owns half of it, or all."""
        return torch.cat([self.first, self.second, self.alone])

    def real(
        self, parts: Float[Tensor, "2 points enough rows"]
    ) -> Float[Tensor, "points rows rows"]:
        """Hermitian matrices in this basis, symmetric.

        Parameters
        ----------
        parts : Tensor
            Real and imaginary parts of their rows `enough` and columns `rows`.
        """
        pairs, alone = len(self.first), len(self.alone)
        sizes = [pairs, pairs, alone]
        paired, single = parts.split([pairs, alone], dim=2)
        (a, b, _), (c, d, _) = (part.split(sizes, dim=2) for part in paired)
        sign = self.sign.to(parts.dtype)
        b, d = sign * b, sign * d
        blocks = [torch.cat([a + b, d - c], dim=2), torch.cat([c + d, a - b], dim=2)]
        # Rows of odd functions times −i, their columns times i.
        odd = self.odd[:, None]
        real = torch.where(odd, single[1], single[0])
        imaginary = torch.where(odd, -single[0], single[1])
        between = 2.0**0.5 * torch.cat([real[..., :pairs], -imaginary[..., :pairs]], dim=2)
        own = torch.where(self.odd, -imaginary[..., 2 * pairs :], real[..., 2 * pairs :])
        above = torch.cat([torch.cat(blocks, dim=1), between.mT], dim=2)
        matrix = torch.cat([above, torch.cat([between, own], dim=2)], dim=1)
        return (matrix + matrix.mT) / 2


def real_basis(
    partner: Int64[Tensor, " atoms"], kept: Int64[Tensor, " rows"], parity: Int64[Tensor, " b"]
) -> RealBasis:
    """Find pairs of rows.

    Parameters
    ----------
    partner : Tensor
        Where inversion takes each atom.
    kept : Tensor
        Which rows there are, as b × atom + row, ascending; partners have the same.
    parity : Tensor
        Sign that each of the b rows of an atom gets, ±1.
    """
    b = len(parity)
    there = torch.searchsorted(kept, b * partner[kept // b] + kept % b)
    here, sign = torch.arange(len(kept)), parity[kept % b]
    first, alone = here < there, here == there
    return RealBasis(here[first], there[first], sign[first].float(), here[alone], sign[alone] < 0)


def squared(vectors: Num[Tensor, ...]) -> Float[Tensor, ...]:
    """Squares of the components of eigenvectors, real or complex."""
    if vectors.is_complex():
        return torch.view_as_real(vectors).square().sum(dim=-1)
    return vectors.square()
