"""One interface, serial or Dask: outcomes as they come, failures kept, lost workers replaced."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path

import pytest

from deepdos_nb.core.errors import ClusterError, ConfigError, LabelError
from deepdos_nb.parallel.cluster import Cluster
from deepdos_nb.parallel.progress import shown
from deepdos_nb.parallel.scheduler import open_scheduler
from deepdos_nb.parallel.serial import Serial
from deepdos_nb.parallel.tasks import LATER, Scheduler, Task


@pytest.fixture(scope="module")
def two() -> Iterator[Scheduler]:
    with open_scheduler(2) as scheduler:
        yield scheduler


@pytest.fixture(params=["serial", "dask"])
def scheduler(request: pytest.FixtureRequest) -> Scheduler:
    return Serial() if request.param == "serial" else request.getfixturevalue("two")


def divided(whole: int, part: int) -> float:
    return whole / part


def test_values_and_failures_come_back_under_their_keys(scheduler: Scheduler):
    tasks = [Task(str(i), (i,)) for i in range(4)]
    outcomes = {o.key: o for o in scheduler.run(divided, tasks, common=(12,))}
    assert {k: o.value for k, o in outcomes.items()} == {"0": None, "1": 12, "2": 6, "3": 4}
    assert "in divided\n" in outcomes["0"].traceback
    assert "ZeroDivisionError: division by zero" in outcomes["0"].traceback
    assert outcomes["1"].traceback == ""
    with pytest.raises(ZeroDivisionError):
        outcomes["0"].get()
    assert outcomes["2"].get() == 6


def refused(name: str) -> None:
    raise LabelError("did not converge.", source=name, remedy="Try again.")


def test_our_errors_keep_their_parts(scheduler: Scheduler):
    (outcome,) = scheduler.run(refused, [Task("MgO", ("MgO",))])
    assert isinstance(outcome.error, LabelError)
    assert (outcome.error.reason, outcome.error.source) == ("did not converge.", "MgO")
    assert str(outcome.error) == "MgO: did not converge. Try again."


def itself(value: int) -> int:
    return value


def test_a_stream_of_tasks_is_taken_as_there_is_room(scheduler: Scheduler):
    taken = []

    def stream() -> Iterator[Task]:
        for i in count():
            taken.append(i)
            yield Task(str(i), (i,))

    outcomes = scheduler.run(itself, stream())
    assert sorted(o.value for o in islice(outcomes, 8)) != []
    outcomes.close()  # type: ignore[attr-defined]
    assert 8 <= len(taken) <= 8 + 3 * scheduler.slots


def test_a_stream_with_nothing_to_do_just_now_is_asked_again(scheduler: Scheduler):
    stream = [LATER, Task("a", (1,)), LATER, LATER, Task("b", (2,))]
    assert [o.key for o in scheduler.run(itself, stream)] == ["a", "b"]


def process() -> tuple[int, str]:
    return os.getpid(), os.environ["OMP_NUM_THREADS"]


def killed_once(mark: str) -> str:
    if not Path(mark).exists():
        Path(mark).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"


def killed_always() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class TestDask:
    def test_tasks_run_in_processes_of_one_thread(self, two: Scheduler):
        assert two.slots == 2
        seen = [o.get() for o in two.run(process, [Task(str(i)) for i in range(6)])]
        assert os.getpid() not in {pid for pid, _ in seen}
        assert {threads for _, threads in seen} == {"1"}

    def test_processes_keep_the_memory_that_they_will_need_again(self, two: Scheduler):
        trim = "MALLOC_TRIM_THRESHOLD_"  # Dask's own default makes tensors half as fast
        (seen,) = [o.get() for o in two.run(os.environ.get, [Task("a", (trim,))])]
        assert seen == os.environ.get(trim)

    @pytest.mark.slow
    def test_lost_processes_are_replaced(self, tmp_path: Path):
        """Also when one of them held what all tasks share; a task that kills them all fails."""
        with open_scheduler(2) as scheduler:
            mark = str(tmp_path / "mark")
            (once,) = scheduler.run(killed_once, [Task("once")], common=(mark,))
            assert once.get() == "done"
            (killer,) = scheduler.run(killed_always, [Task("killer")])
            assert isinstance(killer.error, ClusterError)
            assert "killer: the process that worked at it ended every time" in str(killer.error)
            (after,) = scheduler.run(itself, [Task("after", (1,))])
            assert after.get() == 1
            scheduler.client.wait_for_workers(2, timeout=120)  # type: ignore[attr-defined]

    def test_a_result_lost_with_its_process_is_waited_for(self, two: Scheduler):
        class Lost:
            """A future that was done when asked, and is computed again while it is read."""

            status = "lost"

            def exception(self) -> None:
                self.status = "finished"

            def result(self) -> int:
                return 7 if self.status == "finished" else 0

        assert isinstance(two, Cluster)
        assert two._outcome("a", Lost()).get() == 7  # type: ignore[arg-type]

    def test_a_client_of_ones_own_is_used_and_left_open(self, two: Scheduler):
        client = two.client  # type: ignore[attr-defined]
        with open_scheduler(client=client) as scheduler:
            assert [o.value for o in scheduler.run(itself, [Task("a", (5,))])] == [5]
        assert client.status == "running"

    def test_a_scheduler_elsewhere(self, two: Scheduler):
        address = two.client.scheduler.address  # type: ignore[attr-defined]
        with open_scheduler(address=address) as scheduler:
            assert scheduler.slots == 2
            (outcome,) = scheduler.run(process, [Task("a")])
            assert outcome.get()[0] != os.getpid()

    def test_a_scheduler_that_does_not_answer_is_told(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr("deepdos_nb.parallel.cluster.CONNECT", 0.5)
        with (
            pytest.raises(ClusterError, match=r"tcp://127\.0\.0\.1:1: no Dask scheduler answers"),
            open_scheduler(address="tcp://127.0.0.1:1"),
        ):
            pass

    def test_a_scheduler_that_goes_is_told(self):
        with open_scheduler(2) as scheduler:
            outcomes = scheduler.run(time.sleep, [Task("a", (0.1,)), Task("b", (60.0,))])
            assert next(outcomes).key == "a"
            scheduler.client.cluster.close()  # type: ignore[attr-defined]
            with pytest.raises(ClusterError, match="what is finished is kept"):
                next(outcomes)


class TestGPUs:
    def test_each_process_sees_its_own(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,5,6,7")
        with open_scheduler(2, gpus=2) as scheduler:
            tasks = [Task(str(i), ("CUDA_VISIBLE_DEVICES",)) for i in range(8)]
            seen = {o.get() for o in scheduler.run(seen_gpus, tasks)}
        assert seen == {"4,5", "6,7"}

    def test_too_few_are_told(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
        with pytest.raises(ConfigError, match="need 2; CUDA_VISIBLE_DEVICES names 1"):
            open_scheduler(2, gpus=1).__enter__()

    def test_a_cluster_without_any_is_told(self, two: Scheduler):
        with (
            pytest.raises(ClusterError, match="no worker has 1 GPU"),
            open_scheduler(client=two.client, gpus=1),  # type: ignore[attr-defined]
        ):
            pass


def seen_gpus(variable: str) -> str:
    time.sleep(0.1)  # long enough for the other process to get some
    return os.environ[variable]


class TestWithoutDask:
    @pytest.fixture(autouse=True)
    def _absent(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("deepdos_nb.parallel.scheduler.find_spec", lambda name: None)

    def test_tasks_run_one_after_the_other_with_one_sentence(self):
        opening = open_scheduler(2)
        with pytest.warns(UserWarning, match=r"Dask is not installed.*deepdos-nb\[cluster\]"):
            scheduler = opening.__enter__()
        assert scheduler.slots == 1
        (outcome,) = scheduler.run(process, [Task("a")])
        assert outcome.get()[0] == os.getpid()

    def test_an_address_is_an_error(self):
        with pytest.raises(ClusterError, match="Dask is not installed"):
            open_scheduler(address="tcp://127.0.0.1:1").__enter__()


ENDLESS = """
import os, sys, time
sys.path[:0] = [{here!r}]
from test_scheduler import written
from deepdos_nb.parallel.scheduler import open_scheduler
from deepdos_nb.parallel.tasks import Task

