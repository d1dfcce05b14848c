"""`quicklook`: a spectrum and its crystal, linked, in one call."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Any, Literal, Protocol

import ipywidgets
import traitlets as t

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.spectra.spectrum import Spectrum
from deepdos_nb.spectra.trace import Trace
from deepdos_nb.style.palette import theme
from deepdos_nb.widgets.base.following import Following
from deepdos_nb.widgets.base.payload import NOTHING_KNOWN, TOTAL_ONLY, curves_from
from deepdos_nb.widgets.base.pictured import Pictured
from deepdos_nb.widgets.base.state import ViewState
from deepdos_nb.widgets.base.view import error_line, shows_errors
from deepdos_nb.widgets.crystal.structure import Backend, StructureView
from deepdos_nb.widgets.spectrum.plot import SpectrumPlot

if TYPE_CHECKING:
    from pymatgen.core import Structure


class Predictor(Protocol):
    """What `quicklook` needs of a model."""

    def predict(self, structure: Any) -> Spectrum:
        """Predict the seed-averaged spectrum."""

    def trace(self, structure: Any, *, seed: int | None = None) -> Trace:
        """Return every intermediate, of one seed or of the mean of all."""


class QuickLook(Pictured, Following, ipywidgets.VBox):
    """A `SpectrumPlot` and a `StructureView` that follow one `ViewState`.

    Select energies, and the atoms are coloured and sized by their share of those states; move the
    step, and both change. Click an atom, and its own spectrum is drawn.

    Parameters
    ----------
    source : Trace or Spectrum
    ensemble : Spectrum, optional
        The seed-averaged prediction.
    reference : Spectrum, optional
    baselines : mapping of str to Spectrum, optional
        See `SpectrumPlot`.
    state : ViewState, optional
    backend : {"auto", "nglview", "canvas"}
        See `StructureView`.
    """

    error = t.Unicode("")
    """What went wrong in the last callback; shown under the views."""

    def __init__(
        self,
        source: Trace | Spectrum,
        *,
        ensemble: Spectrum | None = None,
        reference: Spectrum | None = None,
        baselines: Mapping[str, Spectrum] | None = None,
        state: ViewState | None = None,
        backend: Backend = "auto",
    ) -> None:
        self.spectrum = SpectrumPlot(
            source,
            ensemble=ensemble,
            reference=reference,
            baselines=baselines,
            state=state,
            # Not set later: the layout that it would replace is a model, and would stay.
            layout={"flex": "3 1 380px", "min_width": "320px", "width": "auto"},
        )
        self.state = self.spectrum.state
        self.structure = StructureView(
            source.structure,
            state=self.state,
            backend=backend,
            layout={"flex": "2 1 260px", "min_width": "240px", "width": "auto"},
        )
        row = ipywidgets.Box(
            [self.spectrum, self.structure],
            layout={"display": "flex", "flex_flow": "row wrap", "width": "100%"},
        )
        self._line = ipywidgets.HTML()
        super().__init__([row, self._line], layout={"width": "100%"})
        self._colour()
        self.observe(self._report, names="error")
        self._subscribe(self._colour, ["energy_range", "step"])

    def show(
        self,
        source: Trace | Spectrum,
        *,
        ensemble: Spectrum | None = None,
        reference: Spectrum | None = None,
        baselines: Mapping[str, Spectrum] | None = None,
    ) -> None:
        """Show another crystal in place of this one; the arguments are those of the class."""
        # What cannot be drawn is refused before anything has changed.
        curves_from(source, ensemble, reference, baselines)
        if source.structure is not self.structure.structure:
            self.state.selected_sites = ()
            self.structure.show(source.structure)
        # The plot changes the state, and both are coloured by it, when both are of one crystal.
        self.spectrum.show(source, ensemble=ensemble, reference=reference, baselines=baselines)
        self._colour()

    @shows_errors
    def _colour(self, _: Any = None) -> None:
        data, chosen, view = self.spectrum.data, self.state.energy_range, self.structure
        if not data.resolved:
            with view.hold_trait_notifications():
                view.shares, view.by_share = None, False
                nothing = NOTHING_KNOWN in self.spectrum.notes
                view.caption = NOTHING_KNOWN if nothing else TOTAL_ONLY
            return
        step = min(self.state.step, data.n_steps)
        low, high = chosen or (data.grid.start, data.grid.stop)
        shares, states = data.share(step, low, high)
        unit = data.grid.unit
        with view.hold_trait_notifications():
            view.shares, view.by_share = shares, chosen is not None
            view.caption = (
                f"Share of the {states:.3g} states at {low:.4g} to {high:.4g} {unit}"
                if chosen
                else f"Share of all {states:.4g} states; atoms coloured by element"
            )

    def _report(self, _: Any) -> None:
        self._line.value = error_line(self.error)

    def describe(self) -> str:
        """Both views, in words."""
        return f"{self.spectrum.describe()} {self.structure.describe()}"

    def png(self) -> bytes:
        """Both views side by side as they stand, as a PNG picture."""
        return self.picture("png")

    def picture(self, ending: Literal["png", "svg"]) -> bytes:
        """Both views side by side as they stand, as a PNG or SVG picture."""
        import matplotlib as mpl
        from matplotlib.figure import Figure

        with theme(False), mpl.rc_context({"svg.hashsalt": "deepdos_nb"}):
            figure = Figure(figsize=(9.4, 3.6), layout="constrained")
            left, right = figure.subplots(1, 2, width_ratios=[5, 3])
            self.spectrum.draw(left)
            self.structure.draw(right, dark=False)
            buffer = BytesIO()
            # Without the date the same views give the same file.
            metadata = {"Date": None} if ending == "svg" else None
            figure.savefig(buffer, format=ending, dpi=110, metadata=metadata)
        return buffer.getvalue()


def quicklook(
    source: Trace | Spectrum | Predictor,
    structure: Structure | None = None,
    *,
    state: ViewState | None = None,
    seed: int | None = None,
    backend: Backend = "auto",
) -> QuickLook:
    """Show a spectrum and its crystal, linked.

    Parameters
    ----------
    source : model, Trace or Spectrum
        A loaded model together with `structure`, or what a model has returned.
    structure : pymatgen Structure, optional
        Needed with a model, and only then.
    state : ViewState, optional
        The selection to follow.
    seed : int, optional
        Member of the ensemble whose steps are shown.
    backend : {"auto", "nglview", "canvas"}
        What draws the crystal; see `StructureView`.

    Returns
    -------
    QuickLook

    Raises
    ------
    ConfigError
        If `source` is none of these, or the structure is missing or superfluous.
    """
    if isinstance(source, (Trace, Spectrum)):
        if structure is not None:
            raise ConfigError(
                "a Trace or Spectrum brings its own structure.", remedy="Leave `structure` out."
            )
        return QuickLook(source, state=state, backend=backend)
    if not (hasattr(source, "predict") and hasattr(source, "trace")):
        raise ConfigError(
            f"a {type(source).__name__} cannot be shown.",
            remedy="Pass a model and a structure, a Trace or a Spectrum.",
        )
    if structure is None:
        raise ConfigError("a model needs a structure.", remedy="Call quicklook(model, structure).")
    return QuickLook(
        source.trace(structure, seed=seed),
        ensemble=source.predict(structure),
        state=state,
        backend=backend,
    )
