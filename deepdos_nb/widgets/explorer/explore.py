"""`explore`: every view of one crystal, side by side in tabs, following one selection."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.core.limits import MAX_ATOMS
from deepdos_nb.crystal.read import read_structure
from deepdos_nb.spectra.spectrum import Spectrum
from deepdos_nb.spectra.trace import Trace
from deepdos_nb.widgets.base.payload import TOTAL_ONLY
from deepdos_nb.widgets.base.shipped import Predictor, limit, shipped_model
from deepdos_nb.widgets.base.state import ViewState
from deepdos_nb.widgets.base.tabbed import Tab, Tabbed
from deepdos_nb.widgets.crystal.structure import Backend
from deepdos_nb.widgets.explorer.quicklook import QuickLook

if TYPE_CHECKING:
    from ipywidgets import Widget

MOST_BANDED = 40
"""Atoms of a cell up to which bands are offered: their lines must be told apart, and cost time."""


@dataclass(frozen=True)
class Subject:
    """What the views of one crystal are made from.

    Parameters
    ----------
    source : Trace or Spectrum
    ensemble, reference : Spectrum or None
    state : ViewState
    backend : {"auto", "nglview", "canvas"}
    model : object with ``draft_model``, or None
        Whose draft has bands.
    """

    source: Trace | Spectrum
    ensemble: Spectrum | None
    reference: Spectrum | None
    state: ViewState
    backend: Backend
    model: Any = None

    @property
    def spectrum(self) -> Spectrum | None:
        """The seed-averaged prediction, where there is one."""
        return self.source if isinstance(self.source, Spectrum) else self.ensemble


@dataclass(frozen=True)
class View:
    """One tab: what it is called, when there is something to show, and how it is made."""

    key: str
    title: str
    hint: str
    fits: Callable[[Subject], bool]
    make: Callable[[Subject], Widget]


def _spectrum(subject: Subject) -> Widget:
    return QuickLook(
        subject.source,
        ensemble=subject.ensemble,
        reference=subject.reference,
        state=subject.state,
        backend=subject.backend,
    )


def _attention(subject: Subject) -> Widget:
    from deepdos_nb.widgets.attention.explorer import AttentionExplorer

    trace: Any = subject.source
    # Without sites the reference says nothing about which atoms an energy belongs to.
    known = subject.reference
    return AttentionExplorer(
        trace,
        reference=None if known is None or TOTAL_ONLY in known.notes else known,
        state=subject.state,
        backend=subject.backend,
    )


def _graph(subject: Subject) -> Widget:
    from deepdos_nb.widgets.graph.graph import GraphView

    source = subject.source
    return GraphView(source if isinstance(source, Trace) else source.structure, state=subject.state)


def _ensemble(subject: Subject) -> Widget:
    from deepdos_nb.widgets.ensemble.ensemble import EnsembleView

    assert subject.spectrum is not None
    return EnsembleView(subject.spectrum, reference=subject.reference, state=subject.state)


def _transport(subject: Subject) -> Widget:
    from deepdos_nb.widgets.transport.stepper import TransportStepper

    trace: Any = subject.source
    return TransportStepper(trace, reference=subject.reference, state=subject.state)


def _bands(subject: Subject) -> Widget:
    from deepdos_nb.inference.bands import draft_bands
    from deepdos_nb.widgets.bands.view import BandView

    return BandView(draft_bands(subject.model, subject.source.structure), state=subject.state)


def _banded(subject: Subject) -> bool:
    drafts = getattr(subject.model, "draft_model", None) is not None
    return drafts and len(subject.source.structure) <= MOST_BANDED


def _traced(subject: Subject) -> bool:
    return isinstance(subject.source, Trace)


def _several(subject: Subject) -> bool:
    return subject.spectrum is not None and len(subject.spectrum.members) > 1


VIEWS: tuple[View, ...] = (
    View("spectrum", "Spectrum", "The density of states and its atoms", lambda _: True, _spectrum),
    View("attention", "Attention", "Which atoms every energy looked at", _traced, _attention),
    View("transport", "Transport", "How states move, step by step", _traced, _transport),
    View("bands", "Bands", "What the draft's bands are made of", _banded, _bands),
    View("ensemble", "Ensemble", "Every seed, and how far to trust them", _several, _ensemble),
    View("graph", "Graph", "Every atom's neighbours, in all cells", lambda _: True, _graph),
)
"""Every view there is, in the order of the tabs."""


class Explore(Tabbed):
    """All views of one crystal; what is selected in one is selected in all.

    A view is made when its tab is first opened, and kept.

    Parameters
    ----------
    source : Trace or Spectrum
        A spectrum alone has no attention and no steps, and so fewer tabs.
    ensemble : Spectrum, optional
        The seed-averaged prediction.
    reference : Spectrum, optional
        Measured or calculated spectrum of the same crystal, drawn beside the prediction.
    model : object with ``draft_model``, optional
        That predicted it, for the bands of its draft.
    state : ViewState, optional
    backend : {"auto", "nglview", "canvas"}
        See `StructureView`.
    """

    def __init__(
        self,
        source: Trace | Spectrum,
        *,
        ensemble: Spectrum | None = None,
        reference: Spectrum | None = None,
        model: Any = None,
        state: ViewState | None = None,
        backend: Backend = "auto",
    ) -> None:
        if state is None:
            state = ViewState(step=source.n_steps if isinstance(source, Trace) else 0)
        self.state = state
        self.subject = subject = Subject(source, ensemble, reference, state, backend, model)
        super().__init__(
            Tab(view.key, view.title, view.hint, partial(view.make, subject))
            for view in VIEWS
            if view.fits(subject)
        )
        self.observe(self._rest, names="selected")

    def _rest(self, _: Any) -> None:
        self.state.playing = False  # nothing plays out of sight


def explore(
    source: Any,
    structure: Any = None,
    *,
    kind: str = "phdos",
    reference: Spectrum | None = None,
    state: ViewState | None = None,
    seed: int | None = None,
    max_atoms: int = MAX_ATOMS,
    backend: Backend = "auto",
) -> Explore:
    """Show everything there is to see of one crystal, linked.

    Parameters
    ----------
    source : structure, path, model, Trace or Spectrum
        A structure (whatever `read_structure` takes) is predicted by the shipped model; a loaded
        model needs `structure` beside it; a Trace or Spectrum is shown as it is.
    structure : structure or path, optional
        With a model, and only then.
    kind : {"phdos", "edos"}
        Which shipped model; ignored where `source` brings its own.
    reference : Spectrum, optional
        Spectrum of the same crystal to compare with, such as ``dd.label(structure).spectrum``.
    state : ViewState, optional
        The selection to follow.
    seed : int, optional
        Member of the ensemble whose attention and steps are shown.
    max_atoms : int
        Largest cell accepted.
    backend : {"auto", "nglview", "canvas"}
        What draws the crystal; see `StructureView`.

    Returns
    -------
    Explore

    Raises
    ------
    StructureError
        If the structure cannot be used.
    ConfigError
        If the structure is missing or superfluous.
    WeightsError
        If there is no shipped model of this kind.

    Examples
    --------
    >>> import deepdos_nb as dd
    >>> dd.explore("MgO.cif")  # doctest: +SKIP
    """
    if isinstance(source, (Trace, Spectrum)):
        if structure is not None:
            raise ConfigError(
                "a Trace or Spectrum brings its own structure.", remedy="Leave `structure` out."
            )
        return Explore(source, reference=reference, state=state, backend=backend)
    is_model = hasattr(source, "predict") and hasattr(source, "trace")
    if is_model and structure is None:
        raise ConfigError("a model needs a structure.", remedy="Call explore(model, structure).")
    if not is_model and structure is not None:
        raise ConfigError(
            f"a {type(source).__name__} is no model.",
            remedy="Call explore(structure), or explore(model, structure).",
        )
    # Read first: a file with a fault should not wait for weights to load.
    crystal = read_structure(structure if is_model else source, max_atoms=max_atoms)
    model: Predictor = source if is_model else shipped_model(kind)
    return Explore(
        model.trace(crystal, seed=seed, **limit(model.trace, max_atoms)),
        ensemble=model.predict(crystal, **limit(model.predict, max_atoms)),
        reference=reference,
        model=model,
        state=state,
        backend=backend,
    )
