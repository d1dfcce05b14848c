"""The web app's server: Voilà, closed where a class of strangers could do harm.

Imported only by `deepdos app`, since Voilà is an extra.
"""

from __future__ import annotations

from typing import Any

import traitlets as t
from tornado.web import HTTPError
from voila.app import Voila
from voila.tornado.handler import TornadoVoilaHandler

FULL = "All places are taken at the moment. Please try again in a few minutes."


HEADERS = {
    # Scripts are the page's own, and those of the views, which arrive through the socket as blobs.
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'self'",
            "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob: data:",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self' blob: data:",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'self'",
        )
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
"""Sent with every page: nothing is fetched from elsewhere, nothing is sent elsewhere."""


class ClassroomPage(TornadoVoilaHandler):
    """The page, with the cookie that its script sends back when a visitor leaves."""

    async def get(self, path: str | None = None) -> None:
        """Answer with the page of a new kernel."""
        # Asking for it sets it. Without it the farewell is refused, and the kernel stays until it
        # has been idle for long.
        _ = self.xsrf_token
        await super().get(path)


class ClassroomVoila(Voila):
    """Voilà with a limit on how many people it serves at once.

    Every visitor has a kernel, a process with its own memory; without a limit the machine would
    run out of it.
    """

    name = "voila"

    visitors = t.Int(30, min=1, help="Kernels that may run at the same time.").tag(config=True)

    def init_handlers(self) -> list[Any]:
        """Handlers of the web application, the page's with its cookie."""
        return [
            (pattern, ClassroomPage if handler is TornadoVoilaHandler else handler, *rest)
            for pattern, handler, *rest in super().init_handlers()
        ]

    def init_settings(self) -> dict[str, Any]:
        """Settings of the web application, its kernels limited and its pages closed."""
        settings: dict[str, Any] = super().init_settings()
        settings["headers"] = {**settings.get("headers", {}), **HEADERS}
        # Nobody's configuration opens the sockets to pages of other origins.
        settings["allow_origin"] = settings["allow_origin_pat"] = ""
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
