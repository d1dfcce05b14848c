"""A still picture of a crystal, for pages that run no widgets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.style.palette import INK
from deepdos_nb.widgets.base.scene import Scene
from deepdos_nb.widgets.base.view import ACCENT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TURN, TILT = np.radians(-24.0), np.radians(14.0)
"""How far the crystal is turned about the upright axis, then tilted towards the viewer."""


def view_matrix() -> Array:
    """Rotation from the cell's axes (z up) to the screen's: right, up, towards the viewer."""
    upright = np.array([[1.0, 0, 0], [0, 0, 1.0], [0, -1.0, 0]])
    ct, st = np.cos(TURN), np.sin(TURN)
    turn = np.array([[ct, 0, st], [0, 1, 0], [-st, 0, ct]])
    cx, sx = np.cos(TILT), np.sin(TILT)
    tilt = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    return tilt @ turn @ upright


def draw_scene(
    axes: Axes,
    scene: Scene,
    colours: Sequence[str],
    radii: Array,
    *,
    selected: Sequence[int] = (),
    dark: bool | None = None,
) -> None:
    """Draw atoms, bonds and cell on matplotlib axes, far things first.

    Parameters
    ----------
    axes : matplotlib Axes
    scene : Scene
    colours : sequence of str, length n_sites
    radii : ndarray, shape (n_sites,)
        Å.
    selected : sequence of int
        Sites that get a ring.
    dark : bool or None
        Theme of the page; None for ink that can be read on both.
    """
    from matplotlib.patches import Circle

    ink = INK[dark]
    turn = view_matrix()
    seen = scene.positions @ turn.T
    box = scene.edges @ turn.T
    low, high = seen[:, 2].min(), max(seen[:, 2].max(), seen[:, 2].min() + 1e-9)

    def order(depth: float) -> float:
        return 2.0 + (depth - low) / (high - low)

    for edge in box:
        axes.plot(edge[:, 0], edge[:, 1], color=ink, lw=0.9, alpha=0.7, zorder=1.5)
    for i, j in scene.bonds:
        ends = seen[[i, j]]
        axes.plot(
            ends[:, 0],
            ends[:, 1],
            color="#8b8f96",
            lw=2.2,
            solid_capstyle="round",
            zorder=order(ends[:, 2].min()) - 1e-3,
        )
    for atom in np.argsort(seen[:, 2]):
        site = scene.site[atom]
        at, r, layer = seen[atom, :2], radii[site], order(seen[atom, 2])
        if site in selected:
            axes.add_patch(
                Circle((at[0], at[1]), r + 0.2, color=ACCENT, alpha=0.35, lw=0, zorder=layer)
            )
        axes.add_patch(
            Circle(
                (at[0], at[1]),
                r,
                facecolor=colours[site],
                edgecolor="#2b2f36",
                lw=0.6,
                zorder=layer,
            )
        )
        shine = (at[0] - 0.32 * r, at[1] + 0.34 * r)
        axes.add_patch(Circle(shine, 0.28 * r, color="white", alpha=0.35, lw=0, zorder=layer))
    span = np.concatenate([seen[:, :2], box.reshape(-1, 3)[:, :2]])
    margin = float(radii.max()) + 0.3
    axes.set_xlim(span[:, 0].min() - margin, span[:, 0].max() + margin)
    axes.set_ylim(span[:, 1].min() - margin, span[:, 1].max() + margin)
    axes.set_aspect("equal")
    axes.set_axis_off()
