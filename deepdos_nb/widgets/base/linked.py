"""Views that share a `ViewState`: what travels between its traits and theirs of the same names."""

from __future__ import annotations

from typing import Any, ClassVar

import traitlets as t

from deepdos_nb.widgets.base.state import ViewState
from deepdos_nb.widgets.base.view import shows_errors


class Linked(t.HasTraits):
    """Mixin of views some of whose traits mirror the state; the browser changes theirs."""

    LINKED: ClassVar[tuple[str, ...]]
    """Names of the mirrored traits."""

    state: ViewState

    def _mirrored(self) -> dict[str, Any]:
        """The linked traits as the state has them, in types that travel to the browser."""
        values = {name: getattr(self.state, name) for name in self.LINKED}
        return {k: list(v) if isinstance(v, tuple) else v for k, v in values.items()}

    def _mirror(self) -> None:
        """Take the linked traits over from the state."""
        for name, value in self._mirrored().items():
            self.set_trait(name, value)

    @shows_errors
    def _lead(self, _: Any) -> None:
        # A click may change several traits. The state takes all of them before this view follows it
        # again, or the view would fall back for a moment to what the state still holds. What the
        # view cannot show (a step beyond its last) stays in the state while nobody changes it.
        mirrored = self._mirrored()
        with self.state.hold_trait_notifications():
            for name in self.LINKED:
                value = getattr(self, name)
                if value != mirrored[name]:
                    self.state.set_trait(name, tuple(value) if isinstance(value, list) else value)


def existing_step(proposal: Any, last: int) -> int:
    """Validate a transport step: 0 to `last`."""
    step = int(proposal["value"])
    if not 0 <= step <= last:
        raise t.TraitError(f"step {step} does not exist; there are 0 to {last}.")
    return step
