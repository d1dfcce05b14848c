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


def knock(app: App, kernel: str, origin: str) -> int:
    """Status of asking for a kernel's socket from a page of this origin."""
    from tornado.httpclient import HTTPClientError, HTTPRequest
    from tornado.websocket import websocket_connect

    async def ask() -> int:
        address = f"ws://127.0.0.1:{app.port}/api/kernels/{kernel}/channels"
        try:
            socket = await websocket_connect(HTTPRequest(address, headers={"Origin": origin}))
        except HTTPClientError as error:
            return error.code
        socket.close()
        return 101

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
    assert knock(app, kernel, f"http://127.0.0.1:{app.port}") == 101
    for origin in ("http://evil.example", "null", f"http://127.0.0.1:{app.port + 1}"):
        assert knock(app, kernel, origin) == 403, origin

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
