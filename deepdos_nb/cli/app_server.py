"""The web app's server: Voilà, closed where a class of strangers could do harm.

Imported only by `deepdos app`, since Voilà is an extra.
"""

from __future__ import annotations

from typing import Any

import traitlets as t
from tornado.web import HTTPError
from voila.app import Voila

FULL = "All places are taken at the moment. Please try again in a few minutes."


class ClassroomVoila(Voila):
    """Voilà with a limit on how many people it serves at once.

    Every visitor has a kernel, a process with its own memory; without a limit the machine would
    run out of it.
    """

    name = "voila"

    visitors = t.Int(30, min=1, help="Kernels that may run at the same time.").tag(config=True)

    def init_settings(self) -> dict[str, Any]:
        """Settings of the web application, its kernels limited."""
        settings: dict[str, Any] = super().init_settings()
        limit(self.kernel_manager, self.visitors)
        return settings


def limit(manager: Any, most: int) -> None:
    """Let a kernel manager run no more than `most` kernels, those made ready in advance included.

    Raises
    ------
    HTTPError
        503 from ``manager.start_kernel``, once that many run.
    """
    start, fill = manager.start_kernel, getattr(manager, "fill_if_needed", None)

    async def start_kernel(*args: Any, **kwargs: Any) -> Any:
        if len(manager) >= most:
            raise HTTPError(503, FULL, reason=FULL)
        return await start(*args, **kwargs)

    def fill_if_needed(*args: Any, **kwargs: Any) -> None:
        # One is on its way to a visitor; the next is made ready only if there is room for it.
        if fill is not None and len(manager) < most:
            fill(*args, **kwargs)

    manager.start_kernel = start_kernel
    if fill is not None:
        manager.fill_if_needed = fill_if_needed
