"""The garbage collector rests where much is made that stays, and goes on afterwards."""

from __future__ import annotations

import gc

import pytest

from deepdos_nb.core.collecting import without_collecting


def test_collecting_rests_and_goes_on():
    assert gc.isenabled()
    with without_collecting(), without_collecting():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_collecting_goes_on_after_an_error():
    with pytest.raises(KeyError), without_collecting():
        raise KeyError
    assert gc.isenabled()


def test_who_has_no_collector_gets_none():
    gc.disable()
    try:
        with without_collecting():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
