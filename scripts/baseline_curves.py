"""Train the baselines on the embedded crystals, keep their curves: `baseline_curves.py KIND`.

Mat2Spec and DOSTransformer learn from the training part of `deepdos_nb/data/embedded/KIND`, as
`notebooks/benchmark.ipynb` has it: same graphs, same optimiser, the epoch with the lowest error on
the validation part. What they predict for the validation and the test part goes into the package,
of a model that beats the mean training curve on the validation part.
An interrupted training goes on where it stopped.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from deepdos_nb.core.grids import Kind
from deepdos_nb.data.baseline_curves import FILE, BaselineCurves, write_baseline_curves
from deepdos_nb.data.training_sets import TrainingData, embedded_data
from deepdos_nb.evaluation.experiments import run
from deepdos_nb.evaluation.tables import SCORED, RunResult, references, scores
from deepdos_nb.evaluation.variants import train_config
from deepdos_nb.metrics.scores import mse
from deepdos_nb.model.baselines import BaselineConfig, BaselineName

ROOT = Path(__file__).parents[1]
EMBEDDED = ROOT / "deepdos_nb" / "data" / "embedded"
SHOWN: dict[BaselineName, str] = {"mat2spec": "Mat2Spec", "dostransformer": "DOSTransformer"}
EPOCHS: dict[BaselineName, int] = {"mat2spec": 48, "dostransformer": 12}
"""Mat2Spec's epochs are four times as quick."""
DROPOUT, SEED = 0.1, 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kind", choices=[*Kind])
    parser.add_argument("--runs", type=Path, default=ROOT / "runs" / "baseline-curves")
    given = parser.parse_args()
    torch.set_num_threads(1)
    kind = Kind(given.kind)
    data = embedded_data(kind)
    results = {}
    for name, shown in SHOWN.items():
        base = train_config(epochs=EPOCHS[name], dropout=DROPOUT)
        model = BaselineConfig(name=name, kind=kind, dropout=DROPOUT)
        place = given.runs / kind / name
        results[shown] = run(replace(base, model=model, seed=SEED), data, place, progress=False)
    curves = gathered(results, data)
    for name, facts in curves.facts["models"].items():
        print(name, facts)
    print(write_baseline_curves(EMBEDDED / kind / FILE, curves))


def gathered(results: dict[str, RunResult], data: TrainingData) -> BaselineCurves:
    """Curves of both parts, one after the other, and how they came about."""
    # What has learnt less than the mean of all training curves says nothing about its model.
    mean = np.mean([r.shape for r in data.train], axis=0)
    floor = mse(np.repeat(mean[None], len(data.valid), axis=0), references(data, "valid"), "max")
    results = {n: r for n, r in results.items() if scores(r, data, "valid")["mse_max"] < floor}
    materials = [r.material_id for part in SCORED for r in getattr(data, part)]
    totals = {
        name: np.concatenate([result.totals[part] for part in SCORED])
        for name, result in results.items()
    }
    models = {
        shown: {
            "epochs": EPOCHS[name],
            "dropout": DROPOUT,
            "seed": SEED,
            "parameters": results[shown].metadata["parameters"],
            "mse_max": {
                part: round(scores(results[shown], data, part)["mse_max"], 4) for part in SCORED
            },
        }
        for name, shown in SHOWN.items()
        if shown in results
    }
    protocol = (
        f"Re-implemented and trained on the {len(data.train)} training crystals of this set, one "
        "seed; the epoch with the lowest error on the validation part was kept. They predict "
        "shapes: drawn with the reference's number of states."
    )
    return BaselineCurves(tuple(materials), totals, {"protocol": protocol, "models": models})


if __name__ == "__main__":
    main()
