"""What the README says is what the package does."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
from pathlib import Path

import pytest

import deepdos_nb as dd
from deepdos_nb.cli import app
from deepdos_nb.core.grids import Kind
from deepdos_nb.evaluation.model_card import score_table, site_table
from deepdos_nb.inference.ensemble import SCORES

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")


def test_its_lines_of_python_run(tmp_path, monkeypatch):
    code = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    assert code is not None
    shutil.copy(dd.examples()["MgO"], tmp_path / "MgO.cif")
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    exec(code.group(1), names)
    spectrum = names["spectrum"]
    assert abs(spectrum.sites.sum(axis=0) - spectrum.total).max() == 0


@pytest.mark.parametrize("kind", ["phdos", "edos"])
def test_the_cards_scores_are_those_of_the_shipped_weights(kind: Kind):
    weights = ROOT / "deepdos_nb" / "weights" / kind
    scores = json.loads((weights / SCORES).read_text("utf-8"))
    text = (weights / "MODEL_CARD.md").read_text("utf-8")
    assert score_table(scores, kind) in text
    assert site_table(scores["test_sites"], kind) in text


def test_its_tables_are_those_of_the_weights_and_of_the_experiments():
    path = ROOT / "scripts" / "readme_scores.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert len(script.tables()) >= 8
    assert script.with_scores(README) == README


def test_its_links_and_pictures_exist():
    targets = re.findall(r"\]\(([^)#]+)\)", README)
    assert len(targets) >= 3
    for target in targets:
        assert (ROOT / target).exists(), target


def test_its_commands_exist():
    known = {c.name or c.callback.__name__ for c in app.registered_commands}
    used = set(re.findall(r"^deepdos (\w+)", README, re.MULTILINE))
    assert {"predict", "demo", "train", "score"} <= used
    assert used <= known
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"`?make (\w+)", README)) <= targets
