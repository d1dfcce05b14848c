"""The ensemble view in JupyterLab: band, legend, range and calibration, by mouse and keys."""

from __future__ import annotations

from pathlib import Path

import pytest
from browser.notebook import NotebookPage, changed, settled, wait_until
from browser.server import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SETUP = f"""
import sys
sys.path.insert(0, {str(ROOT / "tests")!r})
import deepdos_nb as dd
from deepdos_nb.widgets import EnsembleView
from synthetic import metal_with_gap

names = ("TiO2", "NiAl", "SrTiO3", "GaAs", "ZnO", "MoS2")
pairs = [
    (metal_with_gap(s, seed=i + 1, n_seeds=5), metal_with_gap(s, seed=40 + i, source="PBE (GPAW)"))
    for i, s in enumerate(map(dd.example, names))
]
"""

SHOW = """
view = EnsembleView(*pairs[0], pairs=pairs)
view
"""
CELLS = (SETUP, SHOW)


def test_ensemble(sheet: NotebookPage, screenshots: Path):
    page = sheet.page
    root = page.locator(".ddos-ensemble")
    plot = root.locator(".ddos-plot")
    canvas = plot.locator("svg")
    readout = root.locator(".ddos-readout")
    seeds = root.locator("path[data-curve=seeds]")
    slider = root.locator("input[type=range]")
    caption = root.locator(".ddos-caption-text")

    def says(words: str) -> None:
        wait_until(
            lambda: words in (readout.text_content() or ""),
            f"{words!r} in {readout.text_content()!r}",
        )

    canvas.wait_for()
    assert seeds.count() == 5
    says("± 1 spread holds")
    start = settled(plot)

    # The slider widens the band: pixels, Python's words and the mark on the calibration follow.
    # By the mouse first …
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 0.5 * box["width"], box["y"] + box["height"] / 2)
    says("± 2")
    assert changed(start, settled(plot)) > 0.005
    assert "95 %" in (caption.text_content() or "")
    # … then by its keys, which the notebook would take.
    slider.focus()
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    says("± 1.5 spread")
    # A drag on the calibration asks for a stated coverage: one half is 0.674 spreads.
    chart = root.locator(".ddos-calibration")
    box = chart.bounding_box()
    assert box is not None
    middle = box["x"] + box["width"] * (44 + 118) / 292
    page.mouse.move(middle + 50, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(middle, box["y"] + 100, steps=4)
    page.mouse.up()
    says("± 0.67")
    sheet.hears("print(abs(view.factor - 0.6745) < 0.02)", "True")

    # Energies: a drag, the keys, and Python hears of it.
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 120)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 120, steps=5)
    page.mouse.up()

    wait_until(lambda: root.locator("rect.ddos-range").count() == 1, "the range")
    assert "all energies" not in (readout.text_content() or "")
    tip = root.locator(".ddos-tip")
    tip.wait_for()
    for part in ("mean", "seed 5", "PBE (GPAW)", "|error|", "states/eV/cell", "error / spread"):
        assert part in (tip.text_content() or "")
    theme = "dark" if sheet.dark else "light"
    page.locator(".jp-OutputArea-output", has=root).screenshot(
        path=screenshots / f"ensemble-{theme}.png"
    )
    plot.focus()
    page.keyboard.press("Escape")
    says("all energies")
    page.keyboard.press("ArrowRight")
    says("± 0.77")
    assert plot.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"

    # Legend: hide, alone, all.
    legend = root.locator(".ddos-legend button")
    legend.nth(0).click()
    wait_until(lambda: seeds.count() == 0, "the seeds to go")
    page.wait_for_timeout(600)  # or the next click would make this one a double click
    legend.nth(0).dblclick()
    wait_until(lambda: root.locator("path[data-curve=mean]").count() == 0, "the seeds alone")
    assert seeds.count() == 5
    sheet.hears("print(view.state.hidden_curves)", "('mean', 'ensemble', 'PBE (GPAW)')")

    # And the other way: Python sets, the page follows.
    sheet.python("view.state.hidden_curves = (); view.factor = 3.0; print(view.error or 'fine')")
    wait_until(lambda: root.locator("path[data-curve=mean]").count() == 1, "the mean")
    wait_until(lambda: slider.input_value() == "3", "the slider")
    assert sheet.errors == []
