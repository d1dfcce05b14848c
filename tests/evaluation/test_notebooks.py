"""The experiments' notebooks run offline on the set inside the package, and share their runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from notebook_runs import execute

from deepdos_nb.evaluation.variants import ALONE, BARE, OURS
from deepdos_nb.model.baselines import NAMES


@pytest.mark.slow
@pytest.mark.timeout(1800)  # trains a dozen networks, on a machine that may be busy
def test_experiments_run_and_the_second_reads_the_runs_of_the_first(tmp_path: Path):
    one_epoch: dict[str, int] = {}
    rows, figures = execute("benchmark", tmp_path, longer=one_epoch, dropouts=[0.2])
    assert rows["variant"].tolist() == [OURS, BARE["phdos"], ALONE["phdos"], *NAMES]
    assert figures == 2
    best = tmp_path / "runs" / OURS / "dropout-0.2" / "seed-0" / "best.ckpt"
    stamp = best.stat().st_mtime_ns

    parts, figures = execute(
        "data_efficiency", tmp_path, longer=one_epoch, models=[OURS], fractions=[0.1, 1.0]
    )
    assert figures == 1
    small, whole = parts["n_train"]
    assert small == round(0.1 * whole)

    ablations, figures = execute("ablations", tmp_path)
    assert figures == 1
    assert len(ablations) == 11
    assert best.stat().st_mtime_ns == stamp
    sizes, figures = execute("ensemble", tmp_path)
    assert figures == 1
    assert sizes["mse_max"].tolist() == rows["mse_max"][:1].tolist()
    for table in (parts, ablations):
        same = table[(table["variant"] == OURS) & (table["n_train"] == whole)]
        assert same["mse_max"].tolist() == rows["mse_max"][:1].tolist()
    # one epoch, whatever it is worth, is not the same network eleven times
    assert ablations["mse_max"].nunique() == 11
