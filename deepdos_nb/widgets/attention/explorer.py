"""`AttentionExplorer`: which atoms every energy looked at, beside the states they own."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import ipywidgets
import traitlets as t

from deepdos_nb.plots.attention import By
from deepdos_nb.plots.attention_shares import shares_axes
from deepdos_nb.spectra.spectrum import Spectrum
from deepdos_nb.spectra.trace import Trace
from deepdos_nb.style.palette import theme
from deepdos_nb.widgets.attention.map import AttentionMap
from deepdos_nb.widgets.base.following import Following
from deepdos_nb.widgets.base.pictured import Pictured
from deepdos_nb.widgets.base.state import ViewState
from deepdos_nb.widgets.base.view import error_line, shows_errors
from deepdos_nb.widgets.crystal.structure import Backend, StructureView


class AttentionExplorer(Pictured, Following, ipywidgets.VBox):
    """An `AttentionMap` and a `StructureView` that follow one `ViewState`.

    Select energies, and the atoms are coloured and sized by their share of the attention; the
    list sets their share of the states beside it, which is not the same. Click an atom, and its
    spectrum and its row of the map are marked.

    Parameters
    ----------
    trace : Trace
    reference : Spectrum, optional
        A site-resolved reference of the same crystal, such as a projected DFT spectrum.
    state : ViewState, optional
        The selection to follow; a new one at the last transport step if not given.
    by : {"site", "element"}
        Rows of the map.
    backend : {"auto", "nglview", "canvas"}
        See `StructureView`.

    Raises
    ------
    ConfigError
        If `trace` is no Trace, or the reference belongs to another crystal or kind.
    """

    error = t.Unicode("")
    """What went wrong in the last callback; shown under the views."""

    def __init__(
        self,
        trace: Trace,
        *,
        reference: Spectrum | None = None,
        state: ViewState | None = None,
        by: By = "site",
        backend: Backend = "auto",
    ) -> None:
        # Layouts are not set later: those they would replace are models, and would stay.
        self.map = AttentionMap(
            trace,
            reference=reference,
            state=state,
            by=by,
            layout={"flex": "3 1 420px", "min_width": "320px", "width": "auto"},
        )
        self.state = self.map.state
        self.structure = StructureView(
            trace.structure,
            state=self.state,
            backend=backend,
            layout={"flex": "2 1 280px", "min_width": "260px", "width": "auto"},
        )
        self.structure.columns = ("attention", "states")
        row = ipywidgets.Box(
            [self.map, self.structure],
            layout={"display": "flex", "flex_flow": "row wrap", "width": "100%"},
        )
        self._line = ipywidgets.HTML()
        super().__init__([row, self._line], layout={"width": "100%"})
        self._colour()
        self.observe(self._report, names="error")
        self.map.observe(self._colour, names=["colour_by"])
        self._subscribe(self._colour, ["energy_range", "step", "layer", "head"])

    @shows_errors
    def _colour(self, _: Any = None) -> None:
        chosen, view = self.state.energy_range, self.structure
        attention, states, total = self.map.shares()
        first = self.map.colour_by == "attention"
        unit = self.map.data.trace.grid.unit
        with view.hold_trait_notifications():
            view.shares, view.compared = (attention, states) if first else (states, attention)
            view.columns = ("attention", "states") if first else ("states", "attention")
            view.by_share = chosen is not None
            view.caption = (
                f"Atoms by their share of {view.columns[0]}, {chosen[0]:.4g} to {chosen[1]:.4g} "
                f"{unit} ({total:.3g} states)"
                if chosen
                else "Shares over all energies; drag over the map for a part"
            )

    def _report(self, _: Any) -> None:
        self._line.value = error_line(self.error)

    def describe(self) -> str:
        """Both views, in words."""
        return f"{self.map.describe()} {self.structure.describe()}"

    def png(self) -> bytes:
        """Map, curves, crystal and shares as they stand, as a PNG picture."""
        from matplotlib.figure import Figure

        with theme(False):
            figure = Figure(figsize=(10.4, 5.4), layout="constrained")
            halves: Any = figure.subfigures(1, 2, width_ratios=[5, 3])
            left, right = halves
            self.map.draw(left)
            crystal, bars = right.subplots(2, 1, height_ratios=[3, 2])
            self.structure.draw(crystal, dark=False)
            attention, states, _ = self.map.shares()
            shares_axes(self.map.data.labels, attention, states, ax=bars)
            buffer = BytesIO()
            figure.savefig(buffer, format="png", dpi=110)
        return buffer.getvalue()
