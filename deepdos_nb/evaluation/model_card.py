"""Weights for others: pack trained seeds, score them once, and say what they are."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from math import isfinite
from pathlib import Path

from deepdos_nb.core.files import write_text
from deepdos_nb.core.grids import Kind
from deepdos_nb.core.markdown import NOTHING, markdown_table
from deepdos_nb.core.nesting import parse_json
from deepdos_nb.core.version import __version__
from deepdos_nb.data.training_sets import TrainingData, seen_elements
from deepdos_nb.evaluation.claim_tables import with_interval
from deepdos_nb.evaluation.model_card_text import card_text
from deepdos_nb.evaluation.scoring import (
    recall_interval,
    score_band,
    score_claims,
    score_readings,
    score_sites,
    score_totals,
    seed_curves,
)
from deepdos_nb.inference.ensemble import Ensemble
from deepdos_nb.inference.loading import SCORES, load_model
from deepdos_nb.metrics.calibration import fit_band
from deepdos_nb.model.weights import save_weights
from deepdos_nb.training.settings import CONFIG, DATA
from deepdos_nb.training.train import best_reasoner

CARD = "MODEL_CARD.md"

ROWS = {
    "mse_max": ("MSE", "max", ".4f"),
    "mae_max": ("MAE", "max", ".4f"),
    "r2_pooled_max": ("R², pooled over the set", "max", ".3f"),
    "r2_crystal_mean_max": ("R², mean over crystals", "max", ".3f"),
    "r2_crystal_median_max": ("R², median over crystals", "max", ".3f"),
    "seeds_mse_max_mean": ("MSE of a single seed, mean", "max", ".4f"),
    "mse_max_of_scaled": ("MSE of the mean of curves scaled seed by seed", "max", ".4f"),
    "start_mse_max": ("MSE of the draft, before the transport", "max", ".4f"),
    "moved_mse_max": ("MSE after the transport, before the correction", "max", ".4f"),
    "mse_oracle": ("MSE", "oracle total", ".4f"),
    "mae_oracle": ("MAE", "oracle total", ".4f"),
    "r2_pooled_oracle": ("R², pooled over the set", "oracle total", ".3f"),
    "seeds_mse_oracle_mean": ("MSE of a single seed, mean", "oracle total", ".4f"),
    "start_mse_oracle": ("MSE of the draft, before the transport", "oracle total", ".4f"),
    "moved_mse_oracle": ("MSE after the transport, before the correction", "oracle total", ".4f"),
    "mse_end_to_end": ("MSE", "end-to-end", ".4f"),
    "mae_end_to_end": ("MAE", "end-to-end", ".4f"),
    "mae_sum": ("MAE", "sum", ".5f"),
    "r2_pooled_sum": ("R², pooled over the set", "sum", ".3f"),
    "r2_crystal_mean_sum": ("R², mean over crystals", "sum", ".3f"),
    "wd_mean": ("Wasserstein distance, mean ({unit})", "sum", "energy"),
    "wd_median": ("Wasserstein distance, median ({unit})", "sum", "energy"),
    "start_wd_mean": (
        "Wasserstein distance of the draft, mean ({unit})",
        "sum",
        "energy",
    ),
    "moved_wd_mean": (
        "Wasserstein distance after the transport, mean ({unit})",
        "sum",
        "energy",
    ),
    "mean_energy_mae": ("mean {axis}, MAE ({unit})", "sum", "energy"),
    "heat_capacity_300K_mae": ("C_V at 300 K, MAE (J/(mol·K) per mole of atoms)", "sum", ".3f"),
    "states_mae": ("states in the window per atom, MAE", "none", ".2f"),
    "states_relative": ("states in the window, mean relative error", "none", ".1%"),
    "density_at_zero_mae": ("density at the zero, MAE (states/eV per atom)", "none", ".3f"),
    "gap_positives": ("materials with a gap inside the valence band", "none", ".0f"),
    "gap_precision": ("screen for that gap: precision", "none", ".3f"),
    "gap_recall": ("screen: recall", "none", ".3f"),
    "gap_f1": ("screen: F₁", "none", ".3f"),
    "gap_mcc": ("screen: Matthews coefficient", "none", ".3f"),
    "gap_iou_any": ("screen: overlap of the windows (IoU, a miss counts zero)", "none", ".3f"),
    "error_over_spread": ("RMS error / RMS spread over seeds", "sum", ".2f"),
    "band_coverage": ("bins inside the band (68.3% stated)", "sum", ".1%"),
    "band_coverage_outer": ("bins inside the outer band (95.4% stated)", "sum", ".1%"),
    "band_coverage_low": ("… of bins below 10% of the highest", "sum", ".1%"),
    "band_coverage_middle": ("… of bins between 10% and 50%", "sum", ".1%"),
    "band_coverage_high": ("… of bins above 50%", "sum", ".1%"),
    "band_where_zero": (
        "band where the reference is zero, over its mean",
        "sum",
        ".3f",
    ),
}
"""Name, normalisation and format of every score of totals that a card shows."""

GIVEN_TOTAL = {
    "shares": "shares_given_total_",
    "equal share": "equal_share_",
    "source attention": "attention_share_",
}
"""Answers that are told the true total and only share it out, by their names in scores."""


def pack(runs: Sequence[str | Path], data: TrainingData, folder: str | Path, command: str) -> Path:
    """Collect the best weights of several runs, score the ensemble, and write its card.

    Parameters
    ----------
    runs : sequence of path
        Folders that `training.train` made, one for each seed. Without any, the weights that are in
        `folder` already are scored and described again.
    data : TrainingData
        What they were trained on, and the validation and test parts.
    folder : path
        Gets ``seed-<n>.safetensors``, `scores.json` and `MODEL_CARD.md`.
    command : str
        How the runs were made, to be printed on the card.

    Returns
    -------
    Path
        The model card.

    Raises
    ------
    ConfigError
        If a run is a baseline's.
    """
    for run in runs:
        save_run(run, data, folder)
    return describe(folder, data, command)


def save_run(run: str | Path, data: TrainingData, folder: str | Path) -> Path:
    """Write the best weights of a run as ``seed-<n>.safetensors``; returns the file.

    Parameters
    ----------
    run, folder : path
        Of `training.train`, and of the weights.
    data : TrainingData
        What it was trained on.

    Raises
    ------
    ConfigError
        If the run is a baseline's.
    """
    run = Path(run)
    setting = parse_json((run / CONFIG).read_text("utf-8"))
    metadata = {
        "elements": _elements(run, data),
        "n_train": len(data.train),
        "training": setting,
        "version": __version__,
    }
    if data.name:
        metadata["data"] = data.name
    model = best_reasoner(run, "Pack runs of `deepdos train --model deepdos`.")
    return save_weights(
        model, Path(folder) / f"seed-{setting['seed']}.safetensors", metadata=metadata
    )


def _elements(run: Path, data: TrainingData) -> list[int]:
    """Atomic numbers that a run has seen, in its data and before."""
    facts = run / DATA
    if not facts.exists():
        return seen_elements(data.train)
    return list(parse_json(facts.read_text("utf-8"))["elements"])


def describe(folder: str | Path, data: TrainingData, command: str) -> Path:
    """Score packed weights as shipped, after rounding to float16, and write their card.

    Parameters
    ----------
    folder, data, command
        As in `pack`.

    Returns
    -------
    Path
        The model card.
    """
    folder = Path(folder)
    ensemble = load_model(data.kind, folder=folder)
    # The embedded set grows at its end: what has come since was not learnt from.
    learnt = max(known["n_train"] for known in ensemble.metadata)
    data = replace(data, train=data.train[:learnt])
    scores = score(ensemble, data)
    settings = [known["training"] for known in ensemble.metadata]
    tables = [score_table(scores, data.kind)]
    sites = [scores[part] for part in ("test_sites", "test_first_sites") if part in scores]
    tables += [site_table(part, data.kind) for part in sites]
    write_text(folder / SCORES, json.dumps(scores, indent=1, allow_nan=False))
    write_text(folder / CARD, card_text(tables, settings, data, command))
    return folder / CARD


def score(ensemble: Ensemble, data: TrainingData) -> dict[str, dict[str, float]]:
    """Scores on the validation and test parts, and of sites where test projections are known.

    The band is fitted to the validation part, so that only its coverage of the test part
    says anything.
    """
    parts = {"valid": data.valid, "test": data.test, "test_first": data.test_first}
    parts = {name: records for name, records in parts.items() if records}
    scores = {
        part: score_totals(ensemble, records) | score_readings(ensemble, records)
        for part, records in parts.items()
    }
    if len(ensemble.models) > 1:
        band = fit_band(*seed_curves(ensemble, data.valid))
        scores["valid"] |= {f"band_{name}": value for name, value in asdict(band).items()}
        for part, records in parts.items():
            scores[part] |= score_band(ensemble, records, band)
    scores["test"] |= score_claims(ensemble, data.test, data.train)
    scores["test"] |= recall_interval(scores["test"])
    if data.test_sites:
        scores["test_sites"] = score_sites(ensemble, data.test_sites)
    if data.test_first:
        scores["test_first_sites"] = score_sites(ensemble, data.test_first)
    # What divides by nothing, as R² of one crystal, is no score, and JSON has no word for it.
    return {
        part: {key: value for key, value in found.items() if isfinite(value)}
        for part, found in scores.items()
    }


def score_table(scores: dict[str, dict[str, float]], kind: str) -> str:
    """Markdown table of validation and test scores."""
    kind = Kind(kind)
    columns = {"valid": "validation", "test": "test", "test_first": "first edition's test"}
    columns = {part: head for part, head in columns.items() if part in scores}
    rows = []
    for key, (name, norm, form) in ROWS.items():
        if all(key in scores[part] for part in ("valid", "test")):
            form = kind.distance_format if form == "energy" else form
            cells = [with_interval(scores[part], key, form) for part in columns]
            rows.append([name.format(unit=kind.grid.unit, axis=kind.axis), norm, *cells])
    return markdown_table(["score", "normalisation", *columns.values()], rows, left=2)


def site_table(scores: dict[str, float], kind: str) -> str:
    """Markdown table of element- and site-resolved scores beside answers told the true total."""
    kind = Kind(kind)
    # Scores of an earlier version know fewer of them.
    told = {n: key for n, key in GIVEN_TOTAL.items() if f"site_{key}cosine_median" in scores}
    rows = []
    for by in ("element", "site"):
        for whose, name in (("", by), ("draft_", f"{by}, draft")):
            if f"{by}_{whose}cosine_median" not in scores:
                continue
            cells = [f"{scores[f'{by}_n']:.0f}"]
            cells += [f"{scores[f'{by}_{whose}cosine_{mean}']:.3f}" for mean in ("median", "mean")]
            cells += [format(scores[f"{by}_{whose}wd_mean"], kind.distance_format)]
            cells += [
                NOTHING if whose else f"{scores[f'{by}_{key}cosine_median']:.3f}"
                for key in told.values()
            ]
            rows.append([name, *cells])
    heads = ["curves", "median cosine", "mean cosine", f"WD, mean ({kind.grid.unit})"]
    heads += [f"told the total: {name}" for name in told]
    return markdown_table(["resolved by", *heads], rows, left=1)
