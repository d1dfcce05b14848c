"""The one way to a scheduler: this process, processes of this machine, or a Dask cluster."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from deepdos_nb.core.errors import ClusterError
from deepdos_nb.parallel.serial import Serial
from deepdos_nb.parallel.tasks import Scheduler

if TYPE_CHECKING:
    from distributed import Client

INSTALL = "pip install 'deepdos-nb[cluster]'"


@contextmanager
def open_scheduler(
    workers: int = 1,
    *,
    address: str | None = None,
    client: Client | None = None,
    gpus: int = 0,
) -> Iterator[Scheduler]:
    """Whoever runs tasks, until the block ends.

    Parameters
    ----------
    workers : int
        Processes on this machine, one thread each, by Dask; one works in this process. Without
        Dask tasks run one after the other, and a warning says so.
    address : str, optional
        Of a Dask scheduler that is running, such as ``tcp://10.0.0.1:8786``; its workers are
        used. They need this package, and see files under the same paths.
    client : distributed.Client, optional
        Of a cluster of your own; it is left open.
    gpus : int
        GPUs that every task needs, see `cluster.Cluster`.

    Yields
    ------
    Scheduler

    Raises
    ------
    ClusterError
        If an address is given, and Dask is not installed, or nothing answers there.
    ConfigError
        If this machine has fewer GPUs than the workers need.
    """
    if client is None and address is None and workers == 1:
        yield Serial()
        return
    if find_spec("distributed") is None:
        if address is not None:
            raise ClusterError("Dask is not installed.", source=address, remedy=f"{INSTALL}")
        warnings.warn(
            f"Dask is not installed: tasks run one after the other. {INSTALL} brings it.",
            stacklevel=3,
        )
        yield Serial()
        return

    from deepdos_nb.parallel.cluster import opened

    with opened(workers, address, client, gpus) as cluster:
        yield cluster
