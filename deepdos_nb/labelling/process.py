"""One calculation in a process of its own, with a time limit and its reason if it fails."""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np

from deepdos_nb.core.errors import LabelError
from deepdos_nb.core.grids import Kind
from deepdos_nb.core.processes import temporary_folder
from deepdos_nb.data.label_shards import Label
from deepdos_nb.labelling.gpaw import ElectronSettings
from deepdos_nb.labelling.jobs import Job
from deepdos_nb.labelling.server import WorkerServer, run_alone
from deepdos_nb.labelling.sevennet import PhononSettings

Settings = ElectronSettings | PhononSettings

SETTINGS: dict[Kind, type[Settings]] = {Kind.edos: ElectronSettings, Kind.phdos: PhononSettings}

ENGINES = {Kind.edos: ("gpaw", "gpaw-data"), Kind.phdos: ("sevenn", "phonopy")}
"""Packages that compute each kind of spectrum."""


def compute(
    job: Job,
    kind: Kind,
    settings: Settings | None = None,
    *,
    time_limit: float | None = None,
    log: Path | None = None,
    server: WorkerServer | None = None,
) -> Label:
    """Label one crystal in a process of its own.

    Parameters
    ----------
    job : Job
    kind : {"edos", "phdos"}
    settings : ElectronSettings or PhononSettings, optional
    time_limit : float, optional
        Wall-clock seconds after which the process is ended.
    log : Path, optional
        File the engine writes its report to while it runs.
    server : WorkerServer, optional
        Forks the process, so that the engine is not loaded again for every crystal.

    Returns
    -------
    Label

    Raises
    ------
    LabelError
        If the calculation fails or runs out of time.
    """
    settings = settings or SETTINGS[kind]()
    with temporary_folder("deepdos-label") as folder:
        job_file, out_file = folder / "job.json", folder / "out.npz"
        content = {
            "kind": kind,
            "structure": job.structure.as_dict(),
            "settings": asdict(settings),
            "log": str(log) if log else None,
        }
        job_file.write_text(json.dumps(content), encoding="utf-8")
        started = time.monotonic()
        try:
            run = server.run if server else run_alone
            code, complaint = run(job_file, out_file, time_limit)
        except subprocess.TimeoutExpired:
            raise LabelError(f"ran longer than {time_limit:.0f} s.", source=job.name) from None
        if code or not out_file.exists():
            raise LabelError(_reason(code, complaint), source=job.name)
        with np.load(out_file, allow_pickle=False) as file:
            data = {name: file[name] for name in file.files}
    facts = json.loads(str(data.pop("facts")))
    facts |= {"name": job.name, "kind": kind, "engine": engine(kind), "origin": job.origin}
    facts["wall"] = round(time.monotonic() - started, 2)
    return Label(facts=facts, **data)


def _reason(code: int, complaint: str) -> str:
    """The last line a failed process wrote, or the signal that ended it."""
    if code < 0:
        return f"the process was ended by signal {-code}."
    lines = complaint.strip().splitlines()
    return lines[-1][:300] if lines else f"the process ended with code {code}."


def engine(kind: Kind) -> str:
    """Name and version of what computes a kind of spectrum."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return ", ".join(f"{name} {version(name)}" for name in ENGINES[kind])
    except PackageNotFoundError as error:
        raise LabelError(
            f"{error.name} is not installed.",
            remedy="Run `deepdos doctor` for the commands that install it.",
        ) from None
