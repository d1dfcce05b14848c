"""Views that follow a `ViewState` until they are closed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets

from deepdos_nb.widgets.base.state import ViewState


class Following(ipywidgets.Widget):
    """Mixin of views that react to what is selected; a closed one does so no longer."""

    state: ViewState

    _subscriptions: tuple[tuple[Callable[[Any], Any], list[str]], ...] = ()

    def _subscribe(self, react: Callable[[Any], Any], names: Sequence[str]) -> None:
        """Call `react` whenever one of these traits of the state changes."""
        self.state.observe(react, names=list(names))
        self._subscriptions = (*self._subscriptions, (react, list(names)))

    def close(self) -> None:
        """Follow the state no longer, and give back what the browser holds for this view."""
        for react, names in self._subscriptions:
            self.state.unobserve(react, names=names)
        self._subscriptions = ()
        super().close()
