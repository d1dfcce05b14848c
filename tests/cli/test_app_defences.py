"""A running `deepdos app` towards those who mean harm: headers, origins, paths, left kernels."""

from __future__ import annotations

import asyncio
import json
import re
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.cookiejar import CookieJar
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener

import pytest
from browser.app import App

pytest.importorskip("voila")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("defences")
    with App(folder, "--visitors", "2", "--ready", "0", "--idle", "0.3") as server:
        yield server


def visit(app: App, opener: OpenerDirector | None = None) -> tuple[str, dict[str, str]]:
    """Open the page as a browser does; its kernel, and the headers it came with."""
    with (opener or build_opener()).open(app.url(), timeout=240) as answer:
        page, headers = answer.read().decode(), dict(answer.headers)
    found = re.search(r'id="jupyter-config-data"[^>]*>(.*?)</script>', page, re.DOTALL)
    assert found
    return json.loads(found[1])["kernelId"], headers


def status(app: App, path: str, method: str = "GET") -> int:
    request = urllib.request.Request(app.url(path), method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code


def knock(app: App, kernel: str, origin: str = "", protocol: str = "", say: bytes = b"") -> int:
    """Ask for a kernel's socket from a page of this origin: status, or why it was closed again."""
    from tornado.httpclient import HTTPClientError, HTTPRequest
    from tornado.websocket import websocket_connect

    from deepdos_nb.cli.app_server import PROTOCOL

    async def ask() -> int:
        address = f"ws://127.0.0.1:{app.port}/api/kernels/{kernel}/channels"
        headers = {"Origin": origin or f"http://127.0.0.1:{app.port}"}
        try:
            socket = await websocket_connect(
                HTTPRequest(address, headers=headers), subprotocols=[protocol or PROTOCOL]
            )
        except HTTPClientError as error:
            return error.code
        if say:
            await socket.write_message(say, binary=True)
            while await asyncio.wait_for(socket.read_message(), 20) is not None:
                pass
        socket.close()
        return socket.close_code or 101

    # In a thread: a browser test before it may have left a loop running in this one.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, ask()).result()


def test_a_visit(app: App):
    """One kernel for all questions, since starting one takes most of the time."""
    kernel, headers = visit(app)
    policy = headers["Content-Security-Policy"]
    for rule in ("default-src 'self'", "object-src 'none'", "frame-ancestors 'self'"):
        assert rule in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"

    # A page of another origin may not talk to the kernel; the page itself may, or this shows
    # nothing.
    assert knock(app, kernel) == 101
    for origin in ("http://evil.example", "null", f"http://127.0.0.1:{app.port + 1}"):
        assert knock(app, kernel, origin) == 403, origin

    # Messages that the server would count on for ever are not taken, and it lives on.
    assert knock(app, kernel, protocol="v0.kernel.websocket.jupyter.org") == 400
    for bomb in (b"\xff" * 8, b"\xff" * 64, (6).to_bytes(8, "little") * 9, b"{}"):
        assert knock(app, kernel, say=bomb) == 1002
    assert status(app, f"api/kernels/{kernel}") == 200

    # No path leads to a file, to code, or to somebody else's kernels.
    for path in (
        "voila/files/../../etc/passwd",
        "voila/files/%2e%2e/%2e%2e/etc/passwd",
        "voila/files/dashboard.ipynb",
        "voila/static/..%2f..%2f..%2fetc/passwd",
        "api/contents/",
        "api/terminals",
        "files/pyproject.toml",
    ):
        assert status(app, path) in (400, 403, 404, 405), path
    assert status(app, "api/kernels", "POST") in (403, 404, 405)

    # Left without a word, the kernel is closed.
    until = time.monotonic() + 240
    while status(app, f"api/kernels/{kernel}") != 404:
        assert time.monotonic() < until, "the kernel of a page that nobody looks at lives on"
        time.sleep(1)


def test_a_farewell_closes_the_kernel_at_once(app: App):
    cookies = CookieJar()
    opener = build_opener(HTTPCookieProcessor(cookies))
    kernel, _ = visit(app, opener)
    farewell = f"voila/api/shutdown/{kernel}"
    assert status(app, farewell, "POST") == 403, "another page may close it"
    assert status(app, f"api/kernels/{kernel}") == 200
    # What the page's script sends when it is left.
    token = {cookie.name: cookie.value for cookie in cookies}["_xsrf"]
    body = urlencode({"_xsrf": token}).encode()
    with opener.open(app.url(farewell), data=body, timeout=60) as answer:
        assert answer.status == 204
    assert status(app, f"api/kernels/{kernel}") == 404
