"""`SpectrumPlot`: the density of states as a view to touch."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING, Any

import anywidget
import numpy as np
import traitlets as t

from deepdos_nb.errors import ConfigError
from deepdos_nb.palette import theme
from deepdos_nb.plots import spectrum_axes
from deepdos_nb.spectra import Spectrum, Trace
from deepdos_nb.widgets._base import ACCENT, asset, shows_errors, with_still
from deepdos_nb.widgets._payload import Curves, curves_from, pack
from deepdos_nb.widgets.state import ViewState

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LINKED = ("energy_range", "hidden_elements", "step", "mode", "playing")
"""Traits that mirror the view state, both ways."""


class SpectrumPlot(anywidget.AnyWidget):
    """Draw a density of states, its elements and its transport steps.

    Drag to select energies, click for one bin, arrow keys for the steps. All of it can be done
    from Python as well, by setting the traits of `state`.

    Parameters
    ----------
    source : Trace or Spectrum
    ensemble : Spectrum, optional
        The seed-averaged prediction, drawn as a line with its spread.
    state : ViewState, optional
        The selection to follow; a new one if not given.
    """

    _esm = asset("common.js", "spectrum.js")
    _css = asset("base.css", "spectrum.css")

    header = t.Dict().tag(sync=True)
    """Titles, units, grid and elements; see `Curves.header`."""

    curves = t.Bytes().tag(sync=True)
    """float32, shape (steps + 1, elements, bins)."""

    band = t.Bytes().tag(sync=True)
    """float32, shape (2, bins): ensemble mean and spread; empty without an ensemble."""

    overlay: t.List[Any] = t.List().tag(sync=True)
    """Curves of the selected sites at the current step: label and values."""

    energy_range: t.List[Any] = t.List(allow_none=True, default_value=None).tag(sync=True)
    """As `ViewState.energy_range`; a list, because that is what JSON has."""

    hidden_elements: t.List[str] = t.List().tag(sync=True)
    """As `ViewState.hidden_elements`."""

    step = t.Int(0).tag(sync=True)
    """As `ViewState.step`."""

    mode = t.Unicode("elements").tag(sync=True)
    """As `ViewState.mode`."""

    playing = t.Bool(False).tag(sync=True)
    """As `ViewState.playing`."""

    readout = t.Unicode("").tag(sync=True)
    """What Python holds, in words; shown under the plot and read out by screen readers."""

    description_text = t.Unicode("").tag(sync=True)
    """`describe`, as the plot's accessible name."""

    error = t.Unicode("").tag(sync=True)
    """What went wrong in the last callback; shown under the plot."""

    def __init__(
        self,
        source: Trace | Spectrum,
        *,
        ensemble: Spectrum | None = None,
        state: ViewState | None = None,
        **options: Any,
    ) -> None:
        self.data: Curves = curves_from(source, ensemble)
        self.source = source
        self.ensemble = ensemble
        self.state = state if state is not None else ViewState(step=self.data.n_steps)
        if self.state.step > self.data.n_steps:
            raise ConfigError(
                f"step {self.state.step} does not exist.",
                remedy=f"This spectrum has steps 0 to {self.data.n_steps}.",
            )
        band = np.stack([self.data.mean, self.data.spread]) if len(self.data.mean) else np.zeros(0)
        super().__init__(
            header=self.data.header(),
            curves=pack(self.data.by_element()),
            band=pack(band),
            **options,
        )
        self._follow()
        self.observe(self._lead, names=list(LINKED))
        self.state.observe(self._follow, names=[*LINKED, "selected_sites"])

    @t.validate("step")
    def _existing_step(self, proposal: Any) -> int:
        step = int(proposal["value"])
        if not 0 <= step <= self.data.n_steps:
            raise t.TraitError(f"step {step} does not exist; there are 0 to {self.data.n_steps}.")
        return step

    @shows_errors
    def _lead(self, change: Any) -> None:
        value = change["new"]
        setattr(self.state, change["name"], tuple(value) if isinstance(value, list) else value)

    @shows_errors
    def _follow(self, _: Any = None) -> None:
        state = self.state
        step = min(state.step, self.data.n_steps)
        labels = [f"{s}{i + 1}" for i, s in enumerate(self.data.symbols)]
        with self.hold_sync():
            self.set_trait("energy_range", state.energy_range and list(state.energy_range))
            self.hidden_elements = list(state.hidden_elements)
            self.step, self.mode, self.playing = step, state.mode, state.playing
            self.overlay = [
                {
                    "label": labels[i],
                    "element": self.data.symbols[i],
                    "values": [float(f"{v:.4g}") for v in self.data.steps[step, i]],
                }
                for i in state.selected_sites
                if i < len(labels)
            ]
            self.readout = self._words()
            self.description_text = self.describe()

    def _words(self) -> str:
        parts = []
        if self.data.n_steps:
            parts.append(f"Step {self.step} of {self.data.n_steps}")
        if self.state.energy_range:
            low, high = self.state.energy_range
            shares, states = self.data.share(self.step, low, high)
            names = np.array(self.data.symbols)
            listed = ", ".join(
                f"{s} {100 * shares[names == s].sum():.0f} %" for s in self.data.colours
            )
            unit = self.data.grid.unit
            parts.append(f"{low:.4g} to {high:.4g} {unit}: {states:.3g} states ({listed})")
        else:
            parts.append("no energies selected")
        return " · ".join(parts)

    def describe(self) -> str:
        """The spectrum at the current step and the selection, in words."""
        source = self.source
        spectrum = source.spectrum(self.step) if isinstance(source, Trace) else source
        return f"{spectrum.describe()} {self._words()}."

    def draw(self, axes: Axes) -> None:
        """Draw the spectrum at this step, with the selection, on matplotlib axes."""
        data = self.data
        shown = self.source.spectrum(self.step) if isinstance(self.source, Trace) else self.source
        reference = None
        if isinstance(self.source, Trace) and self.ensemble is not None:
            reference = replace(self.ensemble, source="Ensemble mean")
        spectrum_axes(shown, axes, reference, elements=self.mode == "elements", dark=False)
        for item in self.overlay:
            axes.plot(data.grid.energies, item["values"], color=ACCENT, lw=1.6, zorder=7)
            peak = int(np.argmax(item["values"]))
            at = (data.grid.energies[peak], item["values"][peak])
            axes.annotate(item["label"], at, (3, 4), textcoords="offset points", color=ACCENT)
        if self.energy_range:
            axes.axvspan(*self.energy_range, color=ACCENT, alpha=0.12, lw=0)
        if data.n_steps:
            axes.set_title(f"{axes.get_title(loc='left')}, step {self.step} of {data.n_steps}")

    def png(self) -> bytes:
        """The view as it stands, as a PNG picture."""
        from matplotlib.figure import Figure

        # White behind it: pages that show this picture are mostly light and never say so.
        with theme(False):
            figure = Figure(figsize=(6.4, 3.6), layout="constrained")
            self.draw(figure.add_subplot())
            buffer = BytesIO()
            figure.savefig(buffer, format="png", dpi=110)
        return buffer.getvalue()

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        return with_still(super()._repr_mimebundle_(**kwargs), self.png(), self.describe())
