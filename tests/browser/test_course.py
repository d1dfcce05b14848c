"""Every chapter as a new student meets it: a copy without outputs, run to its end in JupyterLab.

Slow, and looked at afterwards: `make course-check` writes pictures of all chapters, from their
first line to their last, into out/screenshots/course.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browser.lab import Lab
from browser.notebook import NotebookPage, colours, pixels, wait_until
from course_notebooks import TUTORIALS

from deepdos_nb.course.folder import copy_for_students

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(2400),
    pytest.mark.skipif(
        "DEEPDOS_COURSE" not in os.environ, reason="`make course-check` sets DEEPDOS_COURSE"
    ),
]

SECONDS = 1800.0
"""Longest wait for a chapter on a machine that others use."""

WIDGETS = ".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.widget-view+json']"
NOT_DRAWN = re.compile("Error displaying widget|Error creating widget|Loading widget")
HEIGHT = 1500
"""Of a picture; a chapter is many of them."""


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("student") / "course"
    copy_for_students(folder)
    return folder


@pytest.fixture(scope="module")
def pictures(screenshots: Path) -> Path:
    folder = screenshots / "course"
    folder.mkdir(exist_ok=True)
    return folder


def drawn(view: Locator) -> None:
    """A view has a size and colours, and so has every canvas in it that is to be seen."""
    view.scroll_into_view_if_needed()
    assert view.get_by_text(NOT_DRAWN).count() == 0
    box = view.bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) > 20, box
    wait_until(lambda: colours(pixels(view)) > 8, "a view that is more than its background")
    for canvas in view.locator("canvas:visible").all():
        wait_until(lambda c=canvas: colours(pixels(c)) > 8, "a canvas that is drawn")


def answered_quiz(notebook: NotebookPage) -> None:
    """Every answer of the quiz unfolds its sentence, and closes the one before."""
    quiz = notebook.page.locator(".ddos-quiz").last
    quiz.scroll_into_view_if_needed()
    for question in quiz.locator("fieldset").all():
        for option in question.locator("details").all():
            option.locator("summary").click()
            assert question.locator("details[open]").count() == 1
            assert len(option.inner_text()) > 20


def photographed(notebook: NotebookPage, folder: Path, name: str) -> None:
    """All of a notebook, a screen at a time."""
    page = notebook.page
    page.set_viewport_size({"width": 1300, "height": HEIGHT})
    scroller = page.locator(".jp-WindowedPanel-outer").first
    for old in folder.glob(f"{name}-*.png"):
        old.unlink()
    last, step = scroller.evaluate("e => [e.scrollHeight - e.clientHeight, e.clientHeight - 40]")
    for number, top in enumerate(range(0, last + step, step)):
        scroller.evaluate("(e, top) => { e.scrollTop = top }", top)
        page.wait_for_timeout(700)
        scroller.screenshot(path=folder / f"{name}-{number:02d}.png")


@pytest.mark.parametrize("chapter", [path.stem for path in TUTORIALS])
def test_a_student_runs(chapter: str, chromium: Browser, lab: Lab, copies: Path, pictures: Path):
    notebook = NotebookPage.open(chromium, lab, copies / f"{chapter}.ipynb", chapter)
    try:
        notebook.run_all(SECONDS)
        for view in notebook.page.locator(WIDGETS).all():
            drawn(view)
        photographed(notebook, pictures, chapter)
        answered_quiz(notebook)
        verdicts = notebook.page.locator(".jp-OutputArea-output", has_text="Not answered yet")
        assert verdicts.count() >= 2, "exercises that are not open"
        assert notebook.errors == []
    finally:
        notebook.close()
