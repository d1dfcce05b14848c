"""Seed ensemble: every member, mean and band, spread against error, and calibration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.metrics.calibration import Calibration
from deepdos_nb.spectra.spectrum import Spectrum
from deepdos_nb.style.axes import dress, energy_axis, new_figure, title_text
from deepdos_nb.style.palette import ELEMENTS, INK, REFERENCE, SPREAD, TOTAL, theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ERROR, FOUND = "#d55e00", "#b91f55"
"""Colours of the error, and of what was found true."""


def ensemble_figure(
    spectrum: Spectrum,
    reference: Spectrum | None = None,
    calibration: Calibration | None = None,
    *,
    factor: float = 1.0,
    dark: bool | None = None,
) -> Figure:
    """Draw an ensemble: its seeds with mean and band, the spread per bin, and how far to trust it.

    Parameters
    ----------
    spectrum : Spectrum
        With two or more members.
    reference : Spectrum, optional
        Drawn dashed, with the error per bin beside the spread. Scaled to this cell where it has
        another number of atoms.
    calibration : Calibration, optional
        See `metrics.calibration.calibrate`; drawn beside the curves.
    factor : float
        Half-width of the band, in spreads.
    dark : bool or None

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    ConfigError
        If there are fewer than two members, or the reference is of another crystal or kind.
    """
    check_ensemble(spectrum, reference)
    with theme(dark):
        figure = new_figure((9.2 if calibration else 6.4, 4.4))
        draw_ensemble(figure, spectrum, reference, calibration, factor=factor, dark=dark)
    return figure


def check_ensemble(spectrum: Spectrum, reference: Spectrum | None) -> None:
    """Refuse what cannot be drawn as an ensemble."""
    if len(spectrum.members) < 2:
        raise ConfigError(
            f"{len(spectrum.members)} members have no spread.",
            source=spectrum.formula,
            remedy="Predict with an ensemble of two or more seeds.",
        )
    if reference is not None and (
        reference.kind != spectrum.kind or reference.formula != spectrum.formula
    ):
        raise ConfigError(
            f"the reference ({reference.formula}, {reference.kind}) is of another crystal or kind "
            f"than the prediction ({spectrum.formula}, {spectrum.kind})."
        )


def draw_ensemble(
    figure: Any,
    spectrum: Spectrum,
    reference: Spectrum | None,
    calibration: Calibration | None,
    *,
    factor: float = 1.0,
    energies: tuple[float, float] | None = None,
    hidden: tuple[str, ...] = (),
    dark: bool | None = None,
) -> None:
    """Draw into a figure or subfigure; parameters as for `ensemble_figure`.

    `energies` is a range to be marked, `hidden` names of curves to be left out.
    """
    columns = 2 if calibration is not None else 1
    grid = figure.add_gridspec(2, columns, height_ratios=[5, 3], width_ratios=[5, 3][:columns])
    top = figure.add_subplot(grid[0, 0])
    below = figure.add_subplot(grid[1, 0], sharex=top)
    for axes in (top, below):
        dress(axes, dark)
        if energies is not None:
            axes.axvspan(*energies, color=FOUND, alpha=0.12, lw=0)
    _curves(top, spectrum, reference, factor, set(hidden), dark)
    _errors(below, spectrum, reference, factor, dark)
    if calibration is not None:
        calibration_axes(calibration, figure.add_subplot(grid[:, 1]), factor=factor, dark=dark)


def _per_cell(reference: Spectrum, spectrum: Spectrum) -> Any:
    return reference.total * (len(spectrum.structure) / len(reference.structure))


def _curves(
    axes: Axes,
    spectrum: Spectrum,
    reference: Spectrum | None,
    factor: float,
    hidden: set[str],
    dark: bool | None,
) -> None:
    ink, energies, total = INK[dark], spectrum.energies, spectrum.total
    band = factor * spectrum.spread
    if "seeds" not in hidden:
        for i, member in enumerate(spectrum.members):
            label = f"{len(spectrum.members)} seeds" if i == 0 else None
            axes.plot(energies, member, color=ELEMENTS[0], lw=0.8, alpha=0.75, label=label)
    if "ensemble" not in hidden:
        axes.fill_between(
            energies, np.maximum(total - band, 0), total + band, color=SPREAD, alpha=0.4, lw=0,
            label=f"mean ± {factor:.3g} spread",
        )  # fmt: skip
    if "mean" not in hidden:
        colour = TOTAL if dark is None else ink
        axes.plot(energies, total, color=colour, lw=1.6, label="mean")
    if reference is not None and reference.source not in hidden:
        axes.plot(
            energies, _per_cell(reference, spectrum), color=REFERENCE, lw=1.6, ls=(0, (4, 1.6)),
            label=reference.source,
        )  # fmt: skip
    energy_axis(axes, spectrum.grid, ink, label=False)
    axes.tick_params(labelbottom=False)
    axes.set_ylim(bottom=0.0)
    axes.set_ylabel(f"Density of states\n({spectrum.grid.density_unit})")
    axes.set_title(title_text(spectrum.formula, spectrum.kind, "seed ensemble"))
    axes.legend(labelcolor=ink)


def _errors(
    axes: Axes, spectrum: Spectrum, reference: Spectrum | None, factor: float, dark: bool | None
) -> None:
    ink = INK[dark]
    axes.fill_between(
        spectrum.energies, 0, factor * spectrum.spread, color=SPREAD, alpha=0.5, lw=0,
        label=f"{factor:.3g} spread",
    )  # fmt: skip
    if reference is not None:
        error = np.abs(spectrum.total - _per_cell(reference, spectrum))
        axes.plot(spectrum.energies, error, color=ERROR, lw=1.3, label="|error|")
    energy_axis(axes, spectrum.grid, ink)
    axes.set_ylim(bottom=0.0)
    axes.set_ylabel("per bin")
    axes.legend(labelcolor=ink)


def calibration_axes(
    calibration: Calibration, ax: Axes, *, factor: float = 1.0, dark: bool | None = None
) -> Axes:
    """Draw stated against true coverage; on the diagonal the spread tells the error's size.

    Parameters
    ----------
    calibration : Calibration
    ax : matplotlib Axes
    factor : float
        Width of the band that is marked, in spreads.
    dark : bool or None

    Returns
    -------
    matplotlib Axes
    """
    ink = INK[dark]
    dress(ax, dark)
    stated, found = 100 * calibration.stated, 100 * calibration.found
    ax.plot([0, 100], [0, 100], color=ink, lw=0.9, ls=(0, (2, 2)))
    ax.fill_between(stated, stated, found, color=FOUND, alpha=0.12, lw=0)
    ax.plot(stated, found, color=FOUND, lw=1.8)
    x, y = (100 * v for v in calibration.at(factor))
    ax.plot([x], [y], "o", color=FOUND, ms=6)
    # In the corner the curve does not come to.
    narrow = y <= x
    ax.text(
        0.97 if narrow else 0.03, 0.04 if narrow else 0.96,
        f"± {factor:.3g} spread holds\n{y:.0f} % instead of {x:.0f} %",
        transform=ax.transAxes, ha="right" if narrow else "left",
        va="bottom" if narrow else "top", fontsize=8, color=ink,
    )  # fmt: skip
    ax.set_xlim(0, 100)
    ax.set_ylim(0, 100)
    ax.set_aspect("equal")
    ax.set_xlabel("Stated coverage (%)")
    ax.set_ylabel("True coverage (%)")
    crystals = f"{calibration.n_crystals} crystal{'s' if calibration.n_crystals > 1 else ''}"
    ax.set_title(
        f"Calibration: {crystals}, {calibration.n_bins:,} bins\n"
        f"RMS error / RMS spread {calibration.ratio:.2f}",
        fontsize=9.5,
    )
    return ax
