"""A view as one HTML file, opened from the disk in a browser without a network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browser.notebook import changed, settled, wait_until
from synthetic import make_spectrum, make_trace

from deepdos_nb.crystal.read import example
from deepdos_nb.widgets import Explore, QuickLook, SpectrumExplorer, export_html

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def look() -> Explore:
    crystal = example("TiO2")
    look = Explore(make_trace(crystal), ensemble=make_spectrum(crystal))
    look.state.energy_range = (200.0, 400.0)
    return look


@pytest.fixture(scope="module")
def file(look: Explore, tmp_path_factory: pytest.TempPathFactory) -> Path:
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


def test_the_page_answers_without_python(page: tuple[Page, str], look: Explore, screenshots: Path):
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
    # The words are those of Python, for the selection there is now.
    readout = window.locator(".ddos-spectrum .ddos-readout").first
    wait_until(lambda: "200 to 400" not in (readout.text_content() or ""), "the new words")
    said = readout.text_content() or ""
    low, high = re.findall(r"([\d.]+) to ([\d.]+) cm", said)[0]
    quick: QuickLook = look.views["spectrum"]
    quick.state.energy_range = (float(low), float(high))
    assert said == quick.spectrum.readout
    # So are the list of sites, what it is a list of, and the atoms.
    rows = quick.structure.table.rows
    buttons = window.locator(".ddos-sites").first.locator("button")
    wait_until(
        lambda: (buttons.first.get_attribute("aria-label") or "").startswith(rows[0]["label"]),
        "the list of sites",
    )
    shown = [buttons.nth(i).get_attribute("aria-label") for i in range(buttons.count())]
    assert shown == [f"{r['label']}, {100 * r['share']:.1f} % of states" for r in rows]
    caption = window.locator(".ddos-sites .ddos-caption").first
    assert caption.text_content() == quick.structure.caption
    atoms = window.locator("canvas.ddos-atoms").first
    coloured = settled(atoms)
    # What only Python can compute says so instead of being wrong.
    other = window.locator(".ddos-ensemble .ddos-readout").first
    assert "computed in Python" in (other.text_content() or "")
    buttons.first.click()
    assert changed(coloured, settled(atoms)) > 0.001
    chosen = window.locator(".ddos-spectrum .ddos-legend .ddos-key")
    assert chosen.first.text_content() == rows[0]["label"]
    window.get_by_role("button", name="Sites", exact=True).first.click()
    ridges = window.locator(".ddos-spectrum path.ddos-ridge")
    wait_until(lambda: ridges.count() == len(quick.spectrum.data.site_rows()), "a row per site")
    window.get_by_role("button", name="Elements", exact=True).first.click()

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


def test_files_can_be_saved_and_dead_lists_are_gone(chromium: Browser, tmp_path: Path):
    crystal = example("MgO")
    explorer = SpectrumExplorer({"Mine": [make_spectrum(crystal)]}, None, backend="canvas")
    path = export_html(explorer, tmp_path / "MgO.html")
    context = chromium.new_context(offline=True, accept_downloads=True)
    page = context.new_page()
    page.goto(path.as_uri())
    page.locator("body.ddos-alive").wait_for()
    assert page.locator("h1").text_content() == "Phonon density of states of MgO"
    assert page.locator(".ddos-picker, .ddos-tablist").count() == 0
    for ending in ("csv", "cif", "png"):
        with page.expect_download() as waiting:
            page.locator(f"button[data-ending={ending}]").click()
        saved = waiting.value
        assert saved.suggested_filename == f"MgO-phdos.{ending}"
        assert Path(saved.path()).read_bytes() == explorer.downloads.make(ending)
    context.close()


def test_many_sites_have_rows_that_scroll(chromium: Browser, tmp_path: Path, screenshots: Path):
    crystal = example("SrTiO3") * (3, 3, 2)
    crystal.perturb(0.1)
    look = QuickLook(make_trace(crystal))
    look.state.mode = "sites"
    path = export_html(look, tmp_path / "big.html")
    page = chromium.new_page(viewport={"width": 1240, "height": 900})
    page.goto(path.as_uri())
    page.locator("body.ddos-alive").wait_for()
    plot = page.locator(".ddos-spectrum .ddos-plot")
    names = plot.locator("svg > g:nth-of-type(2) text")
    groups = look.spectrum.data.groups
    assert names.count() == len(groups) > 40
    heights = [box["y"] for i in range(names.count()) if (box := names.nth(i).bounding_box())]
    assert all(b - a >= 11 for a, b in pairwise(heights)), "overprinted"
    inside = plot.evaluate("e => [e.clientHeight, e.scrollHeight]")
    assert inside[0] <= 341 < inside[1]
    # The axis stays in sight.
    plot.evaluate("e => { e.scrollTop = 200; }")
    page.wait_for_timeout(200)
    frame, axis = plot.bounding_box(), plot.get_by_text("Wavenumber (cm⁻¹)").bounding_box()
    assert frame is not None
    assert axis is not None
    assert frame["y"] < axis["y"] < frame["y"] + frame["height"]
    page.screenshot(path=screenshots / "sites-many.png")
    page.close()
