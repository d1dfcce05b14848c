"""Views as HTML files: complete, self-contained, and refused where there is nothing to show."""

from __future__ import annotations

import base64
import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import ipywidgets
import numpy as np
import pytest
from ipywidgets.widgets.widget import _instances
from synthetic import make_spectrum, make_trace, rock_salt
from widget_classes import anywidgets

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.spectra.drawable import TOTAL_ONLY
from deepdos_nb.widgets import (
    Explore,
    QuickLook,
    SpectrumPlot,
    TransportLab,
    ViewState,
    export_html,
)
from deepdos_nb.widgets.explorer.export import EXPORTED, page


@pytest.fixture(scope="module")
def text() -> str:
    crystal = rock_salt()
    look = Explore(make_trace(crystal), ensemble=make_spectrum(crystal))
    look.state.selected_sites = (0, 5)
    return page(look, "Rock salt & <friends>")


def models(text: str) -> dict[str, dict]:
    found = re.search(r'<script type="application/json" id="ddos-page">(.*?)</script>', text, re.S)
    assert found
    return json.loads(found[1])["models"]


@pytest.mark.parametrize("cls", anywidgets(), ids=lambda c: c.__name__)
def test_every_script_can_be_taken_along(cls: type):
    assert len(EXPORTED.findall(str(cls._esm))) == 1


def test_the_page_holds_all_views_and_fetches_nothing(text: str):
    views = {m["view"] for m in models(text).values()}
    assert {"SpectrumPlot", "SiteTable"} <= views
    assert len(views) >= 5
    for heading in ("Spectrum", "Attention", "Transport", "Ensemble", "Graph"):
        assert f"<h2>{heading}</h2>" in text
    plain = re.sub(r"http://www\.w3\.org/[\w/.#-]*", "", text)
    assert not re.search(r"""(?:src|href)=["'](?!data:)""", plain)
    assert not re.search(r"https?://|@import|\bimport\s*\(|\bimport\s*[\"'{*]|\bfetch\(", plain)
    assert "This part needs the notebook" not in text
    assert "Rock salt &amp; &lt;friends&gt;" in text


def followers(state: ViewState) -> Counter[str]:
    """How many react to each trait."""
    kinds = state._trait_notifiers.items()
    return Counter(name for name, found in kinds for _ in found.get("change", ()))


@pytest.mark.parametrize("backend", ["image", "nglview"])
def test_views_made_for_the_page_alone_go_with_it(backend: Any):
    crystal = rock_salt()
    look = Explore(make_trace(crystal), ensemble=make_spectrum(crystal), backend=backend)
    before = followers(look.state), set(_instances)
    assert "<h2>Graph</h2>" in page(look)
    assert (followers(look.state), set(_instances)) == before
    assert list(look.views) == ["spectrum"]
    # What is open stays so.
    look.state.selected_sites = (0,)
    assert look.view.spectrum.overlay


def test_linked_views_share_a_group(text: str):
    groups = {m["group"] for m in models(text).values()}
    assert groups == {0}


def test_a_page_without_a_title_is_headed_by_what_it_shows():
    look = QuickLook(make_trace(rock_salt()))
    assert "<h1>Phonon density of states of MgO</h1>" in page(look)
    assert "<h1>Transport lab</h1>" in page(TransportLab())


def test_a_quick_look_takes_along_what_its_shares_are_made_of():
    trace = make_trace(rock_salt())
    look = QuickLook(trace)
    text = page(look)
    found = re.search(r'id="ddos-page">(.*?)</script>', text, re.S)
    assert found
    (held,) = json.loads(found[1])["looks"]
    views = {part: models(text)[held[part]]["view"] for part in ("plot", "table", "canvas")}
    assert views == {"plot": "SpectrumPlot", "table": "SiteTable", "canvas": "CrystalCanvas"}
    sites = np.frombuffer(base64.b64decode(held["data"]["sites"]), "<f4")
    steps = np.stack([trace.sites(k) for k in range(trace.n_steps + 1)])
    np.testing.assert_allclose(sites.reshape(steps.shape), steps, rtol=1e-6, atol=1e-9)
    # Unknown sites give no shares, so the page computes none.
    even = replace(make_spectrum(rock_salt()), notes=(TOTAL_ONLY,))
    assert '"looks": []' in page(QuickLook(even))


def test_state_travels_whole():
    plot = SpectrumPlot(make_trace(rock_salt()))
    plot.state.energy_range = (100.0, 300.0)
    (model,) = models(page(plot, "")).values()
    assert model["state"]["energy_range"] == [100.0, 300.0]
    assert set(model["buffers"]) == {"curves", "band"} | (set(model["buffers"]) - {"curves"})
    assert model["state"]["header"] == json.loads(json.dumps(plot.header))


def test_text_cannot_break_out_of_its_script():
    plot = SpectrumPlot(make_spectrum(rock_salt()))
    plot.readout = "</script><script>alert(1)</script><!--"
    text = page(plot, "</title>")
    assert "alert(1)</script>" not in text
    (model,) = models(text).values()
    assert model["state"]["readout"] == plot.readout


def test_files_are_complete_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    look = QuickLook(make_trace(rock_salt()))
    path = export_html(look, tmp_path / "new" / "look.html")
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    before = path.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr("os.replace", lambda *a: (_ for _ in ()).throw(OSError("disk full")))
        with pytest.raises(OSError, match="disk full"):
            export_html(look, path)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == ["look.html"]


def test_what_cannot_be_saved_is_said(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"\.html"):
        export_html(SpectrumPlot(make_spectrum(rock_salt())), tmp_path / "plot.pdf")
    with pytest.raises(ConfigError, match="VBox is no view"):
        export_html(ipywidgets.VBox(), tmp_path / "box.html")
