"""Every view under axe-core: no serious finding, in either theme."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from browser.axe import findings
from synthetic import make_spectrum, make_trace

from deepdos_nb.crystal.read import example
from deepdos_nb.widgets import Explore, QuickLook, TransportLab, export_html

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def everything() -> Any:
    crystal = example("TiO2")
    truth = replace(make_spectrum(crystal, seed=4), source="DFPT")
    look = Explore(make_trace(crystal), ensemble=make_spectrum(crystal), reference=truth)
    look.state.energy_range, look.state.selected_sites = (200.0, 400.0), (1,)
    look.state.hidden_elements = ("O",)
    return look


def sites() -> Any:
    look = QuickLook(make_trace(example("SrTiO3"), "edos"))
    look.state.mode = "sites"
    return look


@pytest.mark.parametrize("make", [everything, sites, TransportLab], ids=lambda f: f.__name__)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_serious_finding(chromium: Browser, tmp_path: Path, make: Any, theme: Any):
    path = export_html(make(), tmp_path / "view.html")
    context = chromium.new_context(
        viewport={"width": 1240, "height": 900}, color_scheme=theme, offline=True
    )
    page = context.new_page()
    page.goto(path.as_uri())
    page.locator("body.ddos-alive").wait_for()
    assert findings(page) == []
    context.close()


def test_axe_finds_what_is_wrong(chromium: Browser):
    """A check that cannot fail would be worth nothing."""
    page = chromium.new_page()
    page.set_content("<html><body><p style='color:#bbb;background:#fff'>pale</p></body></html>")
    (found,) = findings(page)
    assert found.startswith("color-contrast")
    assert findings(page, "html") != []
    page.close()
