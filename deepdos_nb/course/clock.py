"""How long a cell takes, and on what."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


def device() -> str:
    """The device that models use here: the name of the GPU, or the CPU with its threads."""
    import torch

    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    threads = torch.get_num_threads()
    return f"the CPU ({threads} thread{'s' if threads > 1 else ''})"


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print how long the block took, and on which device.

    Parameters
    ----------
    what : str
        What is done in it, as in "thirteen predictions".
    """
    started = time.perf_counter()
    yield
    seconds = time.perf_counter() - started
    print(f"{what}: {_seconds(seconds)} on {device()}")


def _seconds(seconds: float) -> str:
    """With its unit: milliseconds where tenths of a second say nothing."""
    return f"{1e3 * seconds:.0f} ms" if seconds < 0.1 else f"{seconds:.1f} s"
