"""A view as one HTML file, opened from the disk in a browser without a network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browser.notebook import changed, settled, wait_until
from synthetic import make_spectrum, make_trace

from deepdos_nb.crystal.read import example
from deepdos_nb.widgets import Explore, export_html

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    crystal = example("TiO2")
    look = Explore(make_trace(crystal), ensemble=make_spectrum(crystal))
    look.state.energy_range = (200.0, 400.0)
    return export_html(look, tmp_path_factory.mktemp("export") / "TiO2.html", title="Rutile")


@pytest.fixture(params=["light", "dark"])
def page(
    request: pytest.FixtureRequest, chromium: Browser, file: Path
) -> Iterator[tuple[Page, str]]:
    context = chromium.new_context(
        viewport={"width": 1240, "height": 1000}, offline=True, color_scheme=request.param
    )
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda e: problems.append(str(e)))
    page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
    page.on(
        "request",
        lambda r: None if re.match("file:|data:|blob:", r.url) else problems.append(r.url),
    )
    page.goto(file.as_uri())
    page.locator("body.ddos-alive").wait_for()
    yield page, request.param
    context.close()
    assert problems == []


def test_the_page_answers_without_python(page: tuple[Page, str], screenshots: Path):
    window, theme = page
    plot = window.locator(".ddos-spectrum .ddos-plot").first
    plot.wait_for()
    assert window.locator(".page-still").is_hidden()
    assert (window.locator("body").get_attribute("data-jp-theme-light") == "true") is (
        theme == "light"
    )
    window.screenshot(path=screenshots / f"export-{theme}.png", full_page=True)

    # The selection of the notebook is there, and a new one is drawn and passed on.
    before = settled(plot)
    ranges = window.locator("rect.ddos-range")
    assert ranges.count() >= 1
    width = ranges.first.get_attribute("width")
    box = plot.bounding_box()
    assert box is not None
    window.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 100)
    window.mouse.down()
    window.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + 100, steps=5)
    window.mouse.up()
    wait_until(lambda: ranges.first.get_attribute("width") != width, "the new range")
    assert changed(before, settled(plot)) > 0.02
    # What Python would have to compute says so instead of being wrong.
    readout = window.locator(".ddos-spectrum .ddos-readout").first
    wait_until(lambda: "computed in Python" in (readout.text_content() or ""), "the honest line")

    # The step of one view is the step of the others.
    sliders = window.get_by_label("Transport step", exact=True).and_(
        window.locator("input[type=range]")
    )
    assert sliders.count() == 2
    first = sliders.first
    first.scroll_into_view_if_needed()
    first.focus()
    window.keyboard.press("Home")
    wait_until(lambda: first.input_value() == "0", "the first step")
    assert {sliders.nth(i).input_value() for i in range(sliders.count())} == {"0"}

    # Legend: an element goes.
    areas = window.locator(".ddos-spectrum path[data-element=O]")
    assert areas.count() >= 1
    window.locator(".ddos-legend button[data-name=O]").first.click()
    wait_until(lambda: areas.count() == 0, "oxygen to go")


def test_without_scripts_there_is_a_picture_and_words(chromium: Browser, file: Path):
    context = chromium.new_context(java_script_enabled=False, offline=True)
    page = context.new_page()
    page.goto(file.as_uri())
    picture = page.locator(".page-still img")
    assert picture.is_visible()
    box = picture.bounding_box()
    assert box is not None
    assert box["width"] > 300
    assert "density of states of TiO2" in (picture.get_attribute("alt") or "")
    assert page.locator(".page-live").is_hidden()
    context.close()
