"""The spectrum explorer in JupyterLab: lists, search, curves, legend, files, by mouse and keys."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browser.notebook import NotebookPage, changed, colours, pixels, settled, wait_until
from browser.server import ROOT

if TYPE_CHECKING:
    pass

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SETUP = f"""
import sys
sys.path.insert(0, {str(ROOT / "tests")!r})
import deepdos_nb as dd
from deepdos_nb.widgets import SpectrumExplorer
from deepdos_nb.widgets.explorer.collections import Examples, Items
from synthetic import metal_with_gap

class Electrons:
    def __init__(self, seed, n_seeds=4):
        self.seed, self.n_seeds = seed, n_seeds
    def predict(self, structure):
        return metal_with_gap(structure, seed=self.seed, n_seeds=self.n_seeds)

crystals = [dd.example(name) for name in ("NiAl", "TiO2", "SrTiO3", "Bi2Te3")]
references = [metal_with_gap(s, seed=0, n_seeds=0, source="PBE (GPAW)") for s in crystals]
many = [crystals[i % 4] for i in range(1500)]
"""

SHOW = """
look = SpectrumExplorer(
    {
        "Examples": Examples(),
        "Electrons": Items(references, ["NiAl", "TiO2", "SrTiO3", "Bi2Te3"]),
        "Many": Items(many, [f"mp-{1000 + i}" for i in range(1500)]),
    },
    {"phdos": dd.load_model("phdos"), "edos": Electrons(1)},
    baselines={"Mat2Spec": Electrons(2, 0)},
)
look
"""
CELLS = (SETUP, SHOW)


def test_explorer(sheet: NotebookPage, screenshots: Path, tmp_path: Path):
    """One long walk, because opening the notebook takes most of the time."""
    page = sheet.page
    rows = page.locator(".ddos-materials button")
    title = page.locator(".ddos-title")
    crystal = page.locator(".ddos-crystal canvas")
    search = page.locator(".ddos-search")
    legend = page.locator(".ddos-legend button")
    curves = page.locator("path[data-curve]")
    tabs = page.locator(".ddos-tablist button")
    theme = "dark" if sheet.dark else "light"
    whole = page.locator(".jp-OutputArea-output", has=search)

    def titled(formula: str) -> None:
        wait_until(
            lambda: (title.text_content() or "").endswith(f" of {formula}"), f"{formula} in title"
        )

    rows.first.wait_for()
    assert rows.count() == 13
    titled("Al")
    wait_until(lambda: colours(pixels(crystal)) > 40, "atoms in the 3-D view")
    aluminium = settled(crystal)

    # A click opens a crystal: title, curves and atoms change, and there is still one 3-D view.
    rows.filter(has_text="ZnO").click()
    titled("ZnO")
    wait_until(lambda: crystal.count() == 1, "the old 3-D view to go")
    wait_until(lambda: changed(aluminium, pixels(crystal)) > 0.02, "other atoms")
    assert page.locator(".ddos-chip").count() == 0, "no reference, no error"
    assert page.locator("path.ddos-band").count() == 1

    # Keys: search for the exact set, open the first row, walk on by arrows.
    search.click()
    page.keyboard.type("Mg-O")
    wait_until(lambda: rows.count() == 1, "one magnesium oxide")
    page.keyboard.press("Enter")
    titled("MgO")
    search.fill("O")
    wait_until(lambda: rows.count() == 5, "five oxides")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    titled("SiO₂")
    # A drag over the plot: the atoms show who owns those states.
    canvas = page.locator(".ddos-plot > svg")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    plain = settled(crystal)
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.75 * box["width"], middle)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.96 * box["width"], middle, steps=5)
    page.mouse.up()
    wait_until(lambda: changed(plain, pixels(crystal)) > 0.02, "atoms coloured by share")
    whole.screenshot(path=screenshots / f"explorer-phonons-{theme}.png")
    sheet.hears("print(look.dataset, look.query, look.index)", "Examples O 9")

    # Electrons: reference, baseline, errors with their protocol, zero and gap.
    tabs.nth(1).click()
    titled("AlNi")
    wait_until(lambda: rows.count() == 4, "the other data set")
    chips = page.locator(".ddos-chip")
    wait_until(lambda: chips.count() == 4, "errors")
    assert "MSE" in (chips.first.text_content() or "")
    assert "max-normalised" in (chips.first.text_content() or "")
    assert "PBE (GPAW)" in (chips.first.get_attribute("title") or "")
    assert page.locator(".ddos-zero").count() == 1
    assert "eV" in (page.locator(".ddos-gap-label").text_content() or "")
    assert page.evaluate("getSelection().toString()") == ""

    # One line, every curve's value, with units.
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.42 * box["width"], box["y"] + 0.5 * box["height"])
    tip = page.locator(".ddos-tip")
    tip.wait_for()
    said = tip.text_content() or ""
    for part in (
        "PBE (GPAW)",
        "Mat2Spec",
        "deepdos_nb (total)",
        "± 1 σ",
        "Ni",
        "Al",
        "states/eV/cell",
    ):
        assert part in said
    assert page.locator(".ddos-cursor").count() == 1
    whole.screenshot(path=screenshots / f"explorer-{theme}.png")

    # Legend: a click hides, a double click shows one alone, another brings all back.
    everything = sorted(curves.evaluate_all("l => l.map((p) => p.dataset.curve)"))
    assert everything == ["Mat2Spec", "PBE (GPAW)", "ensemble", "total"]
    reference = legend.filter(has_text="PBE (GPAW)")
    reference.click()
    wait_until(lambda: curves.count() == 3, "the reference to go")
    page.wait_for_timeout(600)  # or the next click would make this one a double click
    reference.click()
    wait_until(lambda: curves.count() == 4, "the reference to come back")
    page.wait_for_timeout(600)
    reference.dblclick()
    wait_until(lambda: curves.count() == 1, "the reference alone")
    assert page.locator("path[data-element]").count() == 0
    assert curves.get_attribute("data-curve") == "PBE (GPAW)"
    sheet.hears(
        "print(sorted(look.state.hidden_curves), look.state.hidden_elements)",
        "['Mat2Spec', 'ensemble', 'total'] ('Ni', 'Al')",
    )
    reference.dblclick()
    wait_until(lambda: curves.count() == 4, "all curves")

    # Site by site.
    page.locator(".ddos-modes button", has_text="Sites").click()
    rows.filter(has_text="SrTiO").click()
    titled("SrTiO₃")
    ridges = page.locator("path[data-row]")
    wait_until(lambda: ridges.count() == 3, "one row for each set of equal sites")
    page.locator(".ddos-list button").first.click()
    page.locator(".ddos-ridge-on").first.wait_for()
    whole.screenshot(path=screenshots / f"explorer-sites-{theme}.png")
    page.locator(".ddos-modes button", has_text="Elements").click()
    wait_until(lambda: page.locator("path[data-element]").count() == 3, "the stack")

    # Files.
    begins = {"png": b"\x89PNG", "svg": b"<?xml", "csv": b"energy (eV),", "cif": b"# gen"}
    for ending, start in begins.items():
        with page.expect_download() as download:
            page.locator(f"[data-ending={ending}]").click()
        assert download.value.suggested_filename == f"SrTiO3-edos.{ending}"
        target = tmp_path / f"file.{ending}"
        download.value.save_as(target)
        assert target.read_bytes().startswith(start)

    # A long list comes page by page.
    tabs.nth(1).focus()
    page.keyboard.press("ArrowRight")
    wait_until(lambda: rows.count() == 100, "the first page")
    assert page.locator(".ddos-count").text_content() == "1500 crystals"
    page.get_by_role("button", name="Next page").click()
    wait_until(lambda: rows.first.get_attribute("data-index") == "100", "the second page")
    search.fill("mp-2499")
    wait_until(lambda: rows.count() == 1, "the last crystal")
    rows.first.click()
    titled("Bi₂Te₃")

    # Leafing through many crystals leaves one 3-D view that still draws.
    loop = "\nfor i in [*range(12)] * 2:\n    look.index = i\nprint(look.error or 'fine')"
    assert sheet.python("look.dataset = 'Examples'" + loop) == "fine"
    titled("TiO₂")
    wait_until(lambda: crystal.count() == 1, "one 3-D view")
    wait_until(lambda: colours(pixels(crystal)) > 40, "atoms after many crystals")
    assert sheet.errors == []
