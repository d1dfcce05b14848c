"""`CrystalCanvas`: the crystal drawn by the page itself, where WebGL or nglview is missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import anywidget
import traitlets as t

from deepdos_nb.core.arrays import Array
from deepdos_nb.widgets.base.scene import Scene
from deepdos_nb.widgets.base.still import view_matrix
from deepdos_nb.widgets.base.view import asset


class CrystalCanvas(anywidget.AnyWidget):
    """Atoms, bonds and cell on a flat canvas; drag to turn, click an atom to select its site.

    It needs no WebGL, and no Python once it is drawn, so exported pages show it too.

    Parameters
    ----------
    scene : Scene
    colours : sequence of str, length n_sites
    radii : ndarray, shape (n_sites,)
        Å.
    tips : sequence of str, length n_sites
    """

    _esm = asset(
        "base/common.js",
        "base/controls.js",
        "base/balls.js",
        "crystal/motion.js",
        "crystal/canvas.js",
    )
    _css = asset("base/base.css", "base/tips.css", "crystal/canvas.css")

    scene = t.Dict().tag(sync=True)
    """Positions and ends of the cell's edges (Å), site of each atom, pairs of joined atoms."""

    upright: t.List[float] = t.List().tag(sync=True)
    """Rotation from the crystal's axes to the screen's, by rows, as the view begins."""

    colours: t.List[str] = t.List().tag(sync=True)
    """Colour of each site."""

    radii: t.List[float] = t.List().tag(sync=True)
    """Drawn radius of each site, Å."""

    tips: t.List[str] = t.List().tag(sync=True)
    """What a pointer over an atom of each site is told."""

    motion: t.List[Any] = t.List().tag(sync=True)
    """Of each drawn atom, real and imaginary part of its displacement, Å; empty: none moves."""

    moving = t.Bool(True).tag(sync=True)
    """Whether what can move does; off from the start where the reader wants no motion."""

    selected_sites: t.List[int] = t.List().tag(sync=True)
    """Indices of the selected sites."""

    description_text = t.Unicode("").tag(sync=True)
    """The crystal in words, as the view's accessible name."""

    def __init__(
        self,
        scene: Scene,
        colours: Sequence[str],
        radii: Array,
        tips: Sequence[str],
        **options: Any,
    ) -> None:
        super().__init__(
            **_looks(colours, radii, tips),
            scene=_drawn(scene),
            upright=[round(float(v), 6) for v in view_matrix().ravel()],
            **options,
        )

    def show(self, scene: Scene, colours: Sequence[str], radii: Array, tips: Sequence[str]) -> None:
        """Show another scene, with nothing selected."""
        with self.hold_sync():
            self.motion = []
            self.scene = _drawn(scene)
            self.paint(colours, radii, (), tips)

    def paint(
        self, colours: Sequence[str], radii: Array, selected: Sequence[int], tips: Sequence[str]
    ) -> None:
        """Show these colours, radii (Å), selected sites and words."""
        with self.hold_sync():
            for name, value in _looks(colours, radii, tips).items():
                self.set_trait(name, value)
            self.selected_sites = list(selected)


def _drawn(scene: Scene) -> dict[str, Any]:
    return {
        "positions": scene.positions.round(3).tolist(),
        "site": scene.site.tolist(),
        "bonds": scene.bonds.tolist(),
        "edges": scene.edges.round(3).tolist(),
    }


def _looks(colours: Sequence[str], radii: Array, tips: Sequence[str]) -> dict[str, Any]:
    return {
        "colours": list(colours),
        "radii": [round(float(r), 3) for r in radii],
        "tips": list(tips),
    }
