"""`deepdos app` without a server: what it is told, what it refuses, how it limits visitors."""

from __future__ import annotations

import asyncio
import json
import os
import tomllib
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from typer.testing import CliRunner

from deepdos_nb.cli import app, serve

ROOT = Path(__file__).parents[2]
READ_BY_THE_PAGE = (
    serve.MAX_BYTES,
    serve.MAX_SECONDS,
    serve.SERVED,
    "JUPYTER_PATH",
    "OMP_NUM_THREADS",
)
PLAIN: dict[str, Any] = {
    "ip": "127.0.0.1",
    "port": 8866,
    "token": None,
    "visitors": 30,
    "ready": 1,
    "idle": 20.0,
    "theme": "light",
    "browser": True,
}


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Options the server was started with, without starting it."""
    voila = pytest.importorskip("voila")
    assert voila
    from deepdos_nb.cli.app_server import ClassroomVoila

    for name in READ_BY_THE_PAGE:
        monkeypatch.setenv(name, os.environ.get(name, ""))
    started: list[list[str]] = []
    monkeypatch.setattr(ClassroomVoila, "launch_instance", started.append)
    return started


def test_it_listens_to_this_machine_only_unless_told(launched: list[list[str]]):
    done = CliRunner().invoke(app, ["app"])
    assert done.exit_code == 0, done.output
    assert "--Voila.ip=127.0.0.1" in launched[0]
    assert "http://127.0.0.1:8866/" in done.output
    assert not any("token" in option for option in launched[0])
    done = CliRunner().invoke(app, ["app", "--ip", "0.0.0.0", "--port", "9000", "--token", "word"])
    assert {"--Voila.ip=0.0.0.0", "--Voila.port=9000", "--Voila.token=word"} <= set(launched[1])
    assert "Anyone" not in done.output
    done = CliRunner().invoke(app, ["app", "--ip", "0.0.0.0"])
    assert "Anyone who can reach this machine may use it" in done.output


def test_it_is_closed_where_a_class_could_do_harm():
    options = serve.arguments(**PLAIN)
    assert {
        "--VoilaConfiguration.strip_sources=True",
        "--VoilaConfiguration.show_tracebacks=False",
        "--VoilaConfiguration.file_denylist=.*",
        "--VoilaConfiguration.allow_template_override=NO",
        "--VoilaConfiguration.template=deepdos",
        "--MappingKernelManager.cull_idle_timeout=1200",
        "--MappingKernelManager.cull_connected=True",
        "--ClassroomVoila.visitors=30",
    } <= set(options)


def test_the_size_of_uploads_reaches_the_page(launched: list[list[str]]):
    options = ["app", "--upload", "0.5", "--seconds", "20"]
    assert CliRunner().invoke(app, options).exit_code == 0
    assert os.environ[serve.MAX_BYTES] == "500000"
    assert os.environ[serve.MAX_SECONDS] == "20.0"
    notebook = json.loads(serve.dashboard().read_text(encoding="utf-8"))
    source = "".join("".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "code")
    assert serve.MAX_BYTES in source
    assert serve.MAX_SECONDS in source
    assert os.environ[serve.SERVED] == "1"
    assert serve.SERVED in source
    # Voilà finds our page, which fetches nothing from the web.
    share = Path(os.environ["JUPYTER_PATH"].split(os.pathsep)[0])
    assert (share / "voila" / "templates" / "deepdos" / "index.html.j2").is_file()


def test_options_that_contradict_each_other_are_refused(launched: list[list[str]]):
    done = CliRunner().invoke(app, ["app", "--visitors", "2", "--ready", "3"])
    assert done.exit_code == 2
    assert "3 pages cannot be kept ready for 2 visitors" in done.output
    assert not launched
    assert CliRunner().invoke(app, ["app", "--upload", "50"]).exit_code == 2


def test_without_voila_the_command_that_installs_it_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(serve, "find_spec", lambda name: None)
    done = CliRunner().invoke(app, ["app"])
    assert done.exit_code == 2
    assert "pip install 'deepdos-nb[app]'" in " ".join(done.output.split())


def test_a_missing_notebook_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(serve, "PACKAGE", tmp_path / "deepdos_nb")
    done = CliRunner().invoke(app, ["app"])
    assert done.exit_code == 2
    assert "notebooks/dashboard.ipynb" in done.output


def test_the_notebook_ships_with_the_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    targets = project["tool"]["hatch"]["build"]["targets"]
    inside = targets["wheel"]["force-include"]["notebooks/dashboard.ipynb"]
    # An installed package looks there first.
    assert inside == "deepdos_nb/notebooks/dashboard.ipynb"
    assert "/notebooks" in targets["sdist"]["include"]
    assert serve.dashboard() == ROOT / "notebooks" / "dashboard.ipynb"


@pytest.mark.slow
def test_the_notebook_runs_outside_the_app_as_well():
    notebook = nbformat.read(serve.dashboard(), as_version=4)
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    shown = [output.data for output in notebook.cells[-1].outputs if "data" in output][-1]
    assert {"application/vnd.jupyter.widget-view+json", "image/png"} <= set(shown)
    assert "density of states of MgO" in shown["text/plain"]


def answer(started: Coroutine[Any, Any, str]) -> str:
    """What it returns, in a loop of its own: a browser test of this process may have left one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, started).result()


class Manager:
    """As much of a kernel manager as the limit touches."""

    def __init__(self) -> None:
        self.running = 0
        self.filled = 0

    def __len__(self) -> int:
        return self.running

    async def start_kernel(self, **options: Any) -> str:
        self.running += 1
        return f"kernel {self.running}"

    def fill_if_needed(self, **options: Any) -> None:
        self.filled += 1


def test_visitors_are_limited():
    pytest.importorskip("voila")
    from tornado.web import HTTPError

    from deepdos_nb.cli.app_server import limit

    manager = Manager()
    limit(manager, 2)
    assert answer(manager.start_kernel()) == "kernel 1"
    manager.fill_if_needed(delay=0)
    assert manager.filled == 1
    assert answer(manager.start_kernel()) == "kernel 2"
    manager.fill_if_needed(delay=0)
    assert manager.filled == 1, "a page was made ready for a visitor who cannot come in"
    with pytest.raises(HTTPError, match="503") as refused:
        answer(manager.start_kernel())
    assert "All places are taken" in str(refused.value)
    manager.running -= 1
    assert answer(manager.start_kernel()) == "kernel 2"


def test_visitors_who_come_at_once_are_limited_too():
    pytest.importorskip("voila")
    from tornado.web import HTTPError

    from deepdos_nb.cli.app_server import limit

    class Slow(Manager):
        """Counts a kernel only once it runs, as Jupyter's manager does."""

        async def start_kernel(self, **options: Any) -> str:
            await asyncio.sleep(0.02)
            return await super().start_kernel(**options)

    manager = Slow()
    limit(manager, 2)

    async def rush() -> list[Any]:
        visitors = (manager.start_kernel() for _ in range(8))
        return await asyncio.gather(*visitors, return_exceptions=True)

    found = answer(rush())
    assert manager.running == 2
    assert sum(isinstance(one, HTTPError) and one.status_code == 503 for one in found) == 6
    manager.running -= 1
    assert answer(manager.start_kernel()) == "kernel 2"
