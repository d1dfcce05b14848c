"""The floors of the house, from the ground up: one table for the tests and for CONTRIBUTING.

    python scripts/floors.py          print the table and what the imports make of it
    python scripts/floors.py --write  put the table into CONTRIBUTING.md

A room is a folder of `deepdos_nb`, or its face, `__init__.py`. Imports point down only; rooms of
one floor do not know each other. Imports inside functions and under TYPE_CHECKING count too.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from deepdos_nb.core.markdown import markdown_table

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "deepdos_nb"
FACE = "__init__.py"

FLOORS: tuple[dict[str, str], ...] = (
    {"core": "what everything may use: errors, kinds and grids, settings, files, version"},
    {
        "crystal": "reading and checking crystals, their graph, symmetry and wave vectors",
        "parallel": "many tasks, threads, runs that share a folder; alone knows Dask",
        "style": "colours and axes that every picture shares; no torch",
    },
    {
        "physics": "force constants, tight binding, their drafts, and the one way into a model",
        "spectra": "`Spectrum` and `Trace`, what travels between the floors; no torch",
    },
    {
        "model": "the method, to be read in one sitting, and the baselines",
        "metrics": "scores from plain arrays; no torch",
        "data": "records, data sets and their sources; alone knows the network",
    },
    {
        "inference": "`load_model`, the ensemble, vibrations and orbitals",
        "training": "learning drafts and networks, with Lightning",
        "labelling": "reference calculations with GPAW and SevenNet",
        "transport_lab": "transport schemes to be taken apart; no torch",
        "cases": "case studies: structures from prototypes, with references; no torch",
    },
    {
        "evaluation": "experiments, tables, model cards",
        "plots": "figures from spectra and traces; no torch",
        "screening": "any number of crystals through a model, into parquet files",
    },
    {
        "widgets": "what people touch: Python, script and style side by side; no torch",
        "learning": "`dd.train`: data to a model that predicts, with a live curve",
        "sweeps": "notebooks over grids: their parameters, runs, results",
    },
    {"diagnostics": "why something does not work here"},
    {FACE: "`import deepdos_nb as dd`: names that are imported when first used"},
    {"course": "exercises with their answers, quizzes, copies of the tutorials"},
    {"cli": "the `deepdos` command"},
)
FLOOR = {room: level for level, rooms in enumerate(FLOORS) for room in rooms}
MARKS = ("<!-- floors -->", "<!-- /floors -->")


@dataclass(frozen=True)
class Import:
    """One import: who imports which module, where, and whether loading the importer runs it."""

    module: str
    target: str
    line: int
    at_load: bool

    @property
    def root(self) -> str:
        return self.target.split(".")[0]

    def __str__(self) -> str:
        return f"{self.module} (line {self.line}) imports {self.target}"


@cache
def modules() -> dict[str, Path]:
    """Every module of the package by its dotted name."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def room(module: str) -> str:
    """The room of a module: deepdos_nb.model.encoder → model."""
    return module.split(".")[1] if "." in module else FACE


def imports_in(module: str) -> Iterator[Import]:
    """Every import of a module, resolved to a module of ours where it names one."""

    def resolved(name: str) -> str:
        while name.startswith("deepdos_nb.") and name not in modules():
            name = name.rpartition(".")[0]
        return name

    def visit(node: ast.AST, at_load: bool) -> Iterator[Import]:
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module}: relative imports hide where a thing lies"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            yield Import(module, resolved(name), node.lineno, at_load)
        checked = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        inside = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for child in ast.iter_child_nodes(node):
            yield from visit(child, at_load and not inside and not checked)

    yield from visit(ast.parse(modules()[module].read_text(encoding="utf-8")), True)


@cache
def all_imports() -> tuple[Import, ...]:
    """Every import of the package."""
    return tuple(i for module in modules() for i in imports_in(module))


@cache
def arrows() -> dict[str, frozenset[str]]:
    """Which modules of the package each of them imports; faces of folders stand for themselves."""
    found: dict[str, set[str]] = {name: set() for name in modules()}
    for i in all_imports():
        if i.root == "deepdos_nb" and i.target != i.module:
            found[i.module].add(i.target)
    return {name: frozenset(targets) for name, targets in found.items()}


def circles() -> list[list[str]]:
    """Groups of modules that import each other, directly or through others."""
    reached: dict[str, set[str]] = {}
    for start in arrows():
        seen: set[str] = set()
        todo = list(arrows()[start])
        while todo:
            name = todo.pop()
            if name not in seen:
                seen.add(name)
                todo += arrows()[name]
        reached[start] = seen
    groups = {
        tuple(sorted(m for m in reached[name] if name in reached[m]))
        for name in reached
        if name in reached[name]
    }
    return sorted(map(list, groups))


def table() -> str:
    """The floors as Markdown, the highest first."""
    rows = [
        (level + 1, f"`{name if name == FACE else name + '/'}`", what)
        for level in reversed(range(len(FLOORS)))
        for name, what in FLOORS[level].items()
    ]
    return markdown_table(["floor", "rooms", "what may be there"], rows)


def contributing() -> str:
    """CONTRIBUTING.md as it should be."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    before, _, rest = text.partition(MARKS[0])
    after = rest.partition(MARKS[1])[2]
    return f"{before}{MARKS[0]}\n{table()}\n{MARKS[1]}{after}"


if __name__ == "__main__":
    if "--write" in sys.argv:
        (ROOT / "CONTRIBUTING.md").write_text(contributing(), encoding="utf-8")
    pairs = {
        (room(i.module), room(i.target))
        for i in all_imports()
        if i.root == "deepdos_nb" and room(i.module) != room(i.target)
    }
    print(table())
    print(
        f"\n{len(FLOOR)} rooms, {len(FLOORS)} floors, {len(pairs)} arrows, {len(circles())} circles"
    )
