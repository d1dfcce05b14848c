"""The views' scripts without Python: linked legends, one model in two places, a refused file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from browser.notebook import wait_until
from playwright.sync_api import Browser, Page
from synthetic import make_spectrum, make_trace, rock_salt

from deepdos_nb.widgets import Explore, QuickLook, SpectrumExplorer
from deepdos_nb.widgets.explorer.drop import FileDrop
from deepdos_nb.widgets.explorer.export import EXPORTED, page

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ALONE = """<!DOCTYPE html><div id="view"></div>
<script type="module">{script}</script>
<script type="module">
  const state = {state};
  window.sent = [];
  const model = {{
    get: (key) => state[key],
    set: (key, value) => {{ state[key] = value; heard[`change:${{key}}`]?.forEach((f) => f()); }},
    on: (name, react) => (heard[name] ??= []).push(react),
    off() {{}}, save_changes() {{}}, send: (message) => window.sent.push(message),
  }};
  const heard = {{}};
  window.view.render({{ model, el: document.getElementById("view") }});
</script>
"""
"""A script with a model made by hand."""


@pytest.fixture
def window(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(offline=True, accept_downloads=True)
    yield context.new_page()
    context.close()


def show(window: Page, folder: Path, text: str) -> None:
    file = folder / "page.html"
    file.write_text(text, encoding="utf-8")
    window.goto(file.as_uri())
    window.locator("body.ddos-alive").wait_for()


def twice(text: str, view: str) -> str:
    """The page with this view's model shown in two places, as a notebook can."""
    found = re.search(rf'"(m\d+)": {{"view": "{view}"', text)
    assert found
    place = re.search(rf'<div data-model="{found[1]}"[^>]*></div>', text)
    assert place
    return text.replace(place[0], 2 * place[0])


def test_a_legend_leaves_alone_what_another_view_hides(window: Page, tmp_path: Path):
    crystal = rock_salt()
    known = replace(make_spectrum(crystal, seed=3, n_seeds=1), source="DFT")
    look = Explore(
        make_trace(crystal), ensemble=make_spectrum(crystal), reference=known, backend="canvas"
    )
    show(window, tmp_path, page(look))
    ensemble, spectrum = window.locator(".ddos-ensemble"), window.locator(".ddos-spectrum")

    def pressed(view: str, name: str) -> str | None:
        button = window.locator(f"{view} .ddos-legend button[data-name={name}]")
        return button.first.get_attribute("aria-pressed")

    ensemble.locator(".ddos-legend button[data-name=seeds]").click()
    spectrum.locator(".ddos-legend button[data-name=start]").click()
    ensemble.locator(".ddos-legend button[data-name=mean]").click()
    assert pressed(".ddos-ensemble", "seeds") == pressed(".ddos-ensemble", "mean") == "false"
    assert pressed(".ddos-spectrum", "start") == "false"
    # Alone, and all back: of its own curves.
    spectrum.locator(".ddos-legend button[data-name=total]").dblclick()
    spectrum.locator(".ddos-legend button[data-name=total]").dblclick()
    assert pressed(".ddos-spectrum", "start") == "true"
    assert pressed(".ddos-ensemble", "seeds") == "false"
    # The band is called what it is.
    named = spectrum.locator(".ddos-legend button[data-name=ensemble]").text_content()
    assert named == f"ensemble mean, {make_spectrum(crystal).band_name}"


def test_cautions_are_text_under_the_plot(window: Page, tmp_path: Path):
    wary = replace(make_spectrum(rock_salt()), notes=("Never seen: <b>Es</b>.",))
    show(window, tmp_path, page(QuickLook(wary, backend="canvas")))
    notes = window.locator(".ddos-spectrum [role=status] .ddos-notes li")
    assert notes.all_text_contents() == ["Never seen: <b>Es</b>."]
    assert notes.first.is_visible()


def test_two_views_of_one_model_play_as_fast_as_one(window: Page, tmp_path: Path):
    look = QuickLook(make_trace(rock_salt()), backend="canvas")
    look.state.step = 0
    show(window, tmp_path, twice(page(look), "SpectrumPlot"))
    sliders = window.locator(".ddos-spectrum .ddos-controls input")
    assert sliders.count() == 2
    window.evaluate(
        """() => {
          window.steps = [];
          const now = document.querySelector(".ddos-spectrum .ddos-now");
          new MutationObserver(() => window.steps.push(performance.now()))
            .observe(now, { childList: true });
        }"""
    )
    window.locator(".ddos-play").first.click()
    wait_until(lambda: window.evaluate("window.steps.length") >= 5, "five steps")
    times = window.evaluate("window.steps")
    gaps = [b - a for a, b in pairwise(times)]
    assert min(gaps) > 500, gaps


def test_two_views_of_one_row_of_buttons_save_one_file(window: Page, tmp_path: Path):
    look = SpectrumExplorer({"Mine": [make_spectrum(rock_salt())]}, None, backend="canvas")
    show(window, tmp_path, twice(page(look), "Downloads"))
    saved: list[str] = []
    window.on("download", lambda download: saved.append(download.suggested_filename))
    buttons = window.locator("button[data-ending=csv]")
    assert buttons.count() == 2
    with window.expect_download():
        buttons.nth(1).click()
    window.wait_for_timeout(300)
    assert saved == ["MgO-phdos.csv"]


def test_a_file_the_page_refuses_leaves_the_crystal_and_its_cautions(window: Page):
    drop = FileDrop(lambda name, data: None, limit=10)
    said = {"message": "MgO · 2 atoms", "notes": ["Extrapolation."], "problem": ""}
    state = {k: v for k, v in drop.get_state().items() if not k.startswith("_") and k != "layout"}
    script = EXPORTED.sub(r"window.view = \1;", str(drop._esm))
    window.set_content(ALONE.format(script=script, state=json.dumps(state | said, default=str)))
    file = {"name": "large.cif", "mimeType": "text/plain", "buffer": b"x" * 11}
    window.locator(".ddos-file").set_input_files([file])  # type: ignore[list-item]
    problem = window.locator(".ddos-drop > .ddos-error").first
    wait_until(lambda: "the limit is" in (problem.text_content() or ""), "the refusal")
    assert window.locator(".ddos-message").text_content() == "MgO · 2 atoms"
    assert window.locator(".ddos-notes li").all_text_contents() == ["Extrapolation."]
    assert window.evaluate("window.sent") == []
