"""Processes for calculations: one each, forked from one that has the engine loaded."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path

from deepdos_nb.core.grids import Kind

WORKER = (sys.executable, "-m", "deepdos_nb.labelling.worker")
ONE_THREAD = {"OMP_NUM_THREADS": "1"}
"""A second thread per process costs more in waiting than it computes."""


def run_alone(job_file: Path, out_file: Path, time_limit: float | None) -> tuple[int, str]:
    """Run one job in a fresh process; see `WorkerServer.run`."""
    done = subprocess.run(
        [*WORKER, str(job_file), str(out_file)],
        capture_output=True,
        text=True,
        timeout=time_limit,
        check=False,
        env=os.environ | ONE_THREAD,
    )
    return done.returncode, done.stderr


class WorkerServer:
    """A process that has loaded an engine once and forks for every calculation.

    Loading takes as long as a small calculation. Each calculation still has a process of its own,
    which can crash, or be ended, without harm to the others.
    """

    def __init__(self, kind: Kind):
        self.kind = kind
        self._process: subprocess.Popen[str] | None = None
        self._lines: queue.Queue[str] = queue.Queue()

    def run(self, job_file: Path, out_file: Path, time_limit: float | None) -> tuple[int, str]:
        """Run one job; its exit code (negative: ended by that signal) and what it complained of.

        Raises
        ------
        subprocess.TimeoutExpired
            If it took too long; its process has then been ended.
        """
        process = self._started()
        errors = out_file.with_suffix(".err")
        assert process.stdin is not None
        process.stdin.write(json.dumps([str(job_file), str(out_file), str(errors)]) + "\n")
        process.stdin.flush()
        pid = int(self._lines.get())
        try:
            code = int(self._lines.get(timeout=time_limit))
        except queue.Empty:
            os.kill(pid, signal.SIGKILL)
            self._lines.get()
            raise subprocess.TimeoutExpired("worker", time_limit or 0.0) from None
        return code, errors.read_text("utf-8", errors="replace") if errors.exists() else ""

    def close(self) -> None:
        """End the server."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None or self._process.poll() is not None:
            self._lines = queue.Queue()
            self._process = subprocess.Popen(
                [*WORKER, "--serve", self.kind],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=os.environ | ONE_THREAD,
            )
            threading.Thread(
                target=self._listen, args=(self._process, self._lines), daemon=True
            ).start()
        return self._process

    @staticmethod
    def _listen(process: subprocess.Popen[str], lines: queue.Queue[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            lines.put(line.strip())
        # A server that is gone answers whoever waits: once for the process, once for its end.
        lines.put("0")
        lines.put("-9")
