"""Sums over the images of pairs, against the plain loop over edges."""

from __future__ import annotations

import numpy as np
import torch
from crystals import rutile, triclinic

from deepdos_nb.crystal.graph import build_graph
from deepdos_nb.crystal.primitive import primitive_cell
from deepdos_nb.physics.lattice_dynamics import phonon_cell
from deepdos_nb.physics.pairs import image_sums


def test_images_are_summed_with_their_phases():
    for structure in (triclinic(), rutile()):
        cell = phonon_cell(primitive_cell(structure, build_graph(structure)))
        n, random = len(cell.numbers), torch.Generator().manual_seed(0)
        blocks = torch.randn(2, len(cell.receiver), 3, 3, generator=random, dtype=torch.float64)
        q = cell.q[:4]
        plain = torch.zeros(2, 4, n, 3, n, 3, dtype=torch.complex128)
        for edge, (i, j) in enumerate(zip(cell.receiver, cell.sender, strict=True)):
            phase = torch.exp(1j * (q @ cell.vector[edge]))
            plain[:, :, i, :, j] += phase[:, None, None] * blocks[:, edge, None]
        rows, columns = torch.arange(1, 3 * n), torch.arange(3 * n).flip(0)
        found = image_sums(blocks, cell, q, rows, columns)
        wanted = plain.reshape(2, 4, 3 * n, 3 * n)[:, :, rows[:, None], columns]
        np.testing.assert_allclose(torch.complex(*found.unbind(1)), wanted, atol=1e-10)


def test_a_loss_reaches_every_block():
    structure = triclinic()
    cell = phonon_cell(primitive_cell(structure, build_graph(structure)))
    blocks = torch.ones(1, len(cell.receiver), 1, 1, dtype=torch.float64, requires_grad=True)
    every = torch.arange(len(cell.numbers))
    real, _ = image_sums(blocks, cell, torch.zeros(1, 3, dtype=torch.float64), every, every)[0]
    real.sum().backward()
    np.testing.assert_allclose(blocks.grad, 1.0)
