"""Every chapter is built alike, its exercises are there, and its outputs are those of its code."""

from __future__ import annotations

import json
import re
from pathlib import Path

import nbformat
import pytest
from course_notebooks import TUTORIALS, code_of, exercises_asked, solved, tags
from script_modules import load_script

from deepdos_nb.course.chapter import chapter_names, find_chapter

ROOT = Path(__file__).parents[2]
script = load_script("execute_tutorials")
each_chapter = pytest.mark.parametrize("path", TUTORIALS, ids=lambda p: p.stem)


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


@each_chapter
def test_outputs_are_those_of_the_code(path: Path):
    notebook = read(path)
    assert script.is_current(notebook), (
        f"{path.name} has changed since it ran: python scripts/execute_tutorials.py {path.name}"
    )
    code = [c for c in notebook.cells if c.cell_type == "code" and c.source.strip()]
    assert all(c.execution_count for c in code)


def test_a_change_is_seen():
    notebook = read(TUTORIALS[0])
    cell = next(c for c in notebook.cells if c.cell_type == "code")
    cell.source += "\nprint(1)"
    assert not script.is_current(notebook)


@each_chapter
def test_small_and_without_the_state_of_widgets(path: Path):
    assert path.stat().st_size <= script.LARGEST
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert set(notebook["metadata"]) == {"kernelspec", "language_info", script.RECORD}
    outputs = [o for c in notebook["cells"] for o in c.get("outputs", [])]
    assert not [o for o in outputs if script.WIDGET in o.get("data", {})]
    assert not [o for o in outputs if o.get("name") == "stderr"], "a chapter that warns"
    assert not [o for o in outputs if o["output_type"] == "error"]
    assert [o for o in outputs if "image/png" in o.get("data", {})], "no figure"


@each_chapter
def test_built_like_the_others(path: Path):
    notebook = read(path)
    text = "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
    assert text.startswith("# ")
    for part in (
        "**Aim.**",
        "**You need**",
        "**Time:**",
        "## Quiz",
        "## What next",
        "**References",
    ):
        assert part in text, part
    assert sum("parameters" in tags(c) for c in notebook.cells) == 1
    kinds = [kind for c in notebook.cells for kind in ("exercise", "solution") if kind in tags(c)]
    assert kinds == ["exercise", "solution"] * (len(kinds) // 2)
    assert len(kinds) >= 4, "at least two exercises"
    assert all("<details>" in c.source for c in notebook.cells if "solution" in tags(c))
    assert "course.timed(" in code_of(notebook), "say which device and how long"


@each_chapter
def test_exercises_and_quiz_are_those_of_one_chapter(path: Path):
    notebook = read(path)
    asked = exercises_asked(notebook)
    chapter = asked[0].partition(".")[0]
    assert asked == [f"{chapter}.{name}" for name in find_chapter(chapter).exercises]
    assert f'course.quiz("{chapter}")' in code_of(notebook)
    assert len(asked) == sum("exercise" in tags(c) for c in notebook.cells)


def test_every_chapter_has_a_notebook():
    asked = {name.partition(".")[0] for path in TUTORIALS for name in exercises_asked(read(path))}
    assert asked == set(chapter_names())


@each_chapter
def test_solutions_are_code(path: Path):
    """Whether they are right is seen when the chapter runs with them."""
    for cell in solved(read(path)).cells:
        if "exercise" in tags(cell):
            compile(cell.source, path.name, "exec")
            assert not re.search(r"^\s*(\w+ = )?\.\.\.$", cell.source, re.MULTILINE)


def test_the_page_shows_the_times():
    shown = (ROOT / "docs" / "tutorials.md").read_text(encoding="utf-8")
    assert shown == script.page(), "run `python scripts/execute_tutorials.py --times`"


def test_pictures_become_smaller_and_stay_pictures():
    import base64
    import io

    import numpy as np
    from PIL import Image

    noise = np.random.default_rng(0).integers(0, 255, (300, 300, 3), dtype=np.uint8)
    big = io.BytesIO()
    Image.fromarray(noise).save(big, "PNG", compress_level=0)
    png = script.smaller(base64.b64encode(big.getvalue()).decode())
    data = base64.b64decode(png)
    assert len(data) < len(big.getvalue()) / 2
    assert Image.open(io.BytesIO(data)).size == (300, 300)


def test_widgets_leave_their_still_picture():
    widget = {script.WIDGET: {"model_id": "1"}, "text/plain": "View()"}
    still = {"text/html": "<b>still</b>"}
    output = nbformat.v4.new_output("display_data", data=widget | still)
    assert script.shown(output).data == {"text/plain": "View()"} | still
    bare = nbformat.v4.new_output("display_data", data=widget)
    assert script.shown(bare) is None
