"""Ten thousand random operators in each precision: nothing negative, nothing lost, nothing NaN."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch
from crystals import mgo, triclinic
from networks import SMALL
from torch import Tensor, nn

from deepdos_nb.inference.loading import load_model
from deepdos_nb.model import ModelConfig, Reasoner, collate
from deepdos_nb.model.operators import make_reasoner
from deepdos_nb.physics import lattice_dynamics, tight_binding
from deepdos_nb.physics.model_input import model_input

OPERATORS = 10_000
SITES = 4
ROUNDS = 20
SCALES = (0.1, 1.0, 10.0, 100.0, 1000.0)
"""Of random weights and embeddings: far beyond what training leaves."""

REFINERS = ("transport", "remap", "factor", "softmax", "none")


def randomise(module: nn.Module, scale: float, generator: torch.Generator) -> None:
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(scale * torch.randn(parameter.shape, generator=generator))


def random_cells(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Densities with gaps, single peaks and shares near the smallest number there is."""
    cells = torch.rand(shape, generator=generator) ** 8
    cells *= torch.rand(shape, generator=generator) < 0.5
    cells[::7] *= 1e-30
    cells[..., 0] += 1e-3
    return cells / cells.sum(dim=(1, 2), keepdim=True)


def holds(before: Tensor, after: Tensor, *, by_site: bool) -> None:
    assert torch.isfinite(after).all()
    assert (after >= 0).all()
    over = (-1,) if by_site else (-2, -1)
    held, kept = (part.double().sum(dim=over) for part in (before, after))
    torch.testing.assert_close(kept, held.expand_as(kept), rtol=2e-6, atol=2e-7)


class Anything(nn.Module):
    """A velocity network that says whatever it likes."""

    def __init__(self, scale: float, generator: torch.Generator):
        super().__init__()
        self.scale, self.generator = scale, generator

    def context(self, decoded: object, sites: Tensor) -> Tensor:
        return sites

    def forward(self, context: Tensor, density: Tensor, step: int) -> Tensor:
        shape = (*density.shape, 3)
        return self.scale * torch.randn(shape, generator=self.generator)


@pytest.mark.parametrize("half", [False, True], ids=["float32", "bf16 autocast"])
@pytest.mark.parametrize("kind", ["phdos", "edos"])
@pytest.mark.parametrize("refiner", REFINERS)
def test_ten_thousand_random_operators(refiner, kind, half):
    generator = torch.Generator().manual_seed(0)
    config = ModelConfig(
        kind=kind, draft=True, correction=True, refiner=refiner, strides=(2,), **SMALL
    )
    reasoner = make_reasoner(config).eval()
    n_cells = config.grid.n_bins + config.extra_cells
    crystals = OPERATORS // ROUNDS // SITES
    for number in range(ROUNDS):
        scale = SCALES[number % len(SCALES)]
        randomise(reasoner, min(scale, 10.0), generator)
        reasoner.velocity = Anything(scale, generator)
        cells = random_cells((crystals, SITES, n_cells), generator)
        bins = scale * torch.randn(crystals, config.grid.n_bins, config.width, generator=generator)
        sites = scale * torch.randn(crystals, SITES, config.width, generator=generator)
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=half):
            steps = reasoner(cells, SimpleNamespace(bins=bins), sites).cells[1:]
        # The last step, a correction, shares states out anew among the sites.
        moved = steps[:-1] if refiner in ("transport", "remap") else steps[:0]
        holds(cells, moved, by_site=True)
        holds(cells, steps, by_site=False)


@pytest.mark.parametrize("half", [False, True], ids=["float32", "bf16 autocast"])
@pytest.mark.parametrize("kind", ["phdos", "edos"])
def test_whole_models_with_random_weights(kind, half):
    generator = torch.Generator().manual_seed(1)
    model = Reasoner(ModelConfig(kind=kind, **SMALL)).eval()
    batch = collate([model_input(mgo()), model_input(triclinic())])
    for scale in (0.1, 0.3, 1.0, 3.0):
        randomise(model, scale, generator)
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=half):
            steps = model(batch).refined.cells
        assert torch.isfinite(steps).all()
        assert steps.min() >= 0
        whole = steps.double().sum(dim=(2, 3))
        torch.testing.assert_close(whole, torch.ones_like(whole), rtol=0, atol=3e-6)


REPEAT = """
import hashlib, sys
sys.path[:0] = sys.argv[1:]
from crystals import mgo, triclinic
from test_numerics import digest
print(digest("phdos"), digest("edos"))
"""


def digest(kind: str, *, large: bool = False) -> str:
    """SHA-256 of what is predicted for two crystals, by an ensemble that has seen nothing."""
    before = lattice_dynamics.LARGE
    lattice_dynamics.LARGE = tight_binding.LARGE = 1 if large else before
    try:
        model = load_model(kind, device="cpu")
        spectra = model.predict_many([mgo(), triclinic()])
    finally:
        lattice_dynamics.LARGE = tight_binding.LARGE = before
    return hashlib.sha256(b"".join(s.sites.tobytes() for s in spectra)).hexdigest()


@pytest.mark.parametrize("large", [False, True], ids=["usual", "as a large cell"])
@pytest.mark.parametrize("kind", ["phdos", "edos"])
def test_a_prediction_repeats_to_the_last_bit(kind, large):
    assert digest(kind, large=large) == digest(kind, large=large)


@pytest.mark.slow
def test_another_process_predicts_the_same_bits():
    from pathlib import Path

    here = Path(__file__).parent
    command = [sys.executable, "-c", REPEAT, str(here), str(here.parent)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    assert answer.stdout.split() == [digest("phdos"), digest("edos")]
