"""Stage II as a configuration names it."""

from __future__ import annotations

from torch import nn

from deepdos_nb.model.config import ModelConfig, Refiner
from deepdos_nb.model.remap import RemapReasoner
from deepdos_nb.model.transport import (
    FactorReasoner,
    NoReasoner,
    SoftmaxReasoner,
    TransportReasoner,
)

OPERATORS: dict[Refiner, type[nn.Module]] = {
    "transport": TransportReasoner,
    "remap": RemapReasoner,
    "factor": FactorReasoner,
    "softmax": SoftmaxReasoner,
    "none": NoReasoner,
}


def make_reasoner(config: ModelConfig) -> nn.Module:
    """A freshly initialised Stage II."""
    return OPERATORS[config.refiner](config)
