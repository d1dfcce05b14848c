"""Linked views for notebooks; each takes a `Trace` or a `Spectrum` and needs no model."""

from deepdos_nb.widgets.attention.explorer import AttentionExplorer
from deepdos_nb.widgets.attention.map import AttentionMap
from deepdos_nb.widgets.bands.view import BandView
from deepdos_nb.widgets.base.state import ViewState
from deepdos_nb.widgets.crystal.structure import StructureView
from deepdos_nb.widgets.ensemble.ensemble import EnsembleView
from deepdos_nb.widgets.explorer.dashboard import Dashboard
from deepdos_nb.widgets.explorer.explore import Explore, explore
from deepdos_nb.widgets.explorer.explorer import SpectrumExplorer
from deepdos_nb.widgets.explorer.export import export_html
from deepdos_nb.widgets.explorer.quicklook import QuickLook, quicklook
from deepdos_nb.widgets.explorer.upload import UploadPredictor
from deepdos_nb.widgets.graph.graph import GraphView
from deepdos_nb.widgets.spectrum.plot import SpectrumPlot
from deepdos_nb.widgets.transport.laboratory import TransportLab
from deepdos_nb.widgets.transport.stepper import TransportStepper

__all__ = [
    "AttentionExplorer",
    "AttentionMap",
    "BandView",
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
