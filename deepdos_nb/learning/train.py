"""`dd.train`: data to a model that predicts, in one call that can be repeated to go on."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import torch

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.core.grids import Kind
from deepdos_nb.data.catalogue import open_dataset
from deepdos_nb.data.dataset import Dataset
from deepdos_nb.data.records import Record
from deepdos_nb.data.training_sets import TrainingData, source_data
from deepdos_nb.evaluation.experiments import predict_totals
from deepdos_nb.evaluation.scoring import seed_curves
from deepdos_nb.learning.live import LiveCurve
from deepdos_nb.learning.result import Training
from deepdos_nb.learning.weights import gather
from deepdos_nb.metrics.calibration import fit_band
from deepdos_nb.metrics.scores import shape_scores
from deepdos_nb.training.history import Report, read_history
from deepdos_nb.training.losses import shape_error
from deepdos_nb.training.recipe import make_recipe
from deepdos_nb.training.settings import Machine
from deepdos_nb.training.start import Start
from deepdos_nb.training.train import train as run
from deepdos_nb.training.tuning import with_tuned_draft


def train(
    data: str | Path | Dataset | TrainingData | Iterable[Record],
    kind: str | None = None,
    *,
    folder: str | Path | None = None,
    start: str | Path | None = None,
    size: str = "small",
    draft: str | Path | None = None,
    seeds: int | Sequence[int] = 1,
    epochs: int = 36,
    draft_epochs: int | None = None,
    freeze: Sequence[str] = (),
    device: str = "auto",
    machine: Machine | None = None,
    stop_after: int | None = None,
    show: bool = True,
    **wishes: Any,
) -> Training:
    """Train a model and watch it learn; repeat the call to go on where it was interrupted.

    Parameters
    ----------
    data : str, path, Dataset, TrainingData or iterable of Record
        A data set's name, a file or folder of your own, or records. They are divided by formula
        into training, validation and test part, see `data.training_sets.source_data`.
    kind : {"phdos", "edos"}, optional
        Needed where the data hold both.
    folder : path, optional
        Where checkpoints and weights are kept, which makes the call resumable; its `weights` are
        those of the last call's seeds. Without it they are in a temporary folder.
    start : str or path, optional
        "shipped", or a folder or file of weights, to fine-tune them. Without it the model begins
        with random numbers.
    size : {"small", "full"}
        Of a model that begins with nothing. The full one is the shipped weights' and wants a GPU.
    draft : str or path, optional
        "shipped", or a file of `deepdos draft`: drafts by physics. Without it a model that begins
        with nothing has none, and weights to start from bring theirs along.
    seeds : int or sequence of int
        How many models, or which; together they are an ensemble with an error band.
    epochs : int
    draft_epochs : int, optional
        How often the draft model that weights to start from bring along sees the data before the
        network does: 36 times without it, less often if there are many crystals, not at all if
        another draft is named or no crystal is small enough; 0 leaves it as it is.
    freeze : sequence of str
        Parts of the model that stay as they are: encoder, decoder, transport, totals.
    device : {"auto", "cpu", "gpu"}
    machine : Machine, optional
        More about where it runs, in the place of `device`.
    stop_after : int, optional
        Stop after this many epochs of the schedule; the same call without it goes on.
    show : bool
        Show the curves as they grow.
    **wishes
        batch_size, learning_rate, dropout, … as in `training.recipe.make_recipe`.

    Returns
    -------
    Training
        With the model, its history and its data.

    Raises
    ------
    ConfigError
        If wishes contradict each other, or the folder holds a run of others.
    DataError
        If there is too little data, or a curve holds values that are no numbers.
    TrainingError
        If the loss becomes no number.
    KeyboardInterrupt
        If it is interrupted; the same call goes on from there.
    """
    begun = time.perf_counter()
    parts = _parts(data, kind)
    numbers = range(seeds) if isinstance(seeds, int) else list(seeds)
    if not numbers:
        raise ConfigError("no seed to train.", remedy="Use seeds=1 or more.")
    machine = machine or Machine(device)
    wishes |= {"start": start, "draft": draft, "freeze": freeze}
    wishes |= {"epochs": epochs, "draft_epochs": draft_epochs}
    if start is None:
        wishes["size"] = size
    recipes = [make_recipe(parts.kind, len(parts.train), seed=s, **wishes) for s in numbers]
    place = Path(folder or tempfile.mkdtemp(prefix="deepdos-train-"))
    runs = [place / f"seed-{s}" for s in numbers]
    before = None if start is None else _before(recipes[0].start, parts.valid)
    live = LiveCurve(parts.kind, epochs, len(recipes), _device(machine), before)
    for recipe, where in zip(recipes, runs, strict=True):
        live.next_seed()
        report: Report | None = live.rows if show else None
        try:
            recipe = with_tuned_draft(
                recipe,
                parts.train,
                parts.valid,
                where,
                progress=False,
                report=live.draft_rows if show else None,
            )
            run(
                parts.train,
                parts.valid,
                recipe.config,
                where,
                start=recipe.start,
                draft_model=recipe.draft_model,
                cache=place / "drafts",
                machine=machine,
                report=report,
                progress=False,
                stop_after=stop_after,
            )
        except (KeyboardInterrupt, SystemExit):
            raise KeyboardInterrupt(_interrupted(folder)) from None
        live.histories[-1] = read_history(where)
    model = gather(runs, parts, place / "weights")
    if len(recipes) > 1:
        model.error_band = fit_band(*seed_curves(model, parts.valid))
    seconds = time.perf_counter() - begun
    return Training(model, parts, place, live.histories, seconds, live.device, before)


def _parts(data: Any, kind: str | None) -> TrainingData:
    if isinstance(data, TrainingData):
        return data
    if not isinstance(data, Dataset):
        data = open_dataset(data) if isinstance(data, str | Path) else Dataset.of(data, name="own")
    kinds = {entry.kind for entry in data.entries()}
    if kind is None and len(kinds) != 1:
        raise ConfigError(
            "which kind of spectrum?" if kinds else "there is nothing to learn from.",
            source=data.name,
            remedy="Name it: kind='phdos' or kind='edos'." if kinds else None,
        )
    return source_data(Kind(kind or kinds.pop()), data)


def _before(start: Start | None, valid: Sequence[Record]) -> dict[str, float]:
    """Validation scores of the weights a training starts from."""
    assert start is not None
    predicted = predict_totals(start.model, valid)
    reference = torch.tensor([list(r.shape) for r in valid])
    scores = shape_scores(predicted, reference.numpy(), valid[0].grid.energies)
    shape = float(shape_error(torch.from_numpy(predicted), reference).mean())
    return {"shape": shape, "mse_max": scores["mse_max"], "wd_mean": scores["wd_mean"]}


def _device(machine: Machine) -> str:
    if machine.device != "cpu" and torch.cuda.is_available():
        return torch.cuda.get_device_name()
    threads = torch.get_num_threads()
    return f"the CPU ({threads} thread{'s' if threads > 1 else ''})"


def _interrupted(folder: str | Path | None) -> str:
    if folder is None:
        return "Interrupted. With folder=..., the same call would go on from here."
    return f"Interrupted. The same call goes on from what is in {folder}."
