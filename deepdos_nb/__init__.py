"""DeepDOS for notebooks: electronic and phonon densities of states, open to the eye.

>>> import deepdos_nb as dd
>>> structure = dd.read_structure("MgO.cif")      # doctest: +SKIP
>>> model = dd.load_model("phdos")                # doctest: +SKIP
>>> spectrum = model.predict(structure)           # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from deepdos_nb.core.collecting import without_collecting
from deepdos_nb.core.version import __version__ as __version__

if TYPE_CHECKING:
    from deepdos_nb.cases.studies import case_studies
    from deepdos_nb.core.errors import DeepDOSError, ExtrapolationWarning, StructureError
    from deepdos_nb.crystal.graph import CrystalGraph, build_graph
    from deepdos_nb.crystal.read import example, examples, parse_structure, read_structure
    from deepdos_nb.data.catalogue import datasets, open_dataset
    from deepdos_nb.data.dataset import Dataset
    from deepdos_nb.diagnostics.doctor import doctor
    from deepdos_nb.inference.cost import expected_cost
    from deepdos_nb.inference.ensemble import Ensemble
    from deepdos_nb.inference.loading import load_model
    from deepdos_nb.inference.orbitals import orbitals
    from deepdos_nb.inference.vibrations import vibrations
    from deepdos_nb.labelling.label import label
    from deepdos_nb.learning.result import Training
    from deepdos_nb.learning.train import train
    from deepdos_nb.plots.compare import compare
    from deepdos_nb.screening.result import Screen
    from deepdos_nb.screening.run import screen
    from deepdos_nb.screening.substitution import substituted
    from deepdos_nb.spectra.spectrum import Spectrum
    from deepdos_nb.spectra.trace import Trace
    from deepdos_nb.sweeps.sweep import sweep
    from deepdos_nb.widgets import (
        AttentionExplorer,
        BandView,
        EnsembleView,
        GraphView,
        SpectrumExplorer,
        TransportLab,
        TransportStepper,
        UploadPredictor,
        export_html,
    )
    from deepdos_nb.widgets.explorer.explore import explore
    from deepdos_nb.widgets.explorer.quicklook import quicklook

# Names are imported when first used, so that `import deepdos_nb` loads neither torch nor pymatgen.
_HOMES = {
    "DeepDOSError": "core.errors",
    "ExtrapolationWarning": "core.errors",
    "StructureError": "core.errors",
    "Dataset": "data.dataset",
    "datasets": "data.catalogue",
    "open_dataset": "data.catalogue",
    "case_studies": "cases.studies",
    "CrystalGraph": "crystal.graph",
    "build_graph": "crystal.graph",
    "compare": "plots.compare",
    "label": "labelling.label",
    "train": "learning.train",
    "Training": "learning.result",
    "Ensemble": "inference.ensemble",
    "expected_cost": "inference.cost",
    "load_model": "inference.loading",
    "Screen": "screening.result",
    "screen": "screening.run",
    "substituted": "screening.substitution",
    "Spectrum": "spectra.spectrum",
    "Trace": "spectra.trace",
    "sweep": "sweeps.sweep",
    "example": "crystal.read",
    "examples": "crystal.read",
    "parse_structure": "crystal.read",
    "read_structure": "crystal.read",
    "orbitals": "inference.orbitals",
    "vibrations": "inference.vibrations",
    "AttentionExplorer": "widgets",
    "BandView": "widgets",
    "EnsembleView": "widgets",
    "GraphView": "widgets",
    "SpectrumExplorer": "widgets",
    "TransportLab": "widgets",
    "TransportStepper": "widgets",
    "UploadPredictor": "widgets",
    "doctor": "diagnostics.doctor",
    "explore": "widgets",
    "export_html": "widgets",
    "quicklook": "widgets",
}

__all__ = [
    "AttentionExplorer",
    "BandView",
    "CrystalGraph",
    "Dataset",
    "DeepDOSError",
    "Ensemble",
    "EnsembleView",
    "ExtrapolationWarning",
    "GraphView",
    "Screen",
    "Spectrum",
    "SpectrumExplorer",
    "StructureError",
    "Trace",
    "Training",
    "TransportLab",
    "TransportStepper",
    "UploadPredictor",
    "build_graph",
    "case_studies",
    "compare",
    "datasets",
    "doctor",
    "example",
    "examples",
    "expected_cost",
    "explore",
    "export_html",
    "label",
    "load_model",
    "open_dataset",
    "orbitals",
    "parse_structure",
    "quicklook",
    "read_structure",
    "screen",
    "substituted",
    "sweep",
    "train",
    "vibrations",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        with without_collecting():
            return getattr(import_module(f"deepdos_nb.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'deepdos_nb' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
