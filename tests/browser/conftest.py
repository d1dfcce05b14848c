"""A JupyterLab and a Chromium for the browser tests, or a clear word why there are none."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browser.lab import Lab
from browser.notebook import NotebookPage
from browser.server import ROOT
from browser.sheet import write_sheet

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# SwiftShader draws WebGL on the processor, so that a machine without a screen has it as well.
ARGUMENTS = (
    "--no-sandbox",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--no-proxy-server",
)


def _missing(reason: str) -> None:
    if os.environ.get("DEEPDOS_REQUIRE_BROWSER") == "1":
        pytest.fail(f"{reason} (and DEEPDOS_REQUIRE_BROWSER=1 says there must be)", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Headless Chromium; skips where there is none, unless DEEPDOS_REQUIRE_BROWSER=1."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        _missing("playwright is not installed: pip install 'deepdos-nb[dev]'")
    path = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if path is None:
        _missing("there is no Chromium on the PATH; 'make browser' installs one where it can")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def lab(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One JupyterLab for all tests; each brings its own copy of a notebook."""
    del chromium  # first make sure there is a browser to open it with
    with Lab(tmp_path_factory.mktemp("lab")) as server:
        yield server


@pytest.fixture(scope="session")
def screenshots() -> Path:
    """Folder for pictures of the views, ignored by git."""
    folder = ROOT / "out" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="module", params=["light", "dark"])
def quickstart(
    request: pytest.FixtureRequest, chromium: Browser, lab: Lab
) -> Iterator[NotebookPage]:
    """The quickstart, opened in one theme and run to its end; the tests of a module share it."""
    path = ROOT / "tutorials" / "00_quickstart.ipynb"
    with executed(chromium, lab, path, "quickstart", request.param) as page:
        yield page


@pytest.fixture(scope="module", params=["light", "dark"])
def sheet(
    request: pytest.FixtureRequest,
    chromium: Browser,
    lab: Lab,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[NotebookPage]:
    """A notebook of the test module's `CELLS`, opened in one theme and run to its end."""
    name = request.module.__name__.rpartition("test_")[2]
    path = write_sheet(tmp_path_factory.mktemp(name), name, request.module.CELLS)
    with executed(chromium, lab, path, name, request.param) as page:
        yield page


@contextmanager
def executed(
    chromium: Browser, lab: Lab, path: Path, name: str, theme: str
) -> Iterator[NotebookPage]:
    """A notebook with all its cells run, closed at the end."""
    page = NotebookPage.open(chromium, lab, path, f"{name} {theme}", dark=theme == "dark")
    try:
        page.run_all()
        yield page
    finally:
        page.close()
