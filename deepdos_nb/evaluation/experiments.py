"""Train every variant with every seed, each for as long as the others, and keep what they predict.

A finished run keeps its curves of the validation and the test part; see `comparison` for what is
made of them.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.files import write_arrays, write_text
from deepdos_nb.data.records import Record
from deepdos_nb.data.training_sets import TrainingData
from deepdos_nb.evaluation.scoring import drafted_total
from deepdos_nb.evaluation.tables import CURVES, METADATA, SCORED, RunResult, read_curves, scores
from deepdos_nb.evaluation.variants import ALONE, Config
from deepdos_nb.model.baselines import parameter_count
from deepdos_nb.model.networks import Network
from deepdos_nb.model.weights import load_draft_model
from deepdos_nb.parallel.claims import Claims, unclaimed
from deepdos_nb.parallel.progress import shown
from deepdos_nb.parallel.scheduler import open_scheduler
from deepdos_nb.parallel.tasks import LATER, Later, Scheduler, Task
from deepdos_nb.parallel.threads import one_thread
from deepdos_nb.physics.draft import DraftModel
from deepdos_nb.training.batches import collate_items, prepare
from deepdos_nb.training.draft import DRAFT, draft_config, train_draft_model
from deepdos_nb.training.draft_cache import record_inputs
from deepdos_nb.training.draft_training import DraftConfig
from deepdos_nb.training.train import CONFIG, keep_config, train

if TYPE_CHECKING:
    from deepdos_nb.parallel.scheduler import Client


def run(
    config: Config,
    data: TrainingData,
    folder: str | Path,
    *,
    draft_model: str | Path | None = None,
    progress: bool = True,
) -> RunResult:
    """Train one network, resuming where it stopped, and keep its curves; a finished one is read.

    Parameters
    ----------
    config : TrainConfig or DraftConfig
    data : TrainingData
    folder : path
        See `training.train`; `curves.npz` and `facts.json` are written beside the checkpoints.
    draft_model : path, optional
        Folder of a finished draft model, for a model that reads its drafts, which are kept
        there too.
    progress : bool
        Show a progress bar.

    Raises
    ------
    ConfigError
        If the folder holds a run with other settings.
    WeightsError
        If there is no draft model where it should be.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    keep_config(folder / CONFIG, config)
    if not (folder / CURVES).exists():
        begin = time.perf_counter()
        if isinstance(config, DraftConfig):
            alone = train_draft_model(data.train, data.valid, config, folder, progress=progress)
            parameters = sum(p.numel() for p in alone.parameters())
            totals = {part: drafted_totals(alone, getattr(data, part)) for part in SCORED}
        else:
            learnt = None
            if config.model.draft:
                learnt = load_draft_model(Path(draft_model or folder) / DRAFT)[0]
            network = train(
                data.train,
                data.valid,
                config,
                folder,
                draft_model=learnt,
                cache=draft_model,
                progress=progress,
            )
            parameters = parameter_count(network)
            totals = {
                part: predict_totals(network, getattr(data, part), cache=draft_model)
                for part in SCORED
            }
        metadata = {
            "parameters": parameters,
            "seconds": round(time.perf_counter() - begin, 1),
            "n_train": len(data.train),
        }
        arrays: dict[str, Array] = dict(totals.items())
        for part in SCORED:
            records: list[Record] = getattr(data, part)
            arrays[f"{part}_materials"] = np.array([r.material_id for r in records])
        _write(folder, arrays, metadata)
    return read_curves(folder)


def place(folder: str | Path, name: str, config: Config, seed: int) -> Path:
    """Folder of one run of a variant."""
    plain = re.sub(r"[^a-z0-9.]+", "-", name.lower())
    tuned = [] if config.dropout is None else [f"dropout-{config.dropout:g}"]
    return Path(folder, plain, *tuned, f"seed-{seed}")


def tune(
    configs: Mapping[str, Config],
    dropouts: Sequence[float],
    data: TrainingData,
    folder: str | Path,
    *,
    workers: int = 1,
) -> dict[str, Config]:
    """Choose each variant's dropout on the validation part, with one seed: equal effort for all.

    Parameters
    ----------
    configs : mapping of str to TrainConfig or DraftConfig
        Draft models have no dropout to choose.
    dropouts : sequence of float
    data, folder, workers
        As in `run_all`, which finds these runs again.

    Returns
    -------
    dict
        For every variant, its configuration with the lowest validation MSE (max-normalised).
    """
    best: dict[str, tuple[float, Config]] = {}
    for dropout in dropouts:
        tried = {n: config.with_dropout(dropout) for n, config in configs.items()}
        for name, (curves,) in run_all(tried, [0], data, folder, workers=workers).items():
            error = scores(curves, data, "valid")["mse_max"]
            if name not in best or error < best[name][0]:
                best[name] = error, tried[name]
    return {name: config for name, (_, config) in best.items()}


