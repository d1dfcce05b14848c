"""Store what the shipped weights predict: `python scripts/golden.py`, after they were retrained.

Curves of every example crystal go into `tests/golden/<kind>.npz`, scores on the labels inside the
package into `tests/golden/<kind>_scores.json`. Labels may be added after weights were trained, so
these are not always the numbers beside the weights. The tests hold the code against these files, so
this script is run when numbers are meant to change, and never to turn a test green.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

import deepdos_nb as dd
from deepdos_nb.core.arrays import Array
from deepdos_nb.core.files import write_arrays, write_text
from deepdos_nb.core.grids import Kind
from deepdos_nb.data.training_sets import embedded_data
from deepdos_nb.evaluation.scoring import score_band, score_readings, score_sites, score_totals
from deepdos_nb.inference.ensemble import Ensemble
from deepdos_nb.inference.loading import load_model

GOLDEN = Path(__file__).parents[1] / "tests" / "golden"
KINDS: tuple[Kind, ...] = ("phdos", "edos")


def curves(ensemble: Ensemble) -> dict[str, Array]:
    """Total, sites and half-width of the band of every example, by ``<crystal> <curve>``."""
    found: dict[str, Array] = {}
    for name in dd.examples():
        spectrum = ensemble.predict(dd.example(name))
        for curve in ("total", "sites", "band"):
            found[f"{name} {curve}"] = getattr(spectrum, curve).astype(np.float32)
    return found


def scores(ensemble: Ensemble) -> dict[str, dict[str, float]]:
    """Scores on the test part of the labels inside the package, named as beside the weights."""
    data, band = embedded_data(ensemble.kind), ensemble.error_band
    assert band is not None, "weights are shipped with their scores"
    return {
        "test": score_totals(ensemble, data.test)
        | score_readings(ensemble, data.test)
        | score_band(ensemble, data.test, band),
        "test_sites": score_sites(ensemble, data.test_sites),
    }


def main() -> None:
    """Write every file."""
    for kind in KINDS:
        ensemble = load_model(kind, device="cpu")
        write_arrays(GOLDEN / f"{kind}.npz", curves(ensemble))
        write_text(GOLDEN / f"{kind}_scores.json", json.dumps(scores(ensemble), indent=1) + "\n")


if __name__ == "__main__":
    main()
