"""Settings are written to JSON and read back as they were."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.core.grids import Kind
from deepdos_nb.model import ModelConfig
from deepdos_nb.model.baselines import NAMES, BaselineConfig
from deepdos_nb.model.networks import network_config
from deepdos_nb.training.draft import draft_config
from deepdos_nb.training.train import TrainConfig

CONFIGS = st.one_of(
    st.builds(
        ModelConfig,
        kind=st.sampled_from(Kind),
        heads=st.just(4),
        width=st.sampled_from([8, 96]),
        draft=st.booleans(),
        strides=st.lists(st.integers(1, 9), max_size=5).map(tuple),
        dropout=st.floats(0, 0.9),
    ),
    st.builds(BaselineConfig, kind=st.sampled_from(Kind), name=st.sampled_from(NAMES)),
)


@given(CONFIGS)
def test_a_network_comes_back_from_json(config):
    text = json.dumps(config.to_dict())
    again = network_config(json.loads(text))
    assert again == config
    assert type(again) is type(config)
    assert isinstance(again.kind, Kind)
    assert json.dumps(TrainConfig(model=config).to_dict()["model"]) == text


@pytest.mark.parametrize("kind", Kind)
def test_a_draft_comes_back_from_json_without_its_kind(kind):
    config = replace(draft_config(kind), seed=3)
    assert "kind" not in config.to_dict()
    assert type(config).from_dict(config.to_dict()) == config


@pytest.mark.parametrize("config", [ModelConfig(), BaselineConfig(), draft_config("phdos")])
def test_unknown_names_are_refused(config):
    with pytest.raises(ConfigError, match="do not fit this version"):
        type(config).from_dict(config.to_dict() | {"wings": 2})
