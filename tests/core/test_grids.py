"""The kinds of spectrum: equal to their names, and everything that is known of them."""

from __future__ import annotations

import copy
import json
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.core.grids import GRIDS, Kind, grid_for
from deepdos_nb.model import ModelConfig
from deepdos_nb.physics.draft import DRAFT_MODELS, make_draft_model
from deepdos_nb.training.draft import TRAININGS, draft_config


@pytest.mark.parametrize("kind", Kind)
def test_a_kind_is_its_name_wherever_it_goes(kind):
    name = str(kind)
    assert kind == name
    assert hash(kind) == hash(name)
    assert f"{kind}" == name
    assert repr(kind) == repr(name)
    assert json.dumps({"kind": kind}) == json.dumps({"kind": name})
    assert {name: 1}[kind] == 1
    assert np.array([kind]).tolist() == [name]
    for again in (Kind(name), pickle.loads(pickle.dumps(kind)), copy.deepcopy(kind)):
        assert again is kind


@pytest.mark.parametrize("kind", Kind)
def test_everything_is_known_of_every_kind(kind):
    assert set(Kind.__annotations__) == set(vars(kind)) - {n for n in vars(kind) if n[0] == "_"}
    assert kind.grid is GRIDS[kind] is grid_for(str(kind))
    assert kind.grid.kind is kind
    assert format(1.0, kind.place_format) != format(1.0, kind.distance_format)
    assert kind.fixed_modes == (not kind.grid.zero_inside)
    assert make_draft_model(kind).kind is kind
    assert draft_config(kind).kind is kind


def test_every_registry_knows_every_kind():
    assert set(GRIDS) == set(DRAFT_MODELS) == set(TRAININGS) == set(Kind)


@given(st.one_of(st.text(), st.none(), st.integers()))
def test_other_kinds_are_refused_with_what_may_be_said_instead(value):
    if value in tuple(Kind):
        return
    for ask in (Kind, grid_for, lambda kind: ModelConfig(kind=kind)):
        with pytest.raises(ConfigError, match=r"unknown kind of spectrum .* Use 'phdos' or 'edos'"):
            ask(value)
