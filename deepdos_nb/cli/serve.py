"""`deepdos app`: the explorer as a web page, for a class or a group."""

from __future__ import annotations

import os
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from deepdos_nb.core.errors import ConfigError, DeepDOSError
from deepdos_nb.core.files import PACKAGE

MAX_BYTES = "DEEPDOS_MAX_BYTES"
"""Environment variable that tells the page's kernels how large an upload may be."""

MAX_SECONDS = "DEEPDOS_MAX_SECONDS"
"""Environment variable that tells them how long an upload may take."""

SERVED = "DEEPDOS_SERVED"
"""Environment variable that tells them that nobody saves their page."""

UNUSED = ("@jupyter-notebook/lab-extension", "jupyterlab-plotly")
"""JupyterLab extensions often installed beside ours, of no use on the page."""


class Theme(StrEnum):
    """Themes of the page."""

    light = "light"
    dark = "dark"


def serve(
    ip: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 lets others in, see --token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8866,
    token: Annotated[
        str | None,
        typer.Option(help="Word visitors need: http://…/?token=WORD; 'auto' makes one up."),
    ] = None,
    visitors: Annotated[
        int, typer.Option(min=1, help="Most people at once; plan 0.4 GB of memory for each.")
    ] = 30,
    ready: Annotated[
        int, typer.Option(min=0, help="Pages kept ready for the next visitors; they count too.")
    ] = 1,
    idle: Annotated[
        float, typer.Option(min=0.1, help="Minutes without a click after which a page is closed.")
    ] = 20.0,
    upload: Annotated[
        float, typer.Option(min=0.01, max=5.0, help="Largest structure file, MB.")
    ] = 2.0,
    seconds: Annotated[
        float, typer.Option(min=1.0, help="Longest time for reading or predicting an upload, s.")
    ] = 60.0,
    theme: Annotated[Theme, typer.Option(help="Look of the page.")] = Theme.light,
    browser: Annotated[bool, typer.Option(help="Open the page in a browser here.")] = True,
) -> None:
    """Serve the explorer as a web page: drop in a crystal, look at every view. Works offline.

    Visitors cannot run code: their pages may only talk to the views, no source is shown and no
    file is served. What they drop in stays in memory. Each has a process of their own, closed when
    they leave or stay idle.
    """
    if find_spec("voila") is None:
        raise DeepDOSError(
            "the web app needs Voilà, which is not installed.",
            remedy="Install it with: pip install '.[app]' in a copy of the repository, or from a "
            "folder of wheels: pip install 'deepdos-nb[app]' --no-index --find-links FOLDER",
        )
    if ready > visitors:
        raise ConfigError(
            f"{ready} pages cannot be kept ready for {visitors} visitors.",
            remedy="Give a smaller --ready or a larger --visitors.",
        )
    options = arguments(
        ip=ip,
        port=port,
        token=token,
        visitors=visitors,
        ready=ready,
        idle=idle,
        theme=theme.value,
        browser=browser,
    )
    prepare(int(upload * 1e6), seconds)
    from deepdos_nb.cli.app_server import ClassroomVoila

    typer.echo(f"Serving on http://{ip}:{port}/ (Ctrl+C stops it)")
    if ip not in ("127.0.0.1", "localhost", "::1") and token is None:
        typer.echo("Anyone who can reach this machine may use it; --token auto asks for a word.")
    ClassroomVoila.launch_instance(options)


def dashboard() -> Path:
    """The notebook that is served: beside the package in a checkout, inside it once installed."""
    for path in (
        PACKAGE / "notebooks" / "dashboard.ipynb",
        PACKAGE.parent / "notebooks" / "dashboard.ipynb",
    ):
        if path.is_file():
            return path
    raise DeepDOSError(
        "the notebook of the web app is missing.",
        source="notebooks/dashboard.ipynb",
        remedy="Install the package again: pip install --force-reinstall --no-deps deepdos-nb",
    )


def prepare(max_bytes: int, max_seconds: float) -> None:
    """Set what the server's and the kernels' processes read from their environment."""
    os.environ[MAX_BYTES], os.environ[MAX_SECONDS] = str(max_bytes), str(max_seconds)
    os.environ[SERVED] = "1"
    # Many small predictions side by side: more than one thread each would only be in the way.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    # Where Voilà finds our page, which fetches nothing from the web.
    share = str(PACKAGE / "share")
    known = os.environ.get("JUPYTER_PATH", "").split(os.pathsep)
    if share not in known:
        os.environ["JUPYTER_PATH"] = os.pathsep.join([share, *filter(None, known)])


def arguments(
    *,
    ip: str,
    port: int,
    token: str | None,
    visitors: int,
    ready: int,
    idle: float,
    theme: str,
    browser: bool,
) -> list[str]:
    """Voilà's command line. Given there, nobody's configuration file can undo it."""
    seconds = round(idle * 60)
    options = {
        "Voila.ip": ip,
        "Voila.port": port,
        "Voila.open_browser": browser,
        "ClassroomVoila.visitors": visitors,
        "VoilaConfiguration.template": "deepdos",
        "VoilaConfiguration.theme": theme,
        "VoilaConfiguration.allow_template_override": "NO",
        "VoilaConfiguration.strip_sources": True,
        "VoilaConfiguration.show_tracebacks": False,
        "VoilaConfiguration.file_denylist": ".*",
        "VoilaConfiguration.preheat_kernel": ready > 0,
        "VoilaConfiguration.default_pool_size": ready,
        "MappingKernelManager.cull_idle_timeout": seconds,
        "MappingKernelManager.cull_interval": max(5, min(60, seconds // 4)),
        "MappingKernelManager.cull_connected": True,
    }
    if token == "auto":
        options["Voila.auto_token"] = True
    elif token is not None:
        options["Voila.token"] = token
    named = [f"--{name}={value}" for name, value in options.items()]
    unused = [f"--VoilaConfiguration.extension_denylist={name}" for name in UNUSED]
    return [str(dashboard()), *named, *unused]
