"""Weights for others: pack trained seeds, score them once, and say what they are."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from deepdos_nb import __version__
from deepdos_nb.data.splits import protocol
from deepdos_nb.errors import ConfigError
from deepdos_nb.model import Reasoner
from deepdos_nb.model.weights import save_weights
from deepdos_nb.predict import Ensemble, load_model
from deepdos_nb.recipes import TrainingData, seen_elements
from deepdos_nb.scoring import score_sites, score_totals
from deepdos_nb.training import best_model

SCORES = "scores.json"
CARD = "MODEL_CARD.md"

ROWS = {
    "mse_max": ("MSE", "max", ".4f"),
    "mae_max": ("MAE", "max", ".4f"),
    "r2_pooled_max": ("R², pooled over the set", "max", ".3f"),
    "r2_crystal_mean_max": ("R², mean over crystals", "max", ".3f"),
    "r2_crystal_median_max": ("R², median over crystals", "max", ".3f"),
    "seeds_mse_max_mean": ("MSE of a single seed, mean", "max", ".4f"),
    "stage_one_mse_max": ("MSE of Stage I, before the transport", "max", ".4f"),
    "mse_oracle": ("MSE", "oracle total", ".4f"),
    "mae_oracle": ("MAE", "oracle total", ".4f"),
    "r2_pooled_oracle": ("R², pooled over the set", "oracle total", ".3f"),
    "seeds_mse_oracle_mean": ("MSE of a single seed, mean", "oracle total", ".4f"),
    "stage_one_mse_oracle": ("MSE of Stage I, before the transport", "oracle total", ".4f"),
    "mae_sum": ("MAE", "sum", ".5f"),
    "r2_pooled_sum": ("R², pooled over the set", "sum", ".3f"),
    "r2_crystal_mean_sum": ("R², mean over crystals", "sum", ".3f"),
    "wd_mean": ("Wasserstein distance, mean (cm⁻¹)", "sum", ".1f"),
    "wd_median": ("Wasserstein distance, median (cm⁻¹)", "sum", ".1f"),
    "stage_one_wd_mean": ("Wasserstein distance of Stage I, mean (cm⁻¹)", "sum", ".1f"),
    "mean_energy_mae": ("mean frequency, MAE (cm⁻¹)", "sum", ".1f"),
    "error_over_spread": ("RMS error / RMS spread over seeds", "sum", ".2f"),
}
"""Name, normalisation and format of every score of totals that a card shows."""


def pack(runs: Sequence[str | Path], data: TrainingData, folder: str | Path, command: str) -> Path:
    """Collect the best weights of several runs, score the ensemble, and write its card.

    Parameters
    ----------
    runs : sequence of path
        Folders that `training.train` made, one for each seed.
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
    """
    folder = Path(folder)
    settings = []
    for run in map(Path, runs):
        setting = json.loads((run / "config.json").read_text("utf-8"))
        facts = {
            "elements": seen_elements(data.train),
            "n_train": len(data.train),
            "training": setting,
            "version": __version__,
        }
        model = best_model(run)
        if not isinstance(model, Reasoner):
            raise ConfigError(
                "a baseline is for comparison and is not packed.",
                source=str(run),
                remedy="Pack runs of `deepdos train --model deepdos`.",
            )
        save_weights(model, folder / f"seed-{setting['seed']}.safetensors", card=facts)
        settings.append(setting)
    # Scored as shipped: after rounding to float16.
    scores = score(load_model("phdos", folder=folder), data)
    _write(folder / SCORES, json.dumps(scores, indent=1))
    _write(folder / CARD, card_text(scores, settings, data, command))
    return folder / CARD


def score(ensemble: Ensemble, data: TrainingData) -> dict[str, dict[str, float]]:
    """Scores on the validation and test parts, and of sites where test projections are known."""
    scores = {
        "valid": score_totals(ensemble, data.valid),
        "test": score_totals(ensemble, data.test),
    }
    if data.test_sites:
        scores["test_sites"] = score_sites(ensemble, data.test_sites)
    return scores


def score_table(scores: dict[str, dict[str, float]]) -> str:
    """Markdown table of validation and test scores."""
    lines = ["| score | normalisation | validation | test |", "|---|---|---:|---:|"]
    for key, (name, norm, form) in ROWS.items():
        if key in scores["test"]:
            cells = " | ".join(format(scores[part][key], form) for part in ("valid", "test"))
            lines.append(f"| {name} | {norm} | {cells} |")
    return "\n".join(lines)


def site_table(scores: dict[str, float]) -> str:
    """Markdown table of element- and site-resolved scores."""
    lines = [
        "| resolved by | curves | median cosine | mean cosine | WD, mean (cm⁻¹) "
        "| median cosine of an equal share per atom |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name in ("element", "site"):
        s = {k.removeprefix(f"{name}_"): v for k, v in scores.items() if k.startswith(name)}
        lines.append(
            f"| {name} | {s['n']:.0f} | {s['cosine_median']:.3f} | {s['cosine_mean']:.3f} "
            f"| {s['wd_mean']:.1f} | {s['naive_cosine_median']:.3f} |"
        )
    return "\n".join(lines)


def card_text(
    scores: dict[str, dict[str, float]],
    settings: Sequence[dict[str, Any]],
    data: TrainingData,
    command: str,
) -> str:
    """The model card as Markdown."""
    labelled = sum(r.site_shape is not None for r in data.train)
    seeds = ", ".join(str(s["seed"]) for s in settings)
    epochs = ", ".join(sorted({str(s["epochs"]) for s in settings}))
    n_elements = len(seen_elements(data.train))
    n_held_out = len(protocol().held_out_phdos)
    dropout = ", ".join(sorted({str(s["model"]["dropout"]) for s in settings}))
    text = f"""# Phonon density of states: {len(settings)} seeds

