"""Every number that shapes a baseline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.core.grids import Kind, OfKind
from deepdos_nb.core.settings import Settings

BaselineName = Literal["graph-network", "mat2spec", "dostransformer"]
NAMES: tuple[BaselineName, ...] = get_args(BaselineName)

Criterion = Literal["mse", "rmse", "kl", "wd"]

WIDTH: dict[BaselineName, int] = {"graph-network": 192, "mat2spec": 108, "dostransformer": 120}
"""Widths at which each model has about as many parameters as `ModelConfig()`."""

CRITERION: dict[BaselineName, Criterion] = {
    "graph-network": "mse",
    "mat2spec": "kl",
    "dostransformer": "rmse",
}
"""The error each model is trained on unless told otherwise."""


@dataclass(frozen=True)
class BaselineConfig(OfKind, Settings):
    """Architecture and loss of one baseline.

    Parameters
    ----------
    name : {"graph-network", "mat2spec", "dostransformer"}
    kind : {"phdos", "edos"}
        Fixes the grid.
    width : int
        Length of every embedding; zero takes the one that gives the model about as many
        parameters as `ModelConfig()` (see `WIDTH`).
    layers : int
        Message-passing layers of the graph encoder.
    heads : int
        Attention heads (Mat2Spec's encoder, DOSTransformer's attention).
    radial : int
        Gaussian radial basis functions.
    dropout : float
    criterion : {"mse", "rmse", "kl", "wd"} or None
        Error of a curve in the loss, see `common.curve_error`; None takes `CRITERION`'s.
    components : int
        Mat2Spec: Gaussians K of each embedding.
    kl_weight, contrastive_weight : float
        Mat2Spec: weights of the alignment and of the contrastive term.
    temperature : float
        Mat2Spec: divides the cosines in the contrastive term.
    cross_layers, self_layers : int
        DOSTransformer: energies ask atoms, then one another.
    system_weight : float
        DOSTransformer: weight of the loss of the prompted prediction beside the global one.
    """

    draft: ClassVar[bool] = False  # no published model reads one

    name: BaselineName = "graph-network"
    kind: Kind = Kind.phdos
    width: int = 0
    layers: int = 3
    heads: int = 6
    radial: int = 24
    dropout: float = 0.1
    criterion: Criterion | None = None
    components: int = 10
    kl_weight: float = 0.05
    contrastive_weight: float = 0.1
    temperature: float = 0.1
    cross_layers: int = 2
    self_layers: int = 2
    system_weight: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.name not in NAMES:
            raise ConfigError(
                f"unknown baseline {self.name!r}.", remedy=f"Choose one of {', '.join(NAMES)}."
            )
        if self.width == 0:
            object.__setattr__(self, "width", WIDTH[self.name])
        if self.criterion is None:
            object.__setattr__(self, "criterion", CRITERION[self.name])
        if self.criterion not in get_args(Criterion):
            raise ConfigError(f"unknown criterion {self.criterion!r}.")
        if self.width < 1 or self.width % self.heads:
            raise ConfigError(f"width {self.width} is no multiple of {self.heads} heads.")
