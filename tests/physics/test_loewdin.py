"""Overlapping orbitals, made orthogonal: against the generalised eigenvalue problem."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
import torch
from crystals import mgo, rutile

from deepdos_nb.crystal.graph import build_graph
from deepdos_nb.crystal.primitive import primitive_cell
from deepdos_nb.physics.hoppings import HoppingNetwork
from deepdos_nb.physics.large_cells import sparse_product
from deepdos_nb.physics.loewdin import orthogonalised
from deepdos_nb.physics.tight_binding import bands, hamiltonians, orbital_cell


def hermitian(seed: int, n: int = 8) -> torch.Tensor:
    draw = torch.Generator().manual_seed(seed)
    matrix = torch.randn(n, n, dtype=torch.complex128, generator=draw)
    return (matrix + matrix.mH) / 2


@pytest.mark.parametrize("seed", range(4))
def test_the_error_is_of_second_order(seed):
    matrix, overlap = hermitian(seed), hermitian(seed + 10)
    errors = []
    for weak in (1e-2, 1e-3):
        whole = np.eye(8) + weak * overlap.numpy()
        exact = scipy.linalg.eigh(matrix.numpy(), whole, eigvals_only=True)
        first = np.linalg.eigvalsh(orthogonalised(matrix, weak * overlap).numpy())
        errors.append(np.abs(first - exact).max())
    assert errors[0] > 1e-6
    assert errors[1] < 0.02 * errors[0]


def test_the_product_skips_nothing():
    overlap, matrix = hermitian(0, 50), hermitian(1, 50)
    overlap[(torch.arange(50)[:, None] - torch.arange(50)).abs() > 5] = 0
    torch.testing.assert_close(sparse_product(overlap, matrix), overlap @ matrix)
    nothing = torch.zeros_like(overlap)
    assert (orthogonalised(matrix, nothing, sparse_product) == matrix).all()
    dense, spared = (orthogonalised(matrix, overlap, f) for f in (torch.matmul, sparse_product))
    torch.testing.assert_close(dense, spared)
    half = torch.eye(50) - overlap / 2
    torch.testing.assert_close(dense, half @ matrix @ half)
    assert (dense == dense.mH).all()


def test_two_levels_repel_more_upwards_than_downwards():
    hop, overlap = -1.0, 0.2
    matrix = torch.tensor([[0.0, hop], [hop, 0.0]], dtype=torch.float64)
    between = torch.tensor([[0.0, overlap], [overlap, 0.0]], dtype=torch.float64)
    bonding, antibonding = torch.linalg.eigvalsh(orthogonalised(matrix, between)).tolist()
    assert bonding == pytest.approx(hop * (1 - overlap / 2) ** 2)
    assert antibonding == pytest.approx(-hop * (1 + overlap / 2) ** 2)


@pytest.mark.parametrize("make", [mgo, rutile])
def test_the_networks_overlaps_are_small_and_reach_the_bands(make):
    structure = make()
    cell = orbital_cell(primitive_cell(structure, build_graph(structure)))
    torch.manual_seed(0)
    with torch.no_grad():
        terms = HoppingNetwork()(cell.pairs).double()
    k = cell.pairs.q[:4]
    without = terms._replace(overlaps=torch.zeros_like(terms.overlaps))
    assert 0.01 < terms.overlaps.abs().max() < 1.0
    assert (bands(terms, cell, k) - bands(without, cell, k)).abs().max() > 1e-2
    matrices = hamiltonians(terms, cell, k)
    assert (matrices - matrices.mH).abs().max() == 0
