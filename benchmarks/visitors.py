"""Many visitors of `deepdos app`: does each get a prediction, how long, how much memory?

    make app-check    (or: python benchmarks/visitors.py --visitors 20 --in-turn 50 --out FOLDER)

Visitors without a browser do what a page does: they ask for it, open its socket, and choose an
example crystal, each another one; then all leave. With --in-turn so many more come one after the
other to another app, every fifth of whom leaves without a word. Prints a Markdown table; writes it
to FOLDER/visitors.md. Ends with an error if somebody got no answer, or a kernel is left.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import statistics
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from jupyter_server.services.kernels.connection.base import (
    deserialize_msg_from_ws_v1,
    serialize_msg_to_ws_v1,
)
from tornado.httpclient import AsyncHTTPClient, HTTPResponse
from tornado.websocket import websocket_connect

from deepdos_nb.cli.app_server import PROTOCOL
from deepdos_nb.core.markdown import markdown_table
from deepdos_nb.crystal.read import example, examples
from deepdos_nb.style.axes import formula_text

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

PATIENCE = 900.0
"""Longest wait for a page or an answer, s."""

IDLE = 0.5
"""Minutes without a word after which a kernel is closed, where visitors come in turn."""

AsyncHTTPClient.configure(None, max_clients=100)


@dataclass(frozen=True)
class Visit:
    """Seconds until the page was there, with its first prediction, and until the asked-for one."""

    page: float
    answer: float


def message(kind: str, content: dict[str, Any], **metadata: str) -> bytes:
    """One message to the kernel, as the page sends it."""
    header = {
        "msg_id": uuid.uuid4().hex,
        "msg_type": kind,
        "session": "visitor",
        "username": "",
        "version": "5.3",
        "date": "2026-01-01T00:00:00Z",
    }
    parts = {"header": header, "parent_header": {}, "metadata": metadata, "content": content}
    packed: bytes = serialize_msg_to_ws_v1(parts, "shell", lambda part: json.dumps(part).encode())
    return packed


def content_of(raw: bytes) -> dict[str, Any]:
    """What the kernel says; buffers are left out."""
    _, parts = deserialize_msg_from_ws_v1(raw)
    found: dict[str, Any] = json.loads(parts[3])
    return found


async def visit(
    url: str, crystal: str, everybody: asyncio.Barrier, *, polite: bool = True
) -> Visit:
    """Open the page, choose a crystal, wait until it is predicted, and leave."""
    client = AsyncHTTPClient()
    begin = time.monotonic()
    page = await client.fetch(url, request_timeout=PATIENCE, connect_timeout=PATIENCE)
    arrived = time.monotonic()
    config = re.search(rb'id="jupyter-config-data"[^>]*>(.*?)</script>', page.body, re.DOTALL)
    assert config
    kernel = json.loads(config[1])["kernelId"]
    socket = await websocket_connect(
        url.replace("http", "ws", 1) + f"api/kernels/{kernel}/channels",
        max_message_size=10**9,
        subprotocols=[PROTOCOL],
    )
    control = uuid.uuid4().hex
    opening = {"comm_id": control, "target_name": "jupyter.widget.control", "data": {}}
    await socket.write_message(message("comm_open", opening, version="1.0.0"), binary=True)
    asking = {"comm_id": control, "data": {"method": "request_states"}}
    await socket.write_message(message("comm_msg", asking), binary=True)
    drop = await asyncio.wait_for(_drop(socket), PATIENCE)
    # All ask at the same moment: the worst that a class can do.
    await everybody.wait()
    asked = time.monotonic()
    update = {"method": "update", "state": {"example": crystal}, "buffer_paths": []}
    await socket.write_message(message("comm_msg", {"comm_id": drop, "data": update}), binary=True)
    formula = formula_text(example(crystal).composition.reduced_formula)
    await asyncio.wait_for(_told(socket, drop, formula), PATIENCE)
    answered = time.monotonic()
    await everybody.wait()
    socket.close()
    if polite:
        left = await client.fetch(
            f"{url}voila/api/shutdown/{kernel}",
            method="POST",
            body="",
            headers=_own_page(page),
            raise_error=False,
        )
        gone = await client.fetch(f"{url}api/kernels/{kernel}", raise_error=False)
        if gone.code != 404:
            raise RuntimeError(f"a kernel outlives its visitor: {left.code} {left.reason}")
    return Visit(arrived - begin, answered - asked)


def _own_page(page: HTTPResponse) -> dict[str, str]:
    """Headers that say that a request comes from the page itself."""
    cookies = [cookie.partition(";")[0] for cookie in page.headers.get_list("Set-Cookie")]
    tokens = dict(cookie.split("=", 1) for cookie in cookies)
    return {"Cookie": "; ".join(cookies), "X-XSRFToken": tokens.get("_xsrf", "")}


async def _drop(socket: Any) -> str:
    while (raw := await socket.read_message()) is not None:
        states = content_of(raw).get("data", {}).get("states", {})
        for name, model in states.items():
            if {"example", "examples", "electrons"} <= set(model["state"]):
                return str(name)
    raise RuntimeError("the page was closed")


async def _told(socket: Any, drop: str, words: str) -> None:
    """Wait until the page is told of a crystal: a message names it, and the states it has."""
    while (raw := await socket.read_message()) is not None:
        content = content_of(raw)
        state = content.get("data", {}).get("state", {}) if content.get("comm_id") == drop else {}
        if state.get("problem"):
            raise RuntimeError(state["problem"])
        if words in state.get("message", ""):
            return
    raise RuntimeError("the page was closed")


async def crowd(url: str, visitors: int, memory: list[int], server: int) -> list[Visit]:
    """All visits at once; the memory of all processes is noted meanwhile."""
    names = [*examples()]
    everybody = asyncio.Barrier(visitors)

    def taken() -> int:
        return sum(_own(p) for p in psutil.Process(server).children(recursive=True))

    async def watch() -> None:
        # Adding up the pages of so many processes takes seconds: rarely, and beside the visits.
        while True:
            memory.append(await asyncio.to_thread(taken))
            await asyncio.sleep(10.0)

    watching = asyncio.create_task(watch())
    # The example that is open from the start is no answer to anything.
    names.remove("MgO")
    visits = (visit(url, names[i % len(names)], everybody) for i in range(visitors))
    done = await asyncio.gather(*visits)
    watching.cancel()
    return [*done]


async def in_turn(url: str, visits: int, server: int, memory: list[int]) -> list[Visit]:
    """Visits one after the other; the memory of the server itself after each."""
    names, done = [name for name in examples() if name != "MgO"], []
    for i in range(visits):
        alone = asyncio.Barrier(1)
        done.append(await visit(url, names[i % len(names)], alone, polite=i % 5 != 4))
        memory.append(_own(psutil.Process(server)))
    return done


def emptied(server: int, seconds: float) -> float:
    """Seconds until no process of the server's is left.

    Raises
    ------
    SystemExit
        If there still is one after so many.
    """
    begin = time.monotonic()
    while left := psutil.Process(server).children(recursive=True):
        if time.monotonic() - begin > seconds:
            raise SystemExit(f"{len(left)} processes are left {seconds:.0f} s after all visitors")
        time.sleep(0.5)
    return time.monotonic() - begin


def _own(process: psutil.Process) -> int:
    """Memory that ends with a process: what it shares with others is not counted, bytes."""
    try:
        return int(process.memory_full_info().uss)
    except psutil.Error:
        return 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--visitors", type=int, default=20)
    parser.add_argument("--in-turn", type=int, default=0)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    rows = crowd_rows(given.visitors)
    if given.in_turn:
        rows += turn_rows(given.in_turn)
    rows.append(["cores; load of the machine", f"{os.cpu_count()}; {os.getloadavg()[1]:.0f}"])
    table = markdown_table(["", "measured"], rows)
    print(table)
    if given.out:
        given.out.mkdir(parents=True, exist_ok=True)
        (given.out / "visitors.md").write_text(table + "\n", encoding="utf-8")


def crowd_rows(n: int) -> list[list[str]]:
    """What is measured where all come at once."""
    from browser.app import App

    memory: list[int] = []
    options = ("--visitors", str(n), "--ready", "0", "--seconds", "600")
    with tempfile.TemporaryDirectory() as folder, App(Path(folder), *options) as app:
        visits = asyncio.run(crowd(app.url(), n, memory, app.process.pid))
        emptied(app.process.pid, 10.0)
    return [
        ["visitors at once, all answered", f"{len(visits)}"],
        ["page with its first prediction, median (slowest)", _seconds([v.page for v in visits])],
        [
            "another crystal, asked by all at once, median (slowest)",
            _seconds([v.answer for v in visits]),
        ],
        ["memory of all kernels, highest", f"{max(memory) / 1e9:.1f} GB"],
        ["memory per visitor", f"{max(memory) / n / 1e9:.2f} GB"],
        ["kernels left 10 s afterwards", "0"],
    ]


def turn_rows(n: int) -> list[list[str]]:
    """What is measured where they come one after the other."""
    from browser.app import App

    memory: list[int] = []
    options = ("--ready", "0", "--seconds", "600", "--idle", str(IDLE))
    with tempfile.TemporaryDirectory() as folder, App(Path(folder), *options) as app:
        visits = asyncio.run(in_turn(app.url(), n, app.process.pid, memory))
        # Idle ones are looked for every few seconds.
        waited = emptied(app.process.pid, 60 * IDLE + 60.0)
    early = min(5, n)
    return [
        ["visits one after the other, all answered", f"{len(visits)}"],
        ["page with its first prediction, median (slowest)", _seconds([v.page for v in visits])],
        ["another crystal, median (slowest)", _seconds([v.answer for v in visits])],
        [
            f"memory of the server after {early} and after {n} visits",
            f"{memory[early - 1] / 1e6:.0f} MB; {memory[-1] / 1e6:.0f} MB",
        ],
        [
            f"{n // 5} left without a word ({60 * IDLE:.0f} s allowed): last kernel closed",
            f"after {waited:.0f} s",
        ],
        ["kernels left afterwards", "0"],
    ]


def _seconds(values: list[float]) -> str:
    return f"{statistics.median(values):.1f} s ({max(values):.1f} s)"


if __name__ == "__main__":
    main()
