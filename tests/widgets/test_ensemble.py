"""The ensemble view and its picture: what Python holds, sends and draws."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from typing import Any

import anywidget
import numpy as np
import pytest
import traitlets
from synthetic import make_spectrum, metal_with_gap, rock_salt

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.metrics.calibration import calibrate
from deepdos_nb.plots import ensemble_figure
from deepdos_nb.widgets import EnsembleView, ViewState
from deepdos_nb.widgets.base.view import asset

PNG = b"\x89PNG\r\n\x1a\n"
MGO = rock_salt()


@pytest.fixture
def view() -> EnsembleView:
    prediction = make_spectrum(MGO, seed=1, n_seeds=4)
    reference = replace(make_spectrum(MGO, seed=2), members=np.zeros((0, 0)), source="DFPT")
    return EnsembleView(prediction, reference)


def test_python_and_javascript_agree_on_the_traits():
    text = str(EnsembleView._esm)
    own = set(EnsembleView.class_traits(sync=True)) - set(
        anywidget.AnyWidget.class_traits(sync=True)
    )
    assert set(re.findall(r'model\.get\("(\w+)"\)', text)) == own
    assert set(re.findall(r'model\.set\("(\w+)"', text)) <= own
    assert set(re.findall(r'"change:(\w+)"', text)) <= own
    assert not re.findall(r'model\.(?:get|set)\((?!")', text)


def test_browser_gets_every_seed_the_mean_and_the_spread(view: EnsembleView):
    members = np.frombuffer(view.members, "<f4").reshape(4, 51)
    np.testing.assert_allclose(members, view.spectrum.members, rtol=1e-6)
    mean, spread = np.frombuffer(view.band, "<f4").reshape(2, 51)
    np.testing.assert_allclose(mean, view.spectrum.total, rtol=1e-6)
    np.testing.assert_allclose(spread, members.std(axis=0, ddof=1), rtol=1e-4)
    known = np.frombuffer(view.reference, "<f4")
    np.testing.assert_allclose(known, make_spectrum(MGO, seed=2).total, rtol=1e-6)
    assert view.header["reference"] == "DFPT"


def test_a_reference_of_a_smaller_cell_is_scaled():
    primitive = MGO.get_primitive_structure()
    known = make_spectrum(primitive, seed=2)
    view = EnsembleView(make_spectrum(MGO, seed=1), known)
    np.testing.assert_allclose(np.frombuffer(view.reference, "<f4"), 4 * known.total, rtol=1e-6)


def test_calibration_is_that_of_the_pairs(view: EnsembleView):
    alone = calibrate([(view.spectrum, view.known)])
    np.testing.assert_allclose(view.calibration["found"], alone.found, atol=1e-4)
    pairs = [(make_spectrum(MGO, seed=i), make_spectrum(MGO, seed=9)) for i in range(5)]
    many = EnsembleView(view.spectrum, view.known, pairs=pairs)
    assert many.calibration["crystals"] == 5
    assert many.calibration["ratio"] == pytest.approx(calibrate(pairs).ratio, abs=1e-3)
    assert EnsembleView(view.spectrum).calibration == {}


def test_factor_widens_the_band_and_says_so(view: EnsembleView):
    error = np.abs(view.spectrum.total - view.known.total)
    for factor in (0.5, 3.0):
        view.factor = factor
        held = 100 * (error <= factor * view.spectrum.spread).mean()
        assert f"± {factor:g} spread holds the reference in {held:.0f} %" in view.readout
    with pytest.raises(traitlets.TraitError, match="0 to 4 spreads"):
        view.factor = 5.0
    assert view.factor == 3.0


def test_view_and_state_follow_each_other(view: EnsembleView):
    view.energy_range, view.hidden_curves = [100.0, 300.0], ["seeds"]
    assert view.state.energy_range == (100.0, 300.0)
    assert view.state.hidden_curves == ("seeds",)
    assert view.readout.startswith("100 to 300 cm⁻¹: mean spread")
    view.state.energy_range, view.state.hidden_curves = None, ()
    assert (view.energy_range, view.hidden_curves) == (None, [])
    view.state.energy_range = (1.0, 2.0)
    assert "no bins" in view.readout
    assert view.error == ""


def test_two_views_share_one_state():
    state = ViewState(energy_range=(0.0, 100.0))
    first, second = (EnsembleView(make_spectrum(MGO, seed=i), state=state) for i in range(2))
    first.energy_range = [200.0, 400.0]
    assert second.energy_range == [200.0, 400.0]


def test_errors_are_shown(view: EnsembleView, monkeypatch: pytest.MonkeyPatch):
    with monkeypatch.context() as patch:
        patch.setattr(view, "_words", lambda: 1 / 0)
        view.factor = 2.0
        assert view.error.startswith("ZeroDivisionError")
    view.factor = 1.0
    assert view.error == ""


def test_what_has_no_spread_is_refused():
    with pytest.raises(ConfigError, match="no spread"):
        EnsembleView(metal_with_gap(MGO))
    with pytest.raises(ConfigError, match="another crystal"):
        EnsembleView(make_spectrum(MGO), make_spectrum(rock_salt("Na", "Cl", 5.6)))
    with pytest.raises(ConfigError, match="another crystal or kind"):
        ensemble_figure(make_spectrum(MGO), make_spectrum(MGO, "edos"))


def test_words_and_picture(view: EnsembleView):
    data, _ = view._repr_mimebundle_()
    assert base64.b64decode(data["image/png"]).startswith(PNG)
    assert data["text/plain"] == view.describe() == view.description_text
    for part in ("over 4 seeds", "mean |error|", "± 1 spread holds", "RMS error over RMS spread"):
        assert part in view.describe()
    before = view.png()
    view.factor = 2.5
    wider = view.png()
    assert wider != before
    view.state.hidden_curves = ("DFPT",)
    assert view.png() != wider


def test_saved_state_stays_small():
    many = make_spectrum(MGO, "edos", n_seeds=200)
    view = EnsembleView(many, make_spectrum(MGO, "edos", seed=3))

    def plain(value: Any) -> Any:
        return base64.b64encode(bytes(value)).decode() if isinstance(value, bytes) else str(value)

    assert len(json.dumps(view.get_state(), default=plain)) < 100_000
    assert view.header["seeds"] == 200


def test_figure_is_complete():
    spectrum, reference = make_spectrum(MGO, seed=1), make_spectrum(MGO, seed=2)
    figure = ensemble_figure(spectrum, reference, calibrate([(spectrum, reference)]), factor=2.0)
    top, below, chart = figure.axes
    labels = [text.get_text() for text in top.get_legend().get_texts()]
    assert labels == ["3 seeds", "mean ± 2 spread", "mean", "deepdos_nb"]
    np.testing.assert_allclose(
        below.get_lines()[0].get_ydata(), np.abs(spectrum.total - reference.total)
    )
    assert chart.get_ylabel() == "True coverage (%)"
    assert len(ensemble_figure(spectrum).axes) == 2


def test_scripts_fetch_nothing():
    text = asset(
        "ensemble/ensemble.js", "ensemble/ensemble_calibration.js", "ensemble/ensemble.css"
    )
    assert not re.search(r"https?:|\bimport\b|@import|url\((?!#)|fetch\(", text)
