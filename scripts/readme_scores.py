"""Put scores into the README: `python scripts/readme_scores.py`.

Of the shipped weights from the files beside them, of the experiments from `notebooks/results`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd

from deepdos_nb.core.grids import Kind
from deepdos_nb.evaluation.model_card import score_table, site_table
from deepdos_nb.evaluation.sites_and_gaps import gap_markdown, site_markdown
from deepdos_nb.evaluation.tables import markdown, size_markdown
from deepdos_nb.evaluation.variants import BARE, OURS, baselines
from deepdos_nb.inference.ensemble import SCORES

ROOT = Path(__file__).parent.parent


def tables() -> dict[str, str]:
    """Every table of the README by the name of its marks."""
    made: dict[str, str] = {}
    for kind in Kind:
        path = ROOT / "deepdos_nb" / "weights" / kind / SCORES
        scores = json.loads(path.read_text("utf-8"))
        made[f"{kind} scores"] = score_table(scores, kind)
        made[f"{kind} sites"] = site_table(scores["test_sites"], kind)
    for path in sorted((ROOT / "notebooks" / "results").glob("*.csv")):
        rows = pd.read_csv(path)
        if path.stem.startswith("sites_"):
            made[path.stem] = site_markdown(rows, path.stem.removeprefix("sites_"))
        elif path.stem == "gap_screen":
            made[path.stem] = gap_markdown(rows)
            made["electrons"] = markdown(rows, "edos")
        elif path.stem == "ensemble":
            made[path.stem] = size_markdown(rows, "phdos")
        else:
            by = ("variant", "n_train") if path.stem == "data_efficiency" else ("variant",)
            made[path.stem] = markdown(rows, "phdos", by)
        if path.stem == "benchmark":
            made[path.stem] += "\n\n" + lead(rows)
    return made


def with_scores(text: str) -> str:
    """README text with every table taken from its file."""
    for name, table in tables().items():
        marked = re.compile(f"<!-- {name} -->.*?<!-- /{name} -->", re.DOTALL)
        assert marked.search(text), f"the README has no place for {name}"
        text = marked.sub(f"<!-- {name} -->\n{table}\n<!-- /{name} -->", text)
    return text


def lead(rows: pd.DataFrame) -> str:
    """How far our model is from the best baseline, in a sentence."""
    means = rows[rows["seed"] != "mean curve"].groupby("variant")[["mse_max", "wd_mean"]].mean()
    others = means.loc[baselines(means.index)]
    told = []
    for ours, what in ((OURS, "With springs"), (BARE["phdos"], "without")):
        told += [
            f"{what} {abs(means.loc[ours, score] / others[score].min() - 1):.0%} "
            f"{'below' if means.loc[ours, score] < others[score].min() else 'above'} "
            f"{others[score].idxmin()}'s {name}"
            for score, name in (("mse_max", "MSE (max)"), ("wd_mean", "Wasserstein distance"))
        ]
    return f"Against the best baseline: {', '.join(told)}."


if __name__ == "__main__":
    readme = ROOT / "README.md"
    readme.write_text(with_scores(readme.read_text("utf-8")), "utf-8")
