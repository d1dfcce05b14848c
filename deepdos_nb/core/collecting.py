"""Rest for the garbage collector while very much is made that stays."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collecting() -> Iterator[None]:
    """Look for no cyclic garbage meanwhile; also a decorator.

    Importing torch and Matplotlib and filling a page make hundreds of thousands of objects that
    stay. The collector would look through all of them again and again: a fifth of the time until
    the first view stands.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
