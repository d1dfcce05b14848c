"""Processes that do not outlive the one that needs them."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def end_with(parent: int) -> None:
    """End this process soon after the one that started it is gone, killed perhaps."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(4)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def temporary_folder(what: str) -> Iterator[Path]:
    """A folder that goes with the block, or, after a kill, when the next one of its kind is made.

    Parameters
    ----------
    what : str
        Kind of folder, part of its name.
    """
    owned = re.compile(rf"{re.escape(what)}-(\d+)-\w+")
    for left in Path(tempfile.gettempdir()).glob(f"{what}-*"):
        match = owned.fullmatch(left.name)
        if match and not _alive(int(match[1])):
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=f"{what}-{os.getpid()}-") as folder:
        yield Path(folder)


def _alive(pid: int) -> bool:
    import psutil

    return bool(psutil.pid_exists(pid))
