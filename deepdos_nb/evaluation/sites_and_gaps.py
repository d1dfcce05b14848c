"""What else finished runs are read for: the sites of a spectrum, and the screen for gaps.

`comparison` scores totals from stored curves; these two need the networks again, or more than one
of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import ConfigError
from deepdos_nb.core.grids import Kind
from deepdos_nb.core.markdown import markdown_table, number
from deepdos_nb.data.records import Record
from deepdos_nb.data.training_sets import TrainingData
from deepdos_nb.evaluation.experiments import place
from deepdos_nb.evaluation.scoring import score_sites
from deepdos_nb.evaluation.tables import RunResult, references
from deepdos_nb.evaluation.variants import OURS, Config
from deepdos_nb.inference.ensemble import Ensemble
from deepdos_nb.metrics.gap_screen import gap_scores
from deepdos_nb.metrics.intervals import wilson
from deepdos_nb.metrics.valence_gap import vb_gap
from deepdos_nb.model import Reasoner
from deepdos_nb.training.train import best_reasoner


def site_rows(
    configs: Mapping[str, Config], seeds: Sequence[int], data: TrainingData, folder: str | Path
) -> pd.DataFrame:
    """Element- and site-resolved scores of finished runs, each seed by itself.

    Parameters
    ----------
    configs : mapping of str to TrainConfig
        Of models that know sites.
    seeds : sequence of int
    data : TrainingData
        Its `test_sites` are scored against.
    folder : path
        Where `experiments.run_all` put the runs.

    Returns
    -------
    DataFrame
        Columns "variant", "seed", "n_train" and those of `scoring.score_sites`.
    """
    rows: list[dict[str, Any]] = []
    for name, config in configs.items():
        for seed in seeds:
            ensemble = Ensemble([best_reasoner(place(folder, name, config, seed))])
            head = {"variant": name, "seed": seed, "n_train": len(data.train)}
            rows.append(head | score_sites(ensemble, data.test_sites))
    return pd.DataFrame(rows)


def gap_rows(
    trained: Mapping[str, Sequence[RunResult]],
    configs: Mapping[str, Config],
    data: TrainingData,
    folder: str | Path,
) -> pd.DataFrame:
    """Scores of the screen for a gap inside the valence band, by every model, on the test part.

    The screen reads absolute spectra. Baselines give shapes, so every shape is multiplied by the
    number of states that our model of the same seed expects in the window: the same for all.
    Records whose number of states is unknown tell nothing about gaps and are left out.

    Parameters
    ----------
    trained : mapping of str to sequence of RunResult
        As `experiments.run_all` gives them; must hold `OURS`.
    configs : mapping of str to TrainConfig
    data : TrainingData
        Electrons.
    folder : path

    Returns
    -------
    DataFrame
        Columns "variant", "seed" and those of `gap_scores`.

    Raises
    ------
    ConfigError
        If no record of the test part knows its number of states.
    """
    grid = data.kind.grid
    absolute = np.array([r.states is not None for r in data.test], dtype=bool)
    if not absolute.any():
        raise ConfigError(
            "no record of the test part knows its number of states, which the screen needs.",
            remedy="Give data in states per cell or per atom.",
        )
    records = [r for r, known in zip(data.test, absolute, strict=True) if known]
    known = np.array([r.states for r in records], dtype=float)
    shapes = references(data, "test")[absolute]
    true = [vb_gap(grid.energies, c) for c in shapes * known[:, None] / grid.step]
    rows: list[dict[str, Any]] = []
    for seed in range(len(trained[OURS])):
        states = _states(best_reasoner(place(folder, OURS, configs[OURS], seed)), records)
        for name, members in trained.items():
            curves = members[seed].totals["test"][absolute] * states[:, None] / grid.step
            found = [vb_gap(grid.energies, c) for c in curves]
            rows.append({"variant": name, "seed": seed} | gap_scores(found, true))
    return pd.DataFrame(rows)


def _states(model: Reasoner, records: Sequence[Record]) -> Array:
    ensemble = Ensemble([model])
    graphs = [ensemble.graph(r.structure, r.orbits) for r in records]
    return np.array([states[0] for _, _, states in ensemble.predict_graphs(graphs)])


SITE_COLUMNS = {
    "_cosine_median": "median cosine",
    "_cosine_mean": "mean cosine",
    "_wd_mean": "WD ({unit})",
    "_draft_cosine_median": "draft",
    "_shares_given_total_cosine_median": "told the total: shares",
    "_equal_share_cosine_median": "told: equal share",
    "_attention_share_cosine_median": "told: source attention",
}


def site_markdown(rows: pd.DataFrame, kind: str) -> str:
    """Table of `site_rows` for people: means over seeds, for each variant and resolution."""
    kind = Kind(kind)
    shown = {k: v for k, v in SITE_COLUMNS.items() if f"element{k}" in rows}
    lines = []
    for variant, group in rows.groupby("variant", sort=False):
        for by in ("element", "site"):
            means = [
                number(
                    group[f"{by}{key}"].mean(),
                    kind.distance_format if key == "_wd_mean" else ".3f",
                )
                for key in shown
            ]
            lines.append([variant, by, len(group), *means])
    names = [name.format(unit=kind.grid.unit) for name in shown.values()]
    return markdown_table(["trained on", "resolved by", "seeds", *names], lines, left=2)


GAP_COLUMNS = {
    "picked": ("picked", ".1f"),
    "precision": ("precision", ".3f"),
    "recall": ("recall", ".3f"),
    "f1": ("F₁", ".3f"),
    "mcc": ("Matthews", ".3f"),
    "iou_any": ("overlap (IoU)", ".3f"),
}


def gap_markdown(rows: pd.DataFrame) -> str:
    """Table of `gap_rows` for people: means over seeds."""
    lines = []
    for variant, group in rows.groupby("variant", sort=False):
        means = [number(group[key].mean(), form) for key, (_, form) in GAP_COLUMNS.items()]
        recall = float(group["recall"].mean())
        if np.isfinite(recall):
            # Seeds screen the same crystals: they make the interval no narrower.
            positives = round(float(group["positives"].mean()))
            low, high = wilson(round(recall * positives), positives)
            means[list(GAP_COLUMNS).index("recall")] += f" ({low:.2f} to {high:.2f})"
        lines.append([variant, len(group), *means])
    names = [name for name, _ in GAP_COLUMNS.values()]
    return markdown_table(["model", "seeds", *names], lines, left=1)
