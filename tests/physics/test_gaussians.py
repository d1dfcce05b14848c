"""States drawn through a finer mesh against one Gaussian for each of them."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from deepdos_nb.core.grids import Kind
from deepdos_nb.physics.gaussians import draw_states

GRID = Kind.edos.grid


def one_by_one(energies: torch.Tensor, rows: torch.Tensor, width: float) -> torch.Tensor:
    offset = (torch.from_numpy(GRID.energies)[:, None] - energies) / width
    return torch.exp(-0.5 * offset.square()) / (width * math.sqrt(2 * math.pi)) @ rows


@given(
    energies=st.lists(st.floats(-30, 30), min_size=1, max_size=20),
    width=st.sampled_from([0.15, 0.2, 0.5]),
)
def test_states_are_drawn_as_one_by_one(energies, width):
    where = torch.tensor(energies, dtype=torch.float64)
    rows = torch.rand(len(where), 3, dtype=torch.float64)
    height = 1 / (width * math.sqrt(2 * math.pi))
    torch.testing.assert_close(
        draw_states(where, rows, Kind.edos, width),
        one_by_one(where, rows, width),
        rtol=0,
        atol=1e-6 * height * float(rows.sum()),
    )


@pytest.mark.parametrize("far", [-1e6, -6.5, 6.5, 1e6])
def test_states_far_outside_the_window_are_not_seen(far):
    where = torch.tensor([far], dtype=torch.float64)
    drawn = draw_states(where, torch.ones(1, 1, dtype=torch.float64), Kind.edos, 0.2)
    assert drawn.abs().max() == 0.0
