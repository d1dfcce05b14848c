"""The folder of weights that `dd.train` leaves: those of its last call, and of nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from deepdos_nb.core.errors import WeightsError
from deepdos_nb.data.training_sets import TrainingData
from deepdos_nb.evaluation.model_card import CARD, save_run
from deepdos_nb.inference.ensemble import Ensemble
from deepdos_nb.inference.loading import SCORES
from deepdos_nb.model.checksums import SUMS
from deepdos_nb.model.weights import load_weights
from deepdos_nb.training.train import best_model

SEEDS = "seed-*.safetensors"
"""Files of weights here."""


def gather(runs: Sequence[Path], data: TrainingData, folder: Path) -> Ensemble:
    """Write the best weights of some runs into a folder, as its only ones; an ensemble of them.

    What an earlier call left there of other seeds goes. Scores and a model card stay as long as
    the weights do: they would lend their error band to others.

    Parameters
    ----------
    runs : sequence of path
        Folders ``seed-<n>`` that `training.train` made.
    data : TrainingData
        What they were trained on.
    folder : path

    Raises
    ------
    ConfigError
        If a run is a baseline's.
    """
    if not _holds(folder, runs):
        # Before the weights change, so that scores never lie beside weights they are not of.
        for name in (SCORES, CARD, SUMS):
            (folder / name).unlink(missing_ok=True)
        for file in folder.glob(SEEDS):
            file.unlink()
    files = [save_run(run, data, folder) for run in runs]
    models, metadata = zip(*map(load_weights, files), strict=True)
    return Ensemble(models, metadata)


def _holds(folder: Path, runs: Sequence[Path]) -> bool:
    """Whether a folder holds the best weights of these runs, and no others."""
    files = {file.stem: file for file in folder.glob(SEEDS)}
    if files.keys() != {run.name for run in runs}:
        return False
    return all(_same(files[run.name], run) for run in runs)


def _same(file: Path, run: Path) -> bool:
    """Whether a file holds the best weights of a run; headers are in no order to be compared."""
    try:
        kept = load_weights(file)[0].state_dict()
    except WeightsError:
        return False
    best = best_model(run).state_dict()
    # As stored, in half precision.
    return kept.keys() == best.keys() and all(
        torch.equal(value, best[name].half().float() if value.is_floating_point() else best[name])
        for name, value in kept.items()
    )
