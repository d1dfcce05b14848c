"""`AttentionMap`: source attention, energy × site, above the spectra it belongs to."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import anywidget
import numpy as np
import traitlets as t

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import ConfigError
from deepdos_nb.plots.attention import By
from deepdos_nb.plots.attention_shares import map_and_curves
from deepdos_nb.spectra.spectrum import Spectrum
from deepdos_nb.spectra.trace import Trace
from deepdos_nb.style.palette import intensity_bytes, theme
from deepdos_nb.widgets.attention.payload import Attention, fit_columns, quantise
from deepdos_nb.widgets.base.linked import Linked
from deepdos_nb.widgets.base.payload import pack
from deepdos_nb.widgets.base.pictured import Pictured
from deepdos_nb.widgets.base.state import ViewState
from deepdos_nb.widgets.base.view import asset, shows_errors

SCRIPTS = (
    "base/controls.js",
    "base/range.js",
    *(
        f"attention/attention_{part}.js"
        for part in ("paint", "tiles", "curves", "view", "marks", "input")
    ),
    "attention/attention.js",
)

COLOURED = ("attention", "states")
"""What the atoms are coloured and sized by."""


class AttentionMap(Pictured, Linked, anywidget.AnyWidget):
    """Draw one source-attention map, all others small, and the spectra it belongs to.

    Drag to select energies, click a small map to enlarge it, click a row's name to select its
    site. All of it can be done from Python as well, by setting the traits of `state` or of the map.

    Parameters
    ----------
    trace : Trace
    reference : Spectrum, optional
        A site-resolved reference of the same crystal, drawn beside the prediction.
    state : ViewState, optional
        The selection to follow; a new one if not given.
    by : {"site", "element"}, optional
        Rows of the map; by default one for each site.
    """

    LINKED = ("energy_range", "selected_sites", "layer", "head")

    _esm = asset("base/common.js", "base/axes.js", *SCRIPTS)
    _css = asset(
        "base/base.css",
        "base/axes.css",
        "base/tips.css",
        "base/controls.css",
        "attention/attention.css",
    )

    header = t.Dict().tag(sync=True)
    """Title, grid, sites, elements, layers and heads; see `Attention.header`."""

    scale = t.Bytes().tag(sync=True)
    """uint8, shape (2, 256, 3): colours of the map on light and on dark."""

    weights = t.Bytes().tag(sync=True)
    """uint8, shape (rows, columns): square root of the weights, as parts of the largest."""

    largest = t.Float(0.0).tag(sync=True)
    """Largest weight of the map shown, which the last colour stands for."""

    tiles = t.Bytes().tag(sync=True)
    """uint8, shape (layers, heads + 1, rows, columns): all maps, small; the mean of heads first."""

    tile_rows = t.Int(1).tag(sync=True)
    """Rows of each small map."""

    panels: t.List[Any] = t.List().tag(sync=True)
    """Label, colour, site and reference of each row of curves; see `Attention.curves`."""

    curves = t.Bytes().tag(sync=True)
    """float32, shape (panels, 3, bins): prediction, attention × total, reference."""

    energy_range: t.List[Any] = t.List(allow_none=True, default_value=None).tag(sync=True)
    """As `ViewState.energy_range`; a list, because that is what JSON has."""

    selected_sites: t.List[int] = t.List().tag(sync=True)
    """As `ViewState.selected_sites`."""

    layer = t.Int(-1).tag(sync=True)
    """As `ViewState.layer`: −1 is the last."""

    head = t.Int(-1).tag(sync=True)
    """As `ViewState.head`: −1 is the mean over heads."""

    by = t.Enum(("site", "element"), default_value="site").tag(sync=True)
    """Rows of the map: every site, or the sum over the sites of each element."""

    colour_by = t.Enum(COLOURED, default_value="attention").tag(sync=True)
    """Which share colours and sizes the atoms beside the map."""

    readout = t.Unicode("").tag(sync=True)
    """What Python holds, in words; shown under the map and read out by screen readers."""

    description_text = t.Unicode("").tag(sync=True)
    """`describe`, as the map's accessible name."""

    error = t.Unicode("").tag(sync=True)
    """What went wrong in the last callback; shown under the map."""

    def __init__(
        self,
        trace: Trace,
        *,
        reference: Spectrum | None = None,
        state: ViewState | None = None,
        by: By = "site",
        **options: Any,
    ) -> None:
        if by not in ("site", "element"):
            raise ConfigError(
                f"rows cannot be grouped by {by!r}.", remedy="Use 'site' or 'element'."
            )
        self.data = Attention(trace, reference)
        self.state = state if state is not None else ViewState(step=trace.n_steps)
        tiles = self.data.tiles()
        super().__init__(
            header=self.data.header() | {"tileColumns": int(tiles.shape[-1])},
            scale=intensity_bytes(),
            tiles=quantise(tiles, float(tiles.max())),
            tile_rows=int(tiles.shape[2]),
            by=by,
            **options,
        )
        self._follow()
        if self.error:
            raise ConfigError(self.error.partition(": ")[2])
        self.observe(self._lead, names=list(self.LINKED))
        self.observe(self._follow, names=["by", "colour_by"])
        self._subscribe(self._follow, [*self.LINKED, "step"])

    @t.validate("layer", "head")
    def _existing(self, proposal: Any) -> int:
        name, value = proposal["trait"].name, int(proposal["value"])
        low, count = (
            (-self.data.n_layers, self.data.n_layers)
            if name == "layer"
            else (-1, self.data.n_heads)
        )
        if not low <= value < count:
            raise t.TraitError(f"there is no {name} {value}; there are {low} to {count - 1}.")
        return value

    @property
    def _by(self) -> By:
        return "site" if self.by == "site" else "element"

    @property
    def step(self) -> int:
        """Transport step whose states are shown."""
        return min(self.state.step, self.data.trace.n_steps)

    def _mirrored(self) -> dict[str, Any]:
        sites = [i for i in self.state.selected_sites if i < len(self.data.labels)]
        return super()._mirrored() | {"selected_sites": sites}

    @shows_errors
    def _follow(self, _: Any = None) -> None:
        with self.hold_sync():
            self._mirror()
            rows = fit_columns(self.data.rows(self.layer, self.head, self._by))
            self.largest = float(rows.max())
            self.weights = quantise(rows, self.largest)
            self.panels, curves = self.data.curves(
                self.step, self.layer, self.head, tuple(self.selected_sites)
            )
            self.curves = pack(curves)
            self.readout = self._words()
            self.description_text = self.describe()

    def shares(self) -> tuple[Array, Array, float]:
        """Shares of attention and of states in the chosen energies, (n_sites,), and the states."""
        chosen = self.state.energy_range
        attention = self.data.attention_share(self.layer, self.head, chosen)
        states, total = self.data.state_share(self.step, chosen)
        return attention, states, total

    def which(self) -> str:
        """The map that is shown, in words."""
        n = self.data.n_layers
        head = "mean over heads" if self.head == -1 else f"head {self.head + 1}"
        return f"layer {self.layer % n + 1} of {n}, {head}"

    def _words(self) -> str:
        attention, states, total = self.shares()
        unit = self.data.trace.grid.unit
        where = "All energies"
        if self.state.energy_range:
            low, high = self.state.energy_range
            where = f"{low:.4g} to {high:.4g} {unit}"
        if total <= 0:
            return f"{where}: no states"
        names = np.array(self.data.trace.symbols)
        listed = ", ".join(
            f"{s} {100 * attention[names == s].sum():.0f} % of the attention, "
            f"{100 * states[names == s].sum():.0f} % of the states"
            for s in dict.fromkeys(names.tolist())
        )
        return f"{where}, {total:.3g} states: {listed}"

    def describe(self) -> str:
        """The map and the shares in the chosen energies, in words."""
        data = self.data
        off = 50 * float(np.abs(np.subtract(*self.shares()[:2])).sum())
        text = (
            f"Source attention of {data.trace.structure.composition.reduced_formula}, "
            f"{self.which()}, {len(data.labels)} sites. {self._words()}. Attention and states "
            f"disagree on {off:.0f} % of the weight: a map tells where the model looked, and does "
            "not add up to the density of states."
        )
        if self.selected_sites:
            text += f" Selected: {', '.join(data.labels[i] for i in self.selected_sites)}."
        return text

    def png(self) -> bytes:
        """The map and its curves as they stand, as a PNG picture."""
        from matplotlib.figure import Figure

        with theme(False):
            figure = Figure(figsize=(7.2, 5.2), layout="constrained")
            self.draw(figure)
            buffer = BytesIO()
            figure.savefig(buffer, format="png", dpi=110)
        return buffer.getvalue()

    def draw(self, figure: Any) -> None:
        """Draw the map over its curves in a matplotlib figure or subfigure."""
        map_and_curves(
            figure,
            self.data.trace,
            *self.data.curves(self.step, self.layer, self.head, tuple(self.selected_sites)),
            layer=self.layer,
            head=None if self.head == -1 else self.head,
            by=self._by,
            energy_range=self.state.energy_range,
            selected=self.selected_sites,
            dark=False,
        )
