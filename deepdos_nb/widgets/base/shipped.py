"""The way from a view to a model, for calls that bring none: late, so that views know no network.

Nothing here runs on import. The first prediction loads the weights; later ones find them loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from inspect import signature
from typing import Any, Protocol

from deepdos_nb.core.files import PACKAGE
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
    from deepdos_nb.inference.loading import load_model

    return load_model(kind)


class ShippedModels(Mapping[Kind, Predictor]):
    """Every ensemble inside the package, by kind; each is loaded when it is asked for.

    No weights of a kind are no mistake here: the views show what there is.
    """

    def __init__(self) -> None:
        self._kinds = [
            kind for kind in Kind if any((PACKAGE / "weights" / kind).glob("*.safetensors"))
        ]

    def __getitem__(self, kind: Kind) -> Predictor:
        if kind not in self._kinds:
            raise KeyError(kind)
        return shipped_model(kind)

    def __iter__(self) -> Iterator[Kind]:
        return iter(self._kinds)

    def __len__(self) -> int:
        return len(self._kinds)
