"""`StructureView`: the crystal in 3-D, its atoms coloured and sized by their share of states."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any, Literal, get_args

import ipywidgets
import numpy as np
import traitlets as t

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import ConfigError
from deepdos_nb.style.palette import element_colours, share_colours, theme
from deepdos_nb.widgets.base.cells import cells_of
from deepdos_nb.widgets.base.following import Following
from deepdos_nb.widgets.base.ngl import NGLView, nglview_problem
from deepdos_nb.widgets.base.pictured import Pictured
from deepdos_nb.widgets.base.scene import build_scene
from deepdos_nb.widgets.base.state import ViewState
from deepdos_nb.widgets.base.still import draw_scene
from deepdos_nb.widgets.base.view import error_line, shows_errors
from deepdos_nb.widgets.crystal.canvas import CrystalCanvas
from deepdos_nb.widgets.crystal.cell import CellChoice
from deepdos_nb.widgets.crystal.sites import SiteTable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from pymatgen.core import Structure

Backend = Literal["auto", "nglview", "canvas", "image"]

BALL = 0.42
"""Drawn radius of an atom as a part of its covalent radius."""


class StructureView(Pictured, Following, ipywidgets.VBox):
    """A crystal with a ranked list of its sites.

    Parameters
    ----------
    structure : pymatgen Structure
    state : ViewState, optional
        Gives and receives the selected sites; a new one if not given.
    backend : {"auto", "nglview", "canvas"}
        What draws the atoms: nglview with WebGL, or the page itself on a flat canvas. "auto" takes
        the canvas, and says why, where nglview would stay blank. "image" is the canvas too.
    height : str
        CSS height of the 3-D view.
    """

    shares = t.Any(None, allow_none=True)
    """Share of each site, shape (n_sites,), or None."""

    compared = t.Any(None, allow_none=True)
    """A second share of each site, listed beside the first; shape (n_sites,), or None."""

    columns = t.Tuple(())
    """Names of the two shares, where there are two."""

    by_share = t.Bool(True)
    """Colour and size the atoms by their shares; otherwise by element."""

    caption = t.Unicode("Sites")
    """What the shares are shares of."""

    error = t.Unicode("")
    """What went wrong in the last callback; shown under the view."""

    _closed = True

    def __init__(
        self,
        structure: Structure,
        *,
        state: ViewState | None = None,
        backend: Backend = "auto",
        height: str = "300px",
        **options: Any,
    ) -> None:
        if backend not in get_args(Backend):
            raise ConfigError(
                f"unknown backend {backend!r}.", remedy="Use 'auto', 'nglview' or 'canvas'."
            )
        self.state = state if state is not None else ViewState()
        self.choice = CellChoice()
        self._take(structure)
        self.table = SiteTable()
        self.problem = nglview_problem() if backend == "auto" else ""
        self.backend = (
            "nglview" if backend in ("auto", "nglview") and not self.problem else "canvas"
        )
        self.ngl: NGLView | None = None
        self.canvas: CrystalCanvas | None = None
        self._box = ipywidgets.Box(layout={"height": height, "width": "100%"})
        self._box.add_class("ddos-crystal")
        self._line = ipywidgets.HTML(error_line(self.problem))
        super().__init__([self._box, self.choice, self.table, self._line], **options)
        self._stage()
        self._show()
        self.observe(self._show, names=["shares", "compared", "columns", "by_share", "caption"])
        self.choice.observe(self._restage, names=["cell", "across"])
        self.observe(self._report, names="error")
        self._subscribe(self._show, ["selected_sites"])
        self.table.observe(self._lead, names="selected_sites")
        self._closed = False

    @t.validate("shares", "compared")
    def _one_per_site(self, proposal: Any) -> Any:
        value = proposal["value"]
        if value is None:
            return None
        shares = np.asarray(value, dtype=float)
        if shares.shape != (len(self.structure),):
            raise t.TraitError(
                f"shares have shape {shares.shape}, expected ({len(self.structure)},)."
            )
        return _Shares(shares)

    def plain_look(self) -> tuple[list[str], Array]:
        """Colour and radius (Å) of every site by its element."""
        colours = element_colours(self.scene.symbols)
        size = np.clip(BALL * self.scene.radii, 0.28, 0.85)
        return [colours[s] for s in self.scene.symbols], size

    def look(self) -> tuple[list[str], Array]:
        """Colour and radius (Å) of every site, from the shares, or by element without any."""
        if self.shares is None or not self.by_share:
            return self.plain_look()
        _, size = self.plain_look()
        relative = self.shares.values / max(self.shares.values.max(), 1e-12)
        return share_colours(relative), size * (0.55 + 0.75 * relative)

    def _take(self, structure: Structure) -> None:
        self.structure, self.scene = structure, build_scene(structure)
        self.labels = [f"{s}{i + 1}" for i, s in enumerate(self.scene.symbols)]
        with self.choice.hold_sync():
            self.choice.cells = list(cells_of(structure))
            self.choice.cell, self.choice.across = "given", False

    def show(self, structure: Structure) -> None:
        """Show another crystal in place of this one, without shares until they are set."""
        # As one change, or atoms of the one would be painted by shares of the other.
        with self.hold_trait_notifications():
            self.shares = self.compared = None
            self.choice.unobserve(self._restage, names=["cell", "across"])
            self._take(structure)
            self.choice.observe(self._restage, names=["cell", "across"])
            self._restage()

    def _stage(self) -> None:
        """Make or change what draws the atoms of the scene."""
        before = self.ngl
        if self.backend == "nglview":
            height = self._box.layout.height
            self.ngl = NGLView(
                self.scene, *self.look(), self.state.toggle_site, height, self.tips()
            )
            self._box.children = (self.ngl.widget,)
            if before is not None:
                before.close()
        elif self.canvas is None:
            self.canvas = CrystalCanvas(
                self.scene, *self.look(), self.tips(), layout={"height": "100%", "width": "100%"}
            )
            self.canvas.observe(self._lead, names="selected_sites")
            self._box.children = (self.canvas,)
        else:
            # Another crystal selects nothing of the one before.
            self.canvas.unobserve(self._lead, names="selected_sites")
            self.canvas.show(self.scene, *self.look(), self.tips())
            self.canvas.observe(self._lead, names="selected_sites")

    @shows_errors
    def _restage(self, change: Any = None) -> None:
        if change is not None:
            cell: Any = self.choice.cell
            self.scene = build_scene(self.structure, cell, across=self.choice.across)
        self._stage()
        self._show()

    def tips(self) -> list[str]:
        """What a pointer over an atom of each site is told: its name, and its share."""
        if self.shares is None:
            return list(self.labels)
        return [
            f"{name} · {100 * share:.1f} %"
            for name, share in zip(self.labels, self.shares.values, strict=True)
        ]

    @shows_errors
    def _lead(self, change: Any) -> None:
        self.state.selected_sites = tuple(change["new"])

    @shows_errors
    def _show(self, _: Any = None) -> None:
        colours, radii = self.look()
        selected = self.state.selected_sites
        if self.ngl is not None:
            self.ngl.paint(colours, radii, selected, self.tips())
        if self.canvas is not None:
            self.canvas.description_text = self.describe()
            self.canvas.paint(colours, radii, selected, self.tips())
        shares = self.shares.values if self.shares is not None else np.zeros(len(self.labels))
        second = self.compared.values if self.compared is not None else None
        with self.table.hold_sync():
            self.table.caption = self.caption
            self.table.selected_sites = list(selected)
            self.table.columns = list(self.columns) if second is not None else []
            self.table.rows = [
                {
                    "site": int(i),
                    "label": self.labels[i],
                    "share": round(float(shares[i]), 5),
                    "colour": colours[i],
                }
                | ({} if second is None else {"second": round(float(second[i]), 5)})
                for i in (
                    np.argsort(-shares, kind="stable") if self.by_share else range(len(shares))
                )
            ]

    def _report(self, _: Any) -> None:
        self._line.value = error_line(self.error or self.problem)

    def close(self) -> None:
        """Follow the state no longer and give back what the browser holds for this view."""
        if self._closed:
            return
        self._closed = True
        if self.ngl is not None:
            self.ngl.close()
        parts = [*self.children, *([self.canvas] if self.canvas is not None else [])]
        for part in parts:
            part.close()
        super().close()
        # Layouts and styles are models of their own, and would stay in the saved notebook.
        for part in (*parts, self):
            part.layout.close()
            if part.has_trait("style"):
                part.style.close()

    def draw(self, axes: Axes, *, dark: bool | None = None) -> None:
        """Draw the crystal as it is coloured now on matplotlib axes."""
        colours, radii = self.look()
        draw_scene(axes, self.scene, colours, radii, selected=self.state.selected_sites, dark=dark)

    def png(self, *, dark: bool | None = False) -> bytes:
        """The crystal as it is coloured now, as a PNG picture."""
        from matplotlib.figure import Figure

        with theme(dark):
            figure = Figure(figsize=(3.4, 3.0), layout="constrained")
            self.draw(figure.add_subplot(), dark=dark)
            buffer = BytesIO()
            figure.savefig(buffer, format="png", dpi=110)
        return buffer.getvalue()

    def describe(self, most: int = 5) -> str:
        """The crystal and what its colours say, in words; lists the `most` largest shares."""
        lattice = self.structure.lattice
        text = (
            f"{self.structure.composition.reduced_formula}, {len(self.labels)} atoms in a cell of "
            + " × ".join(f"{v:.2f}" for v in lattice.abc)
            + f" Å, {lattice.volume:.1f} Å³."
        )
        if self.shares is not None:
            ranked = sorted(zip(self.shares.values, self.labels, strict=True), reverse=True)[:most]
            listed = ", ".join(f"{label} {100 * share:.1f} %" for share, label in ranked)
            text += f" {self.caption}: {listed}."
        if self.state.selected_sites:
            text += " Selected: " + ", ".join(self.labels[i] for i in self.state.selected_sites)
            text += "."
        return text


class _Shares:
    """An array that compares by value, so that traitlets can tell a change from a repeat."""

    def __init__(self, values: Array) -> None:
        self.values = values

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Shares) and np.array_equal(self.values, other.values)

    __hash__ = None  # type: ignore[assignment]
