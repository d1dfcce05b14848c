"""A primitive cell as pairs of atoms and wave vectors: what springs and orbitals live on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Complex, Float, Float64, Int64
from torch import Tensor, nn

from deepdos_nb.core.arrays import Array
from deepdos_nb.crystal.elements import MAX_NUMBER
from deepdos_nb.crystal.primitive import PrimitiveCell


@dataclass(frozen=True)
class PairCell:
    """Pairs of atoms within reach, as tensors.

    Parameters
    ----------
    numbers : Tensor
    receiver, sender : Tensor
        Every pair within reach stands here in both directions.
    vector : Tensor
        From receiver to sender, Å.
    envelope : Tensor
        Smooth cutoff, the same in both directions.
    q : Tensor
        Wave vectors, Å⁻¹.
    weight : Tensor
        Their weights, which sum to one.
    orbit : Tensor
        Symmetry orbit of each atom: wave vectors stand for all that are equal by symmetry, so what
        they say of single atoms holds for the mean of an orbit.
    partner : Tensor, optional
        Where inversion takes each atom; None where there is no centre.
    """

    numbers: Int64[Tensor, " atoms"]
    receiver: Int64[Tensor, " edges"]
    sender: Int64[Tensor, " edges"]
    vector: Float64[Tensor, "edges 3"]
    envelope: Float[Tensor, " edges"]
    q: Float64[Tensor, "points 3"]
    weight: Float64[Tensor, " points"]
    orbit: Int64[Tensor, " atoms"]
    partner: Int64[Tensor, " atoms"] | None = None

    def over_orbits(self, rows: Float[Tensor, "atoms ... bins"]) -> Float[Tensor, "atoms ... bins"]:
        """Give every atom the mean row of its orbit."""
        size = torch.bincount(self.orbit).to(rows)
        total = rows.new_zeros(len(size), *rows.shape[1:]).index_add(0, self.orbit, rows)
        return (total / size.reshape(-1, *[1] * (rows.ndim - 1)))[self.orbit]

    def over_partners(self, rows: Float[Tensor, ...], dim: int = 0) -> Float[Tensor, ...]:
        """Give partners, whose rows stand along `dim`, their mean row."""
        if self.partner is None:
            return rows
        return (rows + rows.index_select(dim, self.partner)) / 2


def pair_cell(cell: PrimitiveCell, mesh: tuple[Array, Array]) -> PairCell:
    """Pairs of a primitive cell, with wave vectors and their weights.

    Two atoms whose cutoffs differ are joined within the smaller one: a pair has two ends.
    """
    graph = cell.graph
    reach = np.minimum(graph.cutoff[graph.receiver], graph.cutoff[graph.sender])
    kept = np.flatnonzero(graph.distance < reach)
    envelope = 0.5 * (np.cos(np.pi * graph.distance[kept] / reach[kept]) + 1.0)
    q, weight = mesh
    return PairCell(
        torch.from_numpy(np.minimum(graph.numbers, MAX_NUMBER)),
        torch.from_numpy(graph.receiver[kept]),
        torch.from_numpy(graph.sender[kept]),
        torch.from_numpy(graph.vector[kept]),
        torch.from_numpy(envelope.astype(np.float32)),
        torch.from_numpy(q),
        torch.from_numpy(weight),
        torch.from_numpy(cell.orbit),
        None if cell.partner is None else torch.from_numpy(cell.partner),
    )


def join(cells: Sequence[PairCell]) -> PairCell:
    """Several cells as one, so that a network runs once; wave vectors are left behind."""
    start = 0
    receivers, senders = [], []
    for cell in cells:
        receivers.append(cell.receiver + start)
        senders.append(cell.sender + start)
        start += len(cell.numbers)
    first = cells[0]
    return PairCell(
        torch.cat([c.numbers for c in cells]),
        torch.cat(receivers),
        torch.cat(senders),
        torch.cat([c.vector for c in cells]),
        torch.cat([c.envelope for c in cells]),
        first.q[:0],
        first.weight[:0],
        torch.arange(start),
    )


def image_sums(
    blocks: Float[Tensor, "kinds edges b b"],
    cell: PairCell,
    q: Float[Tensor, "points 3"],
    rows: Int64[Tensor, " rows"],
    columns: Int64[Tensor, " columns"],
) -> Float[Tensor, "kinds 2 points rows columns"]:
    """Real and imaginary parts of matrices Σ_images block exp(i q·r), receivers' rows first.

    Images of a pair stand side by side, so that their sum is one small matrix product for all wave
    vectors and kinds.

    Parameters
    ----------
    blocks : Tensor
        Of every edge; the sums are of their precision.
    cell : PairCell
    q : Tensor
        Å⁻¹.
    rows, columns : Tensor
        Which are wanted, as b × atom + row.
    """
    n, (kinds, _, b, _) = len(cell.numbers), blocks.shape
    receivers, receiver = torch.unique(rows // b, return_inverse=True)
    number = torch.full((n,), -1)
    number[receivers] = torch.arange(len(receivers))
    edges = (number[cell.receiver] >= 0).nonzero().squeeze(1)
    key = number[cell.receiver[edges]] * n + cell.sender[edges]
    order = torch.argsort(key, stable=True)
    images = torch.bincount(key, minlength=len(receivers) * n)
    pair = key[order]
    image = torch.arange(len(edges)) - (images.cumsum(0) - images)[pair]
    # Pairs with fewer images than others are filled up with the block after the last, of zeros.
    edge = torch.full((len(images), int(images.max())), len(edges))
    edge[pair, image] = order
    angle = cell.vector[edges] @ q.T
    waves = torch.cat([angle.cos(), angle.sin()], dim=1).to(blocks.dtype)
    # One row for each pair of kinds, rows and columns, so that those wanted are copied whole.
    flat = blocks[:, edges].permute(1, 0, 2, 3).flatten(1)
    sums = torch.bmm(_padded(flat)[edge].transpose(1, 2), _padded(waves)[edge]).flatten(0, 1)
    block = (receiver[:, None] * n + columns // b) * kinds + torch.arange(kinds)[:, None, None]
    place = (block * b + (rows % b)[:, None]) * b + columns % b
    found = sums.index_select(0, place.flatten())
    return found.reshape(*place.shape, 2, len(q)).permute(0, 3, 4, 1, 2)


def hermitian(parts: Float[Tensor, "2 points rows rows"]) -> Complex[Tensor, "points rows rows"]:
    """Matrices from their real and imaginary parts, Hermitian to the last bit."""
    matrix = torch.complex(*parts)
    return (matrix + matrix.mH) / 2


def _padded(rows: Tensor) -> Tensor:
    """One more row, of zeros."""
    return nn.functional.pad(rows, (0, 0, 0, 1))
