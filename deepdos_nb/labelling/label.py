"""`label`: compute the reference of one crystal while you watch, beside the prediction."""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from deepdos_nb.core.errors import DeepDOSError
from deepdos_nb.core.grids import Kind
from deepdos_nb.core.processes import temporary_folder
from deepdos_nb.crystal.read import read_structure
from deepdos_nb.data.labelled import to_record
from deepdos_nb.labelling.gpaw import STATES_LOG
from deepdos_nb.labelling.jobs import Job
from deepdos_nb.labelling.process import Settings, compute
from deepdos_nb.spectra.spectrum import Spectrum

if TYPE_CHECKING:
    from matplotlib.axes import Axes

POLL = 0.5
"""Seconds between looks at the engine's report."""


class Predictor(Protocol):
    """What `label` needs of a model."""

    def predict(self, structure: Any) -> Spectrum:
        """Predict the seed-averaged spectrum."""


@dataclass(frozen=True)
class Reference:
    """A reference computed here, with the prediction beside it where a model was given.

    Attributes
    ----------
    spectrum : Spectrum
    seconds : float
        Wall-clock time of the calculation.
    facts : dict
        Engine, settings, gap, zero of energy, convergence, CPU time.
    prediction : Spectrum or None
    prediction_seconds : float or None
        Wall-clock time of a prediction by a warm model.
    """

    spectrum: Spectrum
    seconds: float
    facts: dict[str, Any]
    prediction: Spectrum | None = None
    prediction_seconds: float | None = None

    def describe(self) -> str:
        """Both times, and what they were spent on, in words."""
        text = f"{self.facts['engine']}: {self.seconds:.1f} s"
        if self.prediction_seconds is None:
            return text + "."
        ratio = self.seconds / self.prediction_seconds
        return (
            f"{text}; the prediction: {1e3 * self.prediction_seconds:.0f} ms, "
            f"{ratio:,.0f} times faster on this machine."
        )

    def plot(self, **options: Any) -> Axes:
        """The reference alone, or the prediction with the reference over it.

        Parameters
        ----------
        **options
            Passed on to `plots.spectrum_axes`.
        """
        if self.prediction is None:
            return self.spectrum.plot(**options)
        return self.prediction.plot(reference=self.spectrum, **options)

    def __repr__(self) -> str:
        return f"Reference({self.spectrum.kind}, {self.spectrum.formula}; {self.describe()})"


def label(
    structure: Any,
    kind: str = Kind.edos,
    *,
    model: Predictor | None = None,
    settings: Settings | None = None,
    time_limit: float | None = None,
    progress: bool = True,
) -> Reference:
    """Compute the reference density of states of a crystal on this machine.

    Electrons by density-functional theory (GPAW, PBE), phonons from a machine-learnt potential
    (SevenNet; "ML-potential phonons"). Small cells take from ten seconds to a few minutes.

    Parameters
    ----------
    structure : Structure, ASE Atoms or path
    kind : {"edos", "phdos"}
    model : Ensemble, optional
        Predict with it as well and state both times.
    settings : ElectronSettings or PhononSettings, optional
    time_limit : float, optional
        Seconds after which the calculation is ended.
    progress : bool
        Show what the engine is doing.

    Returns
    -------
    Reference

    Raises
    ------
    LabelError
        If the engine is not installed, fails, or runs out of time.
    StructureError
        If the structure cannot be used.
    ConfigError
        If `kind` is unknown.
    """
    kind = Kind(kind)
    crystal = read_structure(structure)
    job = Job(crystal.composition.reduced_formula, crystal)
    with temporary_folder("deepdos-report") as folder:
        log = folder / "report.txt"
        started = time.perf_counter()
        done = _in_background(lambda: compute(job, kind, settings, time_limit=time_limit, log=log))
        _watch(done, log, job.name, kind, show=progress)
        seconds = time.perf_counter() - started
    record = to_record(done.result(), "computed here")
    prediction, prediction_seconds = None, None
    if model is not None:
        model.predict(crystal)  # the first call loads what later ones find ready
        started = time.perf_counter()
        prediction = model.predict(crystal)
        prediction_seconds = time.perf_counter() - started
    return Reference(
        record.reference(), seconds, dict(record.provenance), prediction, prediction_seconds
    )


class _Done:
    """Outcome of a function that runs in a thread; the thread ends with the interpreter."""

    def __init__(self) -> None:
        self.finished = threading.Event()
        self.value: Any = None
        self.error: BaseException | None = None

    def result(self) -> Any:
        if self.error is not None:
            raise self.error
        return self.value


def _in_background(function: Any) -> _Done:
    done = _Done()

    def run() -> None:
        try:
            done.value = function()
        except DeepDOSError as error:
            done.error = error
        finally:
            done.finished.set()

    threading.Thread(target=run, daemon=True).start()
    return done


def _watch(done: _Done, log: Path, name: str, kind: Kind, *, show: bool) -> None:
    """Wait for the calculation, saying what it does and for how long it has been at it."""
    if not show:
        done.finished.wait()
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, transient=True) as progress:
        task = progress.add_task(f"{name}: starting")
        while not done.finished.wait(POLL):
            progress.update(task, description=f"{name}: {_stage(log, kind)}")


def _stage(log: Path, kind: Kind) -> str:
    """What the engine is at, read from its report."""
    return STAGES[kind](log)


def _phonon_stage(log: Path) -> str:
    lines = _text(log).strip().splitlines()
    return lines[-1] if lines else "loading the potential"


def _electron_stage(log: Path) -> str:
    states = Path(f"{log}{STATES_LOG}")
    step, report = ("states", states) if states.exists() else ("density", log)
    cycles = re.findall(r"^\|iter:\s*(\d+)", _text(report), flags=re.MULTILINE)
    return f"{step}, cycle {cycles[-1]}" if cycles else f"{step}, setting up"


STAGES = {Kind.edos: _electron_stage, Kind.phdos: _phonon_stage}


def _text(path: Path) -> str:
    return path.read_text("utf-8", errors="replace") if path.exists() else ""
