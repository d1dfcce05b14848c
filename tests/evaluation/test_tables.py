"""Tables of a tables, each against a case worked out by hand."""

from __future__ import annotations

import json
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from data_files import salts, write_phonondb

from deepdos_nb import plots
from deepdos_nb.core.errors import ConfigError, DataError
from deepdos_nb.core.grids import grid_for
from deepdos_nb.data.sources.phonondb import load_phonondb
from deepdos_nb.data.training_sets import TrainingData
from deepdos_nb.evaluation import tables
from deepdos_nb.evaluation.tables import CURVES, METADATA, RunResult
from deepdos_nb.metrics.scores import mse


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> TrainingData:
    records = load_phonondb(write_phonondb(tmp_path_factory.mktemp("db"), salts()))
    return TrainingData(records, records[:2], records[2:], [])


def made_up(data: TrainingData, seed: int) -> RunResult:
    """RunResult of another run: the references plus noise."""
    noise = np.random.default_rng(seed)
    totals = {}
    for part in tables.SCORED:
        rows = tables.references(data, part)
        rows = rows + 0.01 * noise.random(rows.shape)
        totals[part] = rows / rows.sum(axis=1, keepdims=True)
    names = {part: tuple(r.material_id for r in getattr(data, part)) for part in tables.SCORED}
    return RunResult(totals, names, {"parameters": 10, "seconds": 1.5, "n_train": len(data.train)})


def test_an_ensemble_is_the_mean_curve(data):
    one, two = made_up(data, 0), made_up(data, 1)
    mean = tables.ensemble([one, two])
    np.testing.assert_allclose(mean.totals["test"], (one.totals["test"] + two.totals["test"]) / 2)
    np.testing.assert_allclose(mean.totals["valid"].sum(axis=1), 1)


def test_every_choice_of_seeds_counts_towards_its_size(data):
    members = [made_up(data, seed) for seed in range(4)]
    rows = tables.size_rows(members, data, "test")
    assert rows["size"].tolist() == [1, 2, 3, 4]
    assert rows["choices"].tolist() == [4, 6, 4, 1]
    single = [tables.scores(m, data, "test")["mse_max"] for m in members]
    assert rows["mse_max"][0] == pytest.approx(np.mean(single))
    assert rows["mse_max_std"][0] == pytest.approx(np.std(single, ddof=1))
    everyone = tables.scores(tables.ensemble(members), data, "test")
    assert rows["wd_mean"][3] == pytest.approx(everyone["wd_mean"])
    assert rows["mse_max"].is_monotonic_decreasing  # the noise is independent
    text = tables.size_markdown(rows, "phdos").splitlines()
    assert len(text) == 6
    assert "±" in text[2]
    assert "±" not in text[5]


def test_an_ensemble_needs_members_of_the_same_materials(data):
    one = made_up(data, 0)
    other = RunResult(
        one.totals, {"valid": ("x", "y"), "test": one.materials["test"]}, one.metadata
    )
    for members in ([], [one, other]):
        with pytest.raises(ConfigError, match="same materials"):
            tables.ensemble(members)


def test_scores_are_those_of_the_metrics_and_refuse_other_materials(data):
    curves = made_up(data, 0)
    scores = tables.scores(curves, data, "test")
    expected = mse(curves.totals["test"], tables.references(data, "test"))
    assert scores["mse_max"] == pytest.approx(expected)
    assert tables.errors(curves, data, "test").mean() == pytest.approx(expected)
    turned = TrainingData(data.train, data.valid, data.test[::-1], [])
    with pytest.raises(ConfigError, match=r"test materials are not those.*another folder"):
        tables.scores(curves, turned, "test")


def test_errors_by_element_count_a_crystal_for_each_of_its_elements(data):
    records = data.test
    error = np.arange(1.0, len(records) + 1)
    table = tables.by_element({"ours": error}, records, least=1)
    for symbol, row in table.iterrows():
        held = [symbol in {e.symbol for e in r.structure.composition} for r in records]
        assert row["crystals"] == sum(held)
        assert row["ours"] == pytest.approx(error[held].mean())
    assert table["crystals"].is_monotonic_decreasing
    assert tables.by_element({"ours": error}, records, least=len(records) + 1).empty


def test_errors_by_size_know_their_bounds(data):
    records = data.test
    error = np.arange(1.0, len(records) + 1)
    atoms = np.array([r.n_atoms for r in records])
    bound = int(atoms.min())
    table = tables.by_size({"ours": error}, records, bounds=(bound,))
    assert table.loc[f"1 to {bound}", "ours"] == pytest.approx(error[atoms <= bound].mean())
    assert table["crystals"].sum() == len(records)


def test_a_summary_leaves_the_mean_curve_out(data):
    runs = {"ours": [made_up(data, 0), made_up(data, 1)], "theirs": [made_up(data, 2)]}
    rows = tables.score_rows(runs, data, "test")
    assert rows["seed"].tolist() == [0, 1, "mean curve", 0]
    assert set(rows["n_train"]) == {len(data.train)}
    table = tables.summary(rows, ["mse_max"])
    assert list(table.index) == ["ours", "theirs"]
    two = rows["mse_max"][:2]
    assert table.loc["ours", ("mse_max", "mean")] == pytest.approx(two.mean())
    assert table.loc["ours", ("mse_max", "std")] == pytest.approx(two.std(ddof=1))
    mean = rows[rows["seed"] == "mean curve"].iloc[0]
    assert mean["mse_max"] < two.min()  # independent noise averages out


