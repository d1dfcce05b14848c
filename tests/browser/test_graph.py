"""The crystal graph in JupyterLab, with a real mouse and keyboard."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from browser.notebook import NotebookPage, changed, colours, pixels, settled, wait_until

if TYPE_CHECKING:
    pass

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CELLS = [
    """import deepdos_nb as dd
view = dd.GraphView(dd.load_model("phdos").trace(dd.example("SrTiO3")))
view""",
]

# Things whose middle no nearer atom covers, as the canvas says where it drew them.
FREE = """(canvas) => canvas.things.filter((t, i) => t.at && canvas.things.slice(0, i).every(
    (n) => !n.at || Math.hypot(n.at[0] - t.at[0], n.at[1] - t.at[1]) > n.r + 3))
    .map((t) => ({ x: t.at[0], y: t.at[1], site: t.site, edge: t.edge }))"""


class Views:
    """The parts of the view on the page."""

    def __init__(self, sheet: NotebookPage) -> None:
        page = sheet.page
        self.sheet = sheet
        self.canvas = page.locator("canvas.ddos-graph")
        self.rows = page.locator(".ddos-neighbours button")
        self.slider = page.locator(".ddos-radius input")
        self.readout = page.locator(".ddos-graphview .ddos-readout")
        self.tip = page.locator(".ddos-graphview .ddos-tip")
        self.basis = page.locator(".ddos-chart").nth(2).locator("rect")
        self.rows.first.wait_for()
        self.canvas.scroll_into_view_if_needed()
        wait_until(lambda: colours(pixels(self.canvas)) > 30, "atoms on the canvas")

    def said(self) -> str:
        return self.readout.text_content() or ""

    def wait_for_words(self, words: str) -> None:
        wait_until(lambda: words in self.said(), f"{words!r} in {self.said()!r}")

    def held(self, what: str) -> str:
        answer = self.sheet.python(f"print({what})")
        self.canvas.scroll_into_view_if_needed()
        return answer

    def holds(self, what: str, value: str) -> None:
        self.sheet.hears(f"print({what})", value)
        self.canvas.scroll_into_view_if_needed()

    def point(self, thing: dict[str, float]) -> tuple[float, float]:
        box = self.canvas.bounding_box()
        assert box is not None
        return box["x"] + thing["x"], box["y"] + thing["y"]


@pytest.fixture
def views(sheet: NotebookPage) -> Views:
    views = Views(sheet)
    start = "view.radius, view.min_neighbours, view.lines, view.zoom = 5.0, 12, 'cutoff', 1.0; "
    start += "view.site, view.edge, view.rotation = 0, -1, view.header['upright']; "
    start += "view.state.clear(); print('ready')"
    assert sheet.python(start) == "ready"
    views.canvas.scroll_into_view_if_needed()
    views.wait_for_words("Sr1: 50 neighbours within 5.00 Å")
    wait_until(lambda: views.rows.count() == 50, "fifty rows")
    return views


def test_turning_and_walking(views: Views, sheet: NotebookPage, screenshots: Path):
    page = sheet.page
    upright = settled(views.canvas)
    box = views.canvas.bounding_box()
    assert box is not None

    # A drag turns the crystal, and Python knows how.
    page.mouse.move(box["x"] + 40, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 90, box["y"] + 70, steps=6)
    page.mouse.up()
    assert changed(upright, settled(views.canvas)) > 0.03
    views.holds("list(view.rotation) == list(view.header['upright'])", "False")
    turn = np.array([float(v) for v in views.held("*view.rotation").split()]).reshape(3, 3)
    start = np.array([float(v) for v in views.held("*view.header['upright']").split()])
    assert np.abs(turn.ravel() - start).max() > 0.1
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-4)
    assert np.linalg.det(turn) > 0

    # Keys turn, zoom and turn back.
    views.canvas.focus()
    page.keyboard.press("Home")
    assert views.canvas.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"
    wait_until(lambda: changed(upright, pixels(views.canvas)) < 0.01, "the first orientation")
    page.keyboard.press("ArrowLeft")
    assert changed(upright, settled(views.canvas)) > 0.03
    page.keyboard.press("Home")
    page.keyboard.press("+")
    wait_until(lambda: changed(upright, pixels(views.canvas)) > 0.03, "a larger picture")
    views.holds("view.zoom", "1.25")
    page.get_by_role("button", name="Smaller").click()
    wait_until(lambda: changed(upright, pixels(views.canvas)) < 0.01, "the first size")

    # A click on an atom of another cell selects that edge; its features appear.
    free = views.canvas.evaluate(FREE)
    ghost = min((t for t in free if t["edge"] >= 0), key=lambda t: t["edge"])
    page.mouse.move(*views.point(ghost))
    views.tip.wait_for()
    assert "Å, cell (" in (views.tip.text_content() or "")
    page.mouse.click(*views.point(ghost))
    views.wait_for_words("edge to")
    views.holds("view.edge", str(int(ghost["edge"])))
    row = views.rows.nth(int(ghost["edge"]))
    assert row.get_attribute("aria-selected") == "true"
    theme = "dark" if sheet.dark else "light"
    page.locator(".jp-OutputArea-output", has=views.canvas).screenshot(
        path=screenshots / f"graph-{theme}.png"
    )

    # A click on an atom of the cell shows its neighbours instead.
    free = views.canvas.evaluate(FREE)
    atom = next(t for t in free if t["edge"] < 0 and t["site"] != 0)
    page.mouse.click(*views.point(atom))
    site = int(atom["site"])
    expected = {1: "Ti2: 44", 2: "O3: 52", 3: "O4: 52", 4: "O5: 52"}[site]
    views.wait_for_words(f"{expected} neighbours")
    views.holds("view.site, view.state.selected_sites, view.edge", f"{site} ({site},) -1")

    # Double-click: walk to the neighbour.
    free = views.canvas.evaluate(FREE)
    ghost = next(t for t in free if t["edge"] >= 0 and t["site"] != site)
    page.mouse.dblclick(*views.point(ghost))
    wait_until(lambda: f"{'STOOO'[int(ghost['site'])]}" in views.said()[:2], "the walk")
    views.holds("view.site", str(int(ghost["site"])))
    assert sheet.errors == []


def test_cutoff_edges_and_lines(views: Views, sheet: NotebookPage):
    page = sheet.page
    before = settled(views.canvas)

    # The slider: by mouse, then by its own keys.
    box = views.slider.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] - 2, box["y"] + box["height"] / 2)
    views.wait_for_words("within 8.00 Å")
    wait_until(lambda: views.rows.count() > 150, "a longer list")
    assert changed(before, settled(views.canvas)) > 0.1
    page.keyboard.press("ArrowLeft")
    views.wait_for_words("within 7.95 Å")
    views.holds("view.radius", "7.95")

    # A short cutoff is extended to twelve neighbours, until the box is cleared.
    views.slider.focus()
    for _ in range(11):
        page.keyboard.press("PageDown")
    views.wait_for_words("extended from 2.45 Å to have 12")
    assert views.rows.count() >= 12
    page.get_by_label("at least 12 neighbours").uncheck()
    wait_until(lambda: "extended from" not in views.said() or "to have 1)" in views.said(), "less")
    page.get_by_role("button", name="the model's graph").click()
    views.wait_for_words("50 neighbours within 5.00 Å")
    wait_until(lambda: changed(before, pixels(views.canvas)) < 0.01, "the first picture")

    # The list and the keys walk over the edges.
    views.rows.nth(2).click()
    views.wait_for_words("edge to")
    wait_until(lambda: views.basis.count() == 24, "the features")
    heights = [float(r.get_attribute("height") or 0) for r in views.basis.all()]
    assert max(heights) > 20
    assert sum(h > 1 for h in heights) < 8
    page.keyboard.press("ArrowDown")
    views.holds("view.edge", "3")
    views.canvas.focus()
    page.keyboard.press("]")
    views.holds("view.edge, len(view.basis)", "4 24")
    views.canvas.focus()
    page.keyboard.press("Escape")
    wait_until(lambda: "edge to" not in views.said(), "no edge")
    page.keyboard.press("[")
    views.holds("view.edge", "49")  # before the first comes the last
    inside = "e => e.offsetTop >= e.parentNode.scrollTop && e.offsetTop < e.parentNode.scrollTop + "
    inside += "e.parentNode.clientHeight"
    assert views.rows.nth(49).evaluate(inside), "the list follows the selected edge"

    # The model's own attention instead of the cutoff.
    sheet.python("view.edge = -1; print('fine')")
    views.canvas.scroll_into_view_if_needed()
    plain = settled(views.canvas)
    page.get_by_role("button", name="attention", exact=True).click()
    wait_until(lambda: changed(plain, pixels(views.canvas)) > 0.002, "other lines")
    views.holds("view.lines", "attention")

    # And the other way: Python sets, the page follows.
    sheet.python("view.state.selected_sites = (1,); print(view.error or 'fine')")
    views.canvas.scroll_into_view_if_needed()
    views.wait_for_words("Ti2: 44 neighbours")
    wait_until(lambda: views.rows.count() == 44, "titanium's list")
    assert sheet.errors == []
