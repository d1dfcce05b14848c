"""The README's pictures, drawn with the package's own plots: `python scripts/readme_figure.py`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pymatgen.core import Structure

import deepdos_nb as dd
from deepdos_nb.evaluation.variants import baselines
from deepdos_nb.plots import (
    attention_axes,
    learning_curve_axes,
    orbitals_figure,
    save,
    spectrum_axes,
    springs_figure,
)
from deepdos_nb.style.axes import dress
from deepdos_nb.style.palette import ELEMENTS, element_colours, theme

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


def learning_figure() -> Figure:
    """Error over the size of the training set, and over the number of seeds."""
    results = Path(__file__).parent.parent / "notebooks" / "results"
    rows = pd.read_csv(results / "data_efficiency.csv")
    sizes = pd.read_csv(results / "ensemble.csv")
    single = pd.read_csv(results / "benchmark.csv")
    single = single[single["seed"] != "mean curve"].groupby("variant")["mse_max"].mean()
    best = single[baselines(single.index)]
    with theme(None):
        figure = Figure(figsize=(9, 3.2), facecolor="none", layout="constrained")
        data, seeds = figure.subplots(1, 2, width_ratios=[1.4, 1], sharey=True)
        learning_curve_axes(rows, data).set_ylabel("MSE (max-normalised)", color=INK)
        data.axhline(best.min(), color=INK, ls="--", lw=1.2)
        place = (rows["n_train"].max(), best.min() + 0.0003)
        data.text(*place, "best baseline", color=INK, fontsize=8, ha="right", va="bottom")
        x, y, spread = sizes["size"], sizes["mse_max"], sizes["mse_max_std"].fillna(0.0)
        seeds.errorbar(x, y, spread, color=ELEMENTS[0], marker="o", ms=5, lw=1.4, capsize=3)
        seeds.set_xticks(x)
        seeds.set_xlabel("seeds averaged, all crystals")
        for axes in (data, seeds):
            dress(axes, None)
            axes.set_ylim(bottom=0)
    return figure


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
    print(save(learning_figure(), docs / "learning.png"))
    electrons = dd.orbitals(dd.load_model("edos"), structure)
    print(save(orbitals_figure(electrons), docs / "orbitals.png"))


if __name__ == "__main__":
    main()
