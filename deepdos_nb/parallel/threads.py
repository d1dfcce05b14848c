"""How many threads torch takes, and what threads do side by side."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import TypeVar

import torch
from threadpoolctl import ThreadpoolController

Task = TypeVar("Task")
Result = TypeVar("Result")

SECOND_BLAS = "scipy.linalg"
"""Brings a library of its own beside NumPy's. Whoever computes with it imports it before asking for
a number of threads; not imported here, since that takes a tenth of a second of the first look."""


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one thread, in torch and in BLAS; also a decorator.

    For many small tasks: threads would wait for one another far longer than they compute, a
    hundred times as long where another process wants the cores too.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with _libraries(SECOND_BLAS in sys.modules).limit(limits=1, user_api="blas"):
            yield
    finally:
        torch.set_num_threads(threads)


@contextmanager
def blas_like_torch() -> Iterator[None]:
    """Let BLAS take as many threads as torch may take here: one inside `one_thread`."""
    controller = _libraries(SECOND_BLAS in sys.modules)
    with controller.limit(limits=torch.get_num_threads(), user_api="blas"):
        yield


@cache
def _libraries(both: bool) -> ThreadpoolController:
    return ThreadpoolController()


def side_by_side(
    work: Callable[[Task], Result], tasks: Sequence[Task], *, at_once: int | None = None
) -> list[Result]:
    """Do independent work, each piece on one thread: no thread waits for another.

    Parameters
    ----------
    work : callable
    tasks : sequence
    at_once : int, optional
        Pieces at the same time; without it as many as torch may take threads.

    Returns
    -------
    list
        What `work` says of each task.
    """
    at_once = min(at_once or torch.get_num_threads(), len(tasks))
    with one_thread():
        if at_once < 2:
            return [work(task) for task in tasks]
        # Threads of the pool are new, so that they start with the one thread set here.
        with ThreadPoolExecutor(at_once) as pool:
            return list(pool.map(work, tasks))
