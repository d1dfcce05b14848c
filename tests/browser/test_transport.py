"""The transport stepper and its laboratory in JupyterLab, with a real mouse and keyboard."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from browser.notebook import NotebookPage, changed, settled, wait_until
from browser.server import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Locator

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SETUP = f"""
import sys
sys.path.insert(0, {str(ROOT / "tests")!r})
from dataclasses import replace
import numpy as np
import deepdos_nb as dd
from synthetic import make_spectrum, make_trace
structure = dd.example("ZnO")
model = dd.load_model("phdos")
# Moves that can be seen, whatever the shipped weights have learnt; the draft is theirs.
trace = replace(make_trace(structure), drafted=True)
# A reference half-way to another curve, so that the distance is not nothing.
other = make_spectrum(structure, seed=3)
reference = replace(other, sites=0.5 * (trace.sites() + other.sites), source="DFPT")
"""

SHOW = """
look = dd.TransportStepper(trace, reference=reference)
look
"""
CELLS = (SETUP, SHOW)

START = """
look.laboratory = False
look.state.clear()
look.state.playing, look.state.hidden_elements, look.state.step = False, (), 0
look.view.colour_by = "element"
print("ready")
"""


class Stepper:
    """The parts of the stepper on the page."""

    def __init__(self, notebook: NotebookPage) -> None:
        self.notebook, self.page = notebook, notebook.page
        root = self.page.locator(".ddos-transport")
        self.root, self.plot = root, root.locator(".ddos-plot")
        self.canvas = root.locator(".ddos-plot > svg")
        self.slider = root.locator("input.ddos-steps")
        self.play = root.locator(".ddos-play")
        self.legend = root.locator(".ddos-legend button")
        self.readout = root.locator(".ddos-unseen")
        self.canvas.wait_for()
        self.last = int(self.slider.get_attribute("max") or 0)
        assert self.last > 1

    def wait_for_step(self, step: int) -> None:
        """The number Python says, not the slider's own."""
        words = f"Step {step} of {self.last}"
        self.wait_for_words(words)

    def wait_for_words(self, words: str) -> None:
        wait_until(lambda: words in (self.readout.text_content() or ""), words)

    def at(self, energy: float) -> tuple[float, float]:
        """Page coordinates of an energy in the density panel, brought into sight."""
        self.canvas.scroll_into_view_if_needed()
        box = self.canvas.bounding_box()
        assert box is not None
        left, right = 56, 14  # the margins of panels.js
        share = (energy + 10) / 1020
        return box["x"] + left + share * (box["width"] - left - right), box["y"] + 100

    def panel(self, name: str) -> Locator:
        return self.canvas.locator(f"g[data-panel={name}]")


@pytest.fixture
def stepper(sheet: NotebookPage) -> Stepper:
    """Start at the draft with nothing selected."""
    view = Stepper(sheet)
    assert sheet.python(START) == "ready"
    view.wait_for_step(0)
    view.canvas.scroll_into_view_if_needed()
    return view


def press(slider: Locator, share: float) -> None:
    """Click a slider with the mouse at a share of its track, which is inset by half a thumb."""
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box is not None
    x = box["x"] + 8 + share * (box["width"] - 16)
    slider.page.mouse.click(x, box["y"] + box["height"] / 2)


