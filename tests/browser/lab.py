"""A JupyterLab of its own for a test: fresh port, fresh folders, no calls home."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.error import URLError

ROOT = Path(__file__).resolve().parents[2]

SETTINGS: dict[str, dict[str, Any]] = {
    # All cells in the page at once, so that nothing vanishes by scrolling.
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "extensionmanager-extension/plugin": {"enabled": False},
}


class Lab:
    """A running JupyterLab server; use it as a context manager.

    Parameters
    ----------
    folder : Path
        Empty folder for notebooks, settings and logs.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.work = folder / "work"
        self.settings = folder / "settings"
        self.token = secrets.token_hex(16)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.log = folder / "lab.log"

    def __enter__(self) -> Lab:
        self.work.mkdir(parents=True)
        for name, value in SETTINGS.items():
            self.configure(name, value)
        self.theme(dark=False)
        environment = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")} | {
            "PYTHONPATH": str(ROOT),
            "OMP_NUM_THREADS": "1",
            "JUPYTER_CONFIG_DIR": str(self.folder / "config"),
            "JUPYTER_RUNTIME_DIR": str(self.folder / "runtime"),
            "JUPYTERLAB_SETTINGS_DIR": str(self.settings),
            "JUPYTERLAB_WORKSPACES_DIR": str(self.folder / "workspaces"),
            "IPYTHONDIR": str(self.folder / "ipython"),
        }
        command = [
            *(sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root"),
            f"--IdentityProvider.token={self.token}",
            f"--ServerApp.port={self.port}",
            "--ServerApp.port_retries=0",
            f"--ServerApp.root_dir={self.work}",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
            "--LabApp.news_url=",
            "--LabApp.extension_manager=readonly",
        ]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, env=environment, stdout=log, stderr=subprocess.STDOUT
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
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(15)

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(self.url("api/status"), timeout=2):
                    return
            except (URLError, OSError):
                time.sleep(0.2)
        raise RuntimeError(f"JupyterLab did not start:\n{self.log.read_text()[-3000:]}")

    def url(self, path: str) -> str:
        """Address of a path on this server, with its token."""
        return f"http://127.0.0.1:{self.port}/{path}?token={self.token}"

    def configure(self, plugin: str, value: dict[str, Any]) -> None:
        """Write one user setting of JupyterLab."""
        path = self.settings / "@jupyterlab" / f"{plugin}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value))

    def theme(self, *, dark: bool) -> None:
        """Choose the theme of pages opened from now on."""
        self.configure(
            "apputils-extension/themes", {"theme": f"JupyterLab {'Dark' if dark else 'Light'}"}
        )
