"""What the notebooks hand over to their exercises, for tests that run no notebook.

An exercise whose right answer depends on something of its notebook stands here, by full name.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

import deepdos_nb as dd
from deepdos_nb.core.grids import grid_for


@cache
def predicted(example: str) -> dict[str, Any]:
    model = dd.load_model("phdos")
    structure = dd.example(example)
    return {"spectrum": model.predict(structure), "trace": model.trace(structure)}


@cache
def labelled(formula: str) -> dict[str, Any]:
    record = next(r for r in dd.open_dataset("embedded-edos") if r.formula == formula)
    return {"spectrum": record.reference()}


def trained() -> SimpleNamespace:
    """What the exercises read of a training: 280 crystals, 16 a step, 30 epochs."""
    history = pd.DataFrame({"epoch": range(1, 31), "step": range(18, 541, 18)})
    return SimpleNamespace(history=history, data=SimpleNamespace(train=range(280)))


@cache
def electrons(example: str) -> dict[str, Any]:
    model = dd.load_model("edos")
    structure = dd.example(example)
    return {"trace": model.trace(structure), "total": model.predict(structure).total}


GIVEN: dict[str, Callable[[], dict[str, Any]]] = {
    "graphs.disguise": lambda: {"structure": dd.example("MgO")},
    "quickstart.owner": lambda: {"spectrum": predicted("ZnO")["spectrum"]},
    "quickstart.mean": lambda: {"spectrum": predicted("ZnO")["spectrum"]},
    "training.steps": lambda: {"training": trained()},
    "quickstart.way": lambda: {"trace": predicted("ZnO")["trace"]},
    "states.filled": lambda: labelled("GaN"),
    "attention.element": lambda: electrons("SrTiO3"),
    "attention.modes": lambda: {"trace": predicted("MgO")["trace"]},
    "transport.distance": lambda: {"grid": grid_for("phdos")},
    "judge.error": lambda: {"errors": np.random.default_rng(1).gamma(2.0, 0.02, size=40)},
    "use.bowing": lambda: {"gaps": np.array([0.44, 0.99, 1.6])},
}


def given(name: str) -> dict[str, Any]:
    """The things of an exercise, by name; none for most."""
    return GIVEN[name]() if name in GIVEN else {}
