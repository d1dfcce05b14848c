"""Figures of spectra and traces: pure matplotlib, no model and no browser needed.

Functions that end in ``_axes`` draw into axes (their own or yours) and return these; the others
return a whole figure, which a notebook shows when it is the last thing in a cell.

``dark=None`` suits any background: transparent, in colours legible on white and on dark grey.
"""

from deepdos_nb.plots.attention import attention_axes, attention_grid
from deepdos_nb.plots.attention_shares import shares_axes
from deepdos_nb.plots.benchmark import (
    errors_axes,
    gallery_figure,
    learning_curve_axes,
    precision_recall_axes,
)
from deepdos_nb.plots.compare import compare
from deepdos_nb.plots.ensemble import calibration_axes, ensemble_figure
from deepdos_nb.plots.force_constants import springs_figure
from deepdos_nb.plots.laboratory import laboratory_figure
from deepdos_nb.plots.neighbours import neighbours_axes, neighbours_figure
from deepdos_nb.plots.screen import candidates_figure, valence_gaps_figure
from deepdos_nb.plots.sweep import sweep_figure
from deepdos_nb.plots.tight_binding import orbitals_figure
from deepdos_nb.plots.training import training_figure
from deepdos_nb.plots.transport import transport_figure
from deepdos_nb.plots.transport_step import transport_step_figure
from deepdos_nb.spectra.drawing import sites_axes, spectrum_axes
from deepdos_nb.style.axes import formula_text, save

__all__ = [
    "attention_axes",
    "attention_grid",
    "calibration_axes",
    "candidates_figure",
    "compare",
    "ensemble_figure",
    "errors_axes",
    "formula_text",
    "gallery_figure",
    "laboratory_figure",
    "learning_curve_axes",
    "neighbours_axes",
    "neighbours_figure",
    "orbitals_figure",
    "precision_recall_axes",
    "save",
    "shares_axes",
    "sites_axes",
    "spectrum_axes",
    "springs_figure",
    "sweep_figure",
    "training_figure",
    "transport_figure",
    "transport_step_figure",
    "valence_gaps_figure",
]
