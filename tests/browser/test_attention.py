"""The attention explorer in JupyterLab, with a real mouse and keyboard."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browser.notebook import NotebookPage, changed, colours, pixels, settled, wait_until

if TYPE_CHECKING:
    pass

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CELLS = [
    """from dataclasses import replace
import deepdos_nb as dd
model, crystal = dd.load_model("phdos"), dd.example("SrTiO3")
seeds = replace(model.predict(crystal), source="mean over seeds")
view = dd.AttentionExplorer(model.trace(crystal), reference=seeds)
view""",
]
BINS, STEP = 51, 20.0
LEFT, RIGHT = 64, 12  # the margins of attention.js


class Views:
    """The parts of the explorer on the page."""

    def __init__(self, sheet: NotebookPage) -> None:
        page = sheet.page
        self.sheet = sheet
        self.map = page.locator(".ddos-map")
        self.scroll = page.locator(".ddos-scroll")
        self.panels = page.locator(".ddos-panels g[data-panel]")
        self.tiles = page.locator(".ddos-tile")
        self.tip = page.locator(".ddos-attention .ddos-tip")
        self.readout = page.locator(".ddos-attention .ddos-readout")
        self.crystal = page.locator(".ddos-crystal canvas")
        self.sites = page.locator(".ddos-list button")
        for part in (self.scroll, self.crystal, self.sites.first, self.tiles.first):
            part.wait_for()
        self.scroll.scroll_into_view_if_needed()
        wait_until(lambda: colours(pixels(self.crystal)) > 40, "atoms in the 3-D view")

    def at(self, wavenumber: float, row: float) -> tuple[float, float]:
        """Page coordinates of an energy in a row of the map, five rows in all."""
        box = self.scroll.bounding_box()
        assert box is not None
        share = (wavenumber / STEP + 0.5) / BINS
        return (
            box["x"] + LEFT + share * (box["width"] - LEFT - RIGHT),
            box["y"] + (row + 0.5) * box["height"] / 5,
        )

    def drag(self, low: float, high: float, row: float = 1) -> None:
        mouse = self.sheet.page.mouse
        mouse.move(*self.at(low, row))
        mouse.down()
        mouse.move(*self.at((low + high) / 2, row), steps=4)
        mouse.move(*self.at(high, row), steps=4)
        mouse.up()

    def said(self) -> str:
        return self.readout.text_content() or ""

    def wait_for_words(self, words: str) -> None:
        wait_until(lambda: words in self.said(), f"{words!r} in {self.said()!r}")

    def holds(self, what: str, value: str) -> None:
        self.scroll.scroll_into_view_if_needed()
        self.sheet.hears(f"print({what})", value)
        self.scroll.scroll_into_view_if_needed()

    def labels(self) -> list[str]:
        # In one go: panels come and go, and a list read one by one may wait for one that is gone.
        return self.panels.evaluate_all("all => all.map((p) => p.dataset.panel)")


@pytest.fixture
def views(sheet: NotebookPage) -> Views:
    views = Views(sheet)
    start = "view.state.clear(); view.state.layer = view.state.head = -1; "
    start += "view.map.by, view.map.colour_by = 'site', 'attention'; print('ready')"
    assert sheet.python(start) == "ready"
    views.scroll.scroll_into_view_if_needed()
    views.wait_for_words("All energies")
    return views


def test_a_range_of_energies(views: Views, sheet: NotebookPage, screenshots: Path):
    page = sheet.page
    plain = settled(views.crystal)
    whole = settled(views.scroll)
    assert colours(whole) > 25, "the map is blank"

    # Drag: Python holds the range, the atoms change, the list sets both shares side by side.
    views.drag(200, 340)
    views.wait_for_words("190 to 350 cm⁻¹")
    titanium = settled(views.crystal)
    assert changed(plain, titanium) > 0.02
    assert changed(whole, settled(views.scroll)) > 0.2, "what is outside the range is veiled"
    heads = page.locator(".ddos-columns span").all_text_contents()
    assert heads[-2:] == ["attention", "states"]
    first = views.sites.first
    assert "of attention" in (first.get_attribute("aria-label") or "")
    assert (first.text_content() or "").count("%") == 2

    # By states instead: another picture, another order.
    page.get_by_role("button", name="states", exact=True).click()
    wait_until(
        lambda: page.locator(".ddos-columns span").all_text_contents()[-2] == "states",
        "the columns to change places",
    )
    # Not much of another: attention looks where the states are.
    assert changed(titanium, settled(views.crystal)) > 0.01
    page.get_by_role("button", name="attention", exact=True).click()

    # A name in the margin selects its site: its curve on top, its row framed, a halo in 3-D.
    wait_until(lambda: changed(titanium, pixels(views.crystal)) < 0.005, "attention again")
    box = views.scroll.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 30, views.at(0, 0)[1])
    wait_until(lambda: views.labels() == ["Sr1", "Sr", "Ti", "O"], "the strontium's curve")
    assert page.locator(".ddos-frame").count() == 1
    assert changed(titanium, settled(views.crystal)) > 0.005
    page.mouse.move(*views.at(260, 1))
    views.tip.wait_for()
    tip = views.tip.text_content() or ""
    assert "260 cm⁻¹" in tip
    assert "attention to Ti2" in tip
    assert "equal share20.0 %" in tip
    theme = "dark" if sheet.dark else "light"
    page.locator(".jp-OutputArea-output", has=views.map).screenshot(
        path=screenshots / f"attention-{theme}.png"
    )
    views.holds("view.state.energy_range, view.state.selected_sites", "(190.0, 350.0) (0,)")

    # The edge of a range can be dragged; a click inside lets the range go.
    views.drag(350, 420)
    views.wait_for_words("190 to 430 cm⁻¹")
    page.mouse.click(*views.at(300, 2))
    views.wait_for_words("All energies")
    page.mouse.click(*views.at(700, 2))
    views.wait_for_words("690 to 710 cm⁻¹")
    assert sheet.errors == []


def test_layers_heads_and_rows(views: Views, sheet: NotebookPage):
    page = sheet.page
    mean = settled(views.scroll)
    views.tiles.nth(1 + 2).click()  # layer 1, head 3
    wait_until(lambda: changed(mean, pixels(views.scroll)) > 0.1, "another map")
    assert views.tiles.nth(3).get_attribute("aria-pressed") == "true"
    views.holds("view.state.layer, view.state.head", "0 2")
    views.tiles.nth(3).focus()
    page.keyboard.press("ArrowDown")
    wait_until(
        lambda: views.tiles.nth(7 + 3).get_attribute("aria-pressed") == "true", "the tile below"
    )
    page.keyboard.press("ArrowRight")
    views.holds("view.state.layer, view.state.head", "1 3")

    views.map.focus()
    page.keyboard.press("]")
    page.keyboard.press("]")
    page.keyboard.press("]")
    page.keyboard.press(",")
    views.holds("view.state.layer, view.state.head", "0 -1")  # past the last head: the mean
    views.map.focus()
    page.keyboard.press("[")
    views.holds("view.state.head", "5")

    # Rows by element: three instead of five.
    assert len(views.scroll.locator("text").all()) == 5
    page.get_by_role("button", name="elements", exact=True).click()
    wait_until(lambda: len(views.scroll.locator("text").all()) == 3, "one row per element")
    views.holds("view.map.by", "element")
    page.locator(".ddos-choices").get_by_role("button", name="2", exact=True).first.click()
    views.holds("view.state.layer", "1")

    # And the other way: Python sets, the page follows.
    page.get_by_role("button", name="sites", exact=True).click()
    wait_until(lambda: len(views.scroll.locator("text").all()) == 5, "one row per site again")
    before = settled(views.scroll)
    sheet.python("view.state.head = 0; print(view.map.error or 'fine')")
    views.scroll.scroll_into_view_if_needed()
    wait_until(lambda: changed(before, pixels(views.scroll)) > 0.1, "the map Python asked for")
    assert views.tiles.nth(7 + 1).get_attribute("aria-pressed") == "true"
    assert sheet.errors == []


def test_keys_and_atoms(views: Views, sheet: NotebookPage):
    page = sheet.page
    views.map.focus()
    page.keyboard.press("Home")
    assert views.map.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"
    wait_until(lambda: "0 cm⁻¹" in (views.tip.text_content() or ""), "the cursor's energy")
    for key in ("ArrowRight", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    tip = views.tip.text_content() or ""
    assert "40 cm⁻¹" in tip
    assert "attention to Ti2" in tip
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    views.wait_for_words("30 to 90 cm⁻¹")
    page.keyboard.press("Enter")
    wait_until(lambda: views.labels()[0] == "Ti2", "titanium's curve")
    views.holds("view.state.energy_range, view.state.selected_sites", "(30.0, 90.0) (1,)")
    views.map.focus()
    page.keyboard.press("Escape")
    views.wait_for_words("All energies")
    wait_until(lambda: views.labels() == ["Sr", "Ti", "O"], "the elements alone")
    assert views.tip.is_hidden()

    # A click on an atom in 3-D: titanium, orange, in the middle of the cell.
    picture = settled(views.crystal)
    orange = ((picture[..., 0] - picture[..., 2] > 110) & (picture[..., 0] > 150)).nonzero()
    assert len(orange[0]) > 100, "no titanium in sight"
    box = views.crystal.bounding_box()
    assert box is not None
    middle = len(orange[0]) // 2
    page.mouse.click(box["x"] + int(orange[1][middle]), box["y"] + int(orange[0][middle]))
    wait_until(lambda: views.labels()[0] == "Ti2", "the clicked atom's curve")

    # The list: a further site by mouse, the next by keys.
    views.sites.nth(3).click()
    wait_until(lambda: views.labels()[:2] == ["Ti2", "O4"], "oxygen beside it")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    wait_until(lambda: len(views.labels()) == 6, "a third site")
    views.holds("view.state.selected_sites", "(1, 3, 4)")
    assert sheet.errors == []
