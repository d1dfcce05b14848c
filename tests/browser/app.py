"""`deepdos app` for a test."""

from __future__ import annotations

import sys
from pathlib import Path

from browser.server import Server


class App(Server):
    """A running web app.

    Parameters
    ----------
    folder : Path
        Empty folder for settings and logs; also where it is started.
    *options : str
        Further options of ``deepdos app``.
    """

    def __init__(self, folder: Path, *options: str) -> None:
        super().__init__(folder)
        self.options = options

    def command(self) -> list[str]:
        return [
            *(
                sys.executable,
                "-c",
                "from deepdos_nb.cli import app; app()",
                "app",
                "--no-browser",
            ),
            *("--port", str(self.port), *self.options),
        ]

    def probe(self) -> str:
        # A file of Voilà's own: asking for the page would start a kernel.
        return self.url("voila/static/voila.js")

    def url(self, path: str = "") -> str:
        """Address of a path on this server."""
        return f"http://127.0.0.1:{self.port}/{path}"
