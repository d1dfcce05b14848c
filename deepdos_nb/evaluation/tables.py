"""Tables of a comparison, from the curves that runs keep.

Every score, breakdown and figure is computed from those curves, so that a new score needs no new
training.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import ConfigError, DataError
from deepdos_nb.core.files import DAMAGED_ARCHIVE, write_text
from deepdos_nb.core.grids import Kind
from deepdos_nb.core.markdown import markdown_table, number
from deepdos_nb.data.records import Record
from deepdos_nb.data.splits import Part
from deepdos_nb.data.training_sets import TrainingData
from deepdos_nb.metrics.scores import mse_per_crystal, shape_scores

CURVES = "curves.npz"
METADATA = "facts.json"
SCORED: tuple[Part, ...] = ("valid", "test")


@dataclass(frozen=True)
class RunResult:
    """What one run, or the mean of several, predicts.

    Parameters
    ----------
    totals : mapping of part to ndarray, shape (n, B)
        Keys "valid" and "test"; each curve sums to one.
    materials : mapping of part to tuple of str
        Identifiers of the rows.
    metadata : mapping
        "parameters", "seconds" of training, "n_train".
    """

    totals: Mapping[Part, Array]
    materials: Mapping[Part, tuple[str, ...]]
    metadata: Mapping[str, Any]


def read_curves(folder: str | Path) -> RunResult:
    """RunResult that `run` kept.

    Raises
    ------
    DataError
        If the folder holds no finished run.
    """
    folder = Path(folder)
    try:
        with np.load(folder / CURVES, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        metadata = json.loads((folder / METADATA).read_text("utf-8"))
    except DAMAGED_ARCHIVE as error:
        raise DataError(
            f"no finished run ({error}).", source=str(folder), remedy="Train it first."
        ) from error
    return RunResult(
        {part: arrays[part].astype(float) for part in SCORED},
        {part: tuple(arrays[f"{part}_materials"].tolist()) for part in SCORED},
        metadata,
    )


def ensemble(members: Sequence[RunResult]) -> RunResult:
    """Mean curves of several seeds.

    Raises
    ------
    ConfigError
        If there is none, or they predict different materials.
    """
    if not members or any(m.materials != members[0].materials for m in members):
        raise ConfigError("an ensemble needs runs that predict the same materials.")
    totals = {part: np.mean([m.totals[part] for m in members], axis=0) for part in SCORED}
    return RunResult(totals, members[0].materials, members[0].metadata)


def scores(curves: RunResult, data: TrainingData, part: Part) -> dict[str, float]:
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
    return shape_scores(curves.totals[part], references(data, part), data.kind.grid.energies)


def references(data: TrainingData, part: Part) -> Array:
    """Reference totals of a part, each summing to one, shape (n, B)."""
    records: list[Record] = getattr(data, part)
    return np.stack([r.shape for r in records])


def errors(curves: RunResult, data: TrainingData, part: Part) -> Array:
    """Mean squared error (max-normalised) of each crystal of a part."""
    return mse_per_crystal(curves.totals[part], references(data, part))


def by_element(
    errors: Mapping[str, Array], records: Sequence[Record], *, least: int = 5
) -> pd.DataFrame:
    """Mean error over the crystals that hold an element, for each with at least `least` of them.

    Parameters
    ----------
    errors : mapping of str to ndarray, shape (n_records,)
        Per crystal, for every variant.
    records : sequence of Record
    least : int

    Returns
    -------
    DataFrame
        Index: chemical symbols by falling count; columns: "crystals" and every variant.
    """
    from pymatgen.core import Element

    held = np.array([np.isin(np.arange(1, 119), r.numbers) for r in records])
    rows = {
        Element.from_Z(z + 1).symbol: {"crystals": int(mask.sum())}
        | {name: float(error[mask].mean()) for name, error in errors.items()}
        for z, mask in enumerate(held.T)
        if mask.sum() >= least
    }
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["crystals", *errors])
    return table.sort_values("crystals", ascending=False, kind="stable")


def by_size(
    errors: Mapping[str, Array], records: Sequence[Record], bounds: Sequence[int] = (3, 6, 12)
) -> pd.DataFrame:
    """Mean error by atoms per cell: up to the first bound, up to the second, …, more.

    Parameters and columns are those of `by_element`.
    """
    atoms = np.array([r.n_atoms for r in records])
    group = np.searchsorted(bounds, atoms)
    edges = [1, *(b + 1 for b in bounds)]
    names = [f"{a} to {b}" for a, b in zip(edges, bounds, strict=False)] + [f"{edges[-1]} or more"]
    rows = {
        name: {"crystals": int((group == g).sum())}
        | {variant: float(error[group == g].mean()) for variant, error in errors.items()}
        for g, name in enumerate(names)
        if (group == g).any()
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=["crystals", *errors])


def score_rows(
    runs: Mapping[str, Sequence[RunResult]], data: TrainingData, part: Part
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
            head = {"variant": variant, "seed": seed, **curves.metadata}
            rows.append(head | scores(curves, data, part))
        if len(members) > 1:
            mean = ensemble(members)
            head = {"variant": variant, "seed": "mean curve", **mean.metadata}
            rows.append(head | scores(mean, data, part))
    return pd.DataFrame(rows)


def size_rows(members: Sequence[RunResult], data: TrainingData, part: Part) -> pd.DataFrame:
    """What averaging is worth: scores of the mean curve of 1, 2, … of the given seeds.

    Returns
    -------
    DataFrame
        One row for each size, with columns "size", "choices" (ways to take so many of the seeds)
        and the mean of every score of `metrics.shape_scores` over them; "mse_max_std" is the
        standard deviation of the first, missing where there is one choice.
    """
    rows: list[dict[str, Any]] = []
    for size in range(1, len(members) + 1):
        found = pd.DataFrame([scores(ensemble(c), data, part) for c in combinations(members, size)])
        head = {"size": size, "choices": len(found), "mse_max_std": found["mse_max"].std()}
        rows.append(head | found.mean().to_dict())
    return pd.DataFrame(rows)


def shown(kind: str) -> dict[str, tuple[str, str]]:
    """Scores of a printed table: name and format."""
    kind = Kind(kind)
    return {
        "mse_max": ("MSE (max)", ".4f"),
        "mae_max": ("MAE (max)", ".4f"),
        "r2_pooled_max": ("R² (max), pooled", ".3f"),
        "mse_oracle": ("MSE (oracle total)", ".4f"),
        "wd_mean": (f"WD ({kind.grid.unit})", kind.distance_format),
    }


def size_markdown(rows: pd.DataFrame, kind: str) -> str:
    """Table of `size_rows` for people."""
    columns = shown(kind)
    lines = []
    for row in rows.to_dict("records"):
        cells = [number(row[key], form) for key, (_, form) in columns.items()]
        if not pd.isna(row["mse_max_std"]):
            cells[0] += f" ± {row['mse_max_std']:.4f}"
        lines.append([f"{row['size']:.0f}", f"{row['choices']:.0f}", *cells])
    names = [name for name, _ in columns.values()]
    return markdown_table(["seeds", "ways to choose them", *names], lines, left=0)


def markdown(rows: pd.DataFrame, kind: str, by: Sequence[str] = ("variant",)) -> str:
    """Table for people: mean ± standard deviation over seeds.

    Parameters
    ----------
    rows : DataFrame
        As `score_rows` gives them.
    kind : {"phdos", "edos"}
        Tells the unit of distances.
    by : sequence of str
        Columns that tell the lines apart, such as "variant" and "n_train".

    Returns
    -------
    str
        Markdown; no standard deviation where there is one seed.
    """
    columns = shown(kind)
    lines = []
    single = rows[rows["seed"].astype(str) != "mean curve"]
    for key, group in single.groupby(list(by), sort=False):
        cells = [*map(str, key), f"{group['parameters'].iloc[0] / 1000:.0f} k", str(len(group))]
        for column, (_, form) in columns.items():
            values = group[column]
            spread = f" ± {format(values.std(), form)}" if values.count() > 1 else ""
            cells.append(number(values.mean(), form) + spread)
        lines.append(cells)
    heads = ["model", "training crystals"][: len(by)]
    names = [name for name, _ in columns.values()]
    return markdown_table([*heads, "parameters", "seeds", *names], lines, left=1)


def summary(rows: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Mean and standard deviation over seeds, one row for each variant in the order of `rows`."""
    single = rows[rows["seed"] != "mean curve"]
    groups = single.groupby("variant", sort=False)[list(columns)]
    return groups.agg(["mean", "std"])


def save_rows(rows: pd.DataFrame, path: str | Path) -> Path:
    """Write scores as CSV, to six digits, so that the file is complete or not there."""
    return write_text(path, rows.to_csv(index=False, float_format="%.6g"))
