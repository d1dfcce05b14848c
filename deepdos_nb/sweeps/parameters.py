"""Parameters of a notebook: what its cell declares, and whether values keep to it.

A cell tagged `parameters` declares names, types and allowed values, all of which papermill leaves
alone::

    epochs = 12              # [1, 1000] of every run
    dropout = 0.2            # [0, 0.9] of networks
    kind = "phdos"           # {"phdos", "edos"} of the embedded labels
    seeds = [0]              # [0, inf) one run each
    strides: list[int] = []  # [1, 8] of the transport; the usual ones if empty

The type is that of the annotation, or else of the value. Brackets in front of the comment are an
interval, ends excluded by a round one; braces are a choice. Of a list or a dictionary they hold for
every item. A list with something in it must not be empty. The rest of the comment says what it is.
"""

from __future__ import annotations

import ast
import io
import math
import re
import tokenize
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deepdos_nb.core.errors import ConfigError

TAG = "parameters"
INTERVAL = re.compile(r"([\[(])\s*([^,\[\]()]+),\s*([^,\[\]()]+)([\])])")
CHOICE = re.compile(r"\{[^{}]*\}")
WORDS = {
    "bool": "True or False",
    "int": "a whole number",
    "float": "a number",
    "str": "a text",
    "list": "a list",
    "dict": "a dictionary",
}


@dataclass(frozen=True)
class Interval:
    """Allowed numbers, with or without their ends."""

    low: float
    high: float
    text: str

    def holds(self, value: float) -> bool:
        """Whether a number lies in it."""
        above = value >= self.low if self.text.startswith("[") else value > self.low
        return above and (value <= self.high if self.text.endswith("]") else value < self.high)


@dataclass(frozen=True)
class Parameter:
    """One parameter as a notebook declares it.

    Attributes
    ----------
    name : str
    default : object
    type : str
        "bool", "int", "float", "str", "list" or "dict"; empty where anything goes.
    item : str
        Type of the items of a list or a dictionary; empty where anything goes.
    allowed : Interval, tuple or None
        Numbers or values allowed, of items where there are such.
    help : str
    """

    name: str
    default: Any
    type: str
    item: str = ""
    allowed: Interval | tuple[Any, ...] | None = None
    help: str = ""

    def describe(self) -> str:
        """What is allowed, in words."""
        if isinstance(self.allowed, tuple):
            among = f"one of {', '.join(map(repr, self.allowed))}"
        else:
            among = WORDS.get(self.item or self.type, "any value")
            if self.allowed is not None:
                among += f" in {self.allowed.text}"
        if self.type in ("list", "dict"):
            return f"{WORDS[self.type]}, each item {among}" if among != "any value" else among
        return among

    def check(self, value: Any) -> None:
        """Compare a value with what is declared.

        Raises
        ------
        ConfigError
            If it is not allowed, saying what would be.
        """
        items = [value]
        if self.type in ("list", "dict"):
            if not isinstance(value, dict if self.type == "dict" else list | tuple):
                raise self._wrong(value)
            if self.type == "list" and self.default and not value:
                raise self._wrong(value)
            items = list(value.values()) if isinstance(value, dict) else list(value)
        kind = self.item if self.type in ("list", "dict") else self.type
        for item in items:
            if not _is(item, kind) or not self._allows(item):
                raise self._wrong(value)

    def _allows(self, item: Any) -> bool:
        if isinstance(self.allowed, tuple):
            return item in self.allowed
        return self.allowed is None or self.allowed.holds(item)

    def _wrong(self, value: Any) -> ConfigError:
        return ConfigError(
            f"{value!r} is not allowed here.", source=self.name, remedy=f"Give {self.describe()}."
        )


def _is(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind in ("bool", "")
    if isinstance(value, int):
        return kind in ("int", "float", "")
    if isinstance(value, float):
        return kind in ("float", "") and math.isfinite(value)
    return kind in (type(value).__name__, "")


def declared(source: str) -> dict[str, Parameter]:
    """The parameters that the source of a cell declares, by name.

    Raises
    ------
    ConfigError
        If it is no plain list of assignments.
    """
    comments = {
        token.start[0]: token.string.lstrip("# ").strip()
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target, annotation = node.targets[0], ""
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            target, annotation = node.target, ast.unparse(node.annotation)
        else:
            raise ConfigError(f"line {node.lineno} of the parameters is no plain assignment.")
        assert node.value is not None
        try:
            default = ast.literal_eval(node.value)
        except ValueError as error:
            raise ConfigError(f"line {node.lineno} of the parameters is no plain value.") from error
        name = ast.unparse(target)
        comment = comments.get(node.lineno) or comments.get(node.end_lineno or 0, "")
        found[name] = _parameter(name, default, annotation, comment)
    return found


def _parameter(name: str, default: Any, annotation: str, comment: str) -> Parameter:
    outer, _, inner = annotation.rstrip("]").partition("[")
    kind = outer or type(default).__name__
    item = inner.split(",")[-1].strip()
    if kind in ("list", "dict") and not inner and default:
        values = default.values() if isinstance(default, dict) else default
        kinds = {type(value).__name__ for value in values}
        item = kinds.pop() if len(kinds) == 1 else "float" if kinds == {"int", "float"} else ""
    allowed: Interval | tuple[Any, ...] | None = None
    if match := INTERVAL.match(comment):
        allowed = Interval(float(match[2]), float(match[3]), match[0])
    elif match := CHOICE.match(comment):
        allowed = tuple(ast.literal_eval(f"[{match[0][1:-1]}]"))
    text = comment[match.end() :].strip() if match else comment
    plain = kind if kind in WORDS else ""
    return Parameter(name, default, plain, item if item in WORDS else "", allowed, text)


def read_parameters(notebook: str | Path) -> dict[str, Parameter]:
    """The parameters of a notebook file, by name; empty where it has none.

    Raises
    ------
    ConfigError
        If there is no such notebook, or its cell cannot be read.
    """
    import nbformat

    path = Path(notebook)
    try:
        cells = nbformat.read(path, as_version=4).cells
    except FileNotFoundError:
        raise ConfigError("no such notebook.", source=str(path)) from None
    except (nbformat.reader.NotJSONError, nbformat.ValidationError, UnicodeDecodeError) as error:
        raise ConfigError("not a notebook.", source=str(path)) from error
    for cell in cells:
        if TAG in cell.metadata.get("tags", []):
            return declared(cell.source)
    return {}


def check_values(
    parameters: Mapping[str, Parameter], values: Mapping[str, Any], source: str = ""
) -> None:
    """Compare values with what a notebook declares.

    Raises
    ------
    ConfigError
        If a name is not declared or a value not allowed.
    """
    for name, value in values.items():
        if name not in parameters:
            raise ConfigError(
                f"has no parameter {name!r}.",
                source=source or None,
                remedy=f"It has {', '.join(parameters) or 'none at all'}.",
            )
        parameters[name].check(value)


def check_parameters() -> None:
    """Check the parameters of the running notebook: put it into the cell after theirs.

    Raises
    ------
    ConfigError
        If a value is not allowed, before anything has begun.
    """
    from IPython import get_ipython

    shell = get_ipython()
    if shell is None:
        raise ConfigError("the parameters of a notebook are checked in that notebook.")
    for source in shell.user_ns["In"]:
        try:
            parameters = declared(source)
        except (ConfigError, SyntaxError):
            continue
        if parameters:
            check_values(parameters, {name: shell.user_ns[name] for name in parameters})
            return
