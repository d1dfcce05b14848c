"""What `doctor` looks at: packages, extensions, engines, weights, data, hardware.

Versions are read from the packages' metadata: nothing heavy is imported, so that this answers at
once even where an import would hang or fail. Only the GPU line asks torch, and only when wanted.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from deepdos_nb.core.files import PACKAGE
from deepdos_nb.core.grids import Kind

Status = Literal["ok", "note", "missing", "broken"]


CORE = ("torch", "torch-geometric", "pymatgen", "ase", "numpy", "matplotlib", "safetensors")
VIEWS = ("ipywidgets", "anywidget", "jupyterlab", "ipykernel")

LIBRARIES = "apt-get install libxc-dev libopenblas-dev libfftw3-dev gcc g++"
"""What GPAW is compiled against, on Debian and Ubuntu."""

SITECONFIG = (
    "compiler = 'g++'",
    "libraries = ['xc', 'openblas', 'fftw3']",
    "fftw = True",
    "mpi = False",
)
"""Lines of the file GPAW_CONFIG names while GPAW is compiled."""

INSTALL_GPAW = "\n".join(
    [
        LIBRARIES,
        "printf '%s\\n' " + " ".join(f'"{line}"' for line in SITECONFIG) + " > gpaw-config.py",
        "GPAW_CONFIG=$PWD/gpaw-config.py pip install 'deepdos-nb[label]'",
    ]
)
"""Commands that install GPAW, one a line."""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Parameters
    ----------
    group : str
        "core", "views", "app", "cluster", "labels", "data" or "hardware".
    name : str
    status : {"ok", "note", "missing", "broken"}
        A "note" is worth knowing and no fault.
    found : str
        Version, or what is there, in words.
    remedy : str
        How to mend it, commands one a line; empty where nothing needs mending.
    essential : bool
        Whether predictions or views fail without it.
    """

    group: str
    name: str
    status: Status
    found: str
    remedy: str = ""
    essential: bool = False


def all_checks(*, gpu: bool) -> Iterator[Check]:
    """Everything that is looked at, in the order it is shown."""
    yield from _core()
    yield from _views()
    yield _installed("app", "voila", "pip install 'deepdos-nb[app]'", essential=False)
    yield _cluster()
    yield from _labels()
    yield from _data()
    yield from _hardware(gpu=gpu)


