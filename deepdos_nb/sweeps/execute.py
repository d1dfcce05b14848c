"""One notebook, one set of parameters, one process of its own."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from deepdos_nb.core.errors import DeepDOSError
from deepdos_nb.core.files import write_text
from deepdos_nb.core.processes import temporary_folder
from deepdos_nb.sweeps.folder import Run
from deepdos_nb.sweeps.results import read_results

START = 600
"""Seconds a kernel has to start, on a machine that may be busy."""

LAST = 2000
"""Characters of what the kernel's process said that are kept of a run that failed."""

THREADS = "OMP_NUM_THREADS"
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def execute(
    notebook: Path, cwd: str, kernel: str, parameters: dict[str, Any], executed: Path
) -> Run:
    """Run a notebook with parameters; what it raises is part of what is returned.

    Parameters
    ----------
    notebook : Path
    cwd : str
        Folder it runs in.
    kernel : str
    parameters : dict
    executed : Path
        File for the executed notebook, up to the cell that failed where one did.
    """
    import nbformat
    from papermill import execute_notebook

    begin = time.perf_counter()
    state, error, trace = "finished", "", ""
    rows: list[dict[str, Any]] = []
    with temporary_folder("deepdos-sweep") as folder, (folder / "kernel.log").open("w+b") as log:
        out = folder / "out.ipynb"
        try:
            with _one_thread():
                execute_notebook(
                    str(notebook),
                    str(out),
                    parameters=parameters,
                    kernel_name=kernel,
                    cwd=cwd,
                    progress_bar=False,
                    start_timeout=START,
                    kernel_manager_class=_manager(log),
                )
            rows = read_results(out)
        except Exception as raised:
            state, error, trace = "failed", _sentence(raised), COLOUR.sub("", str(raised))
            log.seek(0)
            trace += "\n\nThe kernel's own words:\n" + log.read().decode(errors="replace")[-LAST:]
        if out.exists():
            write_text(executed, nbformat.writes(nbformat.read(out, as_version=4)))
    return Run(parameters, state, round(time.perf_counter() - begin, 1), rows, error, trace)


def _manager(log: IO[bytes]) -> type:
    """A kernel manager whose kernel writes into a file.

    Otherwise its process writes where this one does, which in a notebook is below the cell.
    """
    from jupyter_client.manager import AsyncKernelManager

    class Manager(AsyncKernelManager):
        async def _async_launch_kernel(self, kernel_cmd: list[str], **options: Any) -> None:
            await super()._async_launch_kernel(kernel_cmd, stdout=log, stderr=log, **options)

    return Manager


def _sentence(raised: Exception) -> str:
    """The last line of what a notebook raised."""
    from papermill.exceptions import PapermillExecutionError

    if isinstance(raised, PapermillExecutionError):
        return f"{raised.ename}: {COLOUR.sub('', raised.evalue)}"
    if isinstance(raised, DeepDOSError):
        return str(raised)
    return f"{type(raised).__name__}: {raised}"


@contextmanager
def _one_thread() -> Iterator[None]:
    """Kernels that start within take one thread, so that runs give the same wherever they run."""
    before = os.environ.get(THREADS)
    os.environ[THREADS] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[THREADS]
        else:
            os.environ[THREADS] = before
