"""Train every variant with every seed, each for as long as the others, and keep what they predict.

A finished run keeps its curves of the validation and the test part; see `comparison` for what is
made of them.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.progress import track

from deepdos_nb.arrays import Array
from deepdos_nb.batches import collate_items, prepare
from deepdos_nb.comparison import CURVES, FACTS, SCORED, Curves, read_curves, scores
from deepdos_nb.data.records import Record
from deepdos_nb.grids import Kind
from deepdos_nb.losses import LossWeights
from deepdos_nb.model import ModelConfig
from deepdos_nb.model.baselines import NAMES, BaselineConfig, parameter_count
from deepdos_nb.processes import end_with
from deepdos_nb.recipes import TrainingData
from deepdos_nb.training import (
    CONFIG,
    Network,
    TrainConfig,
    keep_config,
    needs_systems,
    total_curves,
    train,
)

OURS = "deepdos"
"""Name of our own model beside the baselines."""


def benchmark_configs(kind: Kind, base: TrainConfig) -> dict[str, TrainConfig]:
    """Our model and the three baselines, at their own losses, everything else as `base` says."""
    dropout = base.model.dropout
    baselines = {n: BaselineConfig(name=n, kind=kind, dropout=dropout) for n in NAMES}
    ours = {OURS: replace(base, model=ModelConfig(kind=kind, dropout=dropout))}
    return ours | {name: replace(base, model=model) for name, model in baselines.items()}


def ablation_configs(kind: Kind, base: TrainConfig) -> dict[str, TrainConfig]:
    """Our model with one thing changed at a time."""
    full = ModelConfig(kind=kind, dropout=base.model.dropout)
    models = {
        OURS: full,
        "no Stage II": replace(full, refiner="none"),
        "residual softmax": replace(full, refiner="residual"),
        "one cell a step": replace(full, strides=(1,) * len(full.strides)),
        "K = 3": replace(full, strides=full.strides[: len(full.strides) // 2]),
        "no angles": replace(full, moments=0),
    }
    variants = {name: replace(base, model=model) for name, model in models.items()}
    blind = replace(base.loss, cdf=0.0)
    return variants | {"no CDF term": replace(base, model=full, loss=blind)}


def run(
    config: TrainConfig, data: TrainingData, folder: str | Path, *, progress: bool = True
) -> Curves:
    """Train one network, resuming where it stopped, and keep its curves; a finished one is read.

    Parameters
    ----------
    config : TrainConfig
    data : TrainingData
    folder : path
        See `training.train`; `curves.npz` and `facts.json` are written beside the checkpoints.
    progress : bool
        Show a progress bar.

    Raises
    ------
    ConfigError
        If the folder holds a run with other settings.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    keep_config(folder / CONFIG, config)
    if not (folder / CURVES).exists():
        begin = time.perf_counter()
        network = train(data.train, data.valid, config, folder, progress=progress)
        facts = {
            "parameters": parameter_count(network),
            "seconds": round(time.perf_counter() - begin, 1),
            "n_train": len(data.train),
        }
        systems = needs_systems(config.model)
        arrays: dict[str, Array] = {}
        for part in SCORED:
            records: list[Record] = getattr(data, part)
            arrays[part] = predict_totals(network, records, systems=systems)
            arrays[f"{part}_materials"] = np.array([r.material_id for r in records])
        _write(folder, arrays, facts)
    return read_curves(folder)


def place(folder: str | Path, name: str, config: TrainConfig, seed: int) -> Path:
    """Folder of one run of a variant."""
    plain = re.sub(r"[^a-z0-9.]+", "-", name.lower())
    return Path(folder) / plain / f"dropout-{config.model.dropout:g}" / f"seed-{seed}"


