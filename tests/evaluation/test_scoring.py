"""Scores of an ensemble on records, and the card made from them."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from crystals import mgo
from data_files import salts, write_petretto, write_phonondb
from networks import random_model, reader

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.data.sources.petretto import load_petretto
from deepdos_nb.data.sources.phonondb import load_phonondb
from deepdos_nb.data.training_sets import TrainingData
from deepdos_nb.evaluation.claim_tables import (
    averaging_table,
    sharp_table,
    twin_table,
    with_interval,
)
from deepdos_nb.evaluation.model_card import (
    CARD,
    SCORES,
    describe,
    pack,
    score_table,
    site_table,
)
from deepdos_nb.evaluation.scoring import (
    recall_interval,
    score_band,
    score_claims,
    score_sites,
    score_totals,
    seed_curves,
)
from deepdos_nb.inference.ensemble import Ensemble
from deepdos_nb.inference.loading import load_model
from deepdos_nb.inference.vibrations import vibrations
from deepdos_nb.metrics.calibration import fit_band
from deepdos_nb.metrics.scores import cosine, mse, wasserstein
from deepdos_nb.model.checksums import SUMS
from deepdos_nb.model.weights import save_weights
from deepdos_nb.physics.model_input import model_input
from deepdos_nb.training.train import TrainConfig, train


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    return load_phonondb(write_phonondb(tmp_path_factory.mktemp("db"), salts()))


@pytest.fixture(scope="module")
def ensemble():
    return Ensemble([random_model("phdos", seed) for seed in (0, 1)])


def test_totals_are_scored_as_the_spectra_a_user_gets(ensemble, records):
    scores = score_totals(ensemble, records)
    predicted = np.stack([ensemble.predict(r.structure).total for r in records])
    reference = np.stack([r.shape for r in records])
    assert scores["mse_max"] == pytest.approx(mse(predicted, reference), rel=1e-3)
    assert scores["mse_oracle"] == pytest.approx(mse(predicted, reference, "oracle"), rel=1e-3)
    assert scores["wd_mean"] == pytest.approx(
        wasserstein(predicted, reference, 20).mean(), rel=1e-3
    )
    alone = [score_totals(Ensemble([m]), records)["mse_max"] for m in ensemble.models]
    assert scores["seeds_mse_max_mean"] == pytest.approx(np.mean(alone))
    assert scores["mse_max_of_scaled"] <= scores["seeds_mse_max_mean"]
    single = [Ensemble([m]) for m in ensemble.models]
    curves = [np.stack([e.predict(r.structure).total for r in records]) for e in single]
    scaled = np.mean([c / c.max(axis=1, keepdims=True) for c in curves], axis=0)
    target = reference / reference.max(axis=1, keepdims=True)
    assert scores["mse_max_of_scaled"] == pytest.approx(np.mean((scaled - target) ** 2), rel=1e-3)
    drafts = [[m.trace(r.structure).total[0] for r in records] for m in single]
    first = np.mean(drafts, axis=0)
    assert scores["start_mse_max"] == pytest.approx(mse(first, reference), rel=1e-3)
    assert scores["error_over_spread"] > 0


def test_sites_are_scored_per_element_and_per_orbit(ensemble, records):
    scores = score_sites(ensemble, records)
    assert scores["site_n"] == sum(len(r.site_shape) for r in records)
    assert scores["element_n"] == sum(len(set(r.numbers)) for r in records)
    assert 0 < scores["site_cosine_median"] < 1
    assert 0 < scores["element_equal_share_cosine_median"] < 1


def test_naive_answers_stand_beside_the_models(ensemble, records):
    """Worked out again from traces of full cells, where no atom stands for others."""
    record = records[0]
    scores = score_sites(ensemble, [record])
    reference = record.site_shape[record.orbits]
    traces = [ensemble.trace(record.structure, seed=i) for i in (0, 1)]
    maps = np.mean([t.source_attention.mean(axis=(0, 1)) for t in traces], axis=0)
    own = np.mean([t.density[-1] for t in traces], axis=0)
    answers = {
        "": own,
        "shares_given_total_": own / own.sum(axis=0) * record.shape,
        "equal_share_": np.repeat(record.shape[None], record.n_atoms, axis=0),
        "attention_share_": maps.T * record.shape,
    }
    for name, answer in answers.items():
        rows = [record.numbers == z for z in np.unique(record.numbers)]
        own, true = (np.stack([c[r].sum(0) for r in rows]) for c in (answer, reference))
        expected = np.median(cosine(own, true))
        assert scores[f"element_{name}cosine_median"] == pytest.approx(expected, rel=1e-3)
        expected = wasserstein(own, true, 20.0).mean()
        assert scores[f"element_{name}wd_mean"] == pytest.approx(expected, rel=1e-3)
    # Untrained maps hardly differ from an equal share, so they are compared as they are too; the
    # quotient's nodes carry the attention of all atoms of an orbit.
    graph = model_input(record.structure, record.orbits)
    (nodes,) = ensemble.source_attention([graph])
    atoms = np.stack([maps[:, record.orbits == o].sum(axis=1) for o in range(graph.n_nodes)], 1)
    assert np.abs(atoms - atoms[:, ::-1]).max() > 1e-3
    np.testing.assert_allclose(nodes.mean(axis=0), atoms, atol=1e-5)


def test_records_without_sites_cannot_be_scored_by_site(ensemble, tmp_path):
    unlabelled = load_petretto(write_petretto(tmp_path / "data.csv", {"own-7": mgo()}))
    with pytest.raises(ConfigError, match="none of 1 record"):
        score_sites(ensemble, unlabelled)


def test_packed_seeds_are_an_ensemble_with_a_card(tmp_path, records):
    unlabelled = load_petretto(write_petretto(tmp_path / "data.csv", {"own-7": mgo()}))
    data = TrainingData(records + unlabelled, records[:2], records[2:4], records[2:4])
    runs = []
    for seed in (3, 4):
        config = TrainConfig(model=random_model("phdos").config, seed=seed, epochs=1, batch_size=8)
        train(data.train, data.valid, config, tmp_path / f"run-{seed}", progress=False)
        runs.append(tmp_path / f"run-{seed}")
    folder = tmp_path / "weights"
    pack(runs, data, folder, "deepdos train --seed 3; deepdos train --seed 4")
    assert {p.name for p in folder.iterdir()} == {
        "seed-3.safetensors",
        "seed-4.safetensors",
        SCORES,
        CARD,
        SUMS,
    }
    model = load_model("phdos", folder=folder)
    assert model.elements == {int(z) for r in data.train for z in r.numbers}
    scores = json.loads((folder / SCORES).read_text("utf-8"))
    assert scores["test"]["mse_max"] == pytest.approx(score_totals(model, data.test)["mse_max"])
    card = (folder / CARD).read_text("utf-8")
    for fact in (
        "CC BY 4.0",
        "deepdos train --seed 3",
        "seeds 3, 4",
        f"{scores['test']['mse_max']:.4f}",
    ):
        assert fact in card
    assert "1 crystals of the benchmark" in card
    # A set that has grown since: the card tells of what the weights have learnt from.
    grown = replace(data, train=[*data.train, *unlabelled, *unlabelled])
    pack([], grown, folder, "deepdos train --seed 3; deepdos train --seed 4")
    assert "1 crystals of the benchmark" in (folder / CARD).read_text("utf-8")
    assert json.loads((folder / SCORES).read_text("utf-8")) == scores


def test_a_test_part_of_one_crystal_has_scores_that_json_can_hold(tmp_path, records):
    folder = tmp_path / "weights"
    metadata = {"training": TrainConfig(model=random_model("phdos").config).to_dict(), "n_train": 6}
    save_weights(random_model("phdos"), folder / "seed-0.safetensors", metadata=metadata)
    one = records[:1]
    describe(folder, TrainingData(records, one, one, []), "by hand")
    text = (folder / SCORES).read_text("utf-8")
    assert "NaN" not in text
    assert "Infinity" not in text
    assert "r2_pooled_max" not in json.loads(text)["test"]
    assert "R², pooled" not in (folder / CARD).read_text("utf-8")


def test_claims_say_what_they_rest_on(ensemble, records):
    train, test = records[::2], records
    claims, scores = score_claims(ensemble, test, train), score_totals(ensemble, test)
    for key in ("mse_max", "wd_mean"):
        assert claims[f"{key}_ci_low"] < scores[key] < claims[f"{key}_ci_high"]
        parts = [claims[f"{p}_n"] * claims.get(f"{p}_{key}", 0.0) for p in ("twin", "alone")]
        assert sum(parts) / len(test) == pytest.approx(scores[key])
    # Whoever is in the training set is its own nearest twin, so a look-up of it is right.
    own = score_claims(ensemble, train, train)
    assert own["alone_n"] == 0
    assert own["lookup_mse_max"] == pytest.approx(0.0, abs=1e-12)
    assert own["lookup_mse_max"] < claims["lookup_mse_max"]
    # The mean of curves is nowhere higher than the mean of their highest values.
    assert 0 < claims["kept_low"] <= claims["peak_kept"] <= claims["kept_high"] <= 1
    halves = [claims[f"kept_{h}_seeds_mse_max"] for h in ("low", "high")]
    assert min(halves) <= scores["seeds_mse_max_mean"] <= max(halves)
    both = scores | claims
    assert f"{len(test)} |" in twin_table(both, "phdos")
    assert sharp_table(both, "phdos").count("| prediction |") == 1
    assert "the other half" in averaging_table(both)


def test_a_recall_of_three_in_seven_says_how_little_it_says():
    found = recall_interval({"gap_recall": 3 / 7, "gap_positives": 7.0})
    assert found == pytest.approx(
        {"gap_recall_ci_low": 0.158, "gap_recall_ci_high": 0.750}, abs=1e-3
    )
    assert recall_interval({"mse_max": 0.1}) == {}
    cell = with_interval({"gap_recall": 3 / 7} | found, "gap_recall", ".2f")
    assert cell == "0.43 (0.16 to 0.75)"


def test_the_band_is_scored_on_sum_normalised_curves(ensemble, records):
    mean, spread, reference = seed_curves(ensemble, records)
    predicted = [ensemble.predict(r.structure) for r in records]
    np.testing.assert_allclose(
        mean, [s.total / s.total.sum() for s in predicted], atol=1e-4, rtol=1e-3
    )
    np.testing.assert_allclose(mean.sum(axis=1), 1)
    band = fit_band(mean, spread, reference)
    scores = score_band(ensemble, records, band)
    assert scores["band_coverage"] == pytest.approx(0.683, abs=0.01)
    assert scores["band_coverage_outer"] == pytest.approx(0.954, abs=0.01)
    counted = np.maximum(mean, reference) >= 0.01 * reference.max(axis=1, keepdims=True)
    inside = np.abs(mean - reference) <= band.outer * band.sigma(mean, spread)
    assert scores["band_coverage_outer"] == pytest.approx(inside[counted].mean())


def test_the_draft_of_springs_is_scored_beside_the_model(records):
    ensemble = Ensemble([reader()])
    scores, sites = score_totals(ensemble, records), score_sites(ensemble, records)
    drafts = [vibrations(ensemble, r.structure).spectrum for r in records]
    reference = np.stack([r.shape for r in records])
    totals = np.stack([d.total for d in drafts])
    assert scores["start_mse_max"] == pytest.approx(mse(totals, reference), rel=1e-3)
    assert scores["start_wd_mean"] == pytest.approx(
        wasserstein(totals, reference, 20).mean(), rel=1e-3
    )
    # Equivalent atoms have equal rows, so a curve of all of them has the cosine of one.
    same = [
        cosine(d.sites[r.orbits == o][:1], r.site_shape[o : o + 1])[0]
        for d, r in zip(drafts, records, strict=True)
        for o in range(len(r.site_shape))
    ]
    assert sites["site_draft_cosine_mean"] == pytest.approx(np.mean(same), rel=1e-3)
    table = site_table(sites, "phdos")
    assert "| element, draft |" in table
    assert f"{scores['start_mse_max']:.4f}" in score_table(
        {"valid": scores, "test": scores}, "phdos"
    )
    bare = score_sites(Ensemble([random_model("phdos")]), records)
    assert "draft" not in site_table(bare, "phdos")
