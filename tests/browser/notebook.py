"""A notebook in a real browser: open it, run it, touch it, look at it."""

from __future__ import annotations

import io
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from browser.lab import Lab
from PIL import Image

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Error, Locator, Page

PATIENCE = 90_000
"""Longest wait for anything, ms; a shared machine may be slow, never this slow."""

# Noise of third parties that no change of ours can stop.
HARMLESS = re.compile(
    r"favicon|ResizeObserver loop|GPU stall|GL Driver Message|/api/(?:me|news)|useLegacyLights"
    # ipywidgets, when Python replaces a view that a slow page is still drawing.
    r"|Could not add child view to box|reading 'processLuminoMessage'|reading 'widgets'"
    # nglview, when Python closes a view that it is still setting up.
    r"|no comm channel defined"
)


class NotebookPage:
    """One notebook open in JupyterLab.

    Attributes
    ----------
    page : playwright Page
    errors : list of str
        Errors the page has reported so far.
    """

    def __init__(self, page: Page, name: str, *, dark: bool) -> None:
        self.page, self.name, self.dark = page, name, dark
        self.errors: list[str] = []
        page.set_default_timeout(PATIENCE)
        page.on("console", self._console)
        page.on("pageerror", self._page_error)

    @classmethod
    def open(
        cls, browser: Browser, lab: Lab, notebook: Path, name: str, *, dark: bool = False
    ) -> NotebookPage:
        """Copy a notebook into the lab and open it in a page of its own."""
        lab.theme(dark=dark)
        target = lab.work / f"{re.sub(r'[^a-z0-9]+', '-', name.lower())}.ipynb"
        shutil.copyfile(notebook, target)
        page = browser.new_page(viewport={"width": 1440, "height": 1100})
        self = cls(page, target.stem, dark=dark)
        # "/doc" opens this one document, without the side bars.
        page.goto(lab.url(f"doc/workspaces/{target.stem}/tree/{target.name}"))
        page.locator(".jp-Notebook .jp-Cell").first.wait_for()
        page.locator(f"body[data-jp-theme-light='{str(not dark).lower()}']").wait_for(
            state="attached"
        )
        self._wait_for_kernel()
        return self

    def close(self) -> None:
        """Shut the page and let the kernel go with it."""
        self.page.close()

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not HARMLESS.search(message.text + str(message.location)):
            self.errors.append(message.text)

    def _page_error(self, error: Error) -> None:
        if not HARMLESS.search(str(error)):
            self.errors.append(str(error))

    def _wait_for_kernel(self) -> None:
        # "Idle" is shown before the page has reached the kernel, so ask for both.
        self.page.locator(".jp-Notebook-ExecutionIndicator[data-status='idle']").first.wait_for()
        self.page.wait_for_function(
            """() => {
                const name = document.querySelector(".jp-Toolbar-kernelName");
                return name && !name.textContent.includes("No Kernel");
            }"""
        )
        self.page.wait_for_timeout(1000)

    def run_all(self, seconds: float = PATIENCE / 1000) -> None:
        """Run every cell and wait for the last one; any error in a cell fails."""
        cells = self.page.locator(".jp-CodeCell")
        count = cells.count()
        self.page.get_by_role("menuitem", name="Run", exact=True).click()
        self.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        self.page.wait_for_function(
            """(count) => {
                const prompts = [...document.querySelectorAll(".jp-CodeCell .jp-InputPrompt")];
                return document.querySelector(".jp-OutputArea-output[data-mime-type*='error']")
                  || prompts.filter((p) => /\\[\\d+\\]/.test(p.textContent)).length >= count;
            }""",
            arg=count,
            timeout=1000 * seconds,
        )
        failed = self.page.locator("[data-mime-type='application/vnd.jupyter.stderr']")
        error = self.page.locator("[data-mime-type='application/vnd.jupyter.error']")
        assert error.count() == 0, error.first.text_content()
        assert failed.count() == 0, failed.first.text_content()

    def python(self, code: str) -> str:
        """Run code in a new last cell and return what it prints."""
        page = self.page
        before = page.locator(".jp-CodeCell").count()
        page.locator(".jp-Notebook-footer").click()
        page.wait_for_function(
            "(n) => document.querySelectorAll('.jp-CodeCell').length > n", arg=before
        )
        cell = page.locator(".jp-CodeCell").last
        cell.locator(".cm-content").click()
        page.keyboard.insert_text(code)
        page.keyboard.press("Control+Enter")
        output = cell.locator(".jp-OutputArea-output")
        output.last.wait_for()
        return (output.last.text_content() or "").strip()

    def hears(self, code: str, answer: str, seconds: float = 30.0) -> None:
        """Wait until code prints an answer that depends on what was just done on the page.

        A widget holds back its newest change while the kernel has not yet answered the one before,
        so that code sent right after a click may run first.
        """
        until = time.monotonic() + seconds
        while (said := self.python(code)) != answer:
            assert time.monotonic() < until, f"{code} printed {said!r}, not {answer!r}"
            time.sleep(0.1)


def wait_until(question: Callable[[], bool], what: str, seconds: float = 30.0) -> None:
    """Ask until the answer is yes."""
    until = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < until, f"waited {seconds} s for {what}"
        time.sleep(0.1)


def pixels(element: Locator) -> np.ndarray:
    """Picture of an element, shape (height, width, 3)."""
    return np.asarray(Image.open(io.BytesIO(element.screenshot())).convert("RGB")).astype(int)


def settled(element: Locator) -> np.ndarray:
    """Picture of an element once it has stopped changing."""
    last = pixels(element)
    for _ in range(60):
        time.sleep(0.25)
        now = pixels(element)
        if now.shape == last.shape and np.abs(now - last).max() <= 8:
            return now
        last = now
    raise AssertionError("the view never came to rest")


def changed(before: np.ndarray, after: np.ndarray) -> float:
    """Share of pixels that differ visibly.

    A box at a fraction of a pixel is pictured a row or column larger or smaller, depending on
    where the page stands: what both pictures show is compared.
    """
    height, width = np.minimum(before.shape[:2], after.shape[:2])
    assert np.abs(np.subtract(before.shape[:2], after.shape[:2])).max() <= 1, "another size"
    before, after = before[:height, :width], after[:height, :width]
    return float((np.abs(before - after).max(axis=-1) > 24).mean())


def colours(picture: np.ndarray) -> int:
    """Number of clearly distinct colours, 32 levels per channel."""
    return len(np.unique((picture // 8).reshape(-1, 3), axis=0))