def version_of(package: str) -> str:
    """Installed version of a package; empty where it is not installed."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _installed(group: str, package: str, remedy: str, *, essential: bool) -> Check:
    version = version_of(package)
    if version:
        return Check(group, package, "ok", version, essential=essential)
    return Check(group, package, "missing", "not installed", remedy, essential)


def _core() -> Iterator[Check]:
    version = platform.python_version()
    old = tuple(map(int, platform.python_version_tuple()[:2])) < (3, 11)
    yield Check(
        "core",
        "Python",
        "broken" if old else "ok",
        version,
        "Python 3.11 or newer is needed." if old else "",
        essential=True,
    )
    yield _installed("core", "deepdos-nb", "pip install deepdos-nb", essential=True)
    for package in CORE:
        yield _installed("core", package, "pip install deepdos-nb", essential=True)


def _views() -> Iterator[Check]:
    for package in VIEWS:
        yield _installed("views", package, "pip install deepdos-nb", essential=True)
    yield _extension("anywidget", "anywidget", "anywidget")
    yield _extension("ipywidgets", "@jupyter-widgets/jupyterlab-manager", "jupyterlab_widgets")
    yield _nglview()


def _extension(package: str, name: str, source: str) -> Check:
    """The half of a package that lives in the browser: without it its widgets stay blank."""
    found = extension_version(name)
    title = f"JupyterLab's part of {package}"
    if found:
        return Check("views", title, "ok", found)
    return Check(
        "views",
        title,
        "broken",
        "not found by JupyterLab in this environment; its widgets would stay blank",
        f"pip install --force-reinstall --no-deps {source}\n"
        "then restart JupyterLab and reload the page",
        essential=True,
    )


def extension_version(name: str) -> str:
    """Version of a JupyterLab extension; empty where JupyterLab would not find it."""
    try:
        from jupyter_core.paths import jupyter_path
    except ImportError:
        return ""
    for folder in jupyter_path("labextensions"):
        manifest = Path(folder) / name / "package.json"
        if manifest.is_file():
            return str(json.loads(manifest.read_text(encoding="utf-8")).get("version", "?"))
    return ""


def _nglview() -> Check:
    version = version_of("nglview")
    if not version or not version_of("ipywidgets"):
        return Check(
            "views",
            "nglview",
            "missing",
            "not installed; crystals are shown as still pictures",
            "pip install nglview==4.0",
        )
    from deepdos_nb.widgets.base.ngl import nglview_problem

    problem = nglview_problem()
    if problem:
        reason, _, remedy = problem.partition(": pip")
        return Check("views", "nglview", "broken", f"{version}; {reason}", f"pip{remedy}")
    return Check("views", "nglview", "ok", f"{version}, and its extension is the one it asks for")


def _cluster() -> Check:
    version = version_of("distributed")
    if version:
        return Check("cluster", "Dask", "ok", version)
    absent = "not installed; sweeps, screens, experiments and labels run one task after the other"
    return Check("cluster", "Dask", "missing", absent, "pip install 'deepdos-nb[cluster]'")


def _labels() -> Iterator[Check]:
    gpaw = _installed("labels", "gpaw", INSTALL_GPAW, essential=False)
    yield gpaw
    if gpaw.status == "ok" and not _setups():
        yield Check(
            "labels",
            "GPAW set-ups",
            "missing",
            "no PAW data sets found",
            "pip install gpaw-data==1.2.1",
        )
    elif gpaw.status == "ok":
        yield Check("labels", "GPAW set-ups", "ok", _setups())
    for package in ("sevenn", "phonopy"):
        yield _installed("labels", package, "pip install 'deepdos-nb[label]'", essential=False)


def _setups() -> str:
    data = version_of("gpaw-data")
    if data:
        return f"gpaw-data {data}"
    named = [p for p in os.environ.get("GPAW_SETUP_PATH", "").split(os.pathsep) if Path(p).is_dir()]
    return named[0] if any(named) else ""


def _data() -> Iterator[Check]:
    for kind in Kind:
        title = f"weights ({kind.adjective})"
        seeds = sorted((PACKAGE / "weights" / kind).glob("*.safetensors"))
        size = sum(f.stat().st_size for f in seeds) / 1e6
        if seeds:
            words = f"{len(seeds)} seed{'s' if len(seeds) > 1 else ''}, {size:.1f} MB"
            yield Check("data", title, "ok", words, essential=True)
            continue
        remedy = "pip install --force-reinstall --no-deps deepdos-nb"
        words = "not found; the installation is damaged"
        yield Check("data", title, "missing", words, remedy, essential=True)
    examples = len(list((PACKAGE / "examples").glob("*.cif")))
    yield Check("data", "example crystals", "ok" if examples else "missing", str(examples))
    shards = [*(PACKAGE / "data" / "embedded").glob("*/shard-*.npz")]
    size = sum(path.stat().st_size for path in shards) / 1e6
    kinds = " and ".join(sorted({path.parent.name for path in shards}))
    yield Check(
        "data",
        "embedded data sets",
        "ok" if shards else "missing",
        f"{kinds}, {size:.1f} MB" if shards else "not found; the installation is damaged",
    )
    files = downloaded()
    for path in files:
        yield Check("data", path.name, "ok", f"{path.stat().st_size / 1e6:.1f} MB, {path}")
    if not files:
        yield Check("data", "other data sets", "note", "none downloaded; predictions need none")


def downloaded() -> list[Path]:
    """Files of data sets a person has downloaded."""
    try:
        from deepdos_nb.data.downloads import data_home
    except ImportError:
        return []
    home = data_home()
    return sorted(p for p in home.iterdir() if p.is_file()) if home.is_dir() else []


def _hardware(*, gpu: bool) -> Iterator[Check]:
    threads = os.environ.get("OMP_NUM_THREADS")
    cores = os.cpu_count() or 1
    yield Check(
        "hardware",
        "processor",
        "ok",
        f"{cores} core{'s' if cores > 1 else ''}, OMP_NUM_THREADS={threads or 'not set'}",
    )
    if gpu and find_spec("torch"):
        import torch

        found = torch.cuda.get_device_name(0) if torch.cuda.is_available() else ""
        yield Check(
            "hardware",
            "GPU",
            "ok" if found else "note",
            found or "none that torch can use; predictions run on the processor",
        )
    yield Check(
        "hardware",
        "WebGL",
        "note",
        "known to the browser only",
        "In a notebook: import deepdos_nb as dd; dd.doctor()",
    )
