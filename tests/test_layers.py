"""The floors of the house: imports point down only, and what must stay light stays light."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "deepdos_nb"

# From the ground up. A new module gets its place here, which is a decision, not a formality.
FLOORS: tuple[frozenset[str], ...] = (
    frozenset({"arrays", "errors", "limits", "processes"}),
    frozenset(
        {
            "bands",
            "graph",
            "grids",
            "primitive",
            "spectra",
            "structures",
            "structure_checks",
            "structure_files",
            "vbgap",
        }
    ),
    frozenset({"data"}),
    frozenset({"model"}),
    frozenset(
        {
            "averaging",
            "batches",
            "calibration",
            "card_text",
            "cards",
            "comparison",
            "drafts",
            "gap_scores",
            "laboratory",
            "live",
            "losses",
            "metrics",
            "naive",
            "observables",
            "predict",
            "recipes",
            "scoring",
            "band_path",
            "bond_training",
            "electrons",
            "draft_training",
            "fitting",
            "spring_training",
            "training",
            "transport_schemes",
            "mechanics",
        }
    ),
    frozenset({"palette", "plots"}),
    frozenset({"widgets"}),
    frozenset(
        {
            "app_server",
            "checks",
            "checkup",
            "cli",
            "cli_app",
            "cli_data",
            "cli_data_report",
            "cli_doctor",
            "cli_label",
            "cli_predict",
            "cli_report",
            "cli_train",
            "experiments",
            "readings",
            "screening",
            "variants",
        }
    ),
)
FLOOR = {name: level for level, names in enumerate(FLOORS) for name in names}

# These take plain arrays, a Spectrum or a Trace; a network inside would tie them to a model.
TORCH_FREE = (
    "arrays",
    "errors",
    "gap_scores",
    "laboratory",
    "metrics",
    "naive",
    "observables",
    "palette",
    "plots",
    "spectra",
    "structures",
    "transport_schemes",
    "widgets",
)
TORCH = {"torch", "torch_geometric", "torchmetrics", "lightning"}
NETWORK = {"aiohttp", "ftplib", "http", "httpx", "pooch", "requests", "socket", "urllib", "urllib3"}


@dataclass(frozen=True)
class Import:
    """One import statement: who imports what, and whether loading the importer runs it."""

    module: str
    target: str
    line: int
    at_load: bool

    @property
    def root(self) -> str:
        return self.target.split(".")[0]

    def __str__(self) -> str:
        return f"{self.module} (line {self.line}) imports {self.target}"


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def unit(module: str) -> str:
    """The part of the house a module belongs to: deepdos_nb.model.encoder → model."""
    return module.split(".")[1] if "." in module else ""


def absolute(node: ast.ImportFrom, path: Path) -> str:
    if not node.level:
        return node.module or ""
    base = module_name(path).split(".")
    keep = len(base) - node.level + (path.name == "__init__.py")
    return ".".join(base[:keep] + ([node.module] if node.module else []))


def imports_in(path: Path) -> Iterator[Import]:
    """Every import of a file except those for the type checker only."""

    def visit(node: ast.AST, at_load: bool) -> Iterator[Import]:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            for child in node.orelse:
                yield from visit(child, at_load)
            return
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(module_name(path), alias.name, node.lineno, at_load)
        elif isinstance(node, ast.ImportFrom):
            source = absolute(node, path)
            for alias in node.names:
                # `from deepdos_nb import graph` imports a module, not a name of one.
                is_module = source == "deepdos_nb" and alias.name in FLOOR
                target = f"{source}.{alias.name}" if is_module else source
                yield Import(module_name(path), target, node.lineno, at_load)
        inside = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for child in ast.iter_child_nodes(node):
            yield from visit(child, at_load and not inside)

    yield from visit(ast.parse(path.read_text(encoding="utf-8")), True)


@cache
def all_imports() -> tuple[Import, ...]:
    return tuple(i for path in sorted(PACKAGE.rglob("*.py")) for i in imports_in(path))


@cache
def units() -> frozenset[str]:
    """Names of the top-level modules and folders that exist."""
    found = (p for p in PACKAGE.iterdir() if p.suffix == ".py" or (p / "__init__.py").exists())
    return frozenset(p.stem for p in found) - {"__init__"}


def test_every_module_has_a_floor():
    homeless = units() - set(FLOOR)
    assert not homeless, f"give {sorted(homeless)} a floor in tests/test_layers.py"


def test_imports_point_down():
    wrong = [
        str(i)
        for i in all_imports()
        if i.at_load
        and i.root == "deepdos_nb"
        and unit(i.module)
        and unit(i.target)
        and FLOOR.get(unit(i.target), 99) > FLOOR.get(unit(i.module), 99)
    ]
    assert not wrong, "\n".join(wrong)


def test_no_circles():
    """Modules of one floor may use each other, but not in a circle."""
    graph: dict[str, set[str]] = {}
    for i in all_imports():
        if i.at_load and i.root == "deepdos_nb" and unit(i.module) != unit(i.target):
            graph.setdefault(unit(i.module), set()).add(unit(i.target))

    def walk(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, "circle: " + " → ".join([*trail, name])
        for below in graph.get(name, ()):
            if below:
                walk(below, (*trail, name))

    for name in sorted(filter(None, graph)):
        walk(name, ())


def test_views_and_data_types_know_no_torch():
    """Nowhere in these, inside functions included."""
    wrong = [str(i) for i in all_imports() if unit(i.module) in TORCH_FREE and i.root in TORCH]
    assert not wrong, "\n".join(wrong)


def test_graph_and_cli_load_without_torch():
    wrong = [
        str(i)
        for i in all_imports()
        if i.at_load and unit(i.module) in {"", "graph", "cli"} and i.root in TORCH
    ]
    assert not wrong, "\n".join(wrong)


def test_views_do_not_load_torch_through_others():
    names = [n for n in (*TORCH_FREE, "graph", "cli") if n in units()]
    code = (
        "import importlib, sys\n"
        f"for name in {names!r}:\n"
        "    importlib.import_module('deepdos_nb.' + name)\n"
        "    loaded = sorted({'torch', 'lightning', 'torch_geometric'} & set(sys.modules))\n"
        "    assert not loaded, f'{name} loads {loaded}'\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_only_data_sources_know_the_network():
    wrong = [
        str(i)
        for i in all_imports()
        if i.root in NETWORK and not i.module.startswith("deepdos_nb.data.")
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=module_name)
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
