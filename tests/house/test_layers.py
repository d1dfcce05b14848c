"""The floors of the house: imports point down only, and what must stay light stays light."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from script_modules import load_script

ROOT = Path(__file__).parents[2]
floors = load_script("floors")

# These take plain arrays, a Spectrum or a Trace; a network inside would tie them to a model.
TORCH_FREE = ("core", "metrics", "plots", "spectra", "style", "transport_lab", "widgets")
TORCH = {"torch", "torch_geometric", "torchmetrics", "lightning"}
NETWORK = {"aiohttp", "ftplib", "http", "httpx", "pooch", "requests", "socket", "urllib", "urllib3"}


def test_every_room_has_a_floor():
    rooms = {floors.room(module) for module in floors.modules()}
    assert rooms == set(floors.FLOOR), "give it a floor in scripts/floors.py, or take it out"


def test_the_root_holds_nothing_but_rooms():
    assert [p.name for p in floors.PACKAGE.glob("*.py")] == [floors.FACE]


def test_imports_point_down():
    """Lazy ones and those for the type checker too; the package's face may look anywhere below."""
    wrong = [
        str(i)
        for i in floors.all_imports()
        if i.root == "deepdos_nb"
        and floors.room(i.module) != floors.room(i.target)
        and floors.FLOOR[floors.room(i.target)] >= floors.FLOOR[floors.room(i.module)]
    ]
    assert not wrong, "\n".join(wrong)


def test_no_circles():
    assert not floors.circles(), floors.circles()


def test_contributing_shows_the_floors():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert text == floors.contributing(), "run `python scripts/floors.py --write`"


def test_views_and_data_types_know_no_torch():
    """Nowhere in these, inside functions included."""
    wrong = [
        str(i)
        for i in floors.all_imports()
        if floors.room(i.module) in TORCH_FREE and i.root in TORCH
    ]
    assert not wrong, "\n".join(wrong)


def test_crystals_and_cli_load_without_torch():
    wrong = [
        str(i)
        for i in floors.all_imports()
        if i.at_load
        and floors.room(i.module) in {floors.FACE, "crystal", "cli"}
        and i.root in TORCH
    ]
    assert not wrong, "\n".join(wrong)


def test_views_do_not_load_torch_through_others():
    light = {*TORCH_FREE, "crystal", "cli"}
    names = [m for m in floors.modules() if floors.room(m) in light]
    code = (
        "import importlib, sys\n"
        f"for name in {names!r}:\n"
        "    importlib.import_module(name)\n"
        "    loaded = sorted({'torch', 'lightning', 'torch_geometric'} & set(sys.modules))\n"
        "    assert not loaded, f'{name} loads {loaded}'\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_only_data_sources_know_the_network():
    wrong = [
        str(i)
        for i in floors.all_imports()
        if i.root in NETWORK and not i.module.startswith("deepdos_nb.data.")
    ]
    assert not wrong, "\n".join(wrong)


def test_only_the_room_for_many_tasks_knows_dask():
    """Nor does anybody start a pool of processes or threads beside it."""
    pools = ("dask", "distributed", "multiprocessing", "concurrent")
    wrong = [
        str(i)
        for i in floors.all_imports()
        if i.root in pools and floors.room(i.module) != "parallel"
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", floors.modules().values(), ids=list(floors.modules()))
def test_nothing_unpickles(path: Path):
    """A weights or data file from a stranger must not be able to run code."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = {a.name.split(".")[0] for a in node.names} | {getattr(node, "module", "") or ""}
            assert not names & {"pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
        elif isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            options = {k.arg: ast.unparse(k.value) for k in node.keywords}
            where = f"line {node.lineno}: {called}"
            if called == "torch.load":
                assert options.get("weights_only") == "True", f"{where} needs weights_only=True"
            if called.endswith(("np.load", "numpy.load")):
                assert options.get("allow_pickle") in (None, "False"), where
            assert not called.endswith("read_pickle"), where
            assert called not in {"eval", "exec"}, where
