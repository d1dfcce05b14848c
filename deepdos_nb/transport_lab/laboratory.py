"""Experiments with transport: drive a density towards a target and see which laws a scheme keeps.

Every scheme is given the same task and the same driver, the optimal transport map from where the
density is now to the target, at a Courant number the experimenter chooses. What differs is only how
states are moved, and that decides whether they stay non-negative and whether any are lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import ConfigError
from deepdos_nb.core.grids import Grid
from deepdos_nb.metrics.scores import wasserstein
from deepdos_nb.transport_lab.schemes import (
    asked_of_cells,
    courant_numbers,
    donor_step,
    face_step,
    optimal_origins,
    remap_step,
    softmax_fractions,
)

Flux = Literal["donor", "upwind", "central"]
Operator = Literal["one", "strides", "remap"]

FLUXES: Mapping[Flux, str] = {
    "donor": "Donor cell",
    "upwind": "Face velocity",
    "central": "Central flux",
}
"""Fluxes and their names."""

OPERATORS: Mapping[Operator, str] = {
    "one": "One cell per step",
    "strides": "Strides 1-2-4-8",
    "remap": "Monotone remap",
}
"""Operators and their names; the remap has no flux."""

TARGETS: Mapping[str, str] = {
    "translate": "Translate a peak",
    "sharpen": "Sharpen a peak",
    "split": "Split a peak",
}
"""Made-up tasks and their names."""

STRIDES = (1, 2, 4, 8)
MOST_COURANT = 1.2
MOST_STEPS = 64

NEGATIVE = -1e-12
"""Masses below this are negative beyond round-off."""

LOST = 1e-9
"""Mass errors above this are beyond round-off."""

REACHED = 0.1
"""Share of the first distance that counts as having arrived."""

BLOWN_UP = 1e3
"""Mass in one cell at which a run is stopped; all cells together hold one."""


@dataclass(frozen=True)
class Scheme:
    """A way to move states: an operator and, unless it is the remap, a flux."""

    flux: Flux
    operator: Operator

    def __post_init__(self) -> None:
        for value, known in ((self.flux, FLUXES), (self.operator, OPERATORS)):
            if value not in known:
                raise ConfigError(f"there is no {value!r}.", remedy=f"Use one of {list(known)}.")

    @property
    def label(self) -> str:
        """Its name in a table."""
        if self.operator == "remap":
            return OPERATORS["remap"]
        return f"{FLUXES[self.flux]}, {OPERATORS[self.operator].lower()}"


SCHEMES = (
    *(Scheme(flux, operator) for operator in ("one", "strides") for flux in FLUXES),
    Scheme("donor", "remap"),
)
"""Everything that is compared side by side."""


@dataclass(frozen=True)
class Task:
    """Masses to start from and to arrive at, each of shape (B,) with sum one."""

    start: Array
    target: Array
    grid: Grid
    start_name: str = "start"
    target_name: str = "target"


def make_task(name: str, grid: Grid) -> Task:
    """One of the made-up tasks on a grid.

    Raises
    ------
    ConfigError
        If there is no task of that name.
    """
    cells, n = np.arange(grid.n_bins), grid.n_bins

    def peak(centre: float, width: float) -> Array:
        # Centred on a cell and cut off, so that there are empty cells beside a steep edge.
        values = np.exp(-0.5 * ((cells - round(centre * (n - 1))) / (width * n)) ** 2)
        values[values < 1e-4] = 0.0
        return values / values.sum()

    tasks = {
        "translate": (peak(0.3, 0.045), peak(0.7, 0.045)),
        "sharpen": (peak(0.5, 0.12), peak(0.5, 0.035)),
        "split": (peak(0.5, 0.05), (peak(0.22, 0.05) + peak(0.78, 0.05)) / 2),
    }
    if name not in tasks:
        raise ConfigError(f"there is no target {name!r}.", remedy=f"Use one of {list(tasks)}.")
    return Task(*tasks[name], grid)


@dataclass(frozen=True)
class Run:
    """What became of a task.

    Parameters
    ----------
    task : Task
    scheme : Scheme
    courant : float
    history : ndarray, shape (n_steps + 1, B)
        Masses before the first and after every step.
    asked : ndarray, shape (n_steps,)
        Largest part of its states that any occupied cell was asked to give away in each step.
    clipped : bool
        Whether negative masses were set to zero after every step.
    stopped : bool
        Whether the run ended early because it blew up.
    """

    task: Task
    scheme: Scheme
    courant: float
    history: Array
    asked: Array
    clipped: bool
    stopped: bool

    @property
    def n_steps(self) -> int:
        """Number of steps that were made."""
        return len(self.history) - 1

    @cached_property
    def minimum(self) -> Array:
        """Smallest mass of a cell, shape (n_steps + 1,)."""
        return self.history.min(axis=1)

    @cached_property
    def mass_error(self) -> Array:
        """How far the masses are from adding up to one, shape (n_steps + 1,)."""
        return np.abs(self.history.sum(axis=1) - 1.0)

    @cached_property
    def distance(self) -> Array:
        """Wasserstein distance to the target in the grid's unit, shape (n_steps + 1,).

        The area between the cumulative shares. Where masses are negative it is still that
        area, though no longer a distance between densities.
        """
        target = np.broadcast_to(self.task.target, self.history.shape)
        return wasserstein(self.history, target, self.task.grid.step)

    @property
    def broke(self) -> int | None:
        """First step after which a mass is negative; None if none is."""
        below = np.flatnonzero(self.minimum < NEGATIVE)
        return int(below[0]) if len(below) else None

    @property
    def conserves(self) -> bool:
        """Whether the masses add up to one throughout, to round-off."""
        return bool(self.mass_error.max() <= LOST)

    @property
    def reached(self) -> int | None:
        """First step with at most a tenth of the first distance left; None if never.

        What has negative masses is no density any more, and does not arrive.
        """
        sound = np.minimum.accumulate(self.minimum) >= NEGATIVE
        near = np.flatnonzero(sound & (self.distance <= REACHED * self.distance[0]))
        return int(near[0]) if len(near) else None


def run(task: Task, scheme: Scheme, courant: float, steps: int, *, clip: bool = False) -> Run:
    """Drive a density towards its target.

    Parameters
    ----------
    task : Task
    scheme : Scheme
    courant : float
        Cells per step at full speed; for the remap, the part of the way covered in each step, and
        never more than all of it.
    steps : int
    clip : bool
        Set negative masses to zero after every step: the usual repair, which makes states.

    Returns
    -------
    Run

    Raises
    ------
    ConfigError
        If the Courant number or the number of steps is out of range.
    """
    if not 0.0 <= courant <= MOST_COURANT:
        raise ConfigError(
            f"the Courant number {courant} is out of range.", remedy=f"Use 0 to {MOST_COURANT}."
        )
    if not 1 <= steps <= MOST_STEPS:
        raise ConfigError(f"{steps} steps are out of range.", remedy=f"Use 1 to {MOST_STEPS}.")
    mass = np.asarray(task.start, dtype=float)
    history, asked = [mass], []
    stopped = False
    for k in range(steps):
        mass, part = _step(mass, task.target, scheme, courant, k)
        if clip:
            mass = np.maximum(mass, 0.0)
        history.append(mass)
        asked.append(part)
        stopped = bool(np.abs(mass).max() > BLOWN_UP)
        if stopped:
            break
    return Run(task, scheme, courant, np.array(history), np.array(asked), clip, stopped)


def compare(task: Task, courant: float, steps: int, *, clip: bool = False) -> list[Run]:
    """Give every scheme in `SCHEMES` the same task; parameters as for `run`."""
    return [run(task, scheme, courant, steps, clip=clip) for scheme in SCHEMES]


def asked_at(result: Run, step: int, cell: int) -> tuple[float, float]:
    """Parts of its states a cell was asked for in the step that led to `step`: left, right."""
    before, scheme = result.history[step - 1], result.scheme
    stride = stride_at(scheme, step - 1)
    links = courant_numbers(before, result.task.target, result.courant, stride)
    to_left, to_right = asked_of_cells(links, stride)
    return float(to_left[cell]), float(to_right[cell])


def stride_at(scheme: Scheme, k: int) -> int:
    """Stride of step k, counted from zero."""
    return STRIDES[k % len(STRIDES)] if scheme.operator == "strides" else 1


def _step(
    mass: Array, target: Array, scheme: Scheme, courant: float, k: int
) -> tuple[Array, float]:
    """Masses after step k, and the largest part any occupied cell was asked for."""
    if scheme.operator == "remap":
        faces = np.arange(len(mass) + 1.0)
        part = min(courant, 1.0)
        return remap_step(mass, faces + part * (optimal_origins(mass, target) - faces)), 0.0
    stride = stride_at(scheme, k)
    links = courant_numbers(mass, target, courant, stride)
    asked = np.add(*asked_of_cells(links, stride))
    part = float(asked[mass > -NEGATIVE].max(initial=0.0))
    if scheme.flux == "donor":
        return donor_step(mass, softmax_fractions(links, stride), stride), part
    return face_step(mass, links, stride, scheme.flux), part