def tune(
    configs: Mapping[str, TrainConfig],
    dropouts: Sequence[float],
    data: TrainingData,
    folder: str | Path,
    *,
    workers: int = 1,
) -> dict[str, TrainConfig]:
    """Choose each variant's dropout on the validation part, with one seed: equal effort for all.

    Parameters
    ----------
    configs : mapping of str to TrainConfig
    dropouts : sequence of float
    data, folder, workers
        As in `run_all`, which finds these runs again.

    Returns
    -------
    dict
        For every variant, its configuration with the lowest validation MSE (max-normalised).
    """
    best: dict[str, tuple[float, TrainConfig]] = {}
    for dropout in dropouts:
        tried = {n: with_dropout(config, dropout) for n, config in configs.items()}
        for name, (curves,) in run_all(tried, [0], data, folder, workers=workers).items():
            error = scores(curves, data, "valid")["mse_max"]
            if name not in best or error < best[name][0]:
                best[name] = error, tried[name]
    return {name: config for name, (_, config) in best.items()}


def with_dropout(config: TrainConfig, dropout: float) -> TrainConfig:
    """The same with another dropout."""
    return replace(config, model=replace(config.model, dropout=dropout))


def run_all(
    configs: Mapping[str, TrainConfig],
    seeds: Sequence[int],
    data: TrainingData,
    folder: str | Path,
    *,
    workers: int = 1,
) -> dict[str, list[Curves]]:
    """Train every variant with every seed; what is finished is read, what was interrupted goes on.

    Parameters
    ----------
    configs : mapping of str to TrainConfig
    seeds : sequence of int
    data : TrainingData
    folder : path
        Gets a folder for each run, see `place`.
    workers : int
        Runs at a time; more than one only helps on a CPU.

    Returns
    -------
    dict
        For every variant, one `Curves` a seed.
    """
    # By seed first, so that an interrupted table has every variant.
    jobs = [(name, seed) for seed in seeds for name in configs]
    places = {(n, s): place(folder, n, configs[n], s) for n, s in jobs}
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, initializer=_one_thread) as pool:
        futures = {
            pool.submit(run, replace(configs[n], seed=s), data, places[n, s], progress=False): n
            for n, s in jobs
        }
        done = as_completed(futures)
        # Runs take minutes: redrawn ten times a second, the bar would flood a notebook's channel.
        for future in track(done, "Training", total=len(futures), refresh_per_second=0.5):
            future.result()
    return {name: [read_curves(places[name, seed]) for seed in seeds] for name in configs}


def _one_thread() -> None:
    # A notebook's kernel may be killed; its runs would train on, unseen.
    end_with(os.getppid())
    # The networks are small: a second thread costs more in waiting than it computes.
    torch.set_num_threads(1)


def predict_totals(
    network: Network, records: Sequence[Record], *, systems: bool = False, batch_size: int = 32
) -> Array:
    """Totals of every record, each summing to one, shape (n_records, B)."""
    items = prepare(records, systems=systems)
    device = next(network.parameters()).device
    network.eval()
    rows = []
    with torch.inference_mode():
        for start in range(0, len(items), batch_size):
            graphs, _ = collate_items(items[start : start + batch_size])
            rows.append(total_curves(network, graphs.to(device)).cpu().numpy())
    curves: Array = np.concatenate(rows)
    return curves / np.maximum(curves.sum(axis=1, keepdims=True), 1e-30)


def train_config(
    *, epochs: int, dropout: float = 0.2, weight_decay: float = 0.05, sites: float = 0.0
) -> TrainConfig:
    """Settings that every variant of a table shares."""
    return TrainConfig(
        model=ModelConfig(dropout=dropout),
        loss=LossWeights(sites=sites),
        epochs=epochs,
        weight_decay=weight_decay,
    )


def _write(folder: Path, arrays: Mapping[str, Array], facts: Mapping[str, Any]) -> None:
    # The facts first: a run counts as finished when its curves are there.
    for name, write in (
        (FACTS, lambda path: path.write_text(json.dumps(facts, indent=1), "utf-8")),
        (CURVES, lambda path: _save(path, arrays)),
    ):
        part = folder / f"{name}.part"
        write(part)
        part.replace(folder / name)


def _save(path: Path, arrays: Mapping[str, Array]) -> None:
    small: dict[str, Any] = {
        k: v.astype(np.float32) if v.dtype.kind == "f" else v for k, v in arrays.items()
    }
    with path.open("wb") as file:
        np.savez_compressed(file, **small)
