"""Score an ensemble on reference records, stating every protocol by name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import ConfigError
from deepdos_nb.core.grids import Kind
from deepdos_nb.crystal.graph import CrystalGraph
from deepdos_nb.data.records import Record
from deepdos_nb.evaluation.prototypes import look_up, twins
from deepdos_nb.inference.ensemble import Ensemble
from deepdos_nb.metrics.attribution import attention_share, distance_from_flat, equal_share
from deepdos_nb.metrics.calibration import counted_bins
from deepdos_nb.metrics.gap_screen import gap_scores
from deepdos_nb.metrics.intervals import bootstrap_mean, wilson
from deepdos_nb.metrics.observables import electron_scores, phonon_scores
from deepdos_nb.metrics.scores import (
    PROTOCOLS,
    cosine,
    mse,
    mse_per_crystal,
    normalise,
    r2_per_crystal,
    shape_scores,
    wasserstein,
)
from deepdos_nb.metrics.sharp_features import sharp_scores
from deepdos_nb.metrics.valence_gap import vb_gap
from deepdos_nb.spectra.error_band import ErrorBand

CLASSES = {"low": (0.0, 0.1), "middle": (0.1, 0.5), "high": (0.5, 2.0)}
"""Bins by the height of the reference, in parts of its maximum."""


def score_totals(ensemble: Ensemble, records: Sequence[Record]) -> dict[str, float]:
    """Shape scores of the ensemble's mean total against the records' totals.

    Also reported: `seeds_mse_<protocol>_mean`, the mean score of single seeds, which tells what
    averaging is worth; `mse_max_of_scaled`, the error of the mean of curves that were each divided
    by their maximum first, which is never above that mean (`mse_max` divides after averaging, and
    peaks of seeds that disagree on where they lie average away, so it may be);
    `start_…`, scores of what the transport starts from, the draft where there is one; `moved_…`,
    after the transport and before a correction, where there is one; and
    `error_over_spread`, the root-mean-square error over the root-mean-square spread of all bins,
    both on sum-normalised curves: one where the spread is honest, above one where the ensemble is
    too sure.
    """
    graphs, reference = _graphs(ensemble, records), np.stack([r.shape for r in records])
    members = _totals(ensemble, graphs)
    mean = members.mean(axis=1)
    scores = shape_scores(mean, reference, ensemble.grid.energies)
    for protocol in PROTOCOLS:
        single = [mse(members[:, i], reference, protocol) for i in range(members.shape[1])]
        scores[f"seeds_mse_{protocol}_mean"] = float(np.mean(single))
    scaled = normalise(members, "max").mean(axis=1)
    scores["mse_max_of_scaled"] = float(np.mean((scaled - normalise(reference, "max")) ** 2))
    for stage, step in _stages(ensemble).items():
        curves = _totals(ensemble, graphs, step=step).mean(axis=1)
        early = shape_scores(curves, reference, ensemble.grid.energies)
        scores |= {f"{stage}_{key}": early[key] for key in ("mse_max", "mse_oracle", "wd_mean")}
    each = r2_per_crystal(mean, reference)
    known = each[np.isfinite(each)]  # a flat reference has none
    scores["r2_crystal_median_max"] = float(np.median(known)) if len(known) else float("nan")
    if members.shape[1] > 1:
        curves = members / members.sum(axis=-1, keepdims=True)
        spread, error = curves.std(axis=1, ddof=1), curves.mean(axis=1) - reference
        scores["error_over_spread"] = float(np.sqrt(np.mean(error**2) / np.mean(spread**2)))
    return scores


def score_claims(
    ensemble: Ensemble, records: Sequence[Record], train: Sequence[Record]
) -> dict[str, float]:
    """What a claim about an ensemble must say beside its scores, on records it never saw.

    ``…_ci_low`` and ``…_ci_high`` of ``mse_max`` and ``wd_mean``: 95 % intervals over crystals. The
    same two scores of ``twin_…`` and ``alone_…``, crystals with and without a twin in training (and
    ``…_n``, how many), and of ``lookup_…``, what a prototype look-up answers. ``start_…`` and the
    ensemble's own `sharp_scores`, ``moved_…`` where a correction follows. ``peak_kept``, the
    highest value of the mean curve over the mean of the seeds' highest values, and
    ``kept_low_…`` and ``kept_high_…``, the MSE (max) of the ensemble and of single seeds on the
    halves of crystals that keep less and more of it.
    """
    graphs, reference = _graphs(ensemble, records), np.stack([r.shape for r in records])
    step, members = ensemble.grid.step, _totals(ensemble, graphs)
    mean = members.mean(axis=1)
    found = twins(records, train)
    has = np.array([len(places) > 0 for places in found])
    scores: dict[str, float] = {}
    for whose, curves in (("", mean), ("lookup_", look_up(records, train, found))):
        errors = {
            "mse_max": mse_per_crystal(curves, reference),
            "wd_mean": wasserstein(curves, reference, step),
        }
        for name, values in errors.items():
            low, high = bootstrap_mean(values)
            scores |= {f"{whose}{name}_ci_low": low, f"{whose}{name}_ci_high": high}
            if whose:
                scores[f"{whose}{name}"] = float(values.mean())
            for part, chosen in (("twin", has), ("alone", ~has)):
                scores[f"{part}_n"] = float(chosen.sum())
                if chosen.any():
                    scores[f"{part}_{whose}{name}"] = float(values[chosen].mean())
    for stage, place in _stages(ensemble).items():
        curves = _totals(ensemble, graphs, step=place).mean(axis=1)
        scores |= {f"{stage}_{k}": v for k, v in sharp_scores(curves, reference, step).items()}
    scores |= sharp_scores(mean, reference, step)
    highest = members.max(axis=-1).mean(axis=1)
    kept = mean.max(axis=-1) / np.maximum(highest, 1e-30)
    scores["peak_kept"] = float(kept.mean())
    own = mse_per_crystal(mean, reference)
    single = np.mean([mse_per_crystal(m, reference) for m in members.swapaxes(0, 1)], axis=0)
    little = kept <= np.median(kept)
    for name, half in (("low", little), ("high", ~little)):
        if half.any():
            scores[f"kept_{name}"] = float(kept[half].mean())
            scores[f"kept_{name}_mse_max"] = float(own[half].mean())
            scores[f"kept_{name}_seeds_mse_max"] = float(single[half].mean())
    return scores


def recall_interval(readings: Mapping[str, float]) -> dict[str, float]:
    """``gap_recall_ci_low`` and ``gap_recall_ci_high`` (95 %, Wilson); empty for phonons."""
    if "gap_recall" not in readings:
        return {}
    positives = round(readings["gap_positives"])
    found = round(readings["gap_recall"] * positives) if positives else 0
    low, high = wilson(found, positives)
    return {"gap_recall_ci_low": low, "gap_recall_ci_high": high}


def _stages(ensemble: Ensemble) -> dict[str, int]:
    """Steps before the last that are scored by themselves."""
    return {"start": 0} | ({"moved": -2} if ensemble.models[0].config.corrects else {})


def seed_curves(ensemble: Ensemble, records: Sequence[Record]) -> tuple[Array, Array, Array]:
    """Mean and spread over seeds, and reference; of sum-normalised curves, each shape (n, B)."""
    curves = _totals(ensemble, _graphs(ensemble, records))
    curves = curves / curves.sum(axis=-1, keepdims=True)
    reference = np.stack([r.shape for r in records])
    return curves.mean(axis=1), curves.std(axis=1, ddof=1), reference


def score_band(ensemble: Ensemble, records: Sequence[Record], band: ErrorBand) -> dict[str, float]:
    """Share of the bins that count which lie within the band, and within the outer one.

    Stated are 68.3 % and 95.4 %. The first also of bins whose reference is low, middling and high
    (`CLASSES`, parts of its maximum), and how wide the band is on average in bins where the
    reference is zero, over its mean width.
    """
    mean, spread, reference = seed_curves(ensemble, records)
    counted, sigma = counted_bins(mean, reference), band.sigma(mean, spread)
    error = np.abs(mean - reference)
    inside = error <= sigma
    scores = {
        "band_coverage": float(inside[counted].mean()),
        "band_coverage_outer": float((error <= band.outer * sigma)[counted].mean()),
    }
    height = reference / reference.max(axis=1, keepdims=True)
    for name, (low, high) in CLASSES.items():
        some = counted & (height >= low) & (height < high)
        scores[f"band_coverage_{name}"] = float(inside[some].mean())
    empty = reference <= 0
    return scores | {"band_where_zero": float(sigma[empty].mean() / sigma.mean())}


def score_readings(ensemble: Ensemble, records: Sequence[Record]) -> dict[str, float]:
    """Errors of what a spectrum is read for, from the ensemble's mean total.

    Phonons: `metrics.observables.phonon_scores`. Electrons: `metrics.observables.electron_scores`
    per atom, of absolute densities with the model's own number of states, and
    `metrics.gap_screen.gap_scores` of the screen for gaps inside the valence band, its names
    beginning with ``gap_``. Electronic records that do not say how many states their window holds
    are left out, and nothing is scored where none says so.
    """
    return READINGS[ensemble.kind](ensemble, records)


def _phonon_readings(ensemble: Ensemble, records: Sequence[Record]) -> dict[str, float]:
    shapes = np.stack([r.shape for r in records])
    totals = _totals(ensemble, _graphs(ensemble, records)).mean(axis=1)
    return phonon_scores(totals, shapes, ensemble.grid.energies)


def _electron_readings(ensemble: Ensemble, records: Sequence[Record]) -> dict[str, float]:
    # Some sources, such as JARVIS, give shapes without a scale.
    records = [r for r in records if r.states is not None]
    if not records:
        return {}
    grid = ensemble.grid
    shapes = np.stack([r.shape for r in records])
    graphs = _graphs(ensemble, records)
    reference = shapes * np.array([[r.states] for r in records]) / grid.step
    predicted = np.stack(
        [
            (density.sum(axis=1) * states[:, None]).mean(axis=0) / grid.step
            for density, _, states in ensemble.predict_graphs(graphs)
        ]
    )
    atoms = np.array([r.n_atoms for r in records])
    found, true = ([vb_gap(grid.energies, c) for c in curves] for curves in (predicted, reference))
    gaps = {f"gap_{name}": value for name, value in gap_scores(found, true).items()}
    return electron_scores(predicted, reference, grid.energies, n_atoms=atoms) | gaps


READINGS = {Kind.phdos: _phonon_readings, Kind.edos: _electron_readings}
"""What a spectrum of each kind is read for."""


def score_sites(ensemble: Ensemble, records: Sequence[Record]) -> dict[str, float]:
    """Element- and site-resolved scores against reference projections.

    Cosine similarity of each curve, and its Wasserstein distance, over all elements (sites) of all
    records, beside answers that are told the reference total: ``…_shares_given_total_…`` shares
    each bin of it out as the model does, ``…_equal_share_…`` gives every atom an equal share,
    ``…_attention_share_…`` shares each bin out as the source attention does; ``…_draft_…`` are the
    drafts of Stage 0, if any.

    Raises
    ------
    ConfigError
        If no record knows its sites.
    """
    known = [r for r in records if r.site_shape is not None]
    if not known:
        raise ConfigError(f"none of {len(records)} record(s) knows its sites.")
    graphs = _graphs(ensemble, known)
    shares, maps = ensemble.predict_graphs(graphs), ensemble.source_attention(graphs)
    # For every resolution and answer, one row for each curve of each record.
    curves: dict[tuple[str, str], list[Array]] = defaultdict(list)
    for record, graph, (density, _, _), attention in zip(known, graphs, shares, maps, strict=True):
        own = density.mean(axis=0)
        answers = {
            "reference": graph.weight[:, None] * record.site_shape,
            "": own,
            "shares_given_total_": own / own.sum(axis=0).clip(min=1e-12) * record.shape,
            "equal_share_": equal_share(record.shape, graph.weight),
            "attention_share_": attention_share(attention, record.shape),
        }
        if graph.draft is not None:
            answers["draft_"] = graph.weight[:, None] * graph.draft.reshape(-1, *own.shape).mean(
                axis=0
            )
        for name, rows in answers.items():
            curves["site", name].append(rows)
            curves["element", name].append(_by_number(graph.numbers, rows))
    # A crystal of one site has nothing to choose between.
    several = [m for m, graph in zip(maps, graphs, strict=True) if graph.n_nodes > 1]
    distances = [distance_from_flat(attention) for attention in several]
    scores = {"attention_from_flat_median": float(np.median(distances))} if distances else {}
    for resolved in ("element", "site"):
        reference = np.concatenate(curves[resolved, "reference"])
        scores[f"{resolved}_n"] = float(len(reference))
        for name in ("", "shares_given_total_", "equal_share_", "attention_share_", "draft_"):
            if (resolved, name) not in curves:
                continue
            answer = np.concatenate(curves[resolved, name])
            similarity = cosine(answer, reference)
            distance = wasserstein(answer, reference, ensemble.grid.step)
            scores[f"{resolved}_{name}cosine_median"] = float(np.median(similarity))
            scores[f"{resolved}_{name}cosine_mean"] = float(similarity.mean())
            scores[f"{resolved}_{name}wd_mean"] = float(distance.mean())
    return scores


def _by_number(numbers: Array, rows: Array) -> Array:
    """Sum of the rows of each element, by atomic number."""
    return np.stack([rows[numbers == z].sum(axis=0) for z in np.unique(numbers)])


def _totals(ensemble: Ensemble, graphs: Sequence[CrystalGraph], step: int = -1) -> Array:
    """Total of every seed, shape (n_graphs, n_seeds, n_bins)."""
    return np.stack(
        [density.sum(axis=1) for density, _, _ in ensemble.predict_graphs(graphs, step=step)]
    )


def _graphs(ensemble: Ensemble, records: Sequence[Record]) -> list[CrystalGraph]:
    return ensemble.graphs([r.structure for r in records], [r.orbits for r in records])


def drafted_total(graph: CrystalGraph) -> Array:
    """Total of a graph's draft, shape (n_bins,)."""
    assert graph.draft is not None
    # One draft, or one for each draft model of an ensemble.
    total: Array = np.einsum("n,...nb->...b", graph.weight, graph.draft)
    return total.reshape(-1, total.shape[-1]).mean(axis=0)
