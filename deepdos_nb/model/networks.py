"""Our model and the baselines behind one door: the only place that tells them apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deepdos_nb.model.baselines import Baseline, BaselineConfig, make_baseline
from deepdos_nb.model.config import ModelConfig
from deepdos_nb.model.reasoner import Reasoner

Network = Reasoner | Baseline
NetworkConfig = ModelConfig | BaselineConfig


def make_network(config: NetworkConfig) -> Network:
    """A freshly initialised network."""
    return make_baseline(config) if isinstance(config, BaselineConfig) else Reasoner(config)


def network_config(values: Mapping[str, Any]) -> NetworkConfig:
    """Inverse of `to_dict`, whichever of the two it was of.

    Raises
    ------
    ConfigError
        On names that this version does not know.
    """
    # A baseline has a name; our own configuration has none.
    return (BaselineConfig if "name" in values else ModelConfig).from_dict(values)
