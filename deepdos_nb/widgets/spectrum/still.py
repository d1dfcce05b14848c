"""The still picture of a `SpectrumPlot`: the curves, their comparisons and the selection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from deepdos_nb.plots import sites_axes, spectrum_axes
from deepdos_nb.spectra.drawing import legend_beside
from deepdos_nb.spectra.spectrum import Spectrum
from deepdos_nb.style.palette import INK
from deepdos_nb.widgets.base.payload import Curves
from deepdos_nb.widgets.base.view import ACCENT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_RIDGES = 24
"""Rows of the site view in a picture, which cannot scroll."""

GAP = "#0a78c2"
"""Shade of the gap below the Fermi level."""


def draw_plot(
    axes: Axes,
    shown: Spectrum,
    data: Curves,
    *,
    mean: Spectrum | None = None,
    mode: str = "elements",
    hidden: Sequence[str] = (),
    overlay: Sequence[dict[str, Any]] = (),
    gap: Sequence[float] | None = None,
    energy_range: Sequence[float] | None = None,
) -> None:
    """Draw on a light ground.

    Parameters
    ----------
    axes : matplotlib Axes
    shown : Spectrum
        At the current step.
    data : Curves
    mean : Spectrum, optional
        Seed average, where `shown` is one seed.
    mode, hidden, overlay, gap, energy_range
        As the traits of `SpectrumPlot`.
    """
    if mode == "sites" and data.resolved:
        sites_axes(shown, axes, limit=MOST_RIDGES, dark=False)
    else:
        elements = mode == "elements" and data.resolved
        spread = "ensemble" not in hidden
        spectrum_axes(shown, axes, mean, elements=elements, spread=spread, dark=False)
        _lines(axes, data, hidden)
        _overlay(axes, data, overlay)
        if gap:
            _gap(axes, *gap)
    if energy_range:
        axes.axvspan(*energy_range, color=ACCENT, alpha=0.12, lw=0)


def _lines(axes: Axes, data: Curves, hidden: Sequence[str]) -> None:
    for line in data.lines:
        if line.name not in hidden:
            axes.plot(
                data.grid.energies,
                line.values,
                color=line.colour,
                lw=0.85 * line.width,
                ls="-" if line.dash == "none" else (0, tuple(map(float, line.dash.split()))),
                label=line.name,
                zorder=6,
            )
    if data.lines:
        legend_beside(axes, INK[False])


def _overlay(axes: Axes, data: Curves, overlay: Sequence[dict[str, Any]]) -> None:
    for item in overlay:
        axes.plot(data.grid.energies, item["values"], color=ACCENT, lw=1.6, zorder=7)
        peak = int(np.argmax(item["values"]))
        at = (data.grid.energies[peak], item["values"][peak])
        axes.annotate(item["label"], at, (3, 4), textcoords="offset points", color=ACCENT)


def _gap(axes: Axes, low: float, high: float) -> None:
    axes.axvspan(low, high, color=GAP, alpha=0.16, lw=0, zorder=0)
    axes.text(
        (low + high) / 2,
        0.97,
        f"VB gap\n{high - low:.2f} eV",
        transform=axes.get_xaxis_transform(),
        ha="center",
        va="top",
        fontsize=8,
    )
