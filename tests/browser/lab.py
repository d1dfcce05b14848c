"""A JupyterLab of its own for a test."""

from __future__ import annotations

import json
import secrets
import sys
from pathlib import Path
from typing import Any, Self

from browser.server import Server

SETTINGS: dict[str, dict[str, Any]] = {
    # All cells in the page at once, so that nothing vanishes by scrolling.
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "extensionmanager-extension/plugin": {"enabled": False},
}


class Lab(Server):
    """A running JupyterLab.

    Parameters
    ----------
    folder : Path
        Empty folder for notebooks, settings and logs.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.work = folder / "work"
        self.settings = folder / "settings"
        self.token = secrets.token_hex(16)

    def __enter__(self) -> Self:
        self.work.mkdir(parents=True)
        for name, value in SETTINGS.items():
            self.configure(name, value)
        self.theme(dark=False)
        return super().__enter__()

    def environment(self) -> dict[str, str]:
        return super().environment() | {
            "JUPYTERLAB_SETTINGS_DIR": str(self.settings),
            "JUPYTERLAB_WORKSPACES_DIR": str(self.folder / "workspaces"),
        }

    def command(self) -> list[str]:
        return [
            *(sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root"),
            f"--IdentityProvider.token={self.token}",
            f"--ServerApp.port={self.port}",
            "--ServerApp.port_retries=0",
            f"--ServerApp.root_dir={self.work}",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
            "--LabApp.news_url=",
            "--LabApp.extension_manager=readonly",
        ]

    def probe(self) -> str:
        return self.url("api/status")

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
