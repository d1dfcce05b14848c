"""A web server of its own for a test: fresh port, fresh folders, no calls home."""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.error import HTTPError, URLError

ROOT = Path(__file__).resolve().parents[2]


class Server:
    """A running server; use it as a context manager.

    Parameters
    ----------
    folder : Path
        Empty folder for settings and logs; also where it is started.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "server.log"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    def command(self) -> list[str]:
        """Program and arguments that start the server."""
        raise NotImplementedError

    def probe(self) -> str:
        """Address that answers when the server is up."""
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        """Variables of the process: Jupyter's and IPython's folders are the test's own."""
        inherited = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
        return inherited | {
            "PYTHONPATH": str(ROOT),
            "OMP_NUM_THREADS": "1",
            "JUPYTER_CONFIG_DIR": str(self.folder / "config"),
            "JUPYTER_RUNTIME_DIR": str(self.folder / "runtime"),
            "IPYTHONDIR": str(self.folder / "ipython"),
        }

    def __enter__(self) -> Self:
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                self.command(),
                env=self.environment(),
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
            )
        try:
            self._wait(180.0)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(15)

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until and self.process.poll() is None:
            try:
                with urllib.request.urlopen(self.probe(), timeout=2):
                    return
            except HTTPError:  # answered, if only to say no
                return
            except (URLError, OSError):
                time.sleep(0.2)
        name = type(self).__name__
        raise RuntimeError(f"{name} did not start:\n{self.log.read_text()[-3000:]}")
