"""The crystal in JupyterLab: it follows its box, names its atoms, and shows another cell."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from browser.notebook import NotebookPage, changed, colours, pixels, settled, wait_until

from deepdos_nb.style.palette import share_colours

if TYPE_CHECKING:
    from playwright.sync_api import Locator

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CELLS = [
    """import numpy as np
import deepdos_nb as dd
from deepdos_nb.widgets import StructureView
views = [StructureView(dd.example("MgO"), backend=name) for name in ("nglview", "canvas")]
for view in views:
    view.shares = np.array([0.167, 0.833])
    view.caption = "Share of all states"
views[0]""",
    "views[1]",
]
WIDE, NARROW = 1440, 520
PAINTS = [[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in share_colours([0.167 / 0.833, 1.0])]
"""Red, green and blue of both sites."""


def box(element: Locator) -> dict[str, float]:
    found = element.bounding_box()
    assert found is not None
    return dict(found)


@pytest.mark.parametrize("drawn", [".ddos-crystal canvas", "canvas.ddos-atoms"])
def test_the_crystal_follows_its_box(sheet: NotebookPage, drawn: str, screenshots: Path):
    page = sheet.page
    crystal = page.locator(drawn).first
    frame = page.locator(".ddos-crystal").nth(int("atoms" in drawn))
    frame.scroll_into_view_if_needed()
    wait_until(lambda: colours(pixels(crystal)) > 30, "atoms")
    for width in (WIDE, NARROW, WIDE):
        page.set_viewport_size({"width": width, "height": 1100})
        wait_until(
            lambda: abs(box(crystal)["width"] - box(frame)["width"]) < 3, "the crystal to follow"
        )
        picture = settled(frame)
        name = f"crystal-{'canvas' if 'atoms' in drawn else 'nglview'}-{width}"
        frame.screenshot(path=screenshots / f"{name}-{'dark' if sheet.dark else 'light'}.png")
        # Nothing is cut off: the outermost columns show the page and no atom.
        edge = picture[:, [2, -3]].astype(int)
        assert abs(edge - edge[:1, :1]).max() < 60, f"something is cut off at {width} px"
    assert sheet.errors == []


def middle_of(picture: np.ndarray, paint: np.ndarray) -> tuple[float, float]:
    """A point that lies in a patch of one colour, as near to the picture's middle as there is."""
    alike = np.abs(picture - paint).max(axis=-1) < 40
    patch = np.lib.stride_tricks.sliding_window_view(alike, (5, 5)).all(axis=(2, 3))
    rows, columns = np.nonzero(patch)
    assert len(rows), f"nothing has the colour {paint}"
    centre = np.array(patch.shape) / 2
    nearest = np.argmin(np.hypot(rows - centre[0], columns - centre[1]))
    return float(columns[nearest] + 2), float(rows[nearest] + 2)


@pytest.mark.parametrize(("which", "tip"), [(0, ".ddos-atom-tip"), (1, ".ddos-balls .ddos-tip")])
def test_an_atom_says_its_name_and_share(sheet: NotebookPage, which: int, tip: str):
    page, said = sheet.page, sheet.page.locator(tip).first
    frame = page.locator(".ddos-crystal").nth(which)
    frame.scroll_into_view_if_needed()
    picture = settled(frame)
    place = box(frame)
    for site, words in enumerate(("Mg1 · 16.7 %", "O2 · 83.3 %")):
        paint = np.array(PAINTS[site])
        x, y = middle_of(picture, paint)
        page.mouse.move(place["x"] + x, place["y"] + y, steps=3)
        wait_until(said.is_visible, f"words of site {site}")
        assert said.text_content() == words
        page.mouse.move(place["x"] + 3, place["y"] + 3, steps=3)
        wait_until(said.is_hidden, "the words to go")


@pytest.mark.parametrize("which", [0, 1])
def test_the_cell_can_be_chosen(sheet: NotebookPage, which: int, screenshots: Path):
    page = sheet.page
    frame = page.locator(".ddos-crystal").nth(which)
    controls = page.locator(".ddos-cells").nth(which)
    frame.scroll_into_view_if_needed()
    before = settled(frame)
    controls.get_by_role("button", name="conventional").click()
    said = f"print(len(views[{which}].scene.site))"
    wait_until(lambda: sheet.python(said) == "27", "the cube")
    frame.scroll_into_view_if_needed()
    wait_until(lambda: colours(pixels(frame)) > 30, "atoms again")
    assert changed(before, settled(frame)) > 0.05
    controls.get_by_role("checkbox").check()
    wait_until(lambda: int(sheet.python(said)) > 27, "partners across the boundary")
    frame.scroll_into_view_if_needed()
    settled(frame)
    name = f"crystal-cube-{which}-{'dark' if sheet.dark else 'light'}.png"
    page.screenshot(path=screenshots / name)
    assert sheet.errors == []
