"""`TransportLab`: change how states are moved, and see which laws break."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import anywidget
import numpy as np
import traitlets as t

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import ConfigError
from deepdos_nb.core.grids import grid_for
from deepdos_nb.plots.laboratory import draw_run
from deepdos_nb.spectra.spectrum import Spectrum
from deepdos_nb.spectra.trace import Trace
from deepdos_nb.style.palette import theme
from deepdos_nb.transport_lab import laboratory
from deepdos_nb.transport_lab.laboratory import (
    FLUXES,
    MOST_COURANT,
    MOST_STEPS,
    OPERATORS,
    TARGETS,
    Run,
    Task,
)
from deepdos_nb.widgets.base.linked import Stepped, existing_step
from deepdos_nb.widgets.base.payload import axis_header, pack
from deepdos_nb.widgets.base.pictured import Pictured
from deepdos_nb.widgets.base.view import asset, shows_errors
from deepdos_nb.widgets.transport.payload import Steps
from deepdos_nb.widgets.transport.words import percent, small, verdict

SETTINGS = ("flux", "operator", "target", "courant", "steps", "clip")
"""Traits whose change starts a new run."""


class TransportLab(Pictured, Stepped, anywidget.AnyWidget):
    """A bench for transport schemes: fluxes, operators, targets, and a Courant number to raise.

    Every scheme is driven towards the same target. The picture shows the chosen one step by step,
    the table all of them side by side.

    Parameters
    ----------
    source : Trace, optional
        Adds the target "own": from the trace's start to the reference, or to its last step.
    reference : Spectrum, optional
        Where the trace should arrive.
    kind : {"phdos", "edos"}
        Grid of the made-up targets, where no trace brings one.
    **options
        Initial values of the traits below.
    """

    _esm = asset(
        "base/common.js",
        "base/axes.js",
        "base/player.js",
        "base/panels.js",
        "transport/lab_panels.js",
        "transport/laboratory.js",
    )
    _css = asset(
        "base/base.css",
        "base/axes.css",
        "base/tips.css",
        "transport/transport.css",
        "transport/laboratory.css",
    )

    header = t.Dict().tag(sync=True)
    """Units, grid, and the names of all choices."""

    flux = t.Enum(list(FLUXES), default_value="donor").tag(sync=True)
    """How much a link moves: "donor", "upwind" or "central"; the remap has no flux."""

    operator = t.Enum(list(OPERATORS), default_value="one").tag(sync=True)
    """How far a step reaches: "one" cell, "strides" 1-2-4-8, or "remap"."""

    target = t.Unicode("split").tag(sync=True)
    """Where to go: "translate", "sharpen" or "split" a peak, or the trace's "own" target."""

    courant = t.Float(0.4, min=0.0, max=MOST_COURANT).tag(sync=True)
    """Courant number ``|v Δt/ΔE|``, 0 to 1.2; for the remap the part of the way per step."""

    steps = t.Int(24, min=1, max=MOST_STEPS).tag(sync=True)
    """Number of steps to run, 1 to 64."""

    clip = t.Bool(False).tag(sync=True)
    """Whether negative masses are set to zero after every step."""

    step = t.Int(0, min=0).tag(sync=True)
    """Step that is shown. A new run shows the first step that broke, or else its last."""

    playing = t.Bool(False).tag(sync=True)
    """Whether the steps are being played."""

    goal = t.Bytes().tag(sync=True)
    """float32, shape (2, bins): masses at the start and at the target."""

    history = t.Bytes().tag(sync=True)
    """float32, shape (steps made + 1, bins): masses of the chosen scheme."""

    distances = t.Bytes().tag(sync=True)
    """float32, shape (schemes, steps + 1): Wasserstein distance to the target; NaN once stopped."""

    table: t.List[Any] = t.List().tag(sync=True)
    """One dict per scheme: flux, operator, label, minimum, mass, distance, reached, broke, made."""

    readout = t.Unicode("").tag(sync=True)
    """The numbers of the step that is shown, in words."""

    verdict = t.Unicode("").tag(sync=True)
    """Which laws held, and why."""

    broken = t.Bool(False).tag(sync=True)
    """Whether a law broke in the chosen run."""

    description_text = t.Unicode("").tag(sync=True)
    """`describe`, as the plot's accessible name."""

    error = t.Unicode("").tag(sync=True)
    """What went wrong in the last callback; shown under the view."""

    def __init__(
        self,
        source: Trace | None = None,
        *,
        reference: Spectrum | None = None,
        kind: str = "phdos",
        **options: Any,
    ) -> None:
        if source is None and reference is not None:
            raise ConfigError(
                "a reference needs a trace to start from.", remedy="Pass the trace as well."
            )
        data = None if source is None else Steps(source, reference)
        self.grid = grid_for(kind) if data is None else data.trace.grid
        self.own_task = None if data is None else own_task(data)
        self.runs: list[Run] = []
        super().__init__(header=self._header(), **options)
        self._run()
        self.observe(self._run, names=list(SETTINGS))
        self.observe(self._show, names=["step"])

    def _header(self) -> dict[str, Any]:
        grid, own = self.grid, self.own_task
        targets = dict(TARGETS)
        if own is not None:
            targets["own"] = f"{own.start_name} → {own.target_name}"
        return {
            **axis_header(grid),
            "fluxes": [{"value": k, "label": v} for k, v in FLUXES.items()],
            "operators": [{"value": k, "label": v} for k, v in OPERATORS.items()],
            "targets": [{"value": k, "label": v} for k, v in targets.items()],
            "mostCourant": MOST_COURANT,
            "mostSteps": MOST_STEPS,
        }

    @t.validate("target")
    def _known_target(self, proposal: Any) -> str:
        name = str(proposal["value"])
        known = [choice["value"] for choice in self.header["targets"]] if self.header else [name]
        if name not in known:
            reason = " It needs a trace." if name == "own" else ""
            raise t.TraitError(f"there is no target {name!r}, only {', '.join(known)}.{reason}")
        return name

    @property
    def last_step(self) -> int:
        """Last step of the chosen scheme."""
        return self.chosen.n_steps

    @t.validate("step")
    def _existing_step(self, proposal: Any) -> int:
        return existing_step(proposal, self.last_step) if self.runs else proposal["value"]

    @property
    def task(self) -> Task:
        """The task all schemes are given."""
        if self.target == "own" and self.own_task is not None:
            return self.own_task
        return laboratory.make_task(self.target, self.grid)

    @property
    def chosen(self) -> Run:
        """The run of the chosen scheme."""
        for run in self.runs:
            scheme = run.scheme
            same = scheme.operator == self.operator
            if same and (self.operator == "remap" or scheme.flux == self.flux):
                return run
        raise ConfigError("this scheme has not been run.")

    @shows_errors
    def _run(self, _: Any = None) -> None:
        task = self.task
        self.runs = laboratory.compare(task, self.courant, self.steps, clip=self.clip)
        run = self.chosen
        with self.hold_sync():
            self.goal = pack(np.stack([task.start, task.target]))
            self.history = pack(run.history)
            self.distances = pack(_padded([r.distance for r in self.runs], self.steps + 1))
            self.table = [_line(r) for r in self.runs]
            self.verdict = verdict(run)
            self.broken = run.broke is not None or not run.conserves
            self.step = run.n_steps if run.broke is None else run.broke
            self._show()

    @shows_errors
    def _show(self, _: Any = None) -> None:
        run, k = self.chosen, self.step
        self.readout = (
            f"Step {k} of {run.n_steps} · smallest mass {percent(float(run.minimum[k]))} of all "
            f"states · mass error {small(run.mass_error[k])} · Wasserstein distance to the target "
            f"{run.distance[k]:.3g} {self.grid.unit}"
        )
        self.description_text = self.describe()

    def describe(self) -> str:
        """The chosen scheme, what became of it, and the comparison, in words."""
        run = self.chosen
        held = [r.scheme.label for r in self.runs if r.broke is None and r.conserves]
        goal = next(c["label"] for c in self.header["targets"] if c["value"] == self.target)
        name = run.scheme.label
        return (
            f"Transport laboratory. {goal}: {name[0].lower()}{name[1:]} at Courant number "
            f"{self.courant:g}, {run.n_steps} steps"
            f"{', negative masses clipped' if self.clip else ''}. {self.readout}. {self.verdict} "
            f"Of {len(self.runs)} schemes {len(held)} keep both laws: {'; '.join(held) or 'none'}."
        )

    def draw(self, figure: Any) -> None:
        """Draw the experiment as it stands into a matplotlib figure."""
        draw_run(figure, self.chosen, self.step, self.runs, self.verdict, dark=False)

    def png(self) -> bytes:
        """The view as it stands, as a PNG picture."""
        from matplotlib.figure import Figure

        with theme(False):
            figure = Figure(figsize=(9.0, 4.4), layout="constrained")
            self.draw(figure)
            buffer = BytesIO()
            figure.savefig(buffer, format="png", dpi=110)
        return buffer.getvalue()


def own_task(data: Steps) -> Task | None:
    """From a trace's start to its reference, or to its last step; None without either."""
    if data.reference is None and not data.n_steps:
        return None
    total = np.asarray(data.trace.total, dtype=float)
    goal = data.reference_curve if data.reference is not None else total[-1]
    name = data.reference.source if data.reference is not None else f"step {data.n_steps}"
    return Task(
        total[0] / total[0].sum(),
        goal / goal.sum(),
        data.trace.grid,
        data.trace.step_names[0],
        name,
    )


def _padded(curves: list[Array], length: int) -> Array:
    padded = np.full((len(curves), length), np.nan)
    for row, curve in zip(padded, curves, strict=True):
        row[: len(curve)] = curve
    return padded


def _line(run: Run) -> dict[str, Any]:
    return {
        "flux": run.scheme.flux,
        "operator": run.scheme.operator,
        "label": run.scheme.label,
        "minimum": float(f"{run.minimum.min():.4g}"),
        "mass": float(f"{run.mass_error.max():.3g}"),
        "distance": float(f"{run.distance[-1]:.4g}"),
        "reached": run.reached,
        "broke": run.broke,
        "conserves": run.conserves,
        "made": run.n_steps,
    }
