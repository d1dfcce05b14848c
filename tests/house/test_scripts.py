"""The scripts in the browser: axes are set up in one place, and functions have names and ends."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import deepdos_nb

WIDGETS = Path(deepdos_nb.__file__).parent / "widgets"
SCRIPTS = sorted(WIDGETS.rglob("*.js"))
AXES = WIDGETS / "base" / "axes.js"

LONGEST = 260
"""Lines of a function; the laboratory's `render` is the longest."""


@pytest.mark.parametrize("script", [s for s in SCRIPTS if s != AXES], ids=lambda s: s.name)
def test_only_one_script_sets_up_axes(script: Path):
    text = script.read_text(encoding="utf-8")
    for own in ('"ddos-grid" :', "log10", "cellsIn =", "function ticks", "rotate(-90"):
        assert own not in text, f"{script.name} makes {own!r} itself; axes.js does it for all"


def test_axes_are_used_by_every_plot():
    users = {s.name for s in SCRIPTS if re.search(r"\b(valueAxis|lowerAxis)\(", s.read_text())}
    assert users == {
        "axes.js",
        "attention_curves.js",
        "bands.js",
        "ensemble_calibration.js",
        "graph_charts.js",
        "lab_panels.js",
        "panels.js",
        "spectrum_draw.js",
    }


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda s: s.name)
def test_functions_end_somewhere(script: Path):
    """From a line `function name(` at the margin to the next closing brace there."""
    started, name = 0, ""
    for number, line in enumerate(script.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("function "):
            started, name = number, line.split("(")[0]
        elif line == "}" and started:
            assert number - started <= LONGEST, f"{script.name}: {name} is too long to be read"
            started = 0
