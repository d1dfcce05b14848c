"""`TransportStepper`: the transport of a prediction, step by step, with its laboratory."""

from __future__ import annotations

from typing import Any

import ipywidgets
import traitlets as t

from deepdos_nb.spectra.spectrum import Spectrum
from deepdos_nb.spectra.trace import Trace
from deepdos_nb.widgets.base.pictured import Pictured
from deepdos_nb.widgets.base.state import ViewState
from deepdos_nb.widgets.base.view import error_line, shows_errors
from deepdos_nb.widgets.transport.laboratory import TransportLab
from deepdos_nb.widgets.transport.view import HEIGHT, TransportView, picture


class TransportStepper(Pictured, ipywidgets.VBox):
    """Play, step through and take apart the transport of a prediction.

    A `TransportView`, and below it, once opened, a `TransportLab` to break the rules in.

    Parameters
    ----------
    source : Trace
    reference : Spectrum, optional
        Where the transport should arrive: a reference calculation of the same crystal.
    state : ViewState, optional
    laboratory : bool
        Whether the laboratory is open.
    colour_by : {"element", "site"}
    """

    laboratory = t.Bool(False)
    """Whether the laboratory is open."""

    error = t.Unicode("")
    """What went wrong in the last callback; shown under the views."""

    def __init__(
        self,
        source: Trace,
        *,
        reference: Spectrum | None = None,
        state: ViewState | None = None,
        laboratory: bool = False,
        colour_by: str = "element",
    ) -> None:
        self.view = TransportView(source, reference=reference, state=state, colour_by=colour_by)
        self.state = self.view.state
        self._lab: TransportLab | None = None
        self._line = ipywidgets.HTML()
        super().__init__([self.view, self._line], layout={"width": "100%"})
        self.observe(self._report, names="error")
        self.observe(self._open, names="laboratory")
        self.view.observe(self._toggled, names="laboratory")
        self.laboratory = laboratory

    @property
    def lab(self) -> TransportLab:
        """The laboratory; made when first asked for."""
        if self._lab is None:
            data = self.view.data
            self._lab = TransportLab(data.trace, reference=data.reference)
        return self._lab

    @shows_errors
    def _toggled(self, change: Any) -> None:
        self.laboratory = change["new"]

    @shows_errors
    def _open(self, change: Any) -> None:
        self.view.laboratory = change["new"]
        opened = [self.lab] if change["new"] else []
        self.children = (self.view, *opened, self._line)

    def _report(self, _: Any) -> None:
        self._line.value = error_line(self.error)

    def describe(self) -> str:
        """What is shown, in words."""
        parts = [self.view, self.lab] if self.laboratory else [self.view]
        return " ".join(part.describe() for part in parts)

    def png(self) -> bytes:
        """What is shown as it stands, as a PNG picture."""
        opened = [(self.lab, 4.2)] if self.laboratory else []
        return picture([(self.view, HEIGHT), *opened])
