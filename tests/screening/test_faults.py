"""Screens whose workers or scheduler are killed; `make faults` kills the command itself."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from crystals import mgo, rocksalt
from networks import random_model
from pymatgen.core import Structure

import deepdos_nb as dd
from deepdos_nb.core.errors import ClusterError
from deepdos_nb.screening.run import Progress

distributed = pytest.importorskip("distributed")
from dask_cluster import Cluster  # noqa: E402

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


def crystals() -> list[tuple[str, Structure]]:
    """Rock salts of slightly different sizes, for shards that take a moment."""
    found = []
    for number in range(48):
        a = 5.4 + 0.01 * number
        found.append((f"salt {number}", rocksalt("Na", "Cl", a) if number % 5 else mgo()))
    return found


@pytest.fixture(scope="module")
def quick() -> dd.Ensemble:
    return dd.Ensemble([random_model("phdos", seed) for seed in range(2)], device="cpu")


@pytest.fixture(scope="module")
def whole(quick: dd.Ensemble, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What an undisturbed screen writes."""
    folder = tmp_path_factory.mktemp("whole")
    dd.screen(crystals(), out=folder, model=quick, shard=4)
    return contents(folder)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a screen, hidden ones too."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_killed_worker_is_not_missed(quick, whole, tmp_path):
    with (
        distributed.LocalCluster(2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        killed: list[int] = []

        def kill(progress: Progress) -> None:
            if not progress.done or len(killed) == 2:
                return
            # The one that was just killed may still be on the scheduler's list.
            alive = {*client.run(os.getpid, on_error="ignore").values()} - {*killed}
            if alive:
                killed.append(alive.pop())
                os.kill(killed[-1], signal.SIGKILL)

        dd.screen(crystals(), out=tmp_path, model=quick, shard=4, client=client, report=kill)
    assert len(set(killed)) == 2
    assert contents(tmp_path) == whole


def test_a_killed_scheduler_is_told_and_the_screen_goes_on_without(quick, whole, tmp_path):
    (tmp_path / "dask").mkdir()
    out = tmp_path / "out"
    with Cluster(tmp_path / "dask") as cluster:

        def kill(progress: Progress) -> None:
            cluster.scheduler.send_signal(signal.SIGKILL)

        with pytest.raises(ClusterError, match="scheduler is gone"):
            dd.screen(
                crystals(), out=out, model=quick, shard=4, scheduler=cluster.address, report=kill
            )
    assert 1 <= len(dd.Screen(out).files) < len(whole) - 1
    dd.screen(crystals(), out=out, model=quick, shard=4)
    assert contents(out) == whole
