"""DeepDOS for notebooks: electronic and phonon densities of states, open to the eye.

>>> import deepdos_nb as dd
>>> structure = dd.read_structure("MgO.cif")      # doctest: +SKIP
>>> model = dd.load_model("phdos")                # doctest: +SKIP
>>> spectrum = model.predict(structure)           # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from deepdos_nb.checkup import doctor
    from deepdos_nb.data.catalogue import datasets
    from deepdos_nb.data.dataset import Dataset
    from deepdos_nb.electrons import orbitals
    from deepdos_nb.errors import DeepDOSError, ExtrapolationWarning, StructureError
    from deepdos_nb.graph import CrystalGraph, build_graph
    from deepdos_nb.live import label
    from deepdos_nb.mechanics import vibrations
    from deepdos_nb.predict import Ensemble, load_model
    from deepdos_nb.spectra import Spectrum, Trace
    from deepdos_nb.structures import example, examples, parse_structure, read_structure
    from deepdos_nb.widgets import (
        AttentionExplorer,
        EnsembleView,
        GraphView,
        SpectrumExplorer,
        TransportLab,
        TransportStepper,
        UploadPredictor,
        export_html,
    )
    from deepdos_nb.widgets.explore import explore
    from deepdos_nb.widgets.quicklook import quicklook

# Names are imported when first used, so that `import deepdos_nb` loads neither torch nor pymatgen.
_HOMES = {
    "DeepDOSError": "errors",
    "ExtrapolationWarning": "errors",
    "StructureError": "errors",
    "Dataset": "data.dataset",
    "datasets": "data.catalogue",
    "CrystalGraph": "graph",
    "build_graph": "graph",
    "label": "live",
    "Ensemble": "predict",
    "load_model": "predict",
    "Spectrum": "spectra",
    "Trace": "spectra",
    "example": "structures",
    "examples": "structures",
    "parse_structure": "structures",
    "read_structure": "structures",
    "orbitals": "electrons",
    "vibrations": "mechanics",
    "AttentionExplorer": "widgets",
    "EnsembleView": "widgets",
    "GraphView": "widgets",
    "SpectrumExplorer": "widgets",
    "TransportLab": "widgets",
    "TransportStepper": "widgets",
    "UploadPredictor": "widgets",
    "doctor": "checkup",
    "explore": "widgets",
    "export_html": "widgets",
    "quicklook": "widgets",
}

__all__ = [
    "AttentionExplorer",
    "CrystalGraph",
    "Dataset",
    "DeepDOSError",
    "Ensemble",
    "EnsembleView",
    "ExtrapolationWarning",
    "GraphView",
    "Spectrum",
    "SpectrumExplorer",
    "StructureError",
    "Trace",
    "TransportLab",
    "TransportStepper",
    "UploadPredictor",
    "build_graph",
    "datasets",
    "doctor",
    "example",
    "examples",
    "explore",
    "export_html",
    "label",
    "load_model",
    "orbitals",
    "parse_structure",
    "quicklook",
    "read_structure",
    "vibrations",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"deepdos_nb.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'deepdos_nb' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
