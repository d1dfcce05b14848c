"""Views that share a `ViewState`: what travels between its traits and theirs of the same names."""

from __future__ import annotations

from typing import Any, ClassVar

import ipywidgets
import traitlets as t

from deepdos_nb.widgets.base.following import Following
from deepdos_nb.widgets.base.view import shows_errors


class Linked(Following):
    """Mixin of views some of whose traits mirror the state; the browser changes theirs."""

    LINKED: ClassVar[tuple[str, ...]]
    """Names of the mirrored traits."""

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


class Stepped(ipywidgets.Widget):
    """Mixin of views with numbered steps: a late click takes the nearest there is."""

    @property
    def last_step(self) -> int:
        """Last step this view can show."""
        raise NotImplementedError

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take what the browser sends, whose step may be of a crystal that has just gone."""
        asked = sync_data.get("step")
        if not isinstance(asked, int):
            super().set_state(sync_data)
            return
        step = min(max(asked, 0), self.last_step)
        super().set_state({**sync_data, "step": step})
        if step != asked:
            # What was asked for counts as known to the browser, which would keep it.
            self.send_state("step")


def existing_step(proposal: Any, last: int) -> int:
    """Validate a transport step: 0 to `last`."""
    step = int(proposal["value"])
    if not 0 <= step <= last:
        raise t.TraitError(f"step {step} does not exist; there are 0 to {last}.")
    return step
