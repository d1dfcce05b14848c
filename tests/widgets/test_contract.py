"""Promises every widget keeps, whoever wrote it: found by themselves, so none can be forgotten."""

from __future__ import annotations

import re

import anywidget
import pytest
from pymatgen.core import Structure
from synthetic import make_spectrum, make_trace
from widget_classes import FOREIGN, anywidgets, keys_of, synced
from widget_trees import all_widgets, large_cell, state_bytes

from deepdos_nb.widgets import Explore, UploadPredictor
from deepdos_nb.widgets.base.view import WIDGETS
from deepdos_nb.widgets.explorer.explore import VIEWS

LIMIT = 100_000
"""Bytes one widget may add to a saved notebook."""


@pytest.mark.parametrize("cls", anywidgets(), ids=lambda c: c.__name__)
def test_python_and_javascript_share_the_same_keys(cls: type[anywidget.AnyWidget]):
    keys = keys_of(str(cls._esm))
    assert not keys.unclear, "these keys cannot be followed; name them literally"
    touched = keys.read | keys.written | keys.heard
    assert touched - FOREIGN == synced(cls)
    # What is written must come from somewhere, and what is heard must be looked at.
    assert keys.heard - FOREIGN <= keys.read | keys.written


def test_the_search_finds_the_widgets():
    names = {cls.__name__ for cls in anywidgets()}
    assert {"SpectrumPlot", "SiteTable", "TabBar", "FileDrop", "Downloads"} <= names


@pytest.mark.parametrize(
    ("script", "read", "written", "heard"),
    [
        ('model.get("a"); model.set("b", 1); model.on("change:c", f)', "a", "b", "c"),
        ("model.get('a')", "a", "", ""),
        ('// model.get("a")\nconst u = "x"; // and model.set("b", 1)', "", "", ""),
        ('/* model.get("a") */ model.get("b")', "b", "", ""),
        ('function put(k, v) { model.set(k, v); }\nput("a", 1); put("b", f(2, 3));', "", "ab", ""),
        ('const put = (v, key) => { model.set(key, v); };\nput([1, 2], "a");', "", "a", ""),
        ('for (const name of ["a", "b"]) model.on(`change:${name}`, draw);', "", "", "ab"),
        ('const KEYS = ["a", "b"];\nfor (const k of KEYS) x[k] = model.get(k);', "ab", "", ""),
        ('["a", "b"].forEach((k) => model.on(`change:${k}`, draw));', "", "", "ab"),
        ('model.get(dark ? "a" : "b")', "ab", "", ""),
        ('const on = [["change:a", f], ["change:b", g]];', "", "", "ab"),
    ],
)  # fmt: skip
def test_keys_are_followed_through_helpers(script: str, read: str, written: str, heard: str):
    keys = keys_of(script)
    assert (keys.read, keys.written, keys.heard) == (set(read), set(written), set(heard))
    assert not keys.unclear


@pytest.mark.parametrize(
    "script",
    [
        "model.get(key)",
        'function put(key) { model.set(key, 1); }\nput("a"); put(other);',
        "model.on(`change:${name}`, draw)",
    ],
)
def test_what_cannot_be_followed_is_said(script: str):
    assert keys_of(script).unclear


def test_a_forgotten_key_is_noticed():
    """The contract in the small: each of the three ways to be wrong changes the set."""
    from deepdos_nb.widgets.base.tabs import TabBar

    script = str(TabBar._esm)
    good = keys_of(script)
    assert good.read | good.written | good.heard == synced(TabBar)
    for wrong in (
        script.replace('model.get("label")', '""').replace('"change:label", ', ""),
        script.replace('model.get("label")', 'model.get("lable")'),
        script.replace('model.set("selected", key)', 'model.set("chosen", key)'),
    ):
        keys = keys_of(wrong)
        assert keys.read | keys.written | keys.heard != synced(TabBar)


@pytest.mark.parametrize("cls", anywidgets(), ids=lambda c: c.__name__)
def test_scripts_and_styles_fetch_nothing(cls: type[anywidget.AnyWidget]):
    text = str(cls._esm) + str(cls._css)
    text = re.sub(r"http://www\.w3\.org/[\w/.#-]*", "", text)
    assert not re.search(r"https?:|\bimport\b|@import|url\((?!#)|\bfetch\(|\beval\(", text)


def test_style_sheets_do_not_contradict_each_other():
    """All of them share the page once views stand side by side; the last one loaded would win."""
    rules: dict[str, dict[str, str]] = {}
    for file in sorted(WIDGETS.rglob("*.css")):
        text = re.sub(r"/\*.*?\*/", "", file.read_text(encoding="utf-8"), flags=re.DOTALL)
        for selectors, body in re.findall(r"([^{}]+)\{([^{}]*)\}", text):
            for selector in selectors.split(","):
                sheet = rules.setdefault(" ".join(selector.split()), {})
                sheet[file.name] = sheet.get(file.name, "") + " ".join(body.split())
    assert len(rules) > 50
    clashes = {
        selector: sorted(sheets)
        for selector, sheets in rules.items()
        if len({*sheets.values()}) > 1
    }
    assert not clashes, "put the widget's own class in front"


# Size --------------------------------------------------------------------------------------------


def selected(look: Explore) -> Explore:
    """Everything selected that can be, since selections are state too."""
    trace = look.subject.source
    grid = trace.grid
    look.state.energy_range = (grid.start, grid.stop)
    look.state.selected_sites = tuple(range(0, len(trace.structure), 7))
    return look


@pytest.mark.parametrize("kind", ["phdos", "edos"])
@pytest.mark.parametrize("view", [v.key for v in VIEWS if v.key != "bands"])  # needs a model
def test_saved_state_of_every_view_stays_small(view: str, kind: str):
    cell = large_cell(40)
    look = Explore(make_trace(cell, kind), ensemble=make_spectrum(cell, kind))
    look.selected = view
    selected(look)
    sizes = [(type(w).__name__, state_bytes(w)) for w in all_widgets(look)]
    assert max(size for _, size in sizes) < LIMIT, sorted(sizes, key=lambda s: -s[1])[:4]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["phdos", "edos"])
def test_a_large_cell_opens_in_every_view(kind: str):
    cell = large_cell(200)
    look = Explore(make_trace(cell, kind), ensemble=make_spectrum(cell, kind))
    selected(look)
    for view in look.offered:
        look.selected = view
        assert look.error == getattr(look.view, "error", "") == "", view
        assert look.view.png().startswith(b"\x89PNG")


@pytest.mark.parametrize("cls", anywidgets(), ids=lambda c: c.__name__)
def test_scripts_stay_small(cls: type[anywidget.AnyWidget]):
    assert len(str(cls._esm)) + len(str(cls._css)) < LIMIT


def test_an_upload_leaves_nothing_in_the_notebook():
    class Model:
        def predict(self, structure: Structure, *, max_atoms: int = 0):
            return make_spectrum(structure)

        def trace(self, structure: Structure, *, seed: int = 0):
            return make_trace(structure, seed=seed)

    view = UploadPredictor({"phdos": Model(), "edos": Model()})
    poscar = large_cell(8).to(fmt="poscar").replace("Ba2", "secret remark", 1)
    view.load("POSCAR_private", poscar)
    assert view.problem == view.error == ""
    for widget in all_widgets(view):
        assert "secret remark" not in str(widget.get_state())
        assert state_bytes(widget) < LIMIT