def test_a_folder_without_a_finished_run_is_named(tmp_path: Path):
    with pytest.raises(DataError, match=r"no finished run.*Train it first"):
        tables.read_curves(tmp_path)
    (tmp_path / CURVES).write_bytes(b"not an archive")
    (tmp_path / METADATA).write_text(json.dumps({}), "utf-8")
    with pytest.raises(DataError, match="no finished run"):
        tables.read_curves(tmp_path)
    (tmp_path / CURVES).write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(DataError, match="no finished run"):
        tables.read_curves(tmp_path)


def test_figures_of_a_comparison_show_every_model(data):
    curves = {"ours": made_up(data, 0), "theirs": made_up(data, 1)}
    rows = {name: c.totals["test"] for name, c in curves.items()}
    references = tables.references(data, "test")
    titles = [f"{r.formula}, MSE 0.0{i}" for i, r in enumerate(data.test)]
    figure = plots.gallery_figure(grid_for("phdos"), references, rows, titles)
    panels = [axes for axes in figure.axes if axes.get_visible()]
    assert len(panels) == len(titles)
    assert [line.get_label() for line in panels[0].lines] == ["ours", "theirs", "reference"]
    # what is drawn has the reference's sum, in units of its maximum
    drawn = panels[1].lines[0].get_ydata()
    assert drawn.sum() == pytest.approx(references[1].sum() / references[1].max())
    errors = {name: tables.errors(c, data, "test") for name, c in curves.items()}
    table = tables.by_element(errors, data.test, least=1)
    axes = plots.errors_axes(table, plt.figure().add_subplot(), most=3)
    assert [t.get_text() for t in axes.get_xticklabels()] == list(table.index[:3])
    np.testing.assert_allclose(axes.lines[1].get_ydata(), table["theirs"][:3])
    plt.close("all")


def test_a_learning_curve_has_a_point_for_each_size():
    rows = pd.DataFrame(
        {
            "variant": ["ours"] * 5,
            "seed": [0, 1, 0, 1, "mean curve"],
            "n_train": [10, 10, 100, 100, 100],
            "mse_max": [0.5, 0.7, 0.2, 0.4, 9.0],
        }
    )
    axes = plots.learning_curve_axes(rows, plt.figure().add_subplot())
    points, *_ = axes.containers[0]
    np.testing.assert_allclose(points.get_xydata(), [[10, 0.6], [100, 0.3]])
    plt.close("all")


def test_parts_of_the_training_set_are_nested_and_keep_formulas_together(data):
    twice = [*data.train, *data.train]
    double = TrainingData(twice, data.valid, data.test, [])
    sizes = [len(double.fraction(f).train) for f in (0.25, 0.5, 1.0)]
    assert sizes == [round(f * len(twice)) for f in (0.25, 0.5, 1.0)]
    small, large = ({r.material_id for r in double.fraction(f).train} for f in (0.25, 0.5))
    assert small < large
    assert double.fraction(0.5).valid is data.valid
    assert double.fraction(1.0) is double
    formulas = [r.formula for r in double.fraction(5 / 6).train]
    assert all(formulas[i] == formulas[i + 1] for i in range(0, len(formulas), 2))
    for fraction in (0.0, 1.5):
        with pytest.raises(ConfigError, match="a fraction of"):
            double.fraction(fraction)


def test_a_printed_table_has_mean_and_deviation_and_a_unit():
    rows = pd.DataFrame(
        {
            "variant": ["ours", "ours", "ours", "theirs"],
            "seed": ["0", "1", "mean curve", "0"],
            "n_train": [100] * 4,
            "parameters": [752_295] * 3 + [64_000],
            "mse_max": [0.01, 0.03, 9.0, 0.05],
            "mae_max": [0.1] * 4,
            "r2_pooled_max": [0.5] * 4,
            "mse_oracle": [0.02] * 4,
            "wd_mean": [20.0, 24.0, 0.0, 40.0],
        }
    )
    head, _, ours, theirs = tables.markdown(rows, "phdos").splitlines()
    assert head.startswith("| model | parameters | seeds | MSE (max) |")
    assert "WD (cm⁻¹)" in head
    assert ours.startswith("| ours | 752 k | 2 | 0.0200 ± 0.0141 |")
    assert ours.endswith("| 22.0 ± 2.8 |")
    assert theirs.startswith("| theirs | 64 k | 1 | 0.0500 |")
    by_size = tables.markdown(rows, "edos", ("variant", "n_train")).splitlines()
    assert by_size[0].startswith("| model | training crystals | parameters |")
    assert "WD (eV)" in by_size[0]
    assert by_size[2].startswith("| ours | 100 |")


def test_stored_scores_have_six_digits_however_small(tmp_path: Path):
    rows = pd.DataFrame(
        {
            "seed": [0, "mean curve"],
            "parameters": [12_345_678, 12_345_678],
            "mse_sum": [3.912345678e-05, 0.123456789],
            "r2_pooled_max": [float("nan"), 0.5],
        }
    )
    path = tables.save_rows(rows, tmp_path / "rows.csv")
    assert path.read_text("utf-8").splitlines() == [
        "seed,parameters,mse_sum,r2_pooled_max",
        "0,12345678,3.91235e-05,",
        "mean curve,12345678,0.123457,0.5",
    ]


def test_a_score_that_is_no_number_is_a_dash():
    rows = pd.DataFrame(
        [
            {"variant": "ours", "seed": seed, "size": 1, "choices": 1, "mse_max_std": np.nan}
            | {"parameters": 10, **dict.fromkeys(tables.shown("phdos"), np.nan)}
            for seed in (0, 1)
        ]
    )
    dashes = " – |" * len(tables.shown("phdos"))
    assert tables.markdown(rows, "phdos").endswith("| 2 |" + dashes)
    assert tables.size_markdown(rows, "phdos").endswith("| 1 | 1 |" + dashes)
