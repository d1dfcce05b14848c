"""`BandView`: click a branch, and see the atoms move or the orbitals that make the state."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import ipywidgets
import numpy as np
import traitlets as t

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.grids import Grid
from deepdos_nb.plots.bands import bands_axes, states_axes
from deepdos_nb.style.axes import dress, energy_label
from deepdos_nb.style.palette import INK, element_colours, share_colours, theme
from deepdos_nb.widgets.bands.plot import BandPlot
from deepdos_nb.widgets.base.pictured import Pictured
from deepdos_nb.widgets.base.scene import Scene, build_scene
from deepdos_nb.widgets.base.state import ViewState
from deepdos_nb.widgets.base.still import draw_scene, view_matrix
from deepdos_nb.widgets.base.view import ACCENT, error_line, shows_errors
from deepdos_nb.widgets.crystal.canvas import CrystalCanvas
from deepdos_nb.widgets.crystal.structure import BALL

if TYPE_CHECKING:
    from pymatgen.core import Structure

REACH = 0.35
"""How far the atom that moves farthest is drawn to move, Å."""

SHELLS = "spd"
LISTED = 6
"""Orbitals that are named, the largest shares first."""

LEAST = 0.01
"""Share below which an orbital is not named."""


class BandView(Pictured, ipywidgets.VBox):
    """The bands of a draft, its density of states, and the state that is chosen.

    Of phonons, the atoms of some cells move as the chosen mode moves them; of electrons, atoms are
    coloured and sized by their share of the chosen state, and its orbitals are listed. Choosing a
    state selects its energy in every view that follows the same state.

    Parameters
    ----------
    banded : Vibrations or Orbitals
        As `dd.vibrations` and `dd.orbitals` return them.
    state : ViewState, optional
        The selection to follow; a new one if not given.
    """

    error = t.Unicode("")
    """What went wrong in the last callback; shown under the views."""

    def __init__(self, banded: Any, *, state: ViewState | None = None) -> None:
        self.banded = banded
        self.plot = BandPlot(
            banded,
            state=state,
            layout={"flex": "3 1 420px", "min_width": "320px", "width": "auto"},
        )
        self.state = self.plot.state
        # Eight cells show the waves of the zone's boundary; of large ones, one must do.
        few = len(banded.cell) <= 12
        self.scene: Scene = build_scene(banded.cell, "2×2×2" if few else "given")
        self.labels = [f"{s}{i + 1}" for i, s in enumerate(self.scene.symbols)]
        self._size = np.clip(BALL * self.scene.radii, 0.28, 0.85)
        self.canvas = CrystalCanvas(
            self.scene,
            self._colours(),
            self._size,
            self.labels,
            layout={"height": "330px", "width": "100%"},
        )
        self._words = ipywidgets.HTML()
        side = ipywidgets.VBox(
            [self.canvas, self._words],
            layout={"flex": "2 1 260px", "min_width": "240px", "width": "auto"},
        )
        row = ipywidgets.Box(
            [self.plot, side],
            layout={"display": "flex", "flex_flow": "row wrap", "width": "100%"},
        )
        self._line = ipywidgets.HTML()
        super().__init__([row, self._line], layout={"width": "100%"})
        self.observe(self._report, names="error")
        self.plot.observe(self._choose, names="chosen")
        self.plot.chosen = self._first()

    @property
    def moves(self) -> bool:
        """Whether states are vibrations."""
        return bool(self.banded.spectrum.kind.fixed_modes)

    def choose(self, point: int, band: int) -> None:
        """Choose a state by its place on the drawn path and its drawn band; what a click does."""
        self.plot.chosen = [point, band]

    def _first(self) -> list[int]:
        """A state to begin with: of phonons the highest mode half-way to the first corner."""
        plot = self.plot
        corner = float(self.banded.ticks[1][0])
        point = int(np.abs(self.banded.distance[plot.points] - corner / 2).argmin())
        if self.moves:
            return [point, len(plot.shown) - 1]
        below = self.banded.bands[plot.points[point]][plot.shown] <= 0.0
        return [point, max(int(below.sum()) - 1, 0)]

    def _colours(self) -> list[str]:
        colours = element_colours(self.scene.symbols)
        return [colours[s] for s in self.scene.symbols]

    @shows_errors
    def _choose(self, _: Any = None) -> None:
        if self.plot.place is None:
            self.canvas.motion = []
            return
        grid: Grid = self.banded.spectrum.grid
        energy = self.plot.energy
        assert energy is not None
        if self.moves:
            text = self._show_mode(*self.plot.place)
        else:
            text = self._show_state(*self.plot.place)
        zero = " from the zero" if grid.zero_inside else ""
        band = self.plot.place[1] + 1
        what = "Branch" if self.moves else "Band"
        self.plot.readout = (
            f"{what} {band} {self.plot.where()}, {energy:.4g} {grid.unit}{zero}. {text}"
        )
        self.canvas.description_text = f"{self.banded.spectrum.formula}, {len(self.scene.site)} "
        self.canvas.description_text += f"atoms drawn. {text}"
        self._words.value = f'<div class="ddos ddos-state">{text}</div>'
        # The same energy everywhere: the cell of the grid that holds it.
        if self._by_hand() and grid.start - grid.step / 2 <= energy <= grid.stop + grid.step / 2:
            half = grid.step / 2
            nearest = float(grid.energies[np.abs(grid.energies - energy).argmin()])
            self.state.energy_range = (
                max(nearest - half, grid.start),
                min(nearest + half, grid.stop),
            )
        self.plot._follow()

    def _by_hand(self) -> bool:
        """Whether somebody has chosen, and not the view itself when it was made."""
        ready, self._ready = getattr(self, "_ready", False), True
        return ready

    def _show_mode(self, point: int, branch: int) -> str:
        moved = self.banded.displacements(point, branch)
        self.canvas.motion = _motion(self.scene, self.banded.cell, self.banded.k[point], moved)
        lengths = np.linalg.norm(moved, axis=1)
        ranked = np.argsort(-lengths, kind="stable")[:LISTED]
        listed = ", ".join(
            f"{self.labels[i]} {100 * lengths[i]:.0f} %" for i in ranked if lengths[i] > LEAST
        )
        return f"Amplitudes, over the largest: {listed}."

    def _show_state(self, point: int, band: int) -> str:
        shares = self.banded.shares(point, band)
        relative = shares.sum(axis=1) / shares.sum(axis=1).max()
        tips = [
            f"{name} · {100 * share:.1f} %"
            for name, share in zip(self.labels, shares.sum(axis=1), strict=True)
        ]
        radii = self._size * (0.55 + 0.75 * relative)
        self.canvas.paint(share_colours(relative), radii, (), tips)
        places = np.dstack(np.unravel_index(np.argsort(-shares, axis=None), shares.shape))[0]
        listed = ", ".join(
            f"{self.labels[i]} {SHELLS[shell]} {100 * shares[i, shell]:.0f} %"
            for i, shell in places[:LISTED]
            if shares[i, shell] > LEAST
        )
        return f"Orbitals: {listed}."

    def _report(self, _: Any) -> None:
        self._line.value = error_line(self.error)

    def describe(self) -> str:
        """The view, in words."""
        return self.plot.describe()

    def png(self, *, dark: bool | None = False) -> bytes:
        """Crystal, bands and density as they stand, as a PNG picture."""
        from matplotlib.figure import Figure

        grid = self.banded.spectrum.grid
        with theme(dark):
            figure = Figure(figsize=(9.4, 3.8), layout="constrained")
            left, middle, right = figure.subplots(1, 3, width_ratios=[1.1, 1.6, 0.8])
            middle.sharey(right)
            radii = np.array(self.canvas.radii)
            draw_scene(left, self.scene, self.canvas.colours, radii, dark=dark)
            self._arrows(left)
            for axes in (middle, right):
                dress(axes, dark)
                if grid.zero_inside:
                    axes.axhline(0.0, color=INK[dark], linewidth=0.8, linestyle="--", alpha=0.7)
                if self.state.energy_range:
                    axes.axhspan(*self.state.energy_range, color=ACCENT, alpha=0.14, lw=0)
            bands_axes(middle, self.banded, INK[dark])
            states_axes(right, self.banded.spectrum)
            middle.set_ylabel(energy_label(grid))
            middle.set_ylim(*self.plot.header["limits"])
            if self.plot.place is not None:
                at = self.banded.distance[self.plot.place[0]]
                middle.plot([at], [self.plot.energy], "o", color=ACCENT, markersize=7, zorder=5)
            middle.set_title(self.plot.header["title"], loc="left", fontsize=10)
            buffer = BytesIO()
            figure.savefig(buffer, format="png", dpi=110)
        return buffer.getvalue()

    def _arrows(self, axes: Any) -> None:
        turn = view_matrix()
        seen = self.scene.positions @ turn.T
        for place, motion in zip(seen, self.canvas.motion, strict=False):
            step = np.array(motion[:3]) @ turn.T
            if np.hypot(*step[:2]) > 0.05:
                end = place[:2] + 4 * step[:2]
                axes.annotate(
                    "", end, place[:2], arrowprops={"arrowstyle": "-|>", "color": ACCENT, "lw": 1.4}
                )


def _motion(scene: Scene, cell: Structure, k: Array, moved: Array) -> list[list[float]]:
    """Real and imaginary part of every drawn atom's displacement, Å, in the scene's axes.

    The scene lies as viewers want it; wave vector and displacements as the crystal lies.
    """
    turn = np.linalg.solve(cell.lattice.matrix, scene.cell)
    places = scene.positions @ turn.T
    waves = REACH * moved[scene.site] * np.exp(1j * places @ k)[:, None] @ turn
    return np.hstack([waves.real, waves.imag]).round(3).tolist()
