"""`EnsembleView`: what the seeds of an ensemble agree on, and how far to trust their spread."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from typing import Any

import anywidget
import numpy as np
import traitlets as t

from deepdos_nb.metrics.calibration import Calibration, calibrate
from deepdos_nb.plots import formula_text
from deepdos_nb.plots.ensemble import check_ensemble, draw_ensemble
from deepdos_nb.spectra.spectrum import Spectrum
from deepdos_nb.style.palette import theme
from deepdos_nb.widgets.base.linked import Linked
from deepdos_nb.widgets.base.payload import axis_header, pack
from deepdos_nb.widgets.base.pictured import Pictured
from deepdos_nb.widgets.base.state import ViewState
from deepdos_nb.widgets.base.view import asset, shows_errors

MOST_SEEDS = 32
"""Seeds that are drawn; mean and spread are those of all."""

WIDEST = 4.0
"""Largest half-width of the band, in spreads."""


class EnsembleView(Pictured, Linked, anywidget.AnyWidget):
    """Seed curves, mean and band; spread against error in every bin; calibration.

    Drag to select energies, move the slider to widen the band, click in the legend to hide a curve.
    All of it can be done from Python as well, by setting `factor` and the traits of `state`.

    Parameters
    ----------
    spectrum : Spectrum
        A prediction with two or more members.
    reference : Spectrum, optional
        Its reference, the widest line.
    pairs : iterable of (prediction, reference), optional
        What the calibration is taken over; by default the reference given here, which is little.
    state : ViewState, optional
        The selection to follow; a new one if not given.
    """

    LINKED = ("energy_range", "hidden_curves")

    _esm = asset(
        "base/common.js",
        "base/axes.js",
        "base/panels.js",
        "base/range.js",
        "ensemble/ensemble_calibration.js",
        "ensemble/ensemble.js",
    )
    _css = asset(
        "base/base.css",
        "base/axes.css",
        "base/tips.css",
        "spectrum/spectrum.css",
        "ensemble/ensemble.css",
    )

    header = t.Dict().tag(sync=True)
    """Titles, units, grid, number of seeds, name of the reference."""

    members = t.Bytes().tag(sync=True)
    """float32, shape (seeds, bins): total of each seed that is drawn."""

    band = t.Bytes().tag(sync=True)
    """float32, shape (2, bins): mean and spread over all seeds."""

    reference = t.Bytes().tag(sync=True)
    """float32, shape (bins,): the reference's total; empty without one."""

    calibration = t.Dict().tag(sync=True)
    """widths, stated, found, ratio, crystals, bins; empty where nothing can be compared."""

    factor = t.Float(1.0).tag(sync=True)
    """Half-width of the band, in spreads, between 0 and 4."""

    energy_range: t.List[Any] = t.List(allow_none=True, default_value=None).tag(sync=True)
    """As `ViewState.energy_range`; a list, because that is what JSON has."""

    hidden_curves: t.List[str] = t.List().tag(sync=True)
    """As `ViewState.hidden_curves`; here "seeds", "mean", "ensemble" (the band), the reference."""

    readout = t.Unicode("").tag(sync=True)
    """What Python holds, in words; shown under the plot and read out by screen readers."""

    description_text = t.Unicode("").tag(sync=True)
    """`describe`, as the plot's accessible name."""

    error = t.Unicode("").tag(sync=True)
    """What went wrong in the last callback; shown under the plot."""

    def __init__(
        self,
        spectrum: Spectrum,
        reference: Spectrum | None = None,
        *,
        pairs: Iterable[tuple[Spectrum, Spectrum]] = (),
        state: ViewState | None = None,
        **options: Any,
    ) -> None:
        check_ensemble(spectrum, reference)
        self.spectrum, self.known = spectrum, reference
        pairs = list(pairs) or ([(spectrum, reference)] if reference is not None else [])
        self.calibrated: Calibration | None = calibrate(pairs) if pairs else None
        self.state = state if state is not None else ViewState()
        chosen = np.linspace(0, len(spectrum.members) - 1, min(len(spectrum.members), MOST_SEEDS))
        known = self._reference()
        super().__init__(
            header=self._header(),
            members=pack(spectrum.members[chosen.round().astype(int)]),
            band=pack(np.stack([spectrum.total, spectrum.spread])),
            reference=pack(known if known is not None else np.zeros(0)),
            calibration=_payload(self.calibrated),
            **options,
        )
        self._follow()
        self.observe(self._lead, names=list(self.LINKED))
        self.observe(self._follow, names="factor")
        self._subscribe(self._follow, self.LINKED)

    def _reference(self) -> Any:
        """The reference per cell of the prediction, or None."""
        if self.known is None:
            return None
        return self.known.total * (len(self.spectrum.structure) / len(self.known.structure))

    def _header(self) -> dict[str, Any]:
        spectrum, grid = self.spectrum, self.spectrum.grid
        n = len(spectrum.members)
        return {
            "title": f"{grid.kind.long_name.capitalize()} of {formula_text(spectrum.formula)}",
            "subtitle": f"ensemble of {n} seeds",
            **axis_header(grid),
            "seeds": n,
            "reference": self.known.source if self.known is not None else "",
        }

    @t.validate("factor")
    def _sensible(self, proposal: Any) -> float:
        if not 0.0 <= proposal["value"] <= WIDEST:
            raise t.TraitError(f"a band is 0 to {WIDEST:g} spreads wide, not {proposal['value']}.")
        return float(proposal["value"])

    @shows_errors
    def _follow(self, _: Any = None) -> None:
        with self.hold_sync():
            self._mirror()
            self.readout = self._words()
            self.description_text = self.describe()

    def _words(self) -> str:
        spectrum, grid, chosen = self.spectrum, self.spectrum.grid, self.state.energy_range
        low, high = chosen or (grid.start, grid.stop)
        inside = (grid.energies >= low) & (grid.energies <= high)
        if not inside.any():
            return f"{low:.4g} to {high:.4g} {grid.unit}: no bins"
        spread = float(spectrum.spread[inside].mean())
        where = f"{low:.4g} to {high:.4g} {grid.unit}" if chosen else "all energies"
        text = f"{where}: mean spread {spread:.3g} {grid.density_unit}"
        known = self._reference()
        if known is not None:
            error = np.abs(spectrum.total - known)[inside]
            held = float((error <= self.factor * spectrum.spread[inside]).mean())
            text += (
                f", mean |error| {error.mean():.3g}; ± {self.factor:.3g} spread holds the "
                f"reference in {100 * held:.0f} % of these bins"
            )
        return text

    def describe(self) -> str:
        """The ensemble, its spread and its calibration, in words."""
        parts = [self.spectrum.describe(), f"{self._words()}."]
        if self.calibrated is not None:
            parts.append(self.calibrated.describe())
        return " ".join(parts)

    def png(self, *, dark: bool | None = False) -> bytes:
        """The view as it stands, as a PNG picture."""
        from matplotlib.figure import Figure

        with theme(dark):
            figure = Figure(figsize=(9.2, 4.2), layout="constrained")
            draw_ensemble(
                figure,
                self.spectrum,
                self.known,
                self.calibrated,
                factor=self.factor,
                energies=self.state.energy_range,
                hidden=tuple(self.state.hidden_curves),
                dark=dark,
            )
            buffer = BytesIO()
            figure.savefig(buffer, format="png", dpi=110)
        return buffer.getvalue()


def _payload(calibration: Calibration | None) -> dict[str, Any]:
    if calibration is None:
        return {}
    return {
        "widths": [round(float(v), 3) for v in calibration.widths],
        "stated": [round(float(v), 4) for v in calibration.stated],
        "found": [round(float(v), 4) for v in calibration.found],
        "ratio": round(calibration.ratio, 3),
        "crystals": calibration.n_crystals,
        "bins": calibration.n_bins,
    }
