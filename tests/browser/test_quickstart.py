"""The quickstart in JupyterLab, with a real mouse and keyboard.

papermill and nbval both pass on a widget that stays blank; only this does not.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browser.notebook import NotebookPage, changed, colours, pixels, settled, wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Locator

pytestmark = [pytest.mark.browser, pytest.mark.slow]

RECOLOURED = 0.02
"""Least share of the 3-D view's pixels that a recolouring changes."""


class Views:
    """The parts of the quicklook on the page."""

    def __init__(self, notebook: NotebookPage) -> None:
        page = notebook.page
        self.notebook = notebook
        self.plot = page.locator(".ddos-plot")
        self.canvas = page.locator(".ddos-plot > svg")
        self.crystal = page.locator(".ddos-crystal canvas")
        self.slider = page.locator(".ddos-controls input[type=range]")
        self.readout = page.locator(".ddos-readout")
        self.sites = page.locator(".ddos-list button")
        for part in (self.canvas, self.crystal, self.sites.first):
            part.wait_for()
        self.last = int(self.slider.get_attribute("max") or 0)
        assert self.last > 1
        self.canvas.scroll_into_view_if_needed()
        wait_until(lambda: colours(pixels(self.crystal)) > 40, "atoms in the 3-D view")

    def said(self) -> str:
        return self.readout.text_content() or ""

    def wait_for_words(self, words: str) -> None:
        wait_until(lambda: words in self.said(), f"{words!r} in {self.said()!r}")

    def wait_for_step(self, step: int) -> None:
        """The number Python says, not the slider's own."""
        self.wait_for_words(f"Step {step} of {self.last}")

    def at(self, energy: float) -> tuple[float, float]:
        """Page coordinates of an energy in the middle of the plot."""
        box = self.canvas.bounding_box()
        assert box is not None
        left, right = 58, 12  # the margins of spectrum.js
        share = energy / 1000.0
        return (
            box["x"] + left + share * (box["width"] - left - right),
            box["y"] + box["height"] / 2,
        )

    def drag(self, low: float, high: float) -> None:
        mouse = self.notebook.page.mouse
        mouse.move(*self.at(low))
        mouse.down()
        mouse.move(*self.at((low + high) / 2), steps=4)
        mouse.move(*self.at(high), steps=4)
        mouse.up()

    def click(self, energy: float) -> None:
        self.notebook.page.mouse.click(*self.at(energy))


@pytest.fixture
def views(quickstart: NotebookPage) -> Views:
    """Start from an empty selection at the last step."""
    views = Views(quickstart)
    start = "look.state.clear(); look.state.set_trait('hidden_elements', ()); "
    start += f"look.state.mode, look.state.step = 'elements', {views.last}; print('ready')"
    assert quickstart.python(start) == "ready"
    views.canvas.scroll_into_view_if_needed()
    views.wait_for_step(views.last)
    views.wait_for_words("no energies selected")
    return views


def focus_ring(element: Locator) -> str:
    return str(element.evaluate("e => getComputedStyle(e).outlineStyle"))


def test_linked_views(views: Views, quickstart: NotebookPage, screenshots: Path):
    """One long walk, because opening the notebook takes most of the time."""
    page = quickstart.page
    theme = "dark" if quickstart.dark else "light"
    by_element = settled(views.crystal)
    assert colours(by_element) > 60, "the 3-D view is blank"

    # Drag over the heavy element's block: Python holds the range, the atoms change.
    views.drag(80, 240)
    views.wait_for_words("70 to 250 cm⁻¹")
    low_block = settled(views.crystal)
    assert changed(by_element, low_block) > RECOLOURED
    views.canvas.hover(position={"x": 150, "y": 60})
    page.locator(".ddos-tip").wait_for()
    assert "cm⁻¹" in (page.locator(".ddos-tip").text_content() or "")
    quicklook = page.locator(".jp-OutputArea-output", has=views.plot)
    quicklook.screenshot(path=screenshots / f"quicklook-{theme}.png")

    # The other block belongs to the other element.
    views.drag(400, 560)
    views.wait_for_words("390 to 570 cm⁻¹")
    high_block = settled(views.crystal)
    assert changed(low_block, high_block) > RECOLOURED
    assert "O" in (views.sites.first.text_content() or "")

    # A click takes one bin; a click inside the selection lets it go.
    views.click(700)
    views.wait_for_words("690 to 710 cm⁻¹")
    views.click(700)
    views.wait_for_words("no energies selected")
    assert changed(by_element, settled(views.crystal)) < RECOLOURED

    # Keys: steps, then the range.
    views.plot.focus()
    page.keyboard.press("ArrowLeft")
    views.wait_for_step(views.last - 1)
    page.keyboard.press("Home")
    views.wait_for_step(0)
    assert views.slider.input_value() == "0"
    page.keyboard.press("Shift+ArrowRight")
    wait_until(lambda: "states (" in views.said(), "a range chosen by the keyboard")
    one_bin = views.said()
    page.keyboard.press("Shift+ArrowRight")
    wait_until(lambda: views.said() != one_bin, "the range to move")
    page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("Escape")
    views.wait_for_words("no energies selected")
    assert focus_ring(views.plot) == "solid"

    # The slider, with the mouse: to its far end, then by its own keys.
    box = views.slider.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] - 4, box["y"] + box["height"] / 2)
    views.wait_for_step(views.last)
    page.keyboard.press("ArrowLeft")
    views.wait_for_step(views.last - 1)

    # The step recolours the atoms too, where the draft and the result disagree.
    views.drag(560, 640)
    views.wait_for_words("550 to 650 cm⁻¹")
    late = views.said()
    views.plot.focus()
    page.keyboard.press("Home")
    views.wait_for_step(0)
    assert views.said().split("·")[1] != late.split("·")[1], "shares do not depend on the step"
    page.keyboard.press("Escape")

    # Play runs to the end by itself.
    page.locator(".ddos-play").click()
    views.wait_for_step(views.last)

    assert (
        quickstart.python("print(look.state.step, look.state.energy_range, look.state.playing)")
        == f"{views.last} None False"
    )
    assert quickstart.errors == []


