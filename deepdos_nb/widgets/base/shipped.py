"""The way from a view to a model, for calls that bring none: late, so that views know no network.

Nothing here runs on import. The first prediction loads the weights; later ones find them loaded.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import cache
from inspect import signature
from typing import Any, Protocol

from deepdos_nb.core.errors import WeightsError
from deepdos_nb.core.grids import Kind
from deepdos_nb.spectra.spectrum import Spectrum
from deepdos_nb.spectra.trace import Trace


class Predictor(Protocol):
    """What views need of a model."""

    def predict(self, structure: Any, *, max_atoms: int = ...) -> Spectrum:
        """Predict the seed-averaged spectrum."""

    def trace(self, structure: Any, *, seed: int | None = None, max_atoms: int = ...) -> Trace:
        """Return every intermediate, of one seed or of the mean of all."""


def limit(method: Callable[..., Any], max_atoms: int) -> dict[str, int]:
    """The limit as an argument of a model's method, if that takes one: views accept any model."""
    return {"max_atoms": max_atoms} if "max_atoms" in signature(method).parameters else {}


@cache
def shipped_model(kind: str) -> Predictor:
    """The ensemble inside the package, loaded once.

    Parameters
    ----------
    kind : {"phdos", "edos"}

    Raises
    ------
    WeightsError
        If this version ships none of this kind.
    """
    from deepdos_nb.inference.ensemble import load_model

    return load_model(kind)


def shipped_models() -> dict[Kind, Predictor]:
    """Every ensemble inside the package, by kind, loaded once."""
    found: dict[Kind, Predictor] = {}
    for kind in Kind:
        # No weights of a kind are no mistake here: the views show what there is.
        with suppress(WeightsError):
            found[kind] = shipped_model(kind)
    return found
