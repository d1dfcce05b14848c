"""`TransportStepper`: the transport of a prediction, step by step."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import anywidget
import ipywidgets
import numpy as np
import traitlets as t

from deepdos_nb.errors import ConfigError
from deepdos_nb.palette import theme
from deepdos_nb.plots.transport_step import draw_step
from deepdos_nb.spectra import Spectrum, Trace
from deepdos_nb.widgets._base import ACCENT, asset, error_line, shows_errors, with_still
from deepdos_nb.widgets._lab_words import small
from deepdos_nb.widgets._payload import pack
from deepdos_nb.widgets._transport import Steps, pack16
from deepdos_nb.widgets.state import ViewState
from deepdos_nb.widgets.transport_lab import TransportLab

LINKED = ("energy_range", "hidden_elements", "selected_sites", "step", "playing")
"""Traits that mirror the view state, both ways."""


class TransportView(anywidget.AnyWidget):
    """Density, cumulative share, moves and changes of every transport step, on one energy axis.

    Parameters
    ----------
    source : Trace
    reference : Spectrum, optional
        Where the transport should arrive.
    state : ViewState, optional
        The selection to follow; a new one if not given.
    """

    _esm = asset(
        "common.js", "player.js", "panels.js", "range.js", "transport_panels.js", "transport.js"
    )
    _css = asset("base.css", "transport.css")

    header = t.Dict().tag(sync=True)
    """Titles, units, grid, elements and rows; see `Steps.header`."""

    rows = t.Bytes().tag(sync=True)
    """Densities of the rows at every step, (steps + 1, rows, bins); see `pack16`."""

    moves = t.Bytes().tag(sync=True)
    """Parts moved left and right, (steps, bins, 2), as unsigned 16-bit parts of one."""

    reference = t.Bytes().tag(sync=True)
    """float32, shape (bins,): density of the reference; empty without one."""

    measures: t.List[Any] = t.List().tag(sync=True)
    """One dict per step: mass error, smallest density, Wasserstein distance."""

    selected = t.Bytes().tag(sync=True)
    """float32, shape (steps + 1, bins): sum of the selected sites; empty without any."""

    selected_label = t.Unicode("").tag(sync=True)
    """Name of that sum."""

    energy_range: t.List[Any] = t.List(allow_none=True, default_value=None).tag(sync=True)
    """As `ViewState.energy_range`; a list, because that is what JSON has."""

    hidden_elements: t.List[str] = t.List().tag(sync=True)
    """As `ViewState.hidden_elements`."""

    selected_sites: t.List[int] = t.List().tag(sync=True)
    """As `ViewState.selected_sites`."""

    step = t.Int(0).tag(sync=True)
    """As `ViewState.step`."""

    playing = t.Bool(False).tag(sync=True)
    """As `ViewState.playing`."""

    colour_by = t.Enum(["element", "site"], default_value="element").tag(sync=True)
    """Whether the stack is coloured by element, or by site in shades of its element's colour."""

    laboratory = t.Bool(False).tag(sync=True)
    """Whether the laboratory is open; `TransportStepper` shows it below."""

    readout = t.Unicode("").tag(sync=True)
    """What Python holds, in words; shown under the plot and read out by screen readers."""

    description_text = t.Unicode("").tag(sync=True)
    """`describe`, as the plot's accessible name."""

    error = t.Unicode("").tag(sync=True)
    """What went wrong in the last callback; shown under the plot."""

    def __init__(
        self,
        source: Trace,
        *,
        reference: Spectrum | None = None,
        state: ViewState | None = None,
        **options: Any,
    ) -> None:
        self.data = data = Steps(source, reference)
        self.state = state if state is not None else ViewState()
        if self.state.step > data.n_steps:
            raise ConfigError(
                f"step {self.state.step} does not exist.",
                remedy=f"This trace has steps 0 to {data.n_steps}.",
            )
        super().__init__(
            header=data.header(),
            rows=pack16(data.row_values()),
            moves=np.rint(source.fractions[..., [0, 2]] * 65535).astype("<u2").tobytes(),
            reference=pack(data.reference_curve),
            measures=data.measures(),
            **options,
        )
        self._follow()
        self.observe(self._lead, names=list(LINKED))
        self.state.observe(self._follow, names=list(LINKED))

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
        state, symbols = self.state, self.data.trace.symbols
        sites = tuple(i for i in state.selected_sites if i < len(symbols))
        labels = [f"{symbols[i]}{i + 1}" for i in sites]
        with self.hold_sync():
            self.set_trait("energy_range", state.energy_range and list(state.energy_range))
            self.hidden_elements = list(state.hidden_elements)
            self.selected_sites = list(state.selected_sites)
            self.step = min(state.step, self.data.n_steps)
            self.playing = state.playing
            self.selected = pack(self.data.site_sum(sites)) if sites else b""
            self.selected_label = ", ".join(labels) if len(labels) < 4 else f"{len(labels)} sites"
            self.readout = self._words()
            self.description_text = self.describe()

    def _words(self) -> str:
        data, k = self.data, self.step
        unit = data.trace.grid.unit
        words = f"Step {k} of {data.n_steps}" if k else f"Step 0 of {data.n_steps} (Stage I)"
        parts = [
            words,
            f"mass error {small(data.trace.mass_error[k])}",
            f"minimum {small(data.minimum[k])} {data.trace.grid.density_unit}",
            f"Wasserstein distance {data.distance_name} {data.distance[k]:.3g} {unit}",
        ]
        if k:
            change = data.distance[k] - data.distance[k - 1]
            parts[-1] += f" ({change:+.2g} in this step)".replace("-", "−")
        if self.state.energy_range:
            low, high = self.state.energy_range
            grid = data.trace.grid
            inside = (grid.energies >= low) & (grid.energies <= high)
            states = float(data.trace.total[k][inside].sum() * data.trace.states)
            parts.append(f"{low:.4g} to {high:.4g} {unit}: {states:.3g} states")
        return " · ".join(parts)

    def describe(self) -> str:
        """The transport and the step that is shown, in words."""
        data, trace = self.data, self.data.trace
        unit = trace.grid.unit
        first, last = data.distance[0], data.distance[-1]
        strides = ", ".join(str(s) for s in trace.strides)
        text = (
            f"Transport of the {'phonon' if trace.kind == 'phdos' else 'electronic'} density of "
            f"states of {trace.structure.composition.reduced_formula} in {data.n_steps} steps "
            f"(strides {strides or 'none'}): Wasserstein distance {data.distance_name} "
            f"{first:.3g} {unit} at Stage I, {last:.3g} {unit} at the end; mass error at most "
            f"{small(trace.mass_error.max())}, smallest density {small(data.minimum.min())} "
            f"{trace.grid.density_unit}. {self._words()}."
        )
        if self.step and trace.fractions[..., [0, 2]].any():
            velocity, mass = trace.velocity[self.step - 1], trace.total[self.step - 1]
            mean = float((velocity * mass).sum() / max(float(mass.sum()), 1e-30))
            way = "right" if mean >= 0 else "left"
            text += f" This step moves states {abs(mean):.2g} {unit} to the {way} on average."
        return text

    def draw(self, figure: Any) -> None:
        """Draw the step that is shown, with the selection, into a matplotlib figure."""
        draw_step(
            figure,
            self.data.trace,
            self.step,
            self.data.reference,
            hidden=tuple(self.hidden_elements),
            selected=tuple(i for i in self.selected_sites if i < len(self.data.trace.symbols)),
            energies=self.state.energy_range,
            accent=ACCENT,
            dark=False,
        )

    def png(self) -> bytes:
        """The view as it stands, as a PNG picture."""
        return picture([self])

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        return with_still(super()._repr_mimebundle_(**kwargs), self.png(), self.describe())


class TransportStepper(ipywidgets.VBox):
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
        return picture([self.view, self.lab] if self.laboratory else [self.view])

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        return with_still(super()._repr_mimebundle_(**kwargs), self.png(), self.describe())


def picture(views: list[Any]) -> bytes:
    """Views below each other as one PNG picture, on white."""
    from matplotlib.figure import Figure

    heights = [6.2 if isinstance(v, TransportView) else 4.2 for v in views]
    with theme(False):
        figure = Figure(figsize=(8.4, sum(heights)), layout="constrained")
        parts = figure.subfigures(len(views), 1, height_ratios=heights, squeeze=False)
        for view, part in zip(views, parts[:, 0], strict=True):
            view.draw(part)
        buffer = BytesIO()
        figure.savefig(buffer, format="png", dpi=110)
    return buffer.getvalue()