Written by deepdos_nb {__version__} on {date.today().isoformat()}.

## What it is

An ensemble of {len(settings)} models (seeds {seeds}) that predict the phonon density of states of a
crystal, site by site, on 51 points from 0 to 1000 cm⁻¹. Every site owns three modes; the rest is
shape. Weights are safetensors in float16, used in float32.

## Training data

- {len(data.train) - labelled} crystals of the benchmark's training part: G. Petretto et al.,
  *High-throughput density-functional perturbation theory phonons for inorganic materials*,
  Scientific Data 5, 180065 (2018), CC BY 4.0; totals only.
- {labelled} crystals of phonondb (A. Togo, Kyoto, 2018-04-17, CC BY 4.0; VASP, PBEsol, finite
  displacements), with the share of imaginary modes below 0.1 %: totals and site projections.
- Kept out: every phonondb crystal whose identifier or reduced formula is in the benchmark's
  validation or test part, or in a published list of {n_held_out} held-out
  materials. The benchmark's split is 80/10/10 by reduced formula.
- {n_elements} elements. Others are extrapolation, and the prediction says so.

## Protocol

The epoch of each seed, and all settings, were selected on the validation part alone; the test part
had no say in any choice. It is scored with the float16 weights as shipped. Totals are scored on
the {len(data.test)} test crystals ({len(data.valid)} for validation) against DFPT, as the mean
spectrum over seeds. All are scores of shapes: *max* divides both curves by their own maximum,
*oracle total* rescales the prediction to the reference's sum and divides both by the reference's
maximum, *sum* divides both by their own sum. Epochs: {epochs}; dropout: {dropout}; one CPU core
for each seed.

{score_table(scores)}

Stage I is the same models' draft before the transport, not a model trained without one: its rows
tell what the transport adds here, not whether another second stage of equal size would add more.
"""
    if "test_sites" in scores:
        text += f"""
Site projections of the {len(data.test_sites)} test crystals that phonondb also holds (VASP),
never trained on, for elements and inequivalent sites:

{site_table(scores["test_sites"])}

The projections of *training* crystals were supervised.
"""
    return (
        text
        + f"""
## How sure it is

The spread is the standard deviation over seeds. The last row of the first table says how far it
understates the true error: multiply the band by that factor for an honest one-σ error.

## Limits

Bulk crystals near equilibrium. Soft and imaginary modes, magnetism, disorder, surfaces and
pressure were not in the data. Features narrower than the benchmark's smoothing (about 50 cm⁻¹
Savitzky-Golay window) cannot be resolved.

## Licence

The weights are under the MIT licence, like the code. The training data are credited above.

## Made by

```
{command}
```
"""
    )


def _write(path: Path, text: str) -> None:
    part = path.with_suffix(".part")
    part.write_text(text, "utf-8")
    part.replace(path)
