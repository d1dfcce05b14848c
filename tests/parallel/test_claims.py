"""Runs that share a folder: nothing is done twice, what the dead left is taken over."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepdos_nb.core.files import safe_name
from deepdos_nb.parallel import claims as module
from deepdos_nb.parallel.claims import PLACE, Claims, unclaimed
from deepdos_nb.parallel.tasks import LATER


def test_one_run_gets_each_piece_of_work(tmp_path: Path):
    with Claims(tmp_path) as one, Claims(tmp_path) as two:
        assert one.others()
        assert one.take("MgO")
        assert one.take("MgO"), "a run may ask again"
        assert not two.take("MgO")
        assert two.take("NaCl")
        one.release("MgO")
        assert two.take("MgO")
    assert not (tmp_path / PLACE).exists()


def test_a_run_that_ends_lets_go(tmp_path: Path):
    with Claims(tmp_path) as two:
        with Claims(tmp_path) as one:
            assert one.take("MgO")
        assert not two.others()
        assert two.take("MgO")


# Claims everything it is told, says so, and waits to be killed.
HOLDER = """
import sys, time
from deepdos_nb.parallel.claims import Claims
with Claims(sys.argv[1]) as claims:
    assert all([claims.take(key) for key in sys.argv[2:]])
    print("ready", flush=True)
    time.sleep(600)
"""


def killed_holder(folder: Path, *keys: str) -> None:
    command = [sys.executable, "-c", HOLDER, str(folder), *keys]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "ready\n"
        run.send_signal(signal.SIGKILL)


def test_the_claims_of_a_killed_process_are_taken_over_at_once(tmp_path: Path):
    with Claims(tmp_path) as one:
        killed_holder(tmp_path, "MgO", "NaCl")
        assert not one.others()
        with Claims(tmp_path) as two:
            assert one.take("MgO")
            assert not two.take("MgO")
            assert two.take("NaCl")
    assert not (tmp_path / PLACE).exists()


def test_what_killed_runs_left_goes_when_nobody_else_is_alive(tmp_path: Path):
    part = tmp_path / "sub" / ".curves.npz.0a1b2c3d.part"
    part.parent.mkdir()
    with Claims(tmp_path):
        killed_holder(tmp_path, "MgO")
        part.touch()
        with Claims(tmp_path):
            assert part.exists(), "somebody alive may be writing it"
    with Claims(tmp_path):
        assert not part.exists()
        assert len(list((tmp_path / PLACE).iterdir())) == 1
    assert not (tmp_path / PLACE).exists()


def elsewhere(claims: Claims, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the run of these claims one of another machine."""
    path = claims._own
    run = json.loads(path.read_text()) | {"machine": "elsewhere"}
    inode = path.stat().st_ino
    path.write_text(json.dumps(run))
    assert path.stat().st_ino == inode


def test_a_run_elsewhere_is_dead_when_it_was_silent_for_long(tmp_path: Path, monkeypatch):
    with Claims(tmp_path, expiry=100.0) as one, Claims(tmp_path, beat=1e6) as there:
        elsewhere(there, monkeypatch)
        assert there.take("MgO")
        assert not one.take("MgO")
        before = time.time() - 99.0
        os.utime(there._own, (before, before))
        assert not one.take("MgO")
        before = time.time() - 102.0
        os.utime(there._own, (before, before))
        assert not one.others()
        assert one.take("MgO")


def test_signs_of_life_keep_a_claim(tmp_path: Path, monkeypatch):
    with Claims(tmp_path, expiry=1.0) as one, Claims(tmp_path, beat=0.05) as there:
        elsewhere(there, monkeypatch)
        assert there.take("MgO")
        time.sleep(1.5)
        assert not one.take("MgO")


def test_a_later_process_of_the_same_number_is_another(tmp_path: Path):
    with Claims(tmp_path) as one, Claims(tmp_path) as two:
        assert two.take("MgO")
        run = json.loads(two._own.read_text())
        two._own.write_text(json.dumps(run | {"started": run["started"] - 1000}))
        assert one.take("MgO")


def test_without_hard_links(tmp_path: Path, monkeypatch):
    def refused(*_: object) -> None:
        raise PermissionError("no links here")

    monkeypatch.setattr(module.os, "link", refused)
    with Claims(tmp_path, beat=0.05) as one, Claims(tmp_path) as two:
        assert one.take("MgO")
        assert not two.take("MgO")
        (claim,) = (tmp_path / PLACE).glob("MgO*")
        old = time.time() - 1000
        os.utime(claim, (old, old))
        time.sleep(0.5)
        assert claim.stat().st_mtime > old + 500


def test_work_is_handed_out_once_and_waited_for(tmp_path: Path):
    done: set[str] = set()
    with Claims(tmp_path) as one, Claims(tmp_path) as two:
        done.add("a")
        assert two.take("b")
        assert two.take("c")
        stream = unclaimed(["a", "b", "c", "d"], done.__contains__, one)
        assert next(stream) == "d"
        assert next(stream) is LATER
        done.add("b")
        two.release("b")
        two.release("c")  # not done: its run gave up
        assert next(stream) == "c"
        done.update("cd")
        assert list(stream) == []


def test_what_another_finished_between_looking_and_claiming_is_not_done_again(tmp_path: Path):
    answers = iter([False, True])
    with Claims(tmp_path) as one, Claims(tmp_path) as two:
        assert list(unclaimed(["a"], lambda key: next(answers), one)) == []
        assert two.take("a"), "let go again"


SHARED = """
import sys, time
from pathlib import Path
from deepdos_nb.core.files import safe_name, write_text
from deepdos_nb.parallel.claims import Claims, unclaimed
from deepdos_nb.parallel.serial import Serial
from deepdos_nb.parallel.tasks import LATER, Task
folder = Path(sys.argv[1])

def compute(key):
    with (folder / f"log-{safe_name(key)}").open("a") as log:
        log.write("x")
    time.sleep(0.002)
    write_text(folder / f"done-{safe_name(key)}", key)

with Claims(folder) as claims:
    keys = [str(i) for i in range(150)]
    work = unclaimed(keys, lambda k: (folder / f"done-{safe_name(k)}").exists(), claims)
    for outcome in Serial().run(compute, (k if k is LATER else Task(k, (k,)) for k in work)):
        outcome.get()
        claims.release(outcome.key)
print("end")
"""


def test_three_runs_at_once_do_everything_once(tmp_path: Path):
    command = [sys.executable, "-c", SHARED, str(tmp_path)]
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert [run.communicate()[0] for run in runs] == ["end\n"] * 3
    logs = [path.read_text() for path in tmp_path.glob("log-*")]
    assert logs == ["x"] * 150
    assert not (tmp_path / PLACE).exists()


@given(st.text(), st.text())
def test_names_of_files_are_safe_and_distinct(one: str, two: str):
    assert len(safe_name(one)) < 80
    assert set(safe_name(one)) <= set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"
    )
    assert (safe_name(one) == safe_name(two)) == (one == two)