def run_all(
    configs: Mapping[str, Config],
    seeds: Sequence[int],
    data: TrainingData,
    folder: str | Path,
    *,
    workers: int = 1,
    draft_epochs: int | None = None,
    address: str | None = None,
    client: Client | None = None,
) -> dict[str, list[RunResult]]:
    """Train every variant with every seed; what is finished is read, what was interrupted goes on.

    Calls on one folder at the same time, from other machines too, share the runs.

    Parameters
    ----------
    configs : mapping of str to TrainConfig or DraftConfig
    seeds : sequence of int
    data : TrainingData
    folder : path
        Gets a folder for each run, see `place`. Draft models that models read are learnt first,
        with the seed of the model, see `draft_run`.
    workers : int
        Runs at a time; more than one only helps on a CPU.
    draft_epochs : int, optional
        Of draft models that models read; as many as the model's without it.
    address, client : optional
        A Dask scheduler whose workers train, see `parallel.scheduler.open_scheduler`.

    Returns
    -------
    dict
        For every variant, one `RunResult` a seed.

    Raises
    ------
    ConfigError
        If a folder holds a run with other settings.
    """
    # By seed first, so that an interrupted table has every variant.
    jobs = [(name, seed) for seed in seeds for name in configs]
    places = {(n, s): place(folder, n, configs[n], s) for n, s in jobs}
    read = {(n, s): draft_run(configs[n], s, folder, draft_epochs) for n, s in jobs}
    before: Runs = {
        needed.folder: (needed.config, None) for needed in read.values() if needed is not None
    }
    after: Runs = {}
    for (name, seed), where in places.items():
        needed = read[name, seed]
        draft_model = needed.folder if needed is not None else None
        after[where] = replace(configs[name], seed=seed), draft_model
    with (
        open_scheduler(workers, address=address, client=client) as scheduler,
        Claims(folder) as claims,
    ):
        _finish("Drafts", before, data, scheduler, claims)
        _finish("Training", after, data, scheduler, claims)
    return {name: [read_curves(places[name, seed]) for seed in seeds] for name in configs}


class DraftRun(NamedTuple):
    """Settings and folder of a draft model that a model reads."""

    config: DraftConfig
    folder: Path


def draft_run(
    config: Config, seed: int, folder: str | Path, epochs: int | None = None
) -> DraftRun | None:
    """The draft model that a model of this seed reads; None where it reads none.

    It sees what the model sees: projections only where the model is trained on them.
    """
    if isinstance(config, DraftConfig) or not config.model.draft:
        return None
    kind, told = config.model.kind, config.loss.sites > 0
    draft = draft_config(kind, seed, epochs or config.epochs, projections=told)
    # Force constants are the same whatever they are told.
    name = ALONE[kind] if kind.fixed_modes or not told else f"{ALONE[kind]}, told sites"
    return DraftRun(draft, place(folder, name, draft, seed))


# Folder of every run, with its settings and the folder of the draft model it reads.
Runs = dict[Path, tuple[Config, Path | None]]


def _finish(
    what: str, runs: Runs, data: TrainingData, scheduler: Scheduler, claims: Claims
) -> None:
    """Do the runs that nobody has done; wait for those that somebody else is doing."""
    here = Path.cwd()  # workers elsewhere are in another folder
    places = {str(where): where for where in runs}

    def finished(key: str) -> bool:
        done = (places[key] / CURVES).exists()
        if done:
            keep_config(places[key] / CONFIG, runs[places[key]][0])
        return done

    def tasks() -> Iterator[Task | Later]:
        for key in unclaimed(places, finished, claims):
            if isinstance(key, Later):
                yield LATER
                continue
            config, draft_model = runs[places[key]]
            read = here / draft_model if draft_model is not None else None
            yield Task(key, (config, here / places[key], read))

    outcomes = scheduler.run(_run_on_one_thread, tasks(), common=(data,))
    done = sum((where / CURVES).exists() for where in runs)
    for outcome in shown(outcomes, what, len(runs), done=done):
        claims.release(outcome.key)
        outcome.get()


def _run_on_one_thread(
    data: TrainingData, config: Config, folder: Path, draft_model: Path | None
) -> None:
    # The networks are small: a second thread costs more in waiting than it computes.
    with one_thread():
        run(config, data, folder, draft_model=draft_model, progress=False)


def predict_totals(
    network: Network,
    records: Sequence[Record],
    *,
    cache: str | Path | None = None,
    batch_size: int = 32,
) -> Array:
    """Totals of every record, each summing to one, shape (n_records, B)."""
    items = prepare(
        records, systems=network.reads_system, draft_model=network.draft_model, cache=cache
    )
    device = next(network.parameters()).device
    network.eval()
    rows = []
    with torch.inference_mode():
        for start in range(0, len(items), batch_size):
            graphs, _ = collate_items(items[start : start + batch_size])
            rows.append(network.total(graphs.to(device)).cpu().numpy())
    curves: Array = np.concatenate(rows)
    return curves / np.maximum(curves.sum(axis=1, keepdims=True), 1e-30)


def drafted_totals(draft_model: DraftModel, records: Sequence[Record]) -> Array:
    """Totals as a draft model has them, each summing to one, shape (n_records, B)."""
    curves = np.stack([drafted_total(g) for g in record_inputs(records, draft_model)])
    return curves / np.maximum(curves.sum(axis=1, keepdims=True), 1e-30)


def _write(folder: Path, arrays: Mapping[str, Array], metadata: Mapping[str, Any]) -> None:
    # The metadata first: a run counts as finished when its curves are there.
    write_text(folder / METADATA, json.dumps(metadata, indent=1))
    small = {k: v.astype(np.float32) if v.dtype.kind == "f" else v for k, v in arrays.items()}
    write_arrays(folder / CURVES, small)
