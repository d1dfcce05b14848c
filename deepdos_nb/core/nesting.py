"""Text that nests too deeply is refused by RecursionError, whatever other packages have set."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from traceback import walk_stack
from typing import Any

MAX_DEPTH = 1000
"""Calls inside each other that a parser may make; Python's own default."""


@contextmanager
def shallow() -> Iterator[None]:
    """Hold Python's recursion limit near its default while a parser works.

    Some packages raise it at import (symfc to 100,000). A file of nested brackets would then
    overflow the stack and end the process, where it should raise RecursionError.
    """
    before, depth = sys.getrecursionlimit(), sum(1 for _ in walk_stack(None))
    sys.setrecursionlimit(min(before, depth + MAX_DEPTH))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def parse_json(text: str | bytes) -> Any:
    """JSON that somebody else may have written.

    Raises
    ------
    ValueError
        If it is none.
    RecursionError
        If it nests too deeply.
    """
    with shallow():
        return json.loads(text)
