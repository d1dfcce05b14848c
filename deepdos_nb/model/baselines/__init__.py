"""Published models, re-implemented from their papers and trained like ours.

Same crystals, same neighbour graphs, same input features, same grid, about as many parameters:
what differs is the architecture and, if wanted, the loss. Each predicts one total curve a crystal.
"""

from __future__ import annotations

from deepdos_nb.model.baselines.common import Baseline, CurveError, curve_error, parameter_count
from deepdos_nb.model.baselines.config import NAMES, BaselineConfig, BaselineName
from deepdos_nb.model.baselines.dos_transformer import DOSTransformer
from deepdos_nb.model.baselines.graph_network import GraphNetwork
from deepdos_nb.model.baselines.mat2spec import Mat2Spec

BASELINES: dict[BaselineName, type[Baseline]] = {
    "graph-network": GraphNetwork,
    "mat2spec": Mat2Spec,
    "dostransformer": DOSTransformer,
}


def make_baseline(config: BaselineConfig) -> Baseline:
    """A freshly initialised baseline."""
    return BASELINES[config.name](config)


__all__ = [
    "BASELINES",
    "NAMES",
    "Baseline",
    "BaselineConfig",
    "BaselineName",
    "CurveError",
    "DOSTransformer",
    "GraphNetwork",
    "Mat2Spec",
    "curve_error",
    "make_baseline",
    "parameter_count",
]
