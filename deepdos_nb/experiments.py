"""Rows of a table: train every variant with every seed, keep the curves, score them.

A finished run keeps what it predicts for the validation and the test part. Every table and figure
is computed from those curves, so that a new score needs no new training.
"""

from __future__ import annotations

import json
import multiprocessing
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from rich.progress import track

from deepdos_nb.arrays import Array
from deepdos_nb.batches import collate_items, prepare
from deepdos_nb.data.records import Record
from deepdos_nb.data.splits import Part
from deepdos_nb.errors import ConfigError, DataError
from deepdos_nb.grids import Kind, grid_for
from deepdos_nb.losses import LossWeights
from deepdos_nb.metrics import shape_scores
from deepdos_nb.model import ModelConfig
from deepdos_nb.model.baselines import NAMES, BaselineConfig, parameter_count
from deepdos_nb.recipes import TrainingData
from deepdos_nb.training import Network, TrainConfig, needs_systems, total_curves, train

CURVES = "curves.npz"
FACTS = "facts.json"
SCORED: tuple[Part, ...] = ("valid", "test")

OURS = "deepdos"
"""Name of our own model beside the baselines."""


@dataclass(frozen=True)
class Curves:
    """What one run, or the mean of several, predicts.

    Parameters
    ----------
    totals : mapping of part to ndarray, shape (n, B)
        Keys "valid" and "test"; each curve sums to one.
    materials : mapping of part to tuple of str
        Identifiers of the rows.
    facts : mapping
        "parameters", "seconds" of training, "n_train".
    """

    totals: Mapping[Part, Array]
    materials: Mapping[Part, tuple[str, ...]]
    facts: Mapping[str, Any]


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
        "full": full,
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
        Gets a folder `<variant>/seed-<n>` for each run.
    workers : int
        Runs at a time; more than one only helps on a CPU.

    Returns
    -------
    dict
        For every variant, one `Curves` a seed.
    """
    # By seed first, so that an interrupted table has every variant.
    jobs = [(name, seed) for seed in seeds for name in configs]
    places = {(n, s): Path(folder) / n.replace(" ", "-") / f"seed-{s}" for n, s in jobs}
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, initializer=_one_thread) as pool:
        futures = {
            pool.submit(run, replace(configs[n], seed=s), data, places[n, s], progress=False): n
            for n, s in jobs
        }
        for future in track(as_completed(futures), "Training", total=len(futures)):
            future.result()
    return {name: [read_curves(places[name, seed]) for seed in seeds] for name in configs}


def _one_thread() -> None:
    # The networks are small: a second thread costs more in waiting than it computes.
    torch.set_num_threads(1)


def read_curves(folder: str | Path) -> Curves:
    """Curves that `run` kept.

    Raises
    ------
    DataError
        If the folder holds no finished run.
    """
    folder = Path(folder)
    try:
        with np.load(folder / CURVES, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        facts = json.loads((folder / FACTS).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(
            f"no finished run ({error}).", source=str(folder), remedy="Train it first."
        ) from error
    return Curves(
        {part: arrays[part].astype(float) for part in SCORED},
        {part: tuple(arrays[f"{part}_materials"].tolist()) for part in SCORED},
        facts,
    )


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


def ensemble(members: Sequence[Curves]) -> Curves:
    """Mean curves of several seeds.

    Raises
    ------
    ConfigError
        If there is none, or they predict different materials.
    """
    if not members or any(m.materials != members[0].materials for m in members):
        raise ConfigError("an ensemble needs runs that predict the same materials.")
    totals = {part: np.mean([m.totals[part] for m in members], axis=0) for part in SCORED}
    return Curves(totals, members[0].materials, members[0].facts)


def scores(curves: Curves, data: TrainingData, part: Part) -> dict[str, float]:
    """Shape scores of one part.

    Raises
    ------
    ConfigError
        If the curves belong to other materials.
    """
    records: list[Record] = getattr(data, part)
    if curves.materials[part] != tuple(r.material_id for r in records):
        raise ConfigError(
            f"the curves' {part} materials are not those of the data.",
            remedy="Train again in another folder, or give the data the run was trained on.",
        )
    reference = np.stack([r.shape for r in records])
    return shape_scores(curves.totals[part], reference, grid_for(data.kind).energies)


def score_rows(
    runs: Mapping[str, Sequence[Curves]], data: TrainingData, part: Part
) -> pd.DataFrame:
    """Scores of every variant and seed, and of each variant's mean over seeds.

    Returns
    -------
    DataFrame
        One row for each run, with columns "variant", "seed" (an integer, or "mean curve"),
        "parameters", "seconds", "n_train" and every score of `metrics.shape_scores`.
    """
    rows: list[dict[str, Any]] = []
    for variant, members in runs.items():
        for seed, curves in enumerate(members):
            head = {"variant": variant, "seed": seed, **curves.facts}
            rows.append(head | scores(curves, data, part))
        if len(members) > 1:
            mean = ensemble(members)
            head = {"variant": variant, "seed": "mean curve", **mean.facts}
            rows.append(head | scores(mean, data, part))
    return pd.DataFrame(rows)


def summary(rows: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Mean and standard deviation over seeds, one row for each variant in the order of `rows`."""
    single = rows[rows["seed"] != "mean curve"]
    groups = single.groupby("variant", sort=False)[list(columns)]
    return groups.agg(["mean", "std"])


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
