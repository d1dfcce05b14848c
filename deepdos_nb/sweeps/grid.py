"""A grid of parameters: lists, ranges and random draws, and the runs they make."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.sweeps.keys import text_of

HOW = (
    "Give a list, a range {from: 0, to: 0.4, steps: 5}, {from: 1, to: 9, step: 2}, or a draw "
    "{draw: uniform|log|integer, from: 1e-4, to: 1e-2} or {draw: choice, of: [a, b]}."
)
FIELDS = ("notebook", "grid", "parameters", "draws", "seed")


@dataclass(frozen=True)
class Grid:
    """What to vary.

    Parameters
    ----------
    axes : mapping
        For every name a list of values, a range or a draw, see `points`.
    fixed : mapping
        Values that all runs share.
    draws : int
        Times that everything is drawn, for every combination of lists and ranges.
    seed : int
        Of the draws.
    """

    axes: Mapping[str, Any]
    fixed: Mapping[str, Any] = field(default_factory=dict)
    draws: int = 1
    seed: int = 0

    def points(self) -> list[dict[str, Any]]:
        """Parameters of every run, each combination once; drawn ones depend on the seed alone.

        Raises
        ------
        ConfigError
            If an axis cannot be understood, or a value is not of the kinds that JSON knows.
        """
        both = set(self.axes) & set(self.fixed)
        if both:
            raise ConfigError(f"{', '.join(sorted(both))} cannot be both fixed and varied.")
        drawn = {n: a for n, a in self.axes.items() if isinstance(a, Mapping) and "draw" in a}
        listed = {n: list(_values(n, a)) for n, a in self.axes.items() if n not in drawn}
        if self.draws != 1 and not drawn:
            raise ConfigError("there are draws, but nothing to draw.", remedy=HOW)
        random = np.random.default_rng(self.seed)
        found: dict[str, dict[str, Any]] = {}
        for values in product(*listed.values()):
            for _ in range(self.draws):
                some = dict(zip(listed, values, strict=True))
                some |= {name: _draw(name, axis, random) for name, axis in drawn.items()}
                point = {**self.fixed, **{name: some[name] for name in self.axes}}
                found.setdefault(text_of(point), point)
        return list(found.values())


def read_grid(path: str | Path) -> tuple[Path, Grid]:
    """The notebook and the grid of a YAML file; the notebook's path counts from that file.

    Raises
    ------
    ConfigError
        If it cannot be read, or is no such file.
    """
    import yaml

    path = Path(path)
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_loader())
    except FileNotFoundError:
        raise ConfigError("no such file.", source=str(path)) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(f"not YAML ({reason}).", source=str(path)) from error
    how = "It has `notebook` and `grid`, and may have `parameters`, `draws` and `seed`."
    if not isinstance(content, dict) or not {"notebook", "grid"} <= set(content) <= set(FIELDS):
        raise ConfigError("not the description of a sweep.", source=str(path), remedy=how)
    axes, fixed = content["grid"], content.get("parameters") or {}
    draws, seed = content.get("draws", 1), content.get("seed", 0)
    numbers = all(isinstance(n, int) and not isinstance(n, bool) for n in (draws, seed))
    if not (isinstance(axes, dict) and isinstance(fixed, dict) and numbers and draws >= 1):
        raise ConfigError(
            "`grid` and `parameters` are names with values, `draws` and `seed` whole numbers.",
            source=str(path),
        )
    return path.parent / str(content["notebook"]), Grid(axes, fixed, draws, seed)


def _loader() -> Any:
    """PyYAML's safe one, which alone would take 1e-4 for a text."""
    import yaml

    class Loader(yaml.SafeLoader):
        pass

    number = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+")
    Loader.add_implicit_resolver("tag:yaml.org,2002:float", number, list("-+.0123456789"))
    return Loader


def _values(name: str, axis: Any) -> Iterator[Any]:
    if isinstance(axis, range | np.ndarray):
        axis = [value.item() if isinstance(value, np.generic) else value for value in axis]
    if isinstance(axis, Sequence) and not isinstance(axis, str) and len(axis):
        yield from axis
        return
    if not isinstance(axis, Mapping) or not _numbers(axis, "from", "to"):
        raise ConfigError("not a list, a range or a draw.", source=name, remedy=HOW)
    low, high = axis["from"], axis["to"]
    if set(axis) == {"from", "to", "steps"} and isinstance(axis["steps"], int):
        if axis["steps"] < 2:
            raise ConfigError("a range has two steps or more.", source=name, remedy=HOW)
        yield from (float(f"{value:.12g}") for value in np.linspace(low, high, axis["steps"]))
        return
    step = axis.get("step", 1)
    if set(axis) - {"step"} != {"from", "to"} or not _numbers({"step": step}, "step") or step <= 0:
        raise ConfigError("not a range.", source=name, remedy=HOW)
    count = math.floor((high - low) / step + 1e-9) + 1
    if count < 1:
        raise ConfigError("the range is empty.", source=name, remedy=HOW)
    whole = isinstance(low, int) and isinstance(step, int)
    for i in range(count):
        yield low + i * step if whole else float(f"{low + i * step:.12g}")


def _draw(name: str, axis: Mapping[str, Any], random: np.random.Generator) -> Any:
    kind = axis["draw"]
    if kind == "choice" and set(axis) == {"draw", "of"} and isinstance(axis["of"], list):
        if axis["of"]:
            return axis["of"][int(random.integers(len(axis["of"])))]
    elif set(axis) == {"draw", "from", "to"} and _numbers(axis, "from", "to"):
        low, high = axis["from"], axis["to"]
        if kind == "uniform" and low < high:
            return float(f"{random.uniform(low, high):.6g}")
        if kind == "log" and 0 < low < high:
            return float(f"{math.exp(random.uniform(math.log(low), math.log(high))):.6g}")
        if kind == "integer" and isinstance(low, int) and isinstance(high, int) and low < high:
            return int(random.integers(low, high, endpoint=True))
    raise ConfigError("not a draw.", source=name, remedy=HOW)


def _numbers(axis: Mapping[str, Any], *names: str) -> bool:
    values = [axis.get(name) for name in names]
    return all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