def test_steps_by_play_slider_and_keys(stepper: Stepper, sheet: NotebookPage, screenshots: Path):
    page, last = sheet.page, stepper.last
    theme = "dark" if sheet.dark else "light"
    assert "nothing has moved yet" in (stepper.panel("moves").text_content() or "")
    first = settled(stepper.plot)

    # Arrow keys, with the plot in focus.
    stepper.plot.focus()
    page.keyboard.press("ArrowRight")
    stepper.wait_for_step(1)
    page.keyboard.press("ArrowRight")
    stepper.wait_for_step(2)
    assert stepper.panel("moves").locator("rect").count() == 2 * 51
    assert stepper.panel("moves").locator("path.ddos-arrow").count() > 0
    assert stepper.panel("change").locator("path").count() == 2
    second = settled(stepper.plot)
    assert changed(first, second) > 0.02
    assert stepper.plot.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"

    # The ends of the cumulative share do not move.
    pins = stepper.panel("share").locator("circle")
    places = [pins.nth(i).get_attribute("cy") for i in range(2)]
    page.keyboard.press("End")
    stepper.wait_for_step(last)
    assert [pins.nth(i).get_attribute("cy") for i in range(2)] == places

    # The slider: a click at its middle, then its own keys.
    press(stepper.slider, 0.5)
    stepper.wait_for_step(last // 2)
    page.keyboard.press("ArrowLeft")
    stepper.wait_for_step(last // 2 - 1)
    page.keyboard.press("Home")
    stepper.wait_for_step(0)

    # Play runs to the end by itself, through pictures that are neither step nor step.
    outline = stepper.panel("density").locator("path.ddos-total")
    still = outline.get_attribute("d")
    stepper.play.click()
    seen: set[str] = set()
    wait_until(
        lambda: seen.add(outline.get_attribute("d") or "") or len(seen) > last + 2,
        "pictures between the steps",
    )
    stepper.wait_for_step(last)
    assert outline.get_attribute("d") != still
    wait_until(lambda: stepper.play.get_attribute("aria-label") == "Play the steps", "the end")
    sheet.hears("print(look.state.step, look.state.playing)", f"{last} False")

    # Pause stops it on the way; space is the same button.
    stepper.plot.focus()
    page.keyboard.press("Home")
    stepper.wait_for_step(0)
    page.keyboard.press(" ")
    stepper.wait_for_step(1)
    stepper.play.click()
    wait_until(lambda: stepper.play.get_attribute("aria-label") == "Play the steps", "pause")
    sheet.hears("print(look.state.playing)", "False")
    assert 1 <= int(sheet.python("print(look.state.step)")) < last

    # Less motion: no pictures in between.
    page.emulate_media(reduced_motion="reduce")
    stepper.plot.focus()
    page.keyboard.press("Home")
    stepper.wait_for_step(0)
    page.evaluate(
        """() => {
            const g = document.querySelector(".ddos-transport g[data-panel=density]");
            window.seen = new Set();
            window.watcher = new MutationObserver(() => {
                const line = g.querySelector("path.ddos-total");
                if (line) window.seen.add(line.getAttribute("d"));
            });
            window.watcher.observe(g, { childList: true });
        }"""
    )
    stepper.play.click()
    stepper.wait_for_step(last)
    assert page.evaluate("window.seen.size") <= last
    page.evaluate("window.watcher.disconnect()")
    page.emulate_media(reduced_motion="no-preference")

    # Python sets, the page follows.
    sheet.python("look.state.step = 3; print(look.error or 'fine')")
    stepper.wait_for_step(3)
    assert stepper.slider.input_value() == "3"
    stepper.canvas.scroll_into_view_if_needed()
    page.mouse.move(*stepper.at(430))
    stepper.root.locator(".ddos-tip").wait_for()
    tip = stepper.root.locator(".ddos-tip").text_content() or ""
    for words in (
        "cm⁻¹",
        "density (states/cm⁻¹/cell)",
        "left face",
        "stayed",
        "on average",
        "DFPT",
    ):
        assert words in tip
    stepper.root.screenshot(path=screenshots / f"transport-{theme}.png")
    assert sheet.errors == []


def test_selections_by_mouse_and_keys(stepper: Stepper, sheet: NotebookPage):
    page = sheet.page
    sheet.python("look.state.step = 2; print('set')")
    stepper.wait_for_step(2)

    # Drag over energies: Python holds the range; a click inside lets it go.
    page.mouse.move(*stepper.at(100))
    page.mouse.down()
    page.mouse.move(*stepper.at(180), steps=4)
    page.mouse.move(*stepper.at(240), steps=4)
    page.mouse.up()
    stepper.wait_for_words("90 to 250 cm⁻¹")
    sheet.hears("print(look.state.energy_range)", "(90.0, 250.0)")
    stepper.plot.focus()
    page.keyboard.press("Shift+ArrowRight")
    stepper.wait_for_words("110 to 270 cm⁻¹")
    page.keyboard.press("Escape")
    wait_until(lambda: stepper.canvas.locator("rect.ddos-range").count() == 0, "the range to go")

    # Legend: elements hide, sites select.
    before = settled(stepper.plot)
    stepper.legend.nth(1).click()
    wait_until(lambda: stepper.canvas.locator("path[data-element=O]").count() == 0, "no oxygen")
    assert changed(before, settled(stepper.plot)) > 0.005
    sheet.hears("print(look.state.hidden_elements)", "('O',)")
    page.wait_for_timeout(600)  # or the next click would make this one a double click
    stepper.legend.nth(1).click()
    wait_until(lambda: stepper.canvas.locator("path[data-element=O]").count() == 1, "oxygen")
    stepper.root.get_by_role("button", name="Sites", exact=True).click()
    wait_until(lambda: "Zn1" in (stepper.legend.first.text_content() or ""), "sites in the legend")
    stepper.legend.first.click()
    stepper.canvas.locator("path.ddos-site").wait_for(state="attached")
    sheet.hears("print(look.state.selected_sites[0], look.view.colour_by)", "0 site")
    assert sheet.errors == []


def warm(picture: np.ndarray) -> int:
    """Number of pixels in the colour of what must not be."""
    red, green, blue = picture[..., 0], picture[..., 1], picture[..., 2]
    return int(((red > 180) & (green > 60) & (green < 160) & (blue < 90)).sum())


def test_laboratory_breaks_the_law_and_says_why(
    stepper: Stepper, sheet: NotebookPage, screenshots: Path
):
    page = sheet.page
    theme = "dark" if sheet.dark else "light"
    sheet.python("look.lab.set_trait('courant', 0.4); look.lab.flux = 'donor'; print('set')")
    toggle = stepper.root.get_by_role("button", name="Laboratory")
    toggle.click()
    lab = page.locator(".ddos-lab")
    lab.wait_for()
    wait_until(lambda: toggle.get_attribute("aria-pressed") == "true", "the pressed button")
    sheet.hears("print(look.laboratory, look.lab in look.children)", "True True")
    plot, verdict = lab.locator(".ddos-plot"), lab.locator(".ddos-verdict")
    negative = lab.locator("rect.ddos-negative")
    repair = lab.get_by_role("checkbox", name="negative masses to zero")
    lab.scroll_into_view_if_needed()

    def holds(name: str, value: str) -> None:
        sheet.hears(f"print(look.lab.{name})", value)

    def says(words: str) -> None:
        wait_until(
            lambda: words in (verdict.text_content() or ""),
            f"{words!r} in {verdict.text_content()!r}",
        )

    def read(words: str) -> None:
        """The step that Python says, not the slider's own."""
        wait_until(
            lambda: (lab.locator(".ddos-readout").text_content() or "").startswith(words), words
        )

    # Face velocities hold below one half …
    lab.get_by_role("button", name="Face velocity", exact=True).click()
    says("has to: up to ½ per face")
    sound = settled(plot)
    assert negative.count() == 0

    # … and break above it, raised by the mouse: hatched, coloured, and with the reason.
    lab.scroll_into_view_if_needed()
    press(lab.locator(".ddos-courant"), 0.8 / 1.2)
    says("must not exceed ½")
    assert verdict.get_attribute("data-broken") == "yes"
    assert negative.count() >= 1
    broken = settled(plot)
    assert changed(sound, broken) > 0.02
    assert warm(broken) > warm(sound) + 200
    sheet.hears("print(abs(look.lab.courant - 0.8) <= 0.051)", "True")
    holds("step", "1")
    lab.screenshot(path=screenshots / f"transport-lab-{theme}.png")

    # Its own keys: down to one half again.
    lab.locator(".ddos-courant").focus()
    while float(held_number := lab.locator(".ddos-courant").input_value()) > 0.5:
        page.keyboard.press("ArrowLeft")
        wait_until(
            lambda was=held_number: lab.locator(".ddos-courant").input_value() != was, "the slider"
        )
    says("has to: up to ½ per face")
    holds("courant", "0.5")

    # The steps' slider and the repair that makes states.
    press(lab.locator(".ddos-count"), 0.0)
    wait_until(lambda: lab.locator(".ddos-steps").get_attribute("max") == "1", "one step")
    lab.locator(".ddos-count").focus()
    for _ in range(11):
        page.keyboard.press("ArrowUp")
    wait_until(lambda: lab.locator(".ddos-steps").get_attribute("max") == "12", "twelve steps")
    lab.get_by_role("button", name="Central flux", exact=True).click()
    says("the central flux takes the mean of two cells")
    repair.check()
    says("Conservation breaks")
    holds("flux, look.lab.steps, look.lab.clip", "central 12 True")
    repair.uncheck()
    says("No state is lost")

    # Other targets and operators; the table chooses as well.
    own = lab.get_by_role("button", name="draft → DFPT", exact=True)
    own.click()
    wait_until(lambda: own.get_attribute("aria-pressed") == "true", "the own target")
    lab.locator(".ddos-schemes button").last.click()
    says("the faces keep their order")
    holds("target, look.lab.operator", "own remap")
    assert lab.get_by_role("button", name="Donor cell", exact=True).is_disabled()
    assert negative.count() == 0

    # Steps of a run: keys, then play.
    plot.focus()
    page.keyboard.press("Home")
    wait_until(lambda: lab.locator(".ddos-steps").input_value() == "0", "the start")
    start = settled(plot)
    page.keyboard.press("ArrowRight")
    read("Step 1 of 12")
    assert changed(start, settled(plot)) > 0.01
    lab.locator(".ddos-play").click()
    read("Step 12 of 12")
    holds("playing", "False")

    # Python sets, the page follows.
    sheet.python("look.lab.operator, look.lab.target = 'one', 'split'; print('set')")
    says("the central flux takes the mean of two cells")
    toggle.click()
    wait_until(lambda: page.locator(".ddos-lab").count() == 0, "the laboratory to close")
    sheet.hears("print(look.laboratory, look.error + look.lab.error or 'fine')", "False fine")
    assert sheet.errors == []
