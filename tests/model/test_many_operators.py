"""Ten thousand random transports of either kind, in float32 and under bfloat16 autocast."""

from __future__ import annotations

import pytest
import torch

from deepdos_nb.model import ModelConfig
from deepdos_nb.model.decoder import Decoded
from deepdos_nb.model.operators import make_reasoner

MANY, AT_ONCE, SITES, WIDTH = 10_000, 500, 2, 6
ROUNDING = 2e-6
"""Of one float32 sum over all cells."""


def random_case(kind: str, refiner: str, seed: int):
    torch.manual_seed(seed)
    config = ModelConfig(
        kind=kind,
        width=WIDTH,
        heads=2,
        refiner=refiner,
        draft=True,
        correction=False,
        reasoner_width=4,
        strides=(3, 1),
    )
    reasoner = make_reasoner(config).eval()
    with torch.no_grad():
        for parameter in reasoner.parameters():
            parameter.mul_(4.0)
    n_cells = config.grid.n_bins + config.extra_cells
    # From nearly alike to nearly one-sided operators, and densities with empty cells.
    size = torch.logspace(-1, 2, MANY)[:, None, None]
    bins = size * torch.randn(MANY, config.grid.n_bins, WIDTH)
    sites = torch.randn(MANY, SITES, WIDTH)
    cells = torch.rand(MANY, SITES, n_cells) ** 8 * (torch.rand(MANY, SITES, n_cells) > 0.3)
    cells = cells / cells.sum(dim=(1, 2), keepdim=True)
    return reasoner, cells, bins, sites


@pytest.mark.parametrize("half", [False, True], ids=["float32", "bfloat16"])
@pytest.mark.slow
@pytest.mark.parametrize("refiner", ["transport"])
@pytest.mark.parametrize("kind", ["phdos", "edos"])
def test_no_state_is_made_or_lost(kind, refiner, half):
    reasoner, cells, bins, sites = random_case(kind, refiner, seed=7)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=half):
        if half:
            bins, sites = bins.bfloat16(), sites.bfloat16()
        for i in range(0, MANY, AT_ONCE):
            rows = slice(i, i + AT_ONCE)
            decoded = Decoded(bins[rows], sites[rows, 0], (), ())
            check(reasoner(cells[rows], decoded, sites[rows]).cells)


def check(steps: torch.Tensor) -> None:
    assert steps.dtype == torch.float32
    assert len(steps) > 1
    assert torch.isfinite(steps).all()
    assert steps.min() >= 0
    assert (steps.sum(dim=(2, 3)) - 1).abs().max() < ROUNDING
    # Every site keeps its own, and something moves.
    assert (steps[2].sum(-1) - steps[0].sum(-1)).abs().max() < ROUNDING
    assert (steps[1] - steps[0]).abs().max() > 1e-3


def test_repeats_are_bit_identical():
    reasoner, cells, bins, sites = (
        part if i == 0 else part[:AT_ONCE]
        for i, part in enumerate(random_case("edos", "transport", seed=3))
    )
    decoded = Decoded(bins, sites[:, 0], (), ())
    with torch.inference_mode():
        first, second = (reasoner(cells, decoded, sites) for _ in range(2))
    assert torch.equal(first.cells, second.cells)
