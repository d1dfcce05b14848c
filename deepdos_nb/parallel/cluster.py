"""Tasks on Dask: processes of this machine, or a cluster that is there already."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager
from typing import Any

import dask
from distributed import Client, Future, KilledWorker, LocalCluster, WorkerPlugin, wait

from deepdos_nb.core.errors import ClusterError, ConfigError
from deepdos_nb.parallel.serial import POLL
from deepdos_nb.parallel.tasks import Later, Outcome, Task, failed

EAGER_TRIM = "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_"
"""Dask's workers give memory back after every tensor, and ask for it again: twice the time here."""

CONNECT = 15.0
"""Seconds a scheduler has to answer."""

AHEAD = 2
"""Tasks handed over for every one that can run, so that no worker waits for its next."""

SETTINGS = {
    # Whoever trains may want processes of its own, to load data with.
    "distributed.worker.daemon": False,
    # A killed process is replaced, however long a busy machine takes to start the next.
    "distributed.deploy.lost-worker-timeout": "1 day",
    # Tasks carry crystals and data sets; that is what they are for.
    "distributed.admin.large-graph-warning-threshold": "1 GB",
}

VISIBLE = "CUDA_VISIBLE_DEVICES"


class Cluster:
    """Runs tasks by a Dask client.

    Parameters
    ----------
    client : distributed.Client
    gpus : int
        GPUs that every task needs. Workers say how many they have when they are started:
        ``dask worker --resources GPU=1``.

    Raises
    ------
    ClusterError
        If GPUs are asked for, and no worker has so many.
    """

    def __init__(self, client: Client, *, gpus: int = 0):
        self.client, self.gpus = client, gpus
        self.address = str(client.scheduler.address) if client.scheduler else ""
        if gpus and self._workers() and not self._able():
            raise ClusterError(
                f"no worker has {gpus} GPUs.",
                source=self.address,
                remedy=f"Start workers with `dask worker --resources GPU={gpus}`.",
            )

    @property
    def slots(self) -> int:
        """Tasks at a time, of the workers there are just now."""
        return max(sum(worker["nthreads"] for worker in self._able()), 1)

    def run(
        self,
        function: Callable[..., Any],
        tasks: Iterable[Task | Later],
        *,
        common: tuple[Any, ...] = (),
    ) -> Iterator[Outcome]:
        """Call a function for every task; see `Scheduler.run`."""
        # As tasks, unlike scattered data, they come back when the worker that holds them is lost.
        given = [self.client.submit(_itself, value, pure=False) for value in common]
        needs = {"resources": {"GPU": self.gpus}} if self.gpus else {}
        running: dict[Future[Any], str] = {}
        source, more = iter(tasks), True
        try:
            while more or running:
                room = AHEAD * self.slots - len(running) if more else 0
                for _ in range(room):
                    task = next(source, None)
                    if not isinstance(task, Task):
                        more = task is not None
                        break
                    future = self.client.submit(
                        function, *given, *task.arguments, pure=False, **needs
                    )
                    running[future] = task.key
                if more or running:
                    yield from self._ended(running)
        finally:
            if running:
                self._cancel(running)

    def _ended(self, running: dict[Future[Any], str]) -> Iterator[Outcome]:
        """Outcomes of what has ended, after waiting for a moment."""
        if not running:
            time.sleep(POLL)
            return
        try:
            with self.client.as_current():
                wait(list(running), timeout=POLL, return_when="FIRST_COMPLETED")
        except TimeoutError:
            return
        except CancelledError:
            raise self._gone() from None
        for future in [future for future in running if future.done()]:
            key = running[future]
            yield self._outcome(key, future)
            del running[future]

    def _outcome(self, key: str, future: Future[Any]) -> Outcome:
        if future.status == "cancelled":
            raise self._gone()
        # Of a result lost with its worker (a machine that slept), this waits for another.
        error = None if future.status == "finished" else future.exception()
        if error is None:
            try:
                return Outcome(key, future.result())
            except (OSError, CancelledError):
                raise self._gone() from None
        if isinstance(error, KilledWorker):
            reason = "the process that worked at it ended every time (killed, or out of memory)."
            return failed(key, ClusterError(reason, source=key))
        return failed(key, error.with_traceback(future.traceback()))

    def _gone(self) -> ClusterError:
        return ClusterError(
            "the Dask scheduler is gone, or has cancelled the tasks.",
            source=self.address,
            remedy="Start it and repeat the command: what is finished is kept.",
        )

    def _cancel(self, running: dict[Future[Any], str]) -> None:
        if self.client.status == "running":
            self.client.cancel(list(running), force=True)

    def _workers(self) -> list[dict[str, Any]]:
        return list(self.client.scheduler_info(n_workers=-1)["workers"].values())

    def _able(self) -> list[dict[str, Any]]:
        return [w for w in self._workers() if w["resources"].get("GPU", 0) >= self.gpus]


@contextmanager
def opened(
    workers: int, address: str | None, client: Client | None, gpus: int
) -> Iterator[Cluster]:
    """The cluster that `open_scheduler` was asked for, until the block ends."""
    with dask.config.set(SETTINGS), ExitStack() as ours:
        if client is None and address is not None:
            client = ours.enter_context(_connected(address))
        elif client is None:
            client = ours.enter_context(
                Client(ours.enter_context(_local(workers, gpus)), set_as_default=False)
            )
            if gpus:
                client.register_plugin(_OwnGPUs(_visible(), gpus))
        yield Cluster(client, gpus=gpus)


def _connected(address: str) -> Client:
    try:
        return Client(address, timeout=CONNECT, set_as_default=False)
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ClusterError(
            f"no Dask scheduler answers there ({reason}).",
            source=address,
            remedy="`dask scheduler` starts one and prints its address, like tcp://10.0.0.1:8786.",
        ) from None


def _local(workers: int, gpus: int) -> LocalCluster:
    """Processes on this machine, one thread each, which end with this process.

    Raises
    ------
    ClusterError
        If they cannot be started.
    ConfigError
        If there are fewer GPUs than they need.
    """
    if gpus and len(_visible()) < workers * gpus:
        raise ConfigError(
            f"{workers} workers with {gpus} GPUs each need {workers * gpus}; "
            f"{VISIBLE} names {len(_visible())}.",
            remedy=f"Set {VISIBLE}, or ask for fewer workers.",
        )
    try:
        with dask.config.set({EAGER_TRIM: None}):
            return LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                memory_limit=None,
                # Any free port, and of this machine only.
                dashboard_address="127.0.0.1:0",
                silence_logs=logging.ERROR,
                resources={"GPU": gpus} if gpus else None,
            )
    except RuntimeError as error:
        raise ClusterError(
            f"processes could not be started ({error}).",
            remedy="They load the script they come from: let it be a file whose calls stand below "
            '`if __name__ == "__main__":`.',
        ) from error


def _visible() -> list[str]:
    return [name for name in os.environ.get(VISIBLE, "").split(",") if name]


class _OwnGPUs(WorkerPlugin):
    """Every worker of this machine gets GPUs of its own, before it loads what uses them."""

    def __init__(self, visible: list[str], gpus: int):
        self.visible, self.gpus = visible, gpus

    def setup(self, worker: Any) -> None:
        first = int(worker.name) * self.gpus
        os.environ[VISIBLE] = ",".join(self.visible[first : first + self.gpus])


def _itself(value: Any) -> Any:
    return value
