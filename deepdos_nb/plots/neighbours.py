"""An atom's neighbours in the periodic crystal graph: where they are, how far, what edges carry."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import ConfigError
from deepdos_nb.crystal.graph import CrystalGraph, radial_basis
from deepdos_nb.style.axes import dress, new_figure, themed_axes
from deepdos_nb.style.palette import INK, element_colours, share_colours, theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pymatgen.core import Structure

SHELL_GAP = 0.05
"""Neighbours whose distances differ by less than this, Å, one after the other, form a shell."""

WIDEST = 1.5
"""How much of a cell that reaches beyond the sphere is drawn, in radii of the sphere."""

UPRIGHT = ((1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.0, -1.0, 0.0))
"""Rows: right, up, towards the viewer. The z axis stands upright."""


class Shell(NamedTuple):
    """Neighbours at one distance: mean distance (Å), number of each element, cutoff weight."""

    distance: float
    counts: dict[str, int]
    weight: float

    @property
    def n(self) -> int:
        """Number of neighbours."""
        return sum(self.counts.values())

    def words(self) -> str:
        """Such as ``6 O at 2.11 Å``."""
        listed = " + ".join(f"{n} {s}" for s, n in self.counts.items())
        return f"{listed} at {self.distance:.2f} Å"


def shells(symbols: Sequence[str], graph: CrystalGraph, site: int) -> list[Shell]:
    """Group the neighbours of a site by distance, nearest first.

    Parameters
    ----------
    symbols : sequence of str, length n_sites
    graph : CrystalGraph
    site : int

    Raises
    ------
    ConfigError
        If there is no such site.
    """
    if not 0 <= site < graph.n_nodes:
        raise ConfigError(f"there is no site {site}.", remedy=f"Use 0 to {graph.n_nodes - 1}.")
    edges = graph.neighbours(site)
    breaks = np.flatnonzero(np.diff(graph.distance[edges]) > SHELL_GAP) + 1
    found = []
    for group in np.split(edges, breaks):
        if len(group):
            names = [symbols[i] for i in graph.sender[group]]
            counts = {s: names.count(s) for s in dict.fromkeys(symbols) if s in names}
            found.append(
                Shell(
                    float(graph.distance[group].mean()), counts, float(graph.envelope[group].mean())
                )
            )
    return found


def neighbours_axes(
    structure: Structure,
    graph: CrystalGraph,
    site: int,
    *,
    edge: int = -1,
    rotation: Any = UPRIGHT,
    ax: Axes | None = None,
    dark: bool | None = None,
) -> Axes:
    """Draw the cell and all neighbours of one atom, those in other cells too.

    Parameters
    ----------
    structure : pymatgen Structure
    graph : CrystalGraph
        Built from it.
    site : int
        Whose neighbours.
    edge : int
        Neighbour to be marked, counted from the nearest; −1 for none.
    rotation : array_like, shape (3, 3)
        From Cartesian axes to the screen's: right, up, towards the viewer.
    ax : matplotlib Axes, optional
    dark : bool or None

    Returns
    -------
    matplotlib Axes
    """
    from matplotlib.patches import Circle

    turn = np.asarray(rotation, dtype=float).reshape(3, 3)
    symbols = [s.specie.symbol for s in structure]
    colours, accent = element_colours(symbols), share_colours([1.0])[0]
    edges = graph.neighbours(site)
    here = np.asarray(structure.cart_coords)[site]
    cell = (np.asarray(structure.cart_coords) - here) @ turn.T
    ends = graph.vector[edges] @ turn.T
    corners = np.array(list(product((0, 1), repeat=3)))
    boxes = [(a, b) for a in corners for b in corners if (b >= a).all() and (b - a).sum() == 1]
    matrix = np.asarray(structure.lattice.matrix)
    with themed_axes(ax, (4.4, 4.2), dark) as (axes, ink):
        for a, b in boxes:
            line = (np.array([a, b]) @ matrix - here) @ turn.T
            axes.plot(line[:, 0], line[:, 1], color=ink, linewidth=0.8, alpha=0.5, zorder=1)
        reach = float(graph.cutoff[site])
        axes.add_patch(Circle((0, 0), reach, fill=False, color=ink, lw=0.8, ls=(0, (4, 3))))
        for k, (end, weight) in enumerate(zip(ends, graph.envelope[edges], strict=True)):
            marked = k == edge
            axes.plot(
                [0, end[0]],
                [0, end[1]],
                color=accent if marked else ink,
                linewidth=0.4 + 2.6 * weight + marked,
                alpha=1.0 if marked else 0.25 + 0.5 * float(weight),
                zorder=3 if marked else 2,
            )
        atoms = [(p, s, False) for p, s in zip(cell, symbols, strict=True)]
        images = graph.image[edges]
        atoms += [
            (end, symbols[s], True)
            for end, s, image in zip(ends, graph.sender[edges], images, strict=True)
            if image.any()
        ]
        for at, symbol, outside in sorted(atoms, key=lambda a: a[0][2]):
            disc = Circle((at[0], at[1]), 0.3, facecolor=colours[symbol], lw=0.6, zorder=4)
            disc.set(edgecolor="#2b2f36", alpha=0.45 if outside else 1.0)
            axes.add_patch(disc)
        axes.add_patch(Circle((0, 0), 0.45, fill=False, color=accent, lw=2.0, zorder=5))
        # The cell too, unless it is much larger than the sphere.
        span = reach + 0.7
        box = ((corners @ matrix - here) @ turn.T)[:, :2].clip(-WIDEST * span, WIDEST * span)
        low, high = (
            np.minimum(box.min(axis=0) - 0.2, -span),
            np.maximum(box.max(axis=0) + 0.2, span),
        )
        axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal")
        axes.set_axis_off()
        axes.set_title(f"{symbols[site]}{site + 1}: {len(edges)} neighbours within {reach:.2f} Å")
        return axes


def shells_axes(
    symbols: Sequence[str],
    graph: CrystalGraph,
    site: int,
    *,
    ax: Axes | None = None,
    dark: bool | None = None,
) -> Axes:
    """Draw how many neighbours a site has at each distance, under the smooth cutoff."""
    colours = element_colours(symbols)
    reach = float(graph.cutoff[site])
    with themed_axes(ax, (4.4, 2.0), dark) as (axes, ink):
        most = 1
        for shell in shells(symbols, graph, site):
            floor = 0
            for symbol, n in shell.counts.items():
                axes.bar(shell.distance, n, 0.07, bottom=floor, color=colours[symbol], lw=0)
                floor += n
            most = max(most, shell.n)
        r = np.linspace(0.0, reach, 100)
        axes.plot(r, most * 0.5 * (np.cos(np.pi * r / reach) + 1), ":", color=ink, linewidth=1.2)
        axes.set(xlim=(0, reach + 0.3), xlabel="Distance (Å)", ylabel="Neighbours")
        return axes


def basis_axes(
    distance: float, envelope: float, *, ax: Axes | None = None, dark: bool | None = None
) -> Axes:
    """Draw what the encoder is told about an edge: Gaussians of its length times the cutoff."""
    centres, features = radial_basis(np.array(distance), np.array(envelope))
    with themed_axes(ax, (4.4, 1.8), dark) as (axes, ink):
        width = 0.8 * (centres[1] - centres[0])
        axes.bar(centres, features, width, color=share_colours([1.0])[0], linewidth=0)
        axes.axvline(distance, color=ink, linewidth=0.8, linestyle=(0, (4, 3)))
        axes.set(ylim=(0, 1), xlabel="Centre of the Gaussian (Å)", ylabel="Edge feature")
        return axes


def neighbours_figure(
    structure: Structure,
    graph: CrystalGraph,
    site: int,
    *,
    edge: int = -1,
    rotation: Any = UPRIGHT,
    dark: bool | None = None,
) -> Figure:
    """An atom's neighbours, their distance shells, and the features of one edge.

    Parameters
    ----------
    structure, graph, site, edge, rotation, dark
        As in `neighbours_axes`. Without an edge the nearest neighbour's features are drawn.

    Returns
    -------
    matplotlib Figure
    """
    symbols = [s.specie.symbol for s in structure]
    edges = graph.neighbours(site)
    shown: Array = edges[max(edge, 0)]
    with theme(dark):
        figure = new_figure((8.6, 4.2))
        halves: Any = figure.subfigures(1, 2, width_ratios=[1, 1])
        left, right = halves
        neighbours_axes(
            structure,
            graph,
            site,
            edge=edge,
            rotation=rotation,
            ax=left.add_subplot(),
            dark=dark,
        )
        upper, lower = right.subplots(2, 1)
        for ax in (upper, lower):
            dress(ax, dark)
        shells_axes(symbols, graph, site, ax=upper, dark=dark)
        basis_axes(float(graph.distance[shown]), float(graph.envelope[shown]), ax=lower, dark=dark)
        label = f"{symbols[int(graph.sender[shown])]}{int(graph.sender[shown]) + 1}"
        lower.set_title(f"Edge to {label}, {graph.distance[shown]:.2f} Å", color=INK[dark])
    return figure
