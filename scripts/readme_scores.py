"""Put the shipped model's scores into the README: `python scripts/readme_scores.py`."""

from __future__ import annotations

import json
import re
from pathlib import Path

from deepdos_nb.cards import SCORES, score_table, site_table

ROOT = Path(__file__).parent.parent


def with_scores(text: str) -> str:
    """README text with both tables taken from the shipped scores."""
    path = ROOT / "deepdos_nb" / "weights" / "phdos" / SCORES
    scores = json.loads(path.read_text("utf-8"))
    tables = {
        "scores": score_table(scores, "phdos"),
        "sites": site_table(scores["test_sites"], "phdos"),
    }
    for name, table in tables.items():
        marked = re.compile(f"<!-- {name} -->.*?<!-- /{name} -->", re.DOTALL)
        text = marked.sub(f"<!-- {name} -->\n{table}\n<!-- /{name} -->", text)
    return text


if __name__ == "__main__":
    readme = ROOT / "README.md"
    readme.write_text(with_scores(readme.read_text("utf-8")), "utf-8")
