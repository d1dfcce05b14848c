"""Put scores into the README and the book: `python scripts/score_tables.py`.

Of the shipped weights from the files beside them, of the experiments from `notebooks/results`. A
table stands between two marks, `<!-- name -->` and `<!-- /name -->`, on one page.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd

from deepdos_nb.core.grids import Kind
from deepdos_nb.evaluation.claim_tables import (
    averaging_table,
    sharp_table,
    twin_table,
    with_interval,
)
from deepdos_nb.evaluation.model_card import score_table, site_table
from deepdos_nb.evaluation.paired import paired_markdown
from deepdos_nb.evaluation.sites_and_gaps import gap_markdown, site_markdown
from deepdos_nb.evaluation.tables import markdown, size_markdown
from deepdos_nb.evaluation.variants import BARE, OURS, baselines
from deepdos_nb.inference.loading import SCORES

ROOT = Path(__file__).parent.parent
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs" / "results").glob("*.md")))
FRONT = (("phdos", "phonons", "cm⁻¹", 1, "benchmark"), ("edos", "electrons", "eV", 3, "gap_screen"))
"""Lines of the README's table: kind, name, unit, digits, and the runs that hold every model."""

PAIRED = {
    "ablations": "paired",
    "ablations_quarter": "paired_quarter",
    "ablations_tenth": "paired_tenth",
}
"""Experiments whose variants are compared seed by seed, and their second table."""


def tables() -> dict[str, str]:
    """Every table by the name of its marks."""
    made: dict[str, str] = {}
    for kind in Kind:
        path = ROOT / "deepdos_nb" / "weights" / kind / SCORES
        scores = json.loads(path.read_text("utf-8"))
        made[f"{kind} scores"] = score_table(scores, kind)
        made[f"{kind} sites"] = site_table(scores["test_sites"], kind)
        if "twin_n" not in scores["test"]:
            continue  # scores of an earlier version know fewer of them
        made[f"{kind} twins"] = twin_table(scores["test"], kind)
        made[f"{kind} sharp"] = sharp_table(scores["test"], kind)
        made[f"{kind} averaging"] = averaging_table(scores["test"])
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
            curve = path.stem.startswith("data_efficiency")
            kind = "edos" if path.stem.endswith("_edos") else "phdos"
            made[path.stem] = markdown(
                rows, kind, ("variant", "n_train") if curve else ("variant",)
            )
        if path.stem == "benchmark":
            made[path.stem] += "\n\n" + lead(rows)
        if path.stem in PAIRED:
            made[PAIRED[path.stem]] = paired_markdown(rows, OURS)
    made["front"] = front()
    return made


def with_scores(text: str) -> str:
    """A page with each of its tables taken from its file."""
    for name, table in tables().items():
        marked = re.compile(f"<!-- {name} -->.*?<!-- /{name} -->", re.DOTALL)
        text = marked.sub(lambda _, n=name, t=table: f"<!-- {n} -->\n{t}\n<!-- /{n} -->", text)
    return text


def front() -> str:
    """The README's table: a line for each kind."""
    lines = [
        "| MSE (max), mean Wasserstein distance | shipped weights "
        "| trained on the same crystals: ours | best other network |",
        "|---|---:|---:|---:|",
    ]
    for kind, what, unit, digits, runs in FRONT:
        path = ROOT / "deepdos_nb" / "weights" / kind / SCORES
        test = json.loads(path.read_text("utf-8"))["test"]
        means = model_means(pd.read_csv(ROOT / "notebooks" / "results" / f"{runs}.csv"))
        shipped = f"{with_interval(test, 'mse_max', '.4f')}, "
        shipped += f"{with_interval(test, 'wd_mean', f'.{digits}f')} {unit}"
        columns = [means.loc[OURS], means.loc[baselines(means.index)].min()]
        cells = [
            shipped,
            *(f"{c['mse_max']:.4f}, {c['wd_mean']:.{digits}f} {unit}" for c in columns),
        ]
        lines.append(f"| {what}, {test['n']:.0f} test crystals | {' | '.join(cells)} |")
    return "\n".join(lines)


def model_means(rows: pd.DataFrame) -> pd.DataFrame:
    """Mean over seeds of the two scores that are quoted, one row for each model."""
    return rows[rows["seed"] != "mean curve"].groupby("variant")[["mse_max", "wd_mean"]].mean()


def lead(rows: pd.DataFrame) -> str:
    """How far our model is from the best baseline, in a sentence."""
    means = model_means(rows)
    others = means.loc[baselines(means.index)]
    told = []
    for ours, what in ((OURS, "with springs"), (BARE["phdos"], "without them")):
        # Wasserstein distances are not compared: only our loss has a term for them.
        share = means.loc[ours, "mse_max"] / others["mse_max"].min() - 1
        told.append(
            f"{what} {abs(share):.0%} {'below' if share < 0 else 'above'} "
            f"{others['mse_max'].idxmin()}'s MSE (max)"
        )
    return f"Against the best baseline: {', '.join(told)}."


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(with_scores(page.read_text("utf-8")), "utf-8")
