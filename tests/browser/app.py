"""`deepdos app` for a test: fresh port, fresh folders."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from urllib.error import URLError

ROOT = Path(__file__).resolve().parents[2]


class App:
    """A running web app; use it as a context manager.

    Parameters
    ----------
    folder : Path
        Empty folder for settings and logs; also where it is started.
    *options : str
        Further options of ``deepdos app``.
    """

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.log = folder / "app.log"
        self.options = options
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    def __enter__(self) -> App:
        environment = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")} | {
            "PYTHONPATH": str(ROOT),
            "OMP_NUM_THREADS": "1",
            "JUPYTER_CONFIG_DIR": str(self.folder / "config"),
            "JUPYTER_RUNTIME_DIR": str(self.folder / "runtime"),
            "IPYTHONDIR": str(self.folder / "ipython"),
        }
        command = [
            *(sys.executable, "-c", "from deepdos_nb.cli import app; app()", "app", "--no-browser"),
            *("--port", str(self.port), *self.options),
        ]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, env=environment, stdout=log, stderr=subprocess.STDOUT, cwd=self.folder
            )
        try:
            self._wait(60.0)
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
                # A file of Voilà's own: asking for the page would start a kernel.
                with urllib.request.urlopen(self.url("voila/static/voila.js"), timeout=2):
                    return
            except URLError as error:
                if getattr(error, "code", None):  # answered, if only to say no
                    return
                time.sleep(0.3)
            except OSError:
                time.sleep(0.3)
        raise RuntimeError(f"the app did not start:\n{self.log.read_text()[-3000:]}")

    def url(self, path: str = "") -> str:
        """Address of a path on this server."""
        return f"http://127.0.0.1:{self.port}/{path}"
