"""`dd.train`: one call, watched, repeated to go on."""

from __future__ import annotations

import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
from data_files import salts, write_phonondb
from IPython.core.interactiveshell import InteractiveShell
from tiny_training import read_data, write_data

import deepdos_nb as dd
from deepdos_nb.core.errors import ConfigError, DataError
from deepdos_nb.learning import live
from deepdos_nb.learning.live import LiveCurve
from deepdos_nb.plots import training_figure

TINY = {"size": "small", "width": 12, "batch_size": 3, "epochs": 3, "device": "cpu"}


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    write_data(folder)
    return read_data(folder)


@pytest.fixture(scope="module")
def trained(records, tmp_path_factory):
    return dd.train(records, seeds=2, folder=tmp_path_factory.mktemp("run"), show=False, **TINY)


def test_one_call_gives_an_ensemble_with_a_history(trained):
    assert len(trained.model.models) == 2
    assert trained.history["epoch"].tolist() == [1, 2, 3] * 2
    assert trained.history["seed"].tolist() == [0] * 3 + [1] * 3
    assert trained.model.error_band is not None
    assert trained.model.predict(dd.example("MgO")).total.min() >= 0
    data = trained.data
    formulas = [{r.formula for r in part} for part in (data.train, data.valid, data.test)]
    assert all(formulas)
    assert sum(map(len, formulas)) == len(set.union(*formulas))
    assert re.match(r"Training\(phdos: \d crystals.*on the CPU \(\d+ threads?\)", repr(trained))


def test_the_same_call_finds_what_is_finished(trained, records):
    again = dd.train(records, seeds=2, folder=trained.folder, show=False, **TINY)
    assert again.histories == trained.histories
    with pytest.raises(ConfigError, match="other settings"):
        dd.train(records, folder=trained.folder, show=False, **TINY | {"batch_size": 2})


def test_weights_are_those_of_the_last_call(records, tmp_path):
    both = dd.train(records, seeds=2, folder=tmp_path, show=False, **TINY)
    card, weights = both.card(), both.weights
    dd.train(records, seeds=2, folder=tmp_path, show=False, **TINY)
    assert card.exists()  # of the same weights
    assert dd.load_model("phdos", folder=weights).error_band is not None
    alone = dd.train(records, seeds=[1], folder=tmp_path, show=False, **TINY)
    assert len(alone.model.models) == 1
    assert alone.model.error_band is None
    loaded = dd.load_model("phdos", folder=weights)
    assert loaded.error_band is None
    assert sorted(p.name for p in weights.iterdir()) == ["SHA256SUMS", "seed-1.safetensors"]
    mgo = dd.example("MgO")
    np.testing.assert_array_equal(alone.model.predict(mgo).total, loaded.predict(mgo).total)
    np.testing.assert_allclose(
        both.model.predict(mgo).members[1], loaded.predict(mgo).members[0], rtol=1e-5
    )


def test_scores_of_fewer_epochs_are_not_those_of_more(records, tmp_path):
    first = dd.train(records, seeds=2, folder=tmp_path, stop_after=1, show=False, **TINY)
    first.card()
    dd.train(records, seeds=2, folder=tmp_path, show=False, **TINY)
    assert not (first.weights / "scores.json").exists()
    assert dd.load_model("phdos", folder=first.weights).error_band is None


def test_it_stops_where_it_is_told_and_goes_on(records, tmp_path, trained):
    first = dd.train(records, folder=tmp_path, stop_after=1, show=False, **TINY)
    assert first.history["epoch"].tolist() == [1]
    rest = dd.train(records, folder=tmp_path, show=False, **TINY)
    assert rest.histories[0] == trained.histories[0]


