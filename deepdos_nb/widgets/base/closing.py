"""Closing a view with everything below it, all of which ipywidgets would keep for good."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ipywidgets import Widget


def close_tree(view: Widget) -> None:
    """Close a widget, those it shows or holds, and their layouts and styles, once each.

    Until then the process keeps each of them, and every browser its model and WebGL contexts.
    """
    _close(view, set())


def _close(widget: Widget, seen: set[int]) -> None:
    if id(widget) in seen:
        return
    seen.add(id(widget))
    parts = list(_parts(widget))
    # The whole before its parts: a crystal's view knows in which order to give back its own.
    widget.close()
    for part in parts:
        _close(part, seen)


def _parts(widget: Widget) -> Iterator[Widget]:
    """What a widget shows, what it keeps out of sight, and its layout and style."""
    views: Any = getattr(widget, "views", None)
    kept = views.values() if isinstance(views, Mapping) else ()
    models = (getattr(widget, name) for name in ("layout", "style") if widget.has_trait(name))
    for part in (*getattr(widget, "children", ()), *vars(widget).values(), *kept, *models):
        if isinstance(part, Widget):
            yield part
