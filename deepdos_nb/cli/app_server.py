"""The web app's server: Voilà, closed where a class of strangers could do harm.

Imported only by `deepdos app`, since Voilà is an extra.
"""

from __future__ import annotations

from typing import Any

import traitlets as t
from tornado.web import HTTPError
from voila.app import Voila
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

FULL = "All places are taken at the moment. Please try again in a few minutes."

PROTOCOL = "v1.kernel.websocket.jupyter.org"
"""How pages talk to kernels: https://jupyter-server.readthedocs.io/en/latest/developers/websocket-protocols.html"""

WORD = 8
"""Bytes of a number in a message."""

LEAST_OFFSETS = 6
"""Channel, header, parent, metadata, content: where each begins, and the end."""

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


class ClassroomSocket(VoilaKernelWebsocketHandler):
    """A page's socket, closed to messages that would keep the server busy for ever.

    Voilà and its server decode a message by counting up to a number that stands in it, and Voilà
    takes messages of the old protocol, whose first bytes mean something else, for such as well.
    """

    async def get(self, kernel_id: str) -> None:
        """Open the socket of a kernel, for those who speak the protocol of today's pages."""
        offered = self.request.headers.get("Sec-WebSocket-Protocol", "")
        if PROTOCOL not in [name.strip() for name in offered.split(",")]:
            raise HTTPError(400, "This protocol of kernels is not spoken here.")
        await super().get(kernel_id)

    def on_message(self, ws_message: Any) -> None:
        """Pass a message on to the kernel, if it is one."""
        if not well_formed(ws_message):
            self.close(1002, "This is no message to a kernel.")
            return
        super().on_message(ws_message)


def well_formed(message: Any) -> bool:
    """Whether a message of protocol v1 holds as many offsets as it says, rising and inside it."""
    if not isinstance(message, bytes) or len(message) < WORD:
        return False
    count = int.from_bytes(message[:WORD], "little")
    if not LEAST_OFFSETS <= count < len(message) // WORD:
        return False
    begin = range(WORD, WORD * (count + 1), WORD)
    offsets = [int.from_bytes(message[i : i + WORD], "little") for i in begin]
    inside = WORD * (count + 1) <= offsets[0] and offsets[-1] <= len(message)
    return inside and offsets == sorted(offsets)


class ClassroomVoila(Voila):
    """Voilà with a limit on how many people it serves at once.

    Every visitor has a kernel, a process with its own memory; without a limit the machine would
    run out of it.
    """

    name = "voila"

    visitors = t.Int(30, min=1, help="Kernels that may run at the same time.").tag(config=True)

    def init_handlers(self) -> list[Any]:
        """Handlers of the web application, with those of ours."""
        return [
            (pattern, OURS.get(handler, handler), *rest)
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


OURS = {
    TornadoVoilaHandler: ClassroomPage,
    VoilaKernelWebsocketHandler: ClassroomSocket,
}
"""Handlers of Voilà, and what stands in their place."""


def limit(manager: Any, most: int) -> None:
    """Let a kernel manager run no more than `most` kernels, those made ready in advance included.

    Raises
    ------
    HTTPError
        503 from ``manager.start_kernel``, once that many run.
    """
    start, fill = manager.start_kernel, getattr(manager, "fill_if_needed", None)
    # A manager counts a kernel once it runs; a class that opens the page at once comes before.
    starting = 0

    async def start_kernel(*args: Any, **kwargs: Any) -> Any:
        nonlocal starting
        if len(manager) + starting >= most:
            raise HTTPError(503, FULL, reason=FULL)
        starting += 1
        try:
            return await start(*args, **kwargs)
        finally:
            starting -= 1

    def fill_if_needed(*args: Any, **kwargs: Any) -> None:
        # One is on its way to a visitor; the next is made ready only if there is room for it.
        if fill is not None and len(manager) + starting < most:
            fill(*args, **kwargs)

    manager.start_kernel = start_kernel
    if fill is not None:
        manager.fill_if_needed = fill_if_needed
