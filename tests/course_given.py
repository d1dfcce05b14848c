"""What the notebooks hand over to their exercises, for tests that run no notebook.

An exercise whose right answer depends on something of its notebook stands here, by full name.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

import deepdos_nb as dd
from deepdos_nb.core.grids import grid_for


@cache
def predicted(example: str) -> dict[str, Any]:
    model = dd.load_model("phdos")
    structure = dd.example(example)
    return {"spectrum": model.predict(structure), "trace": model.trace(structure)}


@cache
def electrons(example: str) -> dict[str, Any]:
    model = dd.load_model("edos")
    structure = dd.example(example)
    return {"trace": model.trace(structure), "total": model.predict(structure).total}


GIVEN: dict[str, Callable[[], dict[str, Any]]] = {
    "quickstart.owner": lambda: {"spectrum": predicted("ZnO")["spectrum"]},
    "quickstart.mean": lambda: {"spectrum": predicted("ZnO")["spectrum"]},
    "quickstart.way": lambda: {"trace": predicted("ZnO")["trace"]},
    "attention.element": lambda: electrons("SrTiO3"),
    "attention.modes": lambda: {"trace": predicted("MgO")["trace"]},
    "transport.distance": lambda: {"grid": grid_for("phdos")},
    "judge.error": lambda: {"errors": np.random.default_rng(1).gamma(2.0, 0.02, size=40)},
    "use.bowing": lambda: {"gaps": np.array([0.44, 0.99, 1.6])},
}


def given(name: str) -> dict[str, Any]:
    """The things of an exercise, by name; none for most."""
    return GIVEN[name]() if name in GIVEN else {}
