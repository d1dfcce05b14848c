"""Work that ends in time: with an error where Python can raise one, with the process where not."""

from __future__ import annotations

import faulthandler
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from deepdos_nb.core.errors import DeepDOSError

GRACE = 2.0
"""The process ends after this many times the limit, where nothing in it could be interrupted."""

STANDARD_ERROR = 2


class TookTooLong(DeepDOSError):
    """Work that was stopped because it took longer than it may."""


@contextmanager
def time_limit(seconds: float | None, *, what: str = "this") -> Iterator[None]:
    """Stop what the block does after so many seconds.

    For processes that serve one visitor each. Python is interrupted between two of its steps; code
    that never comes back to Python, such as an endless loop in a library, ends the whole process
    after `GRACE` times the limit, so that it takes no computing time from others.

    Parameters
    ----------
    seconds : float or None
        None for no limit. There is none either outside the main thread, and on Windows.
    what : str
        Subject of the error's sentence.

    Raises
    ------
    TookTooLong
        From inside the block.
    """
    usable = hasattr(signal, "SIGALRM") and threading.current_thread() is threading.main_thread()
    if seconds is None or not usable:
        yield
        return

    def stop(signum: int, frame: FrameType | None) -> None:
        raise TookTooLong(
            f"{what} took longer than {seconds:g} s and was stopped.",
            remedy="Give a smaller cell, or run it in a notebook of your own.",
        )

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    # Counts in a thread of C, which needs no turn of the interpreter. It writes to the process's
    # own standard error: what notebooks put in its place may have no file descriptor.
    faulthandler.dump_traceback_later(GRACE * seconds, exit=True, file=STANDARD_ERROR)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        faulthandler.cancel_dump_traceback_later()
        signal.signal(signal.SIGALRM, before)
