"""Sweeps whose worker or scheduler is killed; `make faults` kills the command itself."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from sweep_notebook import BODY, ran, write_notebook

import deepdos_nb as dd
from deepdos_nb.core.errors import ClusterError

pytest.importorskip("distributed")
from dask_cluster import Cluster

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

GRID = {"width": [1.0, 2.0, 3.0]}
KILLER = """
import os, signal, time
from pathlib import Path

if width == 2.0 and VICTIM.exists():
    victim = int(VICTIM.read_text()) or os.getppid()
    VICTIM.unlink()
    os.kill(victim, signal.SIGKILL)
    time.sleep(60)
"""
"""The second run kills whom a file names, once; 0 is the process that started it."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sweep")


@pytest.fixture(scope="module")
def victim(place: Path) -> Path:
    return place / "victim.txt"


@pytest.fixture(scope="module")
def notebook(place: Path, victim: Path) -> Path:
    return write_notebook(place, body=KILLER.replace("VICTIM", f"Path({str(victim)!r})") + BODY)


@pytest.fixture(scope="module")
def whole(notebook: Path, place: Path) -> pd.DataFrame:
    """The table of an undisturbed sweep."""
    return dd.sweep(notebook, GRID, folder=place / "whole", progress=False).table()


def test_a_killed_worker_is_not_missed(
    notebook: Path, victim: Path, whole: pd.DataFrame, tmp_path: Path
):
    with Cluster(tmp_path) as cluster:
        victim.write_text("0")
        swept = dd.sweep(
            notebook, GRID, folder=tmp_path / "out", address=cluster.address, progress=False
        )
    assert not victim.exists()
    pd.testing.assert_frame_equal(swept.table(), whole)


def test_a_killed_scheduler_is_told_and_the_sweep_goes_on_without(
    notebook: Path, place: Path, victim: Path, whole: pd.DataFrame, tmp_path: Path
):
    out = tmp_path / "out"
    with Cluster(tmp_path) as cluster:
        victim.write_text(str(cluster.scheduler.pid))
        with pytest.raises(ClusterError, match="scheduler is gone"):
            dd.sweep(notebook, GRID, folder=out, address=cluster.address, progress=False)
    before = ran(place)
    resumed = dd.sweep(notebook, GRID, folder=out, progress=False)
    pd.testing.assert_frame_equal(resumed.table(), whole)
    # The first run was kept, and is not done again.
    assert [line.split()[0] for line in ran(place)[len(before) :]] == ["2.0", "3.0"]
    assert not (out / ".claims").exists()
