"""Several spectra of one crystal over each other: ours, another model's, a calculation's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.metrics.scores import mse, wasserstein
from deepdos_nb.spectra.spectrum import Spectrum
from deepdos_nb.style.axes import energy_axis, notes_below, themed_axes, title_text
from deepdos_nb.style.palette import ELEMENTS, TOTAL

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from pymatgen.electronic_structure.dos import Dos
    from pymatgen.phonon.dos import PhononDos

DASHES = ("-", (0, (6, 2)), (0, (2, 1.5)), (0, (8, 2, 2, 2)))


def compare(
    reference: Spectrum | PhononDos | Dos,
    *others: Spectrum | PhononDos | Dos,
    names: Sequence[str] = (),
    ax: Axes | None = None,
    dark: bool | None = None,
) -> Axes:
    """Draw spectra of one crystal on one axis, and how far each is from the first.

    Parameters
    ----------
    reference : Spectrum, PhononDos or Dos
        What the others are measured against; drawn as a filled line. pymatgen's curves are
        brought onto the grid first, by `Spectrum.from_pymatgen`.
    *others : Spectrum, PhononDos or Dos
        Of the same kind and composition; scaled to the reference's cell where theirs has more or
        fewer atoms.
    names : sequence of str, optional
        For the legend, one for each; by default their `source`.
    ax : matplotlib Axes, optional
    dark : bool or None
        Theme; None suits both.

    Returns
    -------
    matplotlib Axes
        The legend gives for each curve the mean squared error (both divided by their maximum) and
        the first Wasserstein distance (both divided by their sum).

    Raises
    ------
    ConfigError
        If there is nothing to compare with, or the kinds, compositions or names do not fit.
    """
    spectra = [_spectrum(s) for s in (reference, *others)]
    _check(spectra, names)
    first, grid = spectra[0], spectra[0].grid
    labels = list(names) or [s.source for s in spectra]
    curves = [s.total * (len(first.structure) / len(s.structure)) for s in spectra]
    with themed_axes(ax, (6.4, 3.5), dark) as (axes, ink):
        colour = TOTAL if dark is None else ink
        axes.fill_between(grid.energies, 0.0, curves[0], color=colour, alpha=0.16, linewidth=0)
        axes.plot(grid.energies, curves[0], color=colour, linewidth=2.2, label=labels[0], zorder=5)
        for i, (label, curve) in enumerate(zip(labels[1:], curves[1:], strict=True)):
            axes.plot(
                grid.energies,
                curve,
                color=ELEMENTS[i % len(ELEMENTS)],
                linestyle=DASHES[i % len(DASHES)],
                linewidth=1.6,
                label=f"{label}\n{_score(curve, curves[0], grid.step, grid.unit)}",
                zorder=6,
            )
        energy_axis(axes, grid, ink)
        axes.set_ylim(bottom=0.0)
        axes.set_ylabel(f"Density of states\n({grid.density_unit})")
        axes.set_title(title_text(first.formula, first.kind))
        axes.legend(
            loc="upper left",
            bbox_to_anchor=(1.01, 1.0),
            borderaxespad=0.0,
            labelcolor=ink,
            frameon=False,
        )
        notes_below(axes, (f"Errors against {labels[0]}: MSE max-, WD sum-normalised.",), ink)
        return axes


def _spectrum(curve: Any) -> Spectrum:
    return curve if isinstance(curve, Spectrum) else Spectrum.from_pymatgen(curve)


def _check(spectra: list[Spectrum], names: Sequence[str]) -> None:
    if len(spectra) < 2:
        raise ConfigError("one spectrum alone cannot be compared.", remedy="Pass two or more.")
    if len({(s.kind, s.formula) for s in spectra}) > 1:
        found = ", ".join(f"{s.kind} of {s.formula}" for s in spectra)
        raise ConfigError(
            f"these belong to different crystals or kinds: {found}.",
            remedy="Compare spectra of one kind and one composition.",
        )
    if names and len(names) != len(spectra):
        raise ConfigError(f"{len(names)} names for {len(spectra)} spectra.")


def _score(curve: Any, reference: Any, step: float, unit: str) -> str:
    if not (np.any(curve) and np.any(reference)):
        return "holds no states"
    p, r = curve[None], reference[None]
    return f"MSE {mse(p, r, 'max'):.4f} · WD {wasserstein(p, r, step)[0]:.3g} {unit}"
