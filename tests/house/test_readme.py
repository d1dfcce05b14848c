"""What the README and the pages of results say is what the package does."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from script_modules import load_script

import deepdos_nb as dd
from deepdos_nb.core.grids import Kind
from deepdos_nb.evaluation.model_card import score_table, site_table
from deepdos_nb.inference.loading import SCORES

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


def test_tables_are_those_of_the_weights_and_of_the_experiments():
    script = load_script("score_tables")
    texts = {page: page.read_text("utf-8") for page in script.PAGES}
    assert len(script.tables()) >= 8
    for name in script.tables():
        places = [page.name for page, text in texts.items() if f"<!-- {name} -->" in text]
        assert len(places) == 1, f"{name} stands on {places or 'no page'}"
    for page, text in texts.items():
        assert script.with_scores(text) == text, page.name


def test_it_is_read_in_one_go():
    assert len(README.encode()) <= 10_000
