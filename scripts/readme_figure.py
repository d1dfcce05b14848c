"""The README's pictures, drawn with the package's own plots: `python scripts/readme_figure.py`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pymatgen.core import Structure

import deepdos_nb as dd
from deepdos_nb.palette import element_colours, theme
from deepdos_nb.plots import (
    attention_axes,
    orbitals_figure,
    save,
    spectrum_axes,
    springs_figure,
)

INK = "#7a7a7a"
"""Grey that reads on a white and on a black page; the background is transparent."""


def crystal_axes(ax: Axes, structure: Structure) -> None:
    """Atoms of the cell and of its boundary, projected obliquely."""
    cell, frac = structure.lattice.matrix, structure.frac_coords
    turn = np.array([[0.92, -0.39, 0.0], [0.13, 0.31, 0.94]])
    towards = np.cross(turn[0], turn[1])
    colours = element_colours([s.specie.symbol for s in structure])
    corners = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)])
    for a in corners:
        for b in corners:
            if np.abs(a - b).sum() == 1 and (b - a).sum() == 1:
                ax.plot(*(np.array([a, b]) @ cell @ turn.T).T, color=INK, lw=0.8, zorder=0)
    images = [
        (position, site.specie)
        for site, f in zip(structure, frac % 1.0, strict=True)
        for shift in corners
        if ((position := f + shift) < 1.001).all()
    ]
    for position, element in sorted(images, key=lambda image: image[0] @ cell @ towards):
        x, y = turn @ (position @ cell)
        size = 420 * float(element.atomic_radius) ** 2
        ax.scatter(x, y, s=size, color=colours[element.symbol], edgecolor="white", lw=0.6)
    ax.set_aspect("equal")
    ax.margins(0.16)
    ax.axis("off")


def main() -> None:
    """Draw one crystal, its spectrum by element, what its bins attend to, and its springs."""
    model, structure = dd.load_model("phdos"), dd.example("SrTiO3")
    with theme(None):
        figure = Figure(figsize=(12, 3.6), facecolor="none", layout="constrained")
        crystal, spectrum, attention = figure.subplots(
            1, 3, gridspec_kw={"width_ratios": [0.8, 1.25, 1.35]}
        )
        crystal_axes(crystal, structure)
        spectrum_axes(model.predict(structure), ax=spectrum)
        attention_axes(model.trace(structure), ax=attention)
        spectrum.legend(*spectrum.get_legend_handles_labels(), frameon=False, fontsize=9)
        for axes, title in (
            (crystal, "SrTiO₃, a crystal"),
            (spectrum, "its phonon DOS, atom by atom"),
            (attention, "what each energy looked at"),
        ):
            for place in ("left", "center", "right"):
                axes.set_title(title if place == "left" else "", loc=place, color=INK, fontsize=12)
    docs = Path(__file__).parent.parent / "docs"
    print(save(figure, docs / "overview.png"))
    print(save(springs_figure(dd.vibrations(model, structure)), docs / "springs.png"))
    electrons = dd.orbitals(dd.load_model("edos"), structure)
    print(save(orbitals_figure(electrons), docs / "orbitals.png"))


if __name__ == "__main__":
    main()