def test_the_curve_is_shown_in_one_place(records, tmp_path, monkeypatch):
    shown, updated = [], []

    class Handle:
        def update(self, figure):
            updated.append(figure)

    monkeypatch.setattr(live, "in_notebook", lambda: True)
    monkeypatch.setattr(live, "PAUSE", 0.0)
    monkeypatch.setattr(
        "IPython.display.display", lambda figure, display_id: shown.append(figure) or Handle()
    )
    dd.train(records, folder=tmp_path, **TINY)
    assert len(shown) == 1
    assert len(updated) == 2
    titles = [figure._suptitle.get_text() for figure in [*shown, *updated]]
    assert [t.split("·")[0].strip() for t in titles] == [f"epoch {i} of 3" for i in (1, 2, 3)]
    assert "s on the CPU" in titles[-1]
    assert not plt.get_fignums()


def test_a_terminal_gets_lines(records, tmp_path, capsys):
    assert not isinstance(live.in_notebook(), InteractiveShell)
    dd.train(records, folder=tmp_path, **TINY)
    assert "epoch 3 of 3" in capsys.readouterr().out


def test_the_draft_model_is_watched_before_the_network(records, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(live, "PAUSE", 0.0)
    tiny = {"epochs": 1, "start": "shipped", "seeds": 1}
    dd.train(records, folder=tmp_path, draft_epochs=2, **tiny)
    lines = [line for line in capsys.readouterr().out.splitlines() if "validation MSE" in line]
    assert [line.split("  ·")[0] for line in lines] == [
        "the draft model learns force constants: epoch 1",
        "the draft model learns force constants: epoch 2",
        "epoch 1 of 1",
    ]
    dd.train(records, folder=tmp_path, draft_epochs=2, **tiny)
    assert "draft model" not in capsys.readouterr().out  # it has learnt


@pytest.mark.parametrize("dark", [True, False, None])
def test_the_figure_has_both_parts_and_units(trained, dark):
    figure = training_figure(
        trained.histories, "phdos", before={"shape": 0.2, "wd_mean": 100.0}, dark=dark
    )
    left, right = figure.axes
    names = [text.get_text() for text in left.get_legend().get_texts()]
    assert names == ["training", "validation", "best epoch, kept", "before"]
    assert right.get_ylabel().startswith("Wasserstein distance (cm⁻¹)")
    assert left.get_xlabel() == right.get_xlabel() == "epoch"
    drawn = left.get_lines()[0].get_ydata()
    np.testing.assert_array_equal(drawn, [row["train/shape"] for row in trained.histories[0]])
    figure.canvas.draw()


def test_an_empty_history_is_refused():
    with pytest.raises(ConfigError, match="without an epoch"):
        training_figure([[]], "phdos")
    LiveCurve("phdos", 3, 1, "the CPU").show()  # nothing yet: nothing shown


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        ({"start": "shipped", "width": 12}, "width is what the weights .* bring along"),
        ({"freeze": ["encoder"]}, "has learnt nothing yet cannot be frozen"),
        ({"size": "huge"}, "Use small or full"),
        ({"epochs": 1.5}, "whole number"),
        ({"epochs": 0}, "whole number"),
        ({"dropout": 2.0}, "dropout"),
        ({"learning_rate": -1.0}, "not between 0 and 1"),
        ({"precision": "16"}, "32-true, bf16-mixed"),
        ({"device": "tpu"}, "auto, cpu or gpu"),
        ({"seeds": 0}, "seeds=1"),
        ({"start": "shipped", "freeze": ["head"]}, "Freeze some of encoder"),
    ],
)
def test_wishes_that_cannot_be_met_are_named(records, tmp_path, wishes, words):
    with pytest.raises(ConfigError, match=words):
        dd.train(records, folder=tmp_path / "run", show=False, **wishes)
    assert not (tmp_path / "run").exists()


def test_data_without_a_test_part_is_refused(tmp_path):
    one = dict(list(salts().items())[:1])
    with pytest.raises(DataError, match=r"no phonon records for the parts .*other formulas"):
        dd.train(write_phonondb(tmp_path / "db", one), show=False)
