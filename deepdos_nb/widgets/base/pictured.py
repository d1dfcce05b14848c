"""Views that carry a still picture of themselves."""

from __future__ import annotations

import base64
from typing import Any

import ipywidgets

from deepdos_nb.core.collecting import without_collecting


class Pictured(ipywidgets.DOMWidget):
    """Mixin of widgets whose output holds a picture and words too, for pages that run none."""

    still: bool = True
    """Whether the output holds a picture; it takes half a second of the first look."""

    def png(self) -> bytes:
        """What the view shows, as a PNG."""
        raise NotImplementedError

    def describe(self) -> str:
        """What the view shows, in words."""
        raise NotImplementedError

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        bundle = super()._repr_mimebundle_(**kwargs)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle or {}, {})
        data = {**data, "text/plain": self.describe()}
        if self.still:
            with without_collecting():
                data["image/png"] = base64.b64encode(self.png()).decode("ascii")
        return data, metadata
