"""`TransportView`: every step of a transport on one energy axis."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import anywidget
import numpy as np
import traitlets as t

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.plots.transport_step import draw_step
from deepdos_nb.spectra.spectrum import Spectrum
from deepdos_nb.spectra.trace import Trace
from deepdos_nb.style.palette import theme
from deepdos_nb.widgets.base.linked import Linked, Stepped, existing_step
from deepdos_nb.widgets.base.payload import pack
from deepdos_nb.widgets.base.pictured import Pictured
from deepdos_nb.widgets.base.state import ViewState
from deepdos_nb.widgets.base.view import ACCENT, asset, shows_errors
from deepdos_nb.widgets.transport.payload import Steps, pack16
from deepdos_nb.widgets.transport.words import small

HEIGHT = 6.2
"""Height of its picture, inches."""


class TransportView(Pictured, Linked, Stepped, anywidget.AnyWidget):
    """Density, cumulative share, moves and changes of every transport step, on one energy axis.

    Parameters
    ----------
    source : Trace
    reference : Spectrum, optional
        Where the transport should arrive.
    state : ViewState, optional
        The selection to follow; a new one if not given.
    """

    LINKED = ("energy_range", "hidden_elements", "selected_sites", "step", "playing")

    _esm = asset(
        "base/common.js",
        "base/axes.js",
        "base/player.js",
        "base/panels.js",
        "base/range.js",
        "transport/transport_panels.js",
        "transport/transport.js",
    )
    _css = asset("base/base.css", "base/axes.css", "base/tips.css", "transport/transport.css")

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

    selection = t.Unicode("").tag(sync=True)
    """The states in the selected range at this step, in words; empty without one."""

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
        self.observe(self._lead, names=list(self.LINKED))
        self._subscribe(self._follow, self.LINKED)

    @property
    def last_step(self) -> int:
        """Last step of this crystal's transport."""
        return self.data.n_steps

    @t.validate("step")
    def _existing_step(self, proposal: Any) -> int:
        return existing_step(proposal, self.last_step)

    def _mirrored(self) -> dict[str, Any]:
        return super()._mirrored() | {"step": min(self.state.step, self.data.n_steps)}

    @shows_errors
    def _follow(self, _: Any = None) -> None:
        state, symbols = self.state, self.data.trace.symbols
        sites = tuple(i for i in state.selected_sites if i < len(symbols))
        labels = [f"{symbols[i]}{i + 1}" for i in sites]
        with self.hold_sync():
            self._mirror()
            self.selected = pack(self.data.site_sum(sites)) if sites else b""
            self.selected_label = ", ".join(labels) if len(labels) < 4 else f"{len(labels)} sites"
            self.selection = self._in_range()
            self.readout = self._words()
            self.description_text = self.describe()

    def _words(self) -> str:
        data, k = self.data, self.step
        unit = data.trace.grid.unit
        words = f"Step {k} of {data.n_steps} ({data.trace.step_names[k]})"
        parts = [
            words,
            f"mass error {small(data.trace.mass_error[k])}",
            f"minimum {small(data.minimum[k])} {data.trace.grid.density_unit}",
            f"Wasserstein distance {data.distance_name} {data.distance[k]:.3g} {unit}",
        ]
        if k:
            change = data.distance[k] - data.distance[k - 1]
            parts[-1] += f" ({change:+.2g} in this step)".replace("-", "−")
        return " · ".join([*parts, self.selection] if self.selection else parts)

    def _in_range(self) -> str:
        if not self.state.energy_range:
            return ""
        low, high = self.state.energy_range
        states, parts = self.data.within(self.step, low, high)
        listed = ", ".join(f"{symbol} {100 * part:.0f} %" for symbol, part in parts.items())
        unit = self.data.trace.grid.unit
        return f"{low:.4g} to {high:.4g} {unit}: {states:.3g} states ({listed})"

    def describe(self) -> str:
        """The transport and the step that is shown, in words."""
        data, trace = self.data, self.data.trace
        unit = trace.grid.unit
        first, last = data.distance[0], data.distance[-1]
        strides = ", ".join(str(s) for s in trace.strides)
        text = (
            f"Transport of the {trace.kind.long_name} of "
            f"{trace.structure.composition.reduced_formula} in {data.n_steps} steps "
            f"(strides {strides or 'none'}): Wasserstein distance {data.distance_name} "
            f"{first:.3g} {unit} at first ({trace.step_names[0]}), {last:.3g} {unit} at the end; "
            f"mass error at most {small(trace.mass_error.max())}, smallest density "
            f"{small(data.minimum.min())} {trace.grid.density_unit}. {self._words()}."
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
        return picture([(self, HEIGHT)])


def picture(parts: list[tuple[Any, float]]) -> bytes:
    """Views and their heights in inches, below each other, as one PNG picture on white."""
    from matplotlib.figure import Figure

    views, heights = zip(*parts, strict=True)
    with theme(False):
        figure = Figure(figsize=(8.4, sum(heights)), layout="constrained")
        places = figure.subfigures(len(views), 1, height_ratios=heights, squeeze=False)
        for view, place in zip(views, places[:, 0], strict=True):
            view.draw(place)
        buffer = BytesIO()
        figure.savefig(buffer, format="png", dpi=110)
    return buffer.getvalue()