if __name__ == "__main__":
    with open_scheduler(2) as scheduler:
        for _ in scheduler.run(written, [Task(str(i), ({out!r}, i)) for i in range(2)]):
            pass
"""


def written(folder: str, number: int) -> None:
    Path(folder, f"pid-{number}").write_text(str(os.getpid()))
    time.sleep(60)


def test_processes_end_with_the_one_that_started_them(tmp_path: Path):
    script = tmp_path / "endless.py"
    script.write_text(ENDLESS.format(here=str(Path(__file__).parent), out=str(tmp_path)))
    with subprocess.Popen([sys.executable, str(script)]) as run:
        files = [tmp_path / "pid-0", tmp_path / "pid-1"]
        _wait_for(lambda: all(f.exists() and f.read_text() for f in files))
        run.kill()
    pids = [int(f.read_text()) for f in files]
    _wait_for(lambda: not any(_alive(pid) for pid in pids))


@pytest.mark.slow
def test_a_script_that_its_processes_cannot_load_is_told_how_it_should_look(tmp_path: Path):
    script = tmp_path / "bare.py"
    script.write_text(
        "from deepdos_nb.parallel.scheduler import open_scheduler\nwith open_scheduler(2): pass\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=False
    )
    assert done.returncode
    assert "ClusterError: processes could not be started" in done.stderr
    assert '`if __name__ == "__main__":`' in done.stderr


def test_progress_counts_failures_and_passes_outcomes_on(capsys: pytest.CaptureFixture[str]):
    tasks = [Task(str(i), (i,)) for i in range(3)]
    outcomes = list(shown(Serial().run(divided, tasks, common=(1,)), "Dividing", 5, done=2))
    assert [o.key for o in outcomes] == ["0", "1", "2"]
    said = capsys.readouterr().out
    assert "Dividing, 1 failed" in said
    assert "5/5" in said


def _alive(pid: int) -> bool:
    import psutil

    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def _wait_for(question, seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < until
        time.sleep(0.1)
