"""Linked views for notebooks; each takes a `Trace` or a `Spectrum` and needs no model."""

from deepdos_nb.widgets.attention import AttentionExplorer
from deepdos_nb.widgets.attention_map import AttentionMap
from deepdos_nb.widgets.dashboard import Dashboard
from deepdos_nb.widgets.ensemble import EnsembleView
from deepdos_nb.widgets.explore import Explore, explore
from deepdos_nb.widgets.explorer import SpectrumExplorer
from deepdos_nb.widgets.export import export_html
from deepdos_nb.widgets.graph import GraphView
from deepdos_nb.widgets.quicklook import QuickLook, quicklook
from deepdos_nb.widgets.spectrum import SpectrumPlot
from deepdos_nb.widgets.state import ViewState
from deepdos_nb.widgets.structure import StructureView
from deepdos_nb.widgets.transport import TransportStepper
from deepdos_nb.widgets.transport_lab import TransportLab
from deepdos_nb.widgets.upload import UploadPredictor

__all__ = [
    "AttentionExplorer",
    "AttentionMap",
    "Dashboard",
    "EnsembleView",
    "Explore",
    "GraphView",
    "QuickLook",
    "SpectrumExplorer",
    "SpectrumPlot",
    "StructureView",
    "TransportLab",
    "TransportStepper",
    "UploadPredictor",
    "ViewState",
    "explore",
    "export_html",
    "quicklook",
]
