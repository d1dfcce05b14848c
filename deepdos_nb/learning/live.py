"""A training watched: one figure in a notebook, updated in place; lines in a terminal."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from deepdos_nb.core.grids import Kind
from deepdos_nb.plots.training import training_figure
from deepdos_nb.training.history import Row

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PAUSE = 1.0
"""Seconds between two pictures; drawing takes a fifth of one."""


class LiveCurve:
    """Shows the histories of a training as they grow.

    Parameters
    ----------
    kind : {"phdos", "edos"}
    epochs : int
        Of every seed.
    seeds : int
        How many there will be.
    device : str
        Named in the title.
    before : mapping, optional
        Scores to be beaten, see `training_figure`.
    """

    def __init__(
        self,
        kind: Kind,
        epochs: int,
        seeds: int,
        device: str,
        before: Mapping[str, float] | None = None,
    ):
        self.kind, self.epochs, self.seeds = kind, epochs, seeds
        self.device, self.before = device, before
        self.histories: list[list[Row]] = []
        self.begun = time.perf_counter()
        self._handle: Any = None
        self._shown = 0.0

    @property
    def seconds(self) -> float:
        """Since the training began."""
        return time.perf_counter() - self.begun

    def next_seed(self) -> None:
        """The following rows belong to another seed."""
        self.histories.append([])

    def draft_rows(self, rows: Sequence[Row]) -> None:
        """All rows so far of the draft model that learns before the current seed."""
        if time.perf_counter() - self._shown < PAUSE:
            return
        self._shown = time.perf_counter()
        last = rows[-1]
        text = (
            f"the draft model learns {self.kind.draft}: epoch {last['epoch']:.0f}  ·  "
            f"{self.seconds:.0f} s  ·  validation MSE {last['valid/mse_max']:.4f}"
        )
        if in_notebook():
            from IPython.display import Pretty

            self._put(Pretty(text))
        else:
            print(text, flush=True)

    def rows(self, rows: Sequence[Row]) -> None:
        """All rows of the current seed so far."""
        self.histories[-1] = [dict(row) for row in rows]
        if time.perf_counter() - self._shown >= PAUSE or len(rows) == self.epochs:
            self.show()
            self._shown = time.perf_counter()

    def title(self) -> str:
        """Seed, epoch, time and device in words."""
        done = int(self.histories[-1][-1]["epoch"])
        seed = f"seed {len(self.histories)} of {self.seeds}  ·  " if self.seeds > 1 else ""
        return f"{seed}epoch {done} of {self.epochs}  ·  {self.seconds:.0f} s on {self.device}"

    def figure(self, dark: bool | None = None) -> Figure:
        """The curves so far."""
        return training_figure(
            self.histories,
            self.kind,
            epochs=self.epochs,
            before=self.before,
            title=self.title(),
            dark=dark,
        )

    def show(self) -> None:
        """Draw, in the place of the figure before."""
        if not any(self.histories):
            return
        if not in_notebook():
            last = self.histories[-1][-1]
            print(f"{self.title()}: validation MSE {last['valid/mse_max']:.4f}", flush=True)
            return
        self._put(self.figure())

    def _put(self, shown: Any) -> None:
        """Display in a notebook, in the place of what is there."""
        from IPython.display import display

        if self._handle is None:
            self._handle = display(shown, display_id=True)
        else:
            self._handle.update(shown)


def in_notebook() -> bool:
    """Whether figures can be shown and replaced here."""
    from IPython import get_ipython

    shell = get_ipython()
    return shell is not None and hasattr(shell, "kernel")
