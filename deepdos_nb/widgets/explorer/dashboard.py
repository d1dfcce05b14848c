"""`Dashboard`: everything a visitor of the web app can look at, in three tabs."""

from __future__ import annotations

from typing import Any

from deepdos_nb.widgets.base.tabbed import Tab, Tabbed
from deepdos_nb.widgets.crystal.structure import Backend
from deepdos_nb.widgets.explorer.upload import MAX_UPLOAD, UploadPredictor


class Dashboard(Tabbed):
    """A crystal of one's own, the shipped data sets, and the transport laboratory.

    Parameters
    ----------
    max_bytes : int
        Largest file a visitor may drop in.
    max_seconds : float, optional
        Longest time a visitor's file may take; see `UploadPredictor`.
    first : str
        Example crystal that is there from the start.
    backend : {"auto", "nglview", "canvas"}
        See `StructureView`.
    """

    def __init__(
        self,
        *,
        max_bytes: int = MAX_UPLOAD,
        max_seconds: float | None = None,
        first: str = "MgO",
        backend: Backend = "auto",
    ) -> None:
        def own() -> Any:
            view = UploadPredictor(max_bytes=max_bytes, max_seconds=max_seconds, backend=backend)
            view.choose(first)
            return view

        def data() -> Any:
            from deepdos_nb.widgets.explorer.explorer import SpectrumExplorer

            return SpectrumExplorer(backend=backend)

        def laboratory() -> Any:
            from deepdos_nb.widgets.transport.laboratory import TransportLab

            return TransportLab()

        super().__init__(
            [
                Tab("own", "Your crystal", "Drop in a structure and see every view of it", own),
                Tab("data", "Data sets", "Leaf through crystals, with references", data),
                Tab("laboratory", "Transport laboratory", "Break the rules, see why", laboratory),
            ],
            label="What to look at",
        )
