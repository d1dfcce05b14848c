"""The still picture of a `SpectrumPlot`: the curves, their comparisons and the selection."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.plots import sites_axes, spectrum_axes
from deepdos_nb.spectra.drawing import equal_sites, legend_beside
from deepdos_nb.spectra.spectrum import Spectrum
from deepdos_nb.style.palette import INK, SPREAD
from deepdos_nb.widgets.base.payload import Curves
from deepdos_nb.widgets.base.view import ACCENT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_RIDGES = 24
"""Rows of the site view in a picture, which cannot scroll."""

HEADROOM = 1.06
"""Top of the axis in highest values, as in the view."""

GAP = "#0a78c2"
"""Shade of the gap below the Fermi level."""


def draw_plot(
    axes: Axes,
    shown: Spectrum,
    data: Curves,
    *,
    step: int = 0,
    mode: str = "elements",
    hidden: Collection[str] = (),
    hidden_elements: Collection[str] = (),
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
    step, mode, hidden_elements, overlay, gap, energy_range
        As the traits of `SpectrumPlot`.
    hidden : collection of str
        Its ``hidden_curves``.
    """
    if mode == "sites" and data.resolved:
        _sites(axes, shown, data, hidden_elements)
    else:
        elements = mode == "elements" and data.resolved
        _total(axes, shown, hidden, hidden_elements if elements else (), elements=elements)
        _ensemble(axes, data, hidden)
        if step > 0 and "start" not in hidden:
            start = data.steps[0].sum(axis=0)
            _grey_line(axes, data.grid.energies, start, (1, 2), data.names[0])
        _lines(axes, data, hidden)
        _overlay(axes, data, overlay)
        if gap:
            _gap(axes, *gap)
        axes.set_ylim(0.0, HEADROOM * _highest(data))
        legend_beside(axes, INK[False])
    if energy_range:
        axes.axvspan(*energy_range, color=ACCENT, alpha=0.12, lw=0)


def _highest(data: Curves) -> float:
    """Highest value of all curves at all steps: one scale, as in the view."""
    band = data.mean + data.band
    tops = [data.steps.sum(axis=1), band, *(line.values for line in data.lines)]
    return max(1e-12, *(float(values.max(initial=0.0)) for values in tops))


class _Changed:
    """A spectrum of which some of what is drawn is another."""

    def __init__(self, spectrum: Spectrum, **other: Any) -> None:
        self._spectrum = spectrum
        self.__dict__.update(other)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._spectrum, name)


def _sites(axes: Axes, shown: Spectrum, data: Curves, off: Collection[str]) -> None:
    kept = [i for i, symbol in enumerate(shown.symbols) if symbol not in off]
    symbols, sites = [shown.symbols[i] for i in kept], shown.sites[kept]
    labels = [shown.site_labels[i] for i in kept]
    part: Any = _Changed(shown, symbols=symbols, sites=sites, site_labels=labels)
    sites_axes(part, axes, limit=MOST_RIDGES, dark=False)
    # Colours are given by order of appearance: those left would have taken over the others'.
    rows = [data.colours[symbols[group[0]]] for group in equal_sites(symbols, sites)]
    for colour, area, line in zip(rows, axes.collections, axes.lines, strict=False):
        area.set_facecolor(colour)
        line.set_color(colour)


def _total(
    axes: Axes, shown: Spectrum, hidden: Collection[str], off: Collection[str], *, elements: bool
) -> None:
    """The total over its elements; of those that are on, where some are off."""
    parts = {k: v for k, v in shown.by_element().items() if k not in off}
    drawn: Any = shown
    if off:
        total = sum(parts.values(), np.zeros_like(shown.total))
        drawn = _Changed(shown, total=total, by_element=lambda: parts)
    spectrum_axes(drawn, axes, elements=elements, spread=False, dark=False)
    outline = next(line for line in axes.lines if line.get_label() == "Total")
    if "total" in hidden:
        outline.remove()
    elif off:
        outline.set_label("Sum of those shown")


def _ensemble(axes: Axes, data: Curves, hidden: Collection[str]) -> None:
    """The error band around the mean over seeds, which has a line where it is not the total."""
    if not len(data.mean) or "ensemble" in hidden:
        return
    energies = data.grid.energies
    low, high = np.maximum(data.mean - data.band, 0.0), data.mean + data.band
    axes.fill_between(
        energies, low, high, fc=SPREAD, ec="none", alpha=0.42, zorder=3, label=data.band_name
    )
    if not data.band_is_total:
        _grey_line(axes, energies, data.mean, (6, 3), "Ensemble mean")


def _grey_line(
    axes: Axes, energies: Array, values: Array, dashes: tuple[float, float], label: str
) -> None:
    # Told from the total by its dashes alone, so that no colour is taken that means a comparison.
    axes.plot(energies, values, color=INK[None], lw=1.4, ls=(0, dashes), zorder=4, label=label)


def _lines(axes: Axes, data: Curves, hidden: Collection[str]) -> None:
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
