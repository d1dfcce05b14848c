"""All views of one crystal in tabs, and the doctor, in JupyterLab with mouse and keys."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from browser.axe import findings
from browser.notebook import NotebookPage, changed, colours, pixels, settled, wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Locator

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CELLS = (
    "import deepdos_nb as dd\nlook = dd.explore(dd.examples()['TiO2'])\nlook",
    "dd.doctor()",
)


def drag(sheet: NotebookPage, canvas: Locator, start: float, stop: float) -> None:
    """Drag sideways over an element, from one share of its width to another."""
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    mouse, middle = sheet.page.mouse, box["y"] + box["height"] / 2
    mouse.move(box["x"] + start * box["width"], middle)
    mouse.down()
    mouse.move(box["x"] + stop * box["width"], middle, steps=6)
    mouse.up()


def another(before: np.ndarray, after: np.ndarray) -> bool:
    """Whether two pictures show different views."""
    return before.shape != after.shape or changed(before, after) > 0.02


def test_every_view_of_one_crystal(sheet: NotebookPage, screenshots: Path):
    page, theme = sheet.page, "dark" if sheet.dark else "light"
    output = page.locator(".jp-OutputArea-output", has=page.locator(".ddos-tablist"))
    tabs = page.locator(".ddos-tablist button")
    tabs.first.wait_for()
    titles = tabs.all_text_contents()
    assert titles == ["Spectrum", "Attention", "Transport", "Bands", "Ensemble", "Graph"]
    # Opening is quick because only one view has been made.
    assert sheet.python("print(list(look.views))") == "['spectrum']"

    plot = page.locator(".ddos-plot:visible").first
    crystal = page.locator(".ddos-crystal canvas:visible").first
    crystal.wait_for()
    crystal.scroll_into_view_if_needed()
    wait_until(lambda: colours(pixels(crystal)) > 40, "atoms in the 3-D view")
    before = settled(crystal)
    drag(sheet, plot, 0.25, 0.45)
    wait_until(lambda: changed(before, pixels(crystal)) > 0.02, "the atoms to change colour")
    sheet.hears("print(look.state.energy_range is None)", "False")
    chosen = sheet.python("print(look.state.energy_range)")
    tabs.first.scroll_into_view_if_needed()
    settled(crystal)
    output.screenshot(path=screenshots / f"explore-{theme}.png")

    # Along the tabs by keyboard: each view is made when its turn comes, and holds the selection.
    tabs.first.click()
    shown = [settled(output)]
    for key in ("attention", "transport", "bands", "ensemble", "graph"):
        page.keyboard.press("ArrowRight")
        wait_until(
            lambda key=key: (
                page.locator(f".ddos-tablist button[data-key={key}][aria-selected=true]").count()
                == 1
            ),
            f"the tab {key}",
        )
        last = shown[-1]
        wait_until(lambda last=last: another(last, pixels(output)), f"the view {key}", 60)
        # Atoms of the bands move: that view does not come to rest.
        shown.append(pixels(output) if key == "bands" else settled(output))
        output.screenshot(path=screenshots / f"explore-{key}-{theme}.png")
    focus = page.locator(".ddos-tablist button[data-key=graph]")
    assert focus.evaluate("e => e === document.activeElement")
    assert focus.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"
    sheet.hears(
        "print(sorted(look.views), look.state.energy_range, look.error or 'fine')",
        f"['attention', 'bands', 'ensemble', 'graph', 'spectrum', 'transport'] {chosen} fine",
    )

    # Bands: a click on a branch moves the atoms, and selects its energy in every view.
    page.locator(".ddos-tablist button[data-key=bands]").click()
    path = page.locator(".ddos-path svg")
    atoms = page.locator(".ddos-balls canvas:visible")
    atoms.wait_for()
    box = path.bounding_box()
    assert box is not None
    branch = page.locator(".ddos-line").nth(6)
    place = branch.bounding_box()
    assert place is not None
    page.mouse.click(box["x"] + 0.3 * box["width"], place["y"] + place["height"] / 2)
    wait_until(
        lambda: sheet.python("print(look.state.energy_range)") != chosen, "another energy", 60
    )
    said = page.locator(".ddos-bands .ddos-readout").text_content() or ""
    assert "Branch" in said
    assert "Amplitudes" in said
    atoms.scroll_into_view_if_needed()
    one = pixels(atoms)
    wait_until(lambda: changed(one, pixels(atoms)) > 0.01, "atoms that move")
    output.screenshot(path=screenshots / f"explore-bands-{theme}.png")
    still = page.locator(".ddos-motion")
    still.click()
    assert still.text_content() == "Let it move"
    settled(atoms)
    # Keys walk along the path.
    page.locator(".ddos-bands .ddos-panels").focus()
    page.keyboard.press("ArrowRight")
    readout = page.locator(".ddos-bands .ddos-readout")
    wait_until(lambda: (readout.text_content() or "") != said, "the next place on the path")
    assert findings(page, ".ddos-bands") == []
    assert findings(page, ".ddos-balls") == []
    sheet.python(f"look.state.energy_range = {chosen}; print('set')")

    # Back to the first: the crystal is the same one, not a new one without its colours.
    tabs.first.click()
    crystal.wait_for()
    wait_until(lambda: changed(before, pixels(crystal)) > 0.02, "the crystal in its colours")

    # And Python opens a tab as a click does.
    sheet.python("look.selected = 'transport'; print('set')")
    page.locator(".ddos-tablist button[data-key=transport][aria-selected=true]").wait_for()
    assert sheet.errors == []


def test_the_doctor_asks_the_browser(sheet: NotebookPage, screenshots: Path):
    page, theme = sheet.page, "dark" if sheet.dark else "light"
    probe = page.locator(".ddos-probe")
    probe.scroll_into_view_if_needed()
    # SwiftShader draws here, which is WebGL, but slow, and said to be.
    webgl = probe.locator("tr[data-name=WebGL]")
    assert webgl.count() == 1, "one line about WebGL: the browser's own"
    assert "WebGL 2" in (webgl.text_content() or "")
    assert webgl.get_attribute("data-status") == "note"
    assert "drawn by the processor" in (webgl.text_content() or "")
    way = probe.locator("tr[data-name='from the page to Python and back']")
    wait_until(lambda: way.get_attribute("data-status") == "ok", "Python's answer")
    assert "answered after" in (way.text_content() or "")
    assert probe.locator("tr[data-name=anywidget][data-status=ok]").count() == 1
    assert "in order" in (probe.locator(".ddos-title").text_content() or "")
    probe.screenshot(path=screenshots / f"doctor-{theme}.png")
    assert sheet.errors == []
