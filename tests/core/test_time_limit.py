"""Work that ends in time, and work that cannot be interrupted."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
import threading
import time

import pytest

from deepdos_nb.core.time_limit import TookTooLong, time_limit


def count_for_a_minute() -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        pass


def test_what_takes_too_long_is_stopped_and_says_so():
    limited = time_limit(0.2, what="counting")(count_for_a_minute)
    begin = time.monotonic()
    with pytest.raises(TookTooLong, match=r"counting took longer than 0\.2 s"):
        limited()
    assert time.monotonic() < begin + 30


def test_what_ends_in_time_is_left_alone():
    before = signal.getsignal(signal.SIGALRM)
    with time_limit(30):
        total = sum(range(10))
    assert total == 45
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0
    with time_limit(None):
        pass


def test_other_threads_have_no_limit_and_no_error():
    done = []

    def work() -> None:
        with time_limit(0.01):
            time.sleep(0.1)
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [True]


def test_a_notebook_has_no_file_behind_its_errors(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with time_limit(30):
        done = True
    assert done


HANG = """
import signal
from deepdos_nb.core.time_limit import time_limit
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})  # as code does that never looks
with time_limit(0.5):
    while True:
        pass
"""


def test_what_cannot_be_interrupted_ends_its_process():
    done = subprocess.run(
        [sys.executable, "-c", HANG], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode != 0
    assert "Timeout" in done.stderr
