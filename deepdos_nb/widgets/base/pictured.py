"""Views that carry a still picture of themselves."""

from __future__ import annotations

import base64
from typing import Any

import ipywidgets


class Pictured(ipywidgets.DOMWidget):
    """Mixin of widgets whose output holds a picture and words too, for pages that run none."""

    def png(self) -> bytes:
        """What the view shows, as a PNG."""
        raise NotImplementedError

    def describe(self) -> str:
        """What the view shows, in words."""
        raise NotImplementedError

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        bundle = super()._repr_mimebundle_(**kwargs)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle or {}, {})
        still = {
            "image/png": base64.b64encode(self.png()).decode("ascii"),
            "text/plain": self.describe(),
        }
        return data | still, metadata