def test_atoms_and_table(views: Views, quickstart: NotebookPage, screenshots: Path):
    page = quickstart.page
    plain = settled(views.crystal)

    # The row selects its site: a halo in 3-D, a curve in the plot.
    views.sites.nth(1).click()
    page.locator("path.ddos-site").wait_for(state="attached")
    assert changed(plain, settled(views.crystal)) > 0.005
    assert views.sites.nth(1).get_attribute("aria-pressed") == "true"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    wait_until(lambda: page.locator("path.ddos-site").count() == 2, "a second site's curve")
    page.keyboard.press("Escape")
    wait_until(lambda: page.locator("path.ddos-site").count() == 0, "the curves to go")

    # A click on an atom in 3-D: the middle of the largest blob of the first element's colour.
    picture = settled(views.crystal)
    blue = (picture[..., 2] - picture[..., 0] > 60).nonzero()
    assert len(blue[0]) > 200, "no atom of the first element's colour"
    box = views.crystal.bounding_box()
    assert box is not None
    row = int(blue[0][len(blue[0]) // 2])
    columns = blue[1][blue[0] == row]
    runs = [r for r in _runs(columns.tolist()) if r[1] - r[0] > 8]
    start, stop = max(runs, key=lambda r: r[1] - r[0])
    page.mouse.click(box["x"] + (start + stop) / 2, box["y"] + row)
    wait_until(lambda: page.locator("path.ddos-site").count() == 1, "the clicked atom's curve")
    pressed = page.locator(".ddos-list button[aria-pressed=true]")
    assert (pressed.text_content() or "").startswith("Zn")

    # Legend: a click hides, a double click shows one alone.
    legend = page.locator(".ddos-legend button")
    legend.nth(0).click()
    wait_until(lambda: page.locator("path[data-element=Zn]").count() == 0, "zinc to go")
    page.wait_for_timeout(600)  # or the next click would make this one a double click
    legend.nth(0).click()
    wait_until(lambda: page.locator("path[data-element=Zn]").count() == 1, "zinc to come back")
    page.wait_for_timeout(600)
    legend.nth(0).dblclick()
    wait_until(lambda: page.locator("path[data-element=O]").count() == 0, "zinc alone")
    assert page.locator("path[data-element=Zn]").count() == 1
    theme = "dark" if quickstart.dark else "light"
    quicklook = page.locator(".jp-OutputArea-output", has=views.plot)
    quicklook.screenshot(path=screenshots / f"quicklook-site-{theme}.png")
    held = quickstart.python("print(look.state.hidden_elements, look.state.selected_sites)")
    assert held in {"('O',) (0,)", "('O',) (1,)"}

    # And the other way: Python sets, the page follows.
    quickstart.python("look.state.mode = 'total'; print(look.error or 'fine')")
    wait_until(lambda: page.locator("path[data-element]").count() == 0, "the total alone")
    assert quickstart.errors == []


def _runs(columns: list[int]) -> list[tuple[int, int]]:
    """Unbroken stretches of increasing whole numbers."""
    runs = [(columns[0], columns[0])]
    for c in columns[1:]:
        runs[-1:] = [(runs[-1][0], c)] if c == runs[-1][1] + 1 else [runs[-1], (c, c)]
    return runs
