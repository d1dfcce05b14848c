"""Nested text ends in an exception, also where an import has raised Python's recursion limit."""

from __future__ import annotations

import subprocess
import sys

import pytest

from deepdos_nb.core.nesting import parse_json

RAISED = """
import sys
sys.setrecursionlimit(100_000)
from deepdos_nb.core.nesting import parse_json
try:
    parse_json("[" * 200_000)
except RecursionError:
    print("refused", sys.getrecursionlimit())
"""


def test_a_raised_limit_does_not_end_the_process():
    done = subprocess.run([sys.executable, "-c", RAISED], capture_output=True, text=True)
    assert (done.returncode, done.stdout.split()) == (0, ["refused", "100000"])


def test_ordinary_text_is_read_and_the_limit_stays():
    before = sys.getrecursionlimit()
    assert parse_json('{"a": [[1, 2], {"b": null}]}') == {"a": [[1, 2], {"b": None}]}
    with pytest.raises(ValueError, match="Expecting"):
        parse_json("[1,")
    assert sys.getrecursionlimit() == before
