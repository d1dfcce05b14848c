"""`SpectrumPlot`: the density of states as a view to touch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING, Any

import anywidget
import numpy as np
import traitlets as t

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.metrics.valence_gap import Gap, vb_gap
from deepdos_nb.spectra.spectrum import Spectrum
from deepdos_nb.spectra.trace import Trace
from deepdos_nb.style.palette import theme
from deepdos_nb.widgets.base.linked import Linked, Stepped, existing_step
from deepdos_nb.widgets.base.payload import Curves, curves_from, pack, rounded
from deepdos_nb.widgets.base.pictured import Pictured
from deepdos_nb.widgets.base.state import ViewState
from deepdos_nb.widgets.base.view import asset, shows_errors
from deepdos_nb.widgets.spectrum.scores import chips
from deepdos_nb.widgets.spectrum.still import draw_plot

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_OVERLAID = 16
"""Selected sites that get a curve; more would neither be told apart nor stay small."""

SCRIPTS = tuple(
    f"spectrum/spectrum_{part}.js" for part in ("data", "draw", "sites", "legend", "hover", "input")
)
"""Parts of the script, in front of its main file."""


class SpectrumPlot(Pictured, Linked, Stepped, anywidget.AnyWidget):
    """Draw a density of states, its elements or sites, and its transport steps.

    Drag to select energies, click for one bin, arrow keys for the steps. A click in the legend
    hides a curve, a double click shows it alone. All of it can be done from Python as well, by
    setting the traits of `state`.

    Parameters
    ----------
    source : Trace or Spectrum
    ensemble : Spectrum, optional
        The seed-averaged prediction, drawn as a line with its band.
    reference : Spectrum, optional
        The widest line, with the errors against it; named by its `source`.
    baselines : mapping of str to Spectrum, optional
        Other predictions by name.
    state : ViewState, optional
        The selection to follow; a new one if not given.
    """

    LINKED = ("energy_range", "hidden_elements", "hidden_curves", "step", "mode", "playing")

    _esm = asset(
        "base/common.js", "base/axes.js", "base/range.js", *SCRIPTS, "spectrum/spectrum.js"
    )
    _css = asset("base/base.css", "base/axes.css", "base/tips.css", "spectrum/spectrum.css")

    header = t.Dict().tag(sync=True)
    """Titles, units, grid and elements; see `Curves.header`."""

    curves = t.Bytes().tag(sync=True)
    """float32, shape (steps + 1, elements, bins)."""

    band = t.Bytes().tag(sync=True)
    """float32, shape (2, bins): ensemble mean and half-width of its band; empty without one."""

    lines: t.List[Any] = t.List().tag(sync=True)
    """Reference and baselines: name, colour, dash, width, values."""

    overlay: t.List[Any] = t.List().tag(sync=True)
    """Curves of the selected sites at the current step: site, label, element and values."""

    site_rows: t.List[Any] = t.List().tag(sync=True)
    """Rows of the site view: label, element, colour, sites; empty in the other modes."""

    site_curves = t.Bytes().tag(sync=True)
    """float32, shape (rows, bins): what they hold at the current step."""

    gap: t.List[Any] = t.List(allow_none=True, default_value=None).tag(sync=True)
    """Edges of the gap below the Fermi level, eV, or None; see `metrics.valence_gap.vb_gap`."""

    chips: t.List[Any] = t.List().tag(sync=True)
    """Errors against the reference: name, value, protocol, words."""

    energy_range: t.List[Any] = t.List(allow_none=True, default_value=None).tag(sync=True)
    """As `ViewState.energy_range`; a list, because that is what JSON has."""

    hidden_elements: t.List[str] = t.List().tag(sync=True)
    """As `ViewState.hidden_elements`."""

    hidden_curves: t.List[str] = t.List().tag(sync=True)
    """As `ViewState.hidden_curves`."""

    step = t.Int(0).tag(sync=True)
    """As `ViewState.step`."""

    mode = t.Unicode("elements").tag(sync=True)
    """As `ViewState.mode`."""

    playing = t.Bool(False).tag(sync=True)
    """As `ViewState.playing`."""

    notes: t.List[str] = t.List().tag(sync=True)
    """Cautions that belong to the spectrum; shown under the plot."""

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
        reference: Spectrum | None = None,
        baselines: Mapping[str, Spectrum] | None = None,
        state: ViewState | None = None,
        **options: Any,
    ) -> None:
        data = curves_from(source, ensemble, reference, baselines)
        self.state = state if state is not None else ViewState(step=data.n_steps)
        if self.state.step > data.n_steps:
            raise ConfigError(
                f"step {self.state.step} does not exist.",
                remedy=f"This spectrum has steps 0 to {data.n_steps}.",
            )
        self._take(source, ensemble, reference, data)
        super().__init__(**self._payload(), **options)
        self._follow()
        self.observe(self._lead, names=list(self.LINKED))
        self._subscribe(self._follow, [*self.LINKED, "selected_sites"])

    def show(
        self,
        source: Trace | Spectrum,
        *,
        ensemble: Spectrum | None = None,
        reference: Spectrum | None = None,
        baselines: Mapping[str, Spectrum] | None = None,
    ) -> None:
        """Draw another crystal in place of this one; the arguments are those of the class.

        What does not exist in the new one is no longer selected: sites, elements, and energies of
        another unit.
        """
        data, before = curves_from(source, ensemble, reference, baselines), self.data
        self._take(source, ensemble, reference, data)
        with self.hold_sync():
            with self.state.hold_trait_notifications():
                self.state.selected_sites = ()
                self.state.set_trait("hidden_elements", ())
                last = self.state.step >= before.n_steps
                self.state.step = data.n_steps if last else min(self.state.step, data.n_steps)
                if data.grid != before.grid:
                    self.state.energy_range = None
            for name, value in self._payload().items():
                setattr(self, name, value)
            self._follow()

    def _take(
        self,
        source: Trace | Spectrum,
        ensemble: Spectrum | None,
        reference: Spectrum | None,
        data: Curves,
    ) -> None:
        self.source, self.ensemble, self.reference, self.data = source, ensemble, reference, data

    def _payload(self) -> dict[str, Any]:
        data = self.data
        # A number of its own tells the browser of another crystal, whatever else may be equal.
        self._serial = getattr(self, "_serial", 0) + 1
        return {
            "header": data.header() | {"serial": self._serial},
            "curves": pack(data.by_element()),
            "band": pack(np.stack([data.mean, data.band]) if len(data.mean) else np.zeros(0)),
            "lines": [line.payload() for line in data.lines],
            "notes": list((self.ensemble or self.source).notes),
        }

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
        state, data = self.state, self.data
        step = min(state.step, data.n_steps)
        rows = data.site_rows() if state.mode == "sites" else []
        gap = self.gap_at(step)
        with self.hold_sync():
            self._mirror()
            self.site_rows = rows
            self.site_curves = pack(data.site_curves(step)) if rows else b""
            self.set_trait("gap", gap and [round(gap.low, 3), round(gap.high, 3)])
            self.chips = chips(data, step)
            self.overlay = [
                {
                    "site": i,
                    "label": data.labels[i],
                    "element": data.symbols[i],
                    "values": rounded(data.steps[step, i]),
                }
                for i in state.selected_sites[:MOST_OVERLAID]
                if i < len(data.symbols)
            ]
            self.readout = self._words()
            self.description_text = self.describe()

    def gap_at(self, step: int) -> Gap | None:
        """The gap below the Fermi level after a transport step; None for phonons."""
        if not self.data.grid.zero_inside:
            return None
        return vb_gap(self.data.grid.energies, self.data.steps[step].sum(axis=0))

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
        if self.site_rows and len(self.data.groups) > len(self.site_rows):
            n = len(self.data.groups)
            parts.append(f"{len(self.site_rows)} of {n} sets of equal sites have a row")
        return " · ".join(parts)

    def describe(self) -> str:
        """The spectrum at the current step, its errors and the selection, in words."""
        parts = [self._shown().describe()]
        gap = self.gap_at(self.step)
        if gap is not None:
            parts.append(
                f"Gap below the Fermi level from {gap.low:.2f} to {gap.high:.2f} eV, "
                f"{gap.width:.2f} eV wide."
            )
        parts += [chip["words"] for chip in self.chips]
        return " ".join([*parts, f"{self._words()}."])

    def _shown(self) -> Spectrum:
        """What is drawn at this step, with the cautions shown beside it."""
        if isinstance(self.source, Spectrum):
            return self.source
        return replace(self.source.spectrum(self.step), notes=tuple(self.notes))

    def draw(self, axes: Axes) -> None:
        """Draw the spectrum at this step, with the selection, on matplotlib axes."""
        draw_plot(
            axes,
            self._shown(),
            self.data,
            step=self.step,
            mode=self.mode,
            hidden=self.hidden_curves,
            hidden_elements=self.hidden_elements,
            overlay=self.overlay,
            gap=self.gap,
            energy_range=self.energy_range,
        )
        if self.data.n_steps:
            title = axes.get_title(loc="left")
            axes.set_title(f"{title}, step {self.step} of {self.data.n_steps}")

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
