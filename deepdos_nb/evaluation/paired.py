"""Two variants with the same seeds: whether one is ahead, or had the luck of a start.

Runs of one seed share their draft, the order of their data and as many of their first weights as
they have in common, so differences are taken seed by seed.

The criterion was written down when two seeds of the headline comparison were known, and before the
others were scored on test. A variant is *behind* if its MSE (max) and its Wasserstein distance are
both higher by at least `LEAST` in the mean over seeds, and the 95 % interval of both differences
(Student's t over seeds) lies above zero.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.markdown import NOTHING, markdown_table
from deepdos_nb.metrics.intervals import Interval

LEAST = 0.05
"""Relative difference that is worth a sentence."""

JUDGED = {"mse_max": "MSE (max)", "wd_mean": "WD"}


def differences(rows: pd.DataFrame, ours: str) -> pd.DataFrame:
    """Relative differences of every other variant from ours, one row a seed that both have.

    Parameters
    ----------
    rows : DataFrame
        As `tables.score_rows` gives them.
    ours : str

    Returns
    -------
    DataFrame
        Columns "variant", "seed" and `JUDGED`: how much higher than ours, as a share of ours.
    """
    single = rows[rows["seed"].astype(str) != "mean curve"]
    table = single.set_index(["variant", "seed"])[list(JUDGED)]
    base = table.loc[ours]
    others = [v for v in dict.fromkeys(single["variant"]) if v != ours]
    parts = [
        (table.loc[name] / base.reindex(table.loc[name].index) - 1).dropna().assign(variant=name)
        for name in others
    ]
    return pd.concat(parts).reset_index()


def t_interval(values: Array) -> Interval:
    """95 % interval of a mean over seeds; without end for a single one."""
    from scipy import stats

    n = len(values)
    if n < 2:
        return Interval(-np.inf, np.inf)
    half = float(stats.t.ppf(0.975, n - 1) * np.std(values, ddof=1) / np.sqrt(n))
    return Interval(float(np.mean(values)) - half, float(np.mean(values)) + half)


def behind(found: pd.DataFrame) -> bool:
    """Whether one variant's differences meet the criterion."""
    columns = [found[score].to_numpy() for score in JUDGED]
    return all(v.mean() >= LEAST and t_interval(v).low > 0 for v in columns)


def paired_markdown(rows: pd.DataFrame, ours: str) -> str:
    """Table of `differences` for people, with the verdict of the criterion."""
    lines = []
    for name, found in differences(rows, ours).groupby("variant", sort=False):
        cells = []
        for score in JUDGED:
            values = found[score].to_numpy()
            low, high = t_interval(values)
            ends = f" ({low:+.0%} to {high:+.0%})" if np.isfinite(low) else ""
            cells += [f"{values.mean():+.0%}{ends}", f"{(values > 0).sum()} of {len(values)}"]
        verdict = "behind" if behind(found) else "one seed" if len(found) < 2 else NOTHING
        lines.append([str(name), *cells, verdict])
    heads = [head for name in JUDGED.values() for head in (name, "seeds that agree")]
    return markdown_table([f"against {ours}", *heads, "verdict"], lines, left=1)
