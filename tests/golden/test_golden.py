"""Golden numbers: what the shipped weights predict today is what they predicted when stored.

`python scripts/golden.py` stores them anew, for new weights or a change that is meant.
"""

from __future__ import annotations

import importlib.util
import json
from functools import cache, partial
from pathlib import Path

import numpy as np
import pytest

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.grids import Kind
from deepdos_nb.inference.ensemble import Ensemble
from deepdos_nb.inference.loading import load_model
from deepdos_nb.physics import hoppings, lattice_dynamics, tight_binding

ROOT = Path(__file__).parents[2]
SPEC = importlib.util.spec_from_file_location("golden", ROOT / "scripts" / "golden.py")
assert SPEC is not None
assert SPEC.loader is not None
golden = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(golden)

TOLERANCE = 1e-4
"""Of a curve's largest value, and of a score.

Networks run in single precision, and another processor sums in another order. With the kernels of
torch, MKL and oneDNN restricted to AVX2, to SSE4 and to plain loops, and with a second thread,
curves moved by 7e-6 at most and scores by 9e-7. Thinner lines or other springs move them by far
more, see the last test.
"""


@cache
def ensemble(kind: Kind) -> Ensemble:
    return load_model(kind, device="cpu")


def moved(found: dict[str, Array], kind: Kind) -> dict[str, float]:
    """How far each stored curve is from what was found, over its largest value."""
    with np.load(golden.GOLDEN / f"{kind}.npz") as stored:
        assert sorted(stored) == sorted(found)
        assert all(found[name].shape == stored[name].shape for name in stored)
        return {
            name: float(np.abs(found[name] - stored[name]).max() / stored[name].max())
            for name in stored
        }


def assert_same_scores(found: dict[str, dict[str, float]], path: Path) -> None:
    stored = json.loads(path.read_text("utf-8"))
    for part, scores in found.items():
        assert scores == pytest.approx(stored[part], rel=TOLERANCE)


@pytest.mark.parametrize("kind", golden.KINDS)
def test_totals_sites_and_bands_of_the_examples(kind: Kind):
    far = moved(golden.curves(ensemble(kind)), kind)
    assert len(far) == 3 * 13
    assert {name: distance for name, distance in far.items() if distance > TOLERANCE} == {}


@pytest.mark.slow
@pytest.mark.parametrize("kind", golden.KINDS)
def test_scores_on_the_labels_inside_the_package(kind: Kind):
    assert_same_scores(golden.scores(ensemble(kind)), golden.GOLDEN / f"{kind}_scores.json")


@pytest.mark.parametrize("kind", golden.KINDS)
def test_lines_five_percent_wider_are_noticed(kind: Kind, monkeypatch):
    if kind == "phdos":
        wider = 1.05 * lattice_dynamics.BROADENING
        monkeypatch.setattr(lattice_dynamics, "BROADENING", wider)
    else:
        wider = partial(tight_binding.site_states, broadening=1.05 * tight_binding.BROADENING)
        monkeypatch.setattr(hoppings, "site_states", wider)
    model = load_model(kind, device="cpu")
    far = moved(golden.curves(model), kind)
    assert min(far[name] for name in far if "sites" in name) > 10 * TOLERANCE
