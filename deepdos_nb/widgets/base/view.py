"""What all views share: their files and their errors."""

from __future__ import annotations

import html
import logging
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

WIDGETS = Path(__file__).parents[1]
ACCENT = "#b91f55"
"""Colour of what is selected, as in the style sheets."""

LOG = logging.getLogger("deepdos_nb.widgets")

_INSIDE = "_callback_failed"
"""Attribute of a view while one of its callbacks runs: whether any has failed."""

F = TypeVar("F", bound=Callable[..., Any])


def asset(*names: str) -> str:
    """Text of the named scripts or style sheets, joined; each named ``folder/file``."""
    return "\n".join((WIDGETS / name).read_text(encoding="utf-8") for name in names)


def shows_errors(method: F) -> F:
    """Report an exception in the trait ``self.error`` instead of losing it in the kernel's log.

    A callback runs outside any cell, so that without this a student would see a view that stopped
    following, and nothing else.
    """

    @wraps(method)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        # A callback may call others: what failed inside must not be taken back by the outer one.
        outermost = _INSIDE not in self.__dict__
        if outermost:
            self.__dict__[_INSIDE] = False
        try:
            return method(self, *args, **kwargs)
        except Exception as error:
            LOG.exception("callback %s failed", method.__qualname__)
            self.__dict__[_INSIDE] = True
            self.error = f"{type(error).__name__}: {error}"
            return None
        finally:
            if outermost and not self.__dict__.pop(_INSIDE):
                self.error = ""

    return wrapper  # type: ignore[return-value]


def error_line(text: str) -> str:
    """HTML of the line under a view that says what went wrong; empty while all is well."""
    if not text:
        return ""
    return (
        '<div role="alert" style="border-left:3px solid var(--jp-error-color1,#c62828);'
        'padding:4px 10px;line-height:1.4;color:var(--jp-content-font-color1,#333)">'
        f"<b>This view could not be updated.</b> {html.escape(text)}</div>"
    )
