"""Threads: one for each piece of work, as many pieces at once as allowed."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import torch
from crystals import mgo, rutile
from threadpoolctl import threadpool_info

from deepdos_nb.inference import ensemble
from deepdos_nb.inference.loading import load_model
from deepdos_nb.parallel.threads import blas_like_torch, one_thread, side_by_side
from deepdos_nb.physics import draft


@pytest.fixture
def three_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


def blas_threads() -> set[int]:
    return {lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas"}


def test_one_thread_is_one_in_torch_and_in_blas(three_threads):
    before = blas_threads()
    with one_thread():
        assert torch.get_num_threads() == 1
        assert blas_threads() == {1}
    assert torch.get_num_threads() == 3
    assert blas_threads() == before


def test_blas_takes_as_many_threads_as_torch(three_threads):
    before = blas_threads()
    with one_thread(), blas_like_torch():
        assert blas_threads() == {1}
    torch.set_num_threads(2)
    with blas_like_torch():
        assert blas_threads() == {2}
    assert blas_threads() == before


def test_work_is_done_at_once_each_piece_on_one_thread(three_threads):
    meeting = threading.Barrier(3, timeout=30)

    def work(task: int) -> tuple[int, int, set[int]]:
        meeting.wait()  # passes only if three are at work
        return 2 * task, torch.get_num_threads(), blas_threads()

    assert side_by_side(work, [3, 1, 2]) == [(6, 1, {1}), (2, 1, {1}), (4, 1, {1})]
    assert torch.get_num_threads() == 3


@pytest.mark.parametrize("at_once", [1, None])
def test_where_one_thread_is_allowed_nothing_leaves_it(three_threads, at_once):
    if at_once is None:
        torch.set_num_threads(1)
    here = threading.get_ident()
    found = side_by_side(lambda _: threading.get_ident(), range(4), at_once=at_once)
    assert found == [here] * 4


def test_an_error_in_a_thread_reaches_the_caller(three_threads):
    with pytest.raises(ZeroDivisionError):
        side_by_side(lambda task: 1 / task, [1, 0, 2])
    assert torch.get_num_threads() == 3


def test_large_cells_are_drafted_one_after_the_other_on_all_threads(three_threads, monkeypatch):
    seen = []
    drafted_by = draft._drafted_by

    def watched(draft_model, cells):
        seen.append((torch.get_num_threads(), threading.get_ident()))
        return drafted_by(draft_model, cells)

    monkeypatch.setattr(draft, "_drafted_by", watched)
    monkeypatch.setattr(draft, "LARGE", 0)
    load_model("edos", device="cpu").predict(rutile())
    assert seen == [(3, threading.get_ident())] * 2


@pytest.mark.parametrize("kind", ["phdos", "edos"])
def test_seeds_and_drafts_side_by_side_answer_as_one_after_the_other(
    kind, three_threads, monkeypatch
):
    model, crystals = load_model(kind, device="cpu"), [mgo(), rutile()]
    alone = model.predict_many(crystals)
    monkeypatch.setattr(ensemble, "FEW_NODES", 0)
    monkeypatch.setattr(draft, "FEW_ATOMS", 0)
    model.forget_drafts()
    beside = model.predict_many(crystals)
    for one, other in zip(alone, beside, strict=True):
        assert one.total.sum() > 0
        assert (one.sites == other.sites).all()
