"""Score an ensemble on reference records, stating every protocol by name."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from deepdos_nb.arrays import Array
from deepdos_nb.data.records import Record
from deepdos_nb.graph import CrystalGraph
from deepdos_nb.metrics import (
    PROTOCOLS,
    cosine,
    mse,
    r2_per_crystal,
    shape_scores,
    wasserstein,
)
from deepdos_nb.predict import Ensemble


def score_totals(ensemble: Ensemble, records: Sequence[Record]) -> dict[str, float]:
    """Shape scores of the ensemble's mean total against the records' totals.

    Also reported: `seeds_mse_<protocol>_mean`, the mean score of single seeds, which tells what
    averaging is worth; `stage_one_…`, scores before the first transport step; and
    `error_over_spread`, the root-mean-square error over the root-mean-square spread of all bins,
    both on sum-normalised curves: one where the spread is honest, above one where the ensemble is
    too sure.
    """
    graphs, reference = [r.graph() for r in records], np.stack([r.shape for r in records])
    members = _totals(ensemble, graphs)
    mean = members.mean(axis=1)
    scores = shape_scores(mean, reference, ensemble.grid.energies)
    for protocol in PROTOCOLS:
        single = [mse(members[:, i], reference, protocol) for i in range(members.shape[1])]
        scores[f"seeds_mse_{protocol}_mean"] = float(np.mean(single))
    early = shape_scores(
        _totals(ensemble, graphs, step=0).mean(axis=1), reference, ensemble.grid.energies
    )
    scores |= {f"stage_one_{key}": early[key] for key in ("mse_max", "mse_oracle", "wd_mean")}
    scores["r2_crystal_median_max"] = float(np.median(r2_per_crystal(mean, reference)))
    if members.shape[1] > 1:
        curves = members / members.sum(axis=-1, keepdims=True)
        spread, error = curves.std(axis=1, ddof=1), curves.mean(axis=1) - reference
        scores["error_over_spread"] = float(np.sqrt(np.mean(error**2) / np.mean(spread**2)))
    return scores


def score_sites(ensemble: Ensemble, records: Sequence[Record]) -> dict[str, float]:
    """Element- and site-resolved scores against reference projections.

    Cosine similarity of each curve, and its Wasserstein distance, over all elements (sites) of all
    records, beside the naive answer that gives every site an equal share of the reference total.
    """
    pairs: dict[str, list[tuple[Array, Array, Array]]] = {"element": [], "site": []}
    shares = ensemble.predict_graphs([r.graph() for r in records])
    for record, (density, _, _) in zip(records, shares, strict=True):
        if record.site_shape is None:
            continue
        counts = np.bincount(record.orbits)
        predicted = density.mean(axis=0)
        reference = counts[:, None] * record.site_shape
        naive = counts[:, None] * record.shape / counts.sum()
        orbit_numbers = np.array(
            [record.numbers[record.orbits == o][0] for o in range(len(counts))]
        )
        pairs["site"] += list(zip(predicted, reference, naive, strict=True))
        for z in np.unique(orbit_numbers):
            rows = orbit_numbers == z
            pairs["element"].append(
                (predicted[rows].sum(0), reference[rows].sum(0), naive[rows].sum(0))
            )
    scores: dict[str, float] = {}
    for name, rows in pairs.items():
        predicted, reference, naive = (np.stack(part) for part in zip(*rows, strict=True))
        scores[f"{name}_n"] = float(len(rows))
        scores[f"{name}_cosine_median"] = float(np.median(cosine(predicted, reference)))
        scores[f"{name}_cosine_mean"] = float(np.mean(cosine(predicted, reference)))
        scores[f"{name}_wd_mean"] = float(
            wasserstein(predicted, reference, ensemble.grid.step).mean()
        )
        scores[f"{name}_naive_cosine_median"] = float(np.median(cosine(naive, reference)))
    return scores


def _totals(ensemble: Ensemble, graphs: Sequence[CrystalGraph], step: int = -1) -> Array:
    """Total of every seed, shape (n_graphs, n_seeds, n_bins)."""
    return np.stack(
        [density.sum(axis=1) for density, _, _ in ensemble.predict_graphs(graphs, step=step)]
    )
