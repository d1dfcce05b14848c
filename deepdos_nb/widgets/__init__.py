"""Linked views for notebooks; each takes a `Trace` or a `Spectrum` and needs no model."""

from deepdos_nb.widgets.quicklook import QuickLook, quicklook
from deepdos_nb.widgets.spectrum import SpectrumPlot
from deepdos_nb.widgets.state import ViewState
from deepdos_nb.widgets.structure import StructureView

__all__ = ["QuickLook", "SpectrumPlot", "StructureView", "ViewState", "quicklook"]
