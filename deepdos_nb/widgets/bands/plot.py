"""`BandPlot`: the bands of a draft along a path, beside them the density of states they make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import anywidget
import numpy as np
import traitlets as t

from deepdos_nb.core.arrays import Array
from deepdos_nb.plots import formula_text
from deepdos_nb.plots.bands import Banded, point_name
from deepdos_nb.style.palette import element_colours
from deepdos_nb.widgets.base.linked import Linked
from deepdos_nb.widgets.base.payload import axis_header, pack
from deepdos_nb.widgets.base.state import ViewState
from deepdos_nb.widgets.base.view import asset, shows_errors

if TYPE_CHECKING:
    from pymatgen.core import Structure

MOST_BYTES = 60_000
"""Of all bands; of more than fit, only some wave vectors are drawn."""


class Solved(Banded, Protocol):
    """Bands of which single states can be asked for; see `inference.draft_bands`."""

    @property
    def cell(self) -> Structure:
        """The primitive cell the bands belong to."""
        ...

    @property
    def k(self) -> Array:
        """Wave vectors, shape (n_k, 3), Å⁻¹."""
        ...


class BandPlot(Linked, anywidget.AnyWidget):
    """Bands over the path, density of states beside them on the same upright axis of energies.

    Click a band to choose one of its states; drag over the density to select energies. Everything
    can be done from Python by setting `chosen`, and the traits of `state`.

    Parameters
    ----------
    banded : Vibrations or Orbitals
    state : ViewState, optional
        The selection to follow; a new one if not given.
    """

    LINKED = ("energy_range",)

    _esm = asset("base/common.js", "base/axes.js", "base/range.js", "bands/bands.js")
    _css = asset("base/base.css", "base/axes.css", "base/tips.css", "bands/bands.css")

    header = t.Dict().tag(sync=True)
    """Titles, units, grid, elements, corners of the path, limits of the energies."""

    distance = t.Bytes().tag(sync=True)
    """float32, shape (n_k,): places on the path, Å⁻¹."""

    bands = t.Bytes().tag(sync=True)
    """float32, shape (n_bands, n_k): those that pass through the window."""

    density = t.Bytes().tag(sync=True)
    """float32, shape (n_elements, n_bins)."""

    chosen: t.List[int] = t.List().tag(sync=True)
    """The chosen state: place on the path and band, as drawn; empty without one."""

    energy_range: t.List[Any] = t.List(allow_none=True, default_value=None).tag(sync=True)
    """As `ViewState.energy_range`; a list, because that is what JSON has."""

    readout = t.Unicode("").tag(sync=True)
    """What Python says of the chosen state."""

    description_text = t.Unicode("").tag(sync=True)
    """The view in words, as the plot's accessible name."""

    error = t.Unicode("").tag(sync=True)
    """What went wrong in the last callback; shown under the plot."""

    def __init__(self, banded: Solved, *, state: ViewState | None = None, **options: Any) -> None:
        self.banded = banded
        self.state = state if state is not None else ViewState()
        grid, spectrum = banded.spectrum.grid, banded.spectrum
        inside = (banded.bands.max(axis=0) >= grid.start) & (banded.bands.min(axis=0) <= grid.stop)
        self.shown: Array = np.flatnonzero(inside)
        """Bands that are drawn, from the lowest."""
        points = len(banded.distance)
        every = max(1, -(-4 * points * len(self.shown) // MOST_BYTES))
        self.points: Array = np.arange(0, points, every)
        """Wave vectors that are drawn."""
        drawn = banded.bands[np.ix_(self.points, self.shown)]
        top = min(grid.stop, 1.06 * float(drawn.max())) if grid.start == 0 else grid.stop
        elements = spectrum.by_element()
        formula = formula_text(spectrum.formula)
        super().__init__(
            header={
                "title": f"Bands of {formula} by {spectrum.source}",
                "subtitle": f"{len(banded.cell)} atoms in the primitive cell",
                **axis_header(grid),
                "limits": [grid.start, top],
                "corners": [[float(at), point_name(name)] for at, name in banded.ticks],
                "elements": [
                    {"name": k, "colour": v} for k, v in element_colours(spectrum.symbols).items()
                ],
            },
            distance=pack(banded.distance[self.points]),
            bands=pack(drawn.T),
            density=pack(np.stack([*elements.values()])),
            **options,
        )
        self._follow()
        self.observe(self._lead, names=list(self.LINKED))
        self._subscribe(self._follow, self.LINKED)

    @t.validate("chosen")
    def _existing(self, proposal: Any) -> list[int]:
        value = [int(v) for v in proposal["value"]]
        if value and not (
            len(value) == 2 and 0 <= value[0] < len(self.points) and 0 <= value[1] < len(self.shown)
        ):
            raise t.TraitError(
                f"there is no state {value}; there are {len(self.points)} places on the path and "
                f"{len(self.shown)} bands."
            )
        return value

    @property
    def place(self) -> tuple[int, int] | None:
        """Wave vector and band of the chosen state in `banded`."""
        if not self.chosen:
            return None
        return int(self.points[self.chosen[0]]), int(self.shown[self.chosen[1]])

    @property
    def energy(self) -> float | None:
        """Energy or wavenumber of the chosen state, in the grid's unit."""
        return None if self.place is None else float(self.banded.bands[self.place])

    def where(self) -> str:
        """The chosen state's place on the path, in words."""
        if self.place is None:
            return ""
        at = float(self.banded.distance[self.place[0]])
        corners = [(float(d), point_name(name)) for d, name in self.banded.ticks]
        here = [name for d, name in corners if abs(d - at) < 1e-6]
        if here:
            return f"at {here[0]}"
        before = [name for d, name in corners if d < at][-1]
        after = next(name for d, name in corners if d > at)
        # Where the path jumps, one place has two names.
        return f"between {before.split('|')[-1]} and {after.split('|')[0]}"

    @shows_errors
    def _follow(self, _: Any = None) -> None:
        with self.hold_sync():
            self._mirror()
            self.description_text = self.describe()

    def describe(self) -> str:
        """Bands, path and chosen state, in words."""
        spectrum, corners = self.banded.spectrum, [point_name(n) for _, n in self.banded.ticks]
        shown, known = len(self.shown), self.banded.bands.shape[1]
        text = f"bands of {spectrum.formula} by {spectrum.source}"
        if shown == known:
            text = f"{known} {text}"
        else:
            text = f"{shown} of {known} {text} are in the window"
            if shown:
                # Bands are sorted by energy, so that those in the window follow one another.
                text = f"{text}, numbers {self.shown[0] + 1} to {self.shown[-1] + 1}"
        return f"{text}, along {'–'.join(corners)}. {self.readout}".strip()
