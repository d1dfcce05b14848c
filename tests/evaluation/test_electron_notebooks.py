"""The notebooks about electrons; a file of their own, so that they run beside the others."""

from __future__ import annotations

from pathlib import Path

import pytest
from notebook_runs import execute

from deepdos_nb.evaluation.variants import ALONE, BARE, OURS, PROJECTIONS
from deepdos_nb.model.baselines import NAMES


@pytest.mark.slow
@pytest.mark.timeout(1800)  # trains a dozen networks, on a machine that may be busy
def test_sites_and_gaps_are_read_from_the_runs_of_electrons(tmp_path: Path):
    few = {"epochs": 1, "fraction": 0.1, "runs": str(tmp_path / "runs")}
    rows, figures = execute("sites", tmp_path, kind="edos", **few)
    assert figures == 1
    assert rows["variant"].tolist() == [OURS, PROJECTIONS]
    assert rows["element_shares_given_total_cosine_median"].between(0, 1).all()
    assert rows["element_draft_cosine_median"].nunique() == 2  # one was told sites, one was not
    stamp = (tmp_path / "runs" / OURS / "dropout-0.2" / "seed-0" / "best.ckpt").stat().st_mtime_ns
    gaps, _ = execute("gap_screen", tmp_path, longer={}, **few)
    assert gaps["variant"].tolist() == [OURS, BARE["edos"], ALONE["edos"], *NAMES]
    assert gaps["positives"].nunique() == 1
    assert gaps["mse_max"].nunique() == 6
    again = tmp_path / "runs" / OURS / "dropout-0.2" / "seed-0" / "best.ckpt"
    assert again.stat().st_mtime_ns == stamp
