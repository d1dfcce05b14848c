"""A Dask cluster of processes that a test may kill."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import distributed
import psutil

from deepdos_nb.core.files import PACKAGE


class Cluster:
    """A Dask scheduler and a worker as processes of their own, as people start them."""

    def __init__(self, folder: Path):
        path = os.pathsep.join([str(PACKAGE.parent), str(Path(__file__).parent)])
        self.options: dict[str, Any] = {
            "env": os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
            "stdout": subprocess.DEVNULL,
            "stderr": subprocess.DEVNULL,
            "cwd": folder,
        }
        self.file = folder / "scheduler.json"
        self.scheduler = self._start("scheduler", "--port", "0", "--dashboard-address", ":0")
        self.worker = self._start("worker", "--nthreads", "1", "--dashboard-address", ":0")
        with distributed.Client(scheduler_file=str(self.file), timeout=600) as client:
            client.wait_for_workers(1, timeout=600)
            self.address = client.scheduler.address

    def _start(self, what: str, *options: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "distributed.cli.dask_" + what]
        return subprocess.Popen(
            [*command, "--scheduler-file", str(self.file), *options], **self.options
        )

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        for process in (self.worker, self.scheduler):
            for child in psutil.Process(process.pid).children(recursive=True):
                child.kill()
            process.kill()
            process.wait()
