"""`sweep`: a notebook over a grid of parameters, here or on a cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepdos_nb.parallel.claims import Claims, unclaimed
from deepdos_nb.parallel.progress import shown
from deepdos_nb.parallel.scheduler import open_scheduler
from deepdos_nb.parallel.tasks import LATER, Later, Outcome, Task
from deepdos_nb.sweeps.execute import execute
from deepdos_nb.sweeps.folder import Run, SweepFolder
from deepdos_nb.sweeps.grid import Grid
from deepdos_nb.sweeps.keys import key_of
from deepdos_nb.sweeps.parameters import check_values, read_parameters
from deepdos_nb.sweeps.report import Sweep

if TYPE_CHECKING:
    from deepdos_nb.parallel.scheduler import Client


def sweep(
    notebook: str | Path,
    grid: Mapping[str, Any],
    client: Client | None = None,
    *,
    folder: str | Path | None = None,
    parameters: Mapping[str, Any] | None = None,
    draws: int = 1,
    seed: int = 0,
    workers: int = 1,
    address: str | None = None,
    gpus: int = 0,
    kernel: str = "python3",
    again: bool = False,
    progress: bool = True,
) -> Sweep:
    """Run a notebook once for every point of a grid; finished runs are read, not run again.

    All values are compared with what the notebook declares (see `sweeps.parameters`) before the
    first run starts. A run that fails keeps its traceback and stops nobody. Calls on one folder
    at the same time, from other machines too, share the runs.

    Parameters
    ----------
    notebook : path
        With a cell tagged `parameters`. It runs in its own folder.
    grid : mapping
        For every parameter to vary a list of values, a range ``{"from": 0, "to": 0.4, "steps": 5}``
        or ``{"from": 1, "to": 9, "step": 2}`` (both ends belong to it), or a draw
        ``{"draw": "uniform", "from": 0, "to": 0.4}`` ("log", "integer"; "choice" with "of").
        Lists and ranges make every combination.
    client : distributed.Client, optional
        Of a Dask cluster whose workers take the runs.
    folder : path, optional
        Of the sweep; ``sweeps/NOTEBOOK`` without it. See `sweeps.folder`.
    parameters : mapping, optional
        Values that all runs share.
    draws : int
        Draws for every combination of lists and ranges.
    seed : int
        Of the draws.
    workers : int
        Runs at a time on this machine.
    address : str, optional
        Of a Dask scheduler, instead of a client.
    gpus : int
        GPUs that every run needs.
    kernel : str
        Jupyter kernel that runs the notebook.
    again : bool
        Do failed runs again.
    progress : bool
        Show a bar.

    Returns
    -------
    Sweep
        Every run, with `table()` and `figure()`.

    Raises
    ------
    ConfigError
        If a parameter is unknown, a value is not allowed, or the folder has another notebook.
    """
    notebook = Path(notebook)
    declared = read_parameters(notebook)
    points = Grid(grid, parameters or {}, draws, seed).points()
    for point in points:
        check_values(declared, point, str(notebook))
    place = SweepFolder(Path(folder) if folder is not None else Path("sweeps", notebook.stem))
    wanted = {key_of(point): point for point in place.begin(notebook, points, list(grid))}
    if again:
        place.forget_failures()
    with (
        open_scheduler(workers, address=address, client=client, gpus=gpus) as scheduler,
        Claims(place.path) as claims,
    ):
        done = sum(place.has(key) for key in wanted)
        outcomes = scheduler.run(execute, _tasks(place, wanted, kernel, claims))
        for outcome in shown(outcomes, notebook.stem, len(wanted), done=done, show=progress):
            run = _settled(outcome, wanted[outcome.key])
            place.keep(outcome.key, run)
            claims.release(outcome.key)
    return Sweep(place)


def _tasks(
    place: SweepFolder, wanted: dict[str, dict[str, Any]], kernel: str, claims: Claims
) -> Iterator[Task | Later]:
    # Workers elsewhere are in another folder.
    notebook, cwd = place.notebook.resolve(), place.manifest()["cwd"]
    for key in unclaimed(wanted, place.has, claims):
        if isinstance(key, Later):
            yield LATER
        else:
            executed = place.executed(key).resolve()
            yield Task(key, (notebook, cwd, kernel, wanted[key], executed))


def _settled(outcome: Outcome, parameters: dict[str, Any]) -> Run:
    """What became of a run, also where its process was lost."""
    if outcome.error is None:
        run: Run = outcome.value
        return run
    return Run(parameters, "failed", 0.0, [], str(outcome.error), outcome.traceback)
