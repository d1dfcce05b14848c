"""The web app in Voilà: what a visitor can do, and what a visitor cannot."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlparse

import pytest
from browser.app import App
from browser.axe import findings
from browser.notebook import HARMLESS, PATIENCE, changed, colours, pixels, settled, wait_until

from deepdos_nb.crystal.read import examples
from deepdos_nb.widgets.explorer.dashboard import STUDIES

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Request, Route

pytest.importorskip("voila")
pytestmark = [pytest.mark.browser, pytest.mark.slow]

SOCKET = """
async ([kernel, code]) => {
  const address = `ws://${location.host}/api/kernels/${kernel}/channels`;
  const socket = new WebSocket(address, ["v1.kernel.websocket.jupyter.org"]);
  socket.binaryType = "arraybuffer";
  await new Promise((open, fail) => { socket.onopen = open; socket.onerror = fail; });
  const heard = [];
  socket.onmessage = ({ data }) => {
    const view = new DataView(data), at = (i) => Number(view.getBigUint64(8 * (i + 1), true));
    heard.push(JSON.parse(new TextDecoder().decode(data.slice(at(1), at(2)))));
  };
  const send = (type, content) => {
    const header = { msg_id: crypto.randomUUID(), msg_type: type, session: "s", username: "u", version: "5.3", date: new Date().toISOString() };
    const parts = ["shell", ...[header, {}, {}, content].map((part) => JSON.stringify(part))].map((part) => new TextEncoder().encode(part));
    const offsets = parts.reduce((ends, part) => [...ends, ends.at(-1) + part.length], [8 * (parts.length + 2)]);
    const numbers = new BigUint64Array([offsets.length, ...offsets].map(BigInt));
    socket.send(new Blob([numbers, ...parts]));
  };
  send("execute_request", { code, silent: false, store_history: true, user_expressions: {}, allow_stdin: false });
  send("kernel_info_request", {});
  for (let i = 0; i < 100 && !heard.some((m) => m.msg_type === "kernel_info_reply"); i++) {
    await new Promise((later) => setTimeout(later, 100));
  }
  await new Promise((later) => setTimeout(later, 1000));
  socket.close();
  return heard.map((m) => m.msg_type);
}
"""  # noqa: E501


@pytest.fixture(scope="module")
def app(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """One server with room for two, so that the third can be refused."""
    del chromium  # first make sure there is a browser to open it with
    with App(tmp_path_factory.mktemp("app"), "--visitors", "2", "--ready", "1") as server:
        yield server


class Visitor:
    """A person with a browser of their own."""

    def __init__(self, browser: Browser, app: App, query: str = "") -> None:
        self.context = browser.new_context(viewport={"width": 1280, "height": 1000})
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.abroad: list[str] = []
        self.errors: list[str] = []
        self.page.on("request", self._asked)
        self.page.on(
            "console",
            lambda m: (
                self.errors.append(m.text)
                if m.type == "error" and not HARMLESS.search(m.text + str(m.location))
                else None
            ),
        )
        # What would leave this machine is refused, as it is in a class without a network.
        self.page.route("**/*", self._gate)
        self.answer = self.page.goto(app.url(query))

    def _asked(self, request: Request) -> None:
        if not self._home(request.url):
            self.abroad.append(request.url)

    @staticmethod
    def _home(url: str) -> bool:
        parts = urlparse(url)
        return parts.scheme in ("data", "blob") or parts.hostname == "127.0.0.1"

    def _gate(self, route: Route) -> None:
        if self._home(route.request.url):
            route.continue_()
        else:
            route.abort()

    def wait_for(self, words: str) -> None:
        message = self.page.locator(".ddos-message")
        message.wait_for()
        wait_until(
            lambda: words in (message.text_content() or ""),
            f"{words!r} in {message.text_content()!r}",
            90,
        )

    def upload(self, name: str, content: str) -> None:
        file = {"name": name, "mimeType": "text/plain", "buffer": content.encode()}
        self.page.locator(".ddos-file").set_input_files([file])  # type: ignore[list-item]

    def kernel(self) -> str:
        text = self.page.locator("#jupyter-config-data").text_content() or "{}"
        return str(json.loads(text)["kernelId"])

    def leave(self) -> None:
        self.context.close()


def test_visitors(chromium: Browser, app: App, screenshots: Path, tmp_path: Path):
    """One long visit, because starting kernels takes most of the time."""
    first = Visitor(chromium, app)
    page = first.page
    first.wait_for("MgO · 2 atoms per cell")
    crystal = page.locator(".ddos-crystal canvas").first
    crystal.wait_for()
    wait_until(lambda: colours(pixels(crystal)) > 40, "atoms in the 3-D view", 60)
    assert findings(page, ".ddos") == []

    # A small laptop shows the whole plot, and the crystal fits whatever width there is.
    plot = page.locator(".ddos-spectrum .ddos-plot").first
    for width, height in ((1366, 768), (900, 1000), (1920, 1000), (1280, 1000)):
        page.set_viewport_size({"width": width, "height": height})
        settled(crystal)
        page.screenshot(path=screenshots / f"app-{width}.png")
        place = plot.bounding_box()
        assert place is not None
        assert place["y"] < 380
        assert place["y"] + place["height"] < height
        room = page.locator(".ddos-crystal").first.bounding_box()
        drawn = crystal.bounding_box()
        assert room is not None
        assert drawn is not None
        assert abs(room["width"] - drawn["width"]) < 3

    # A crystal of one's own, and a selection that Python answers.
    first.upload("quartz.cif", examples()["SiO2"].read_text(encoding="utf-8"))
    first.wait_for("quartz.cif · SiO₂ · 9 atoms per cell")
    plot = page.locator(".ddos-plot:visible")
    plot.wait_for()
    crystal = page.locator(".ddos-crystal canvas").first
    wait_until(lambda: colours(pixels(crystal)) > 40, "atoms in the 3-D view", 60)
    before = settled(crystal)
    box = plot.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + box["height"] / 2, steps=5)
    page.mouse.up()
    readout = page.locator(".ddos-readout:visible").first
    wait_until(lambda: "states (" in (readout.text_content() or ""), "the states in the range")
    assert changed(before, settled(crystal)) > 0.02
    page.screenshot(path=screenshots / "app-light.png", full_page=True)

    # The data sets, made when first looked at.
    tabs = page.locator(".ddos-tablist[aria-label='What to look at'] button")
    assert tabs.all_text_contents() == [
        "Your crystal",
        "Data sets",
        "Case studies",
        "Transport laboratory",
    ]
    tabs.nth(1).click()
    page.locator(".ddos-title:visible", has_text="Electronic density of states").first.wait_for()
    # They open on crystals that no model has learnt from, and say so.
    badge = page.locator(".ddos-standing .ddos-part:visible")
    assert badge.text_content() == "test"
    rows = page.locator(".ddos-materials button:visible")
    assert {*rows.locator(".ddos-part").all_text_contents()} == {"test"}
    chips = page.locator(".ddos-chip:visible").all_text_contents()
    assert [chip.split()[0] for chip in chips[:3]] == ["MSE", "R²", "WD"]
    assert findings(page, ".ddos-picker") == []
    page.wait_for_timeout(2000)
    page.screenshot(path=screenshots / "app-data-light.png", full_page=True)
    page.locator(".ddos-parts button:visible", has_text="train").click()
    wait_until(lambda: {*rows.locator(".ddos-part").all_text_contents()} == {"train"}, "the filter")
    rows.first.click()
    wait_until(lambda: badge.text_content() == "train", "the badge of a training crystal")
    # Phonons have a model too.
    data = page.locator(".ddos-tablist[aria-label='Data sets'] button")
    data.filter(has_text="ML-potential phonons").click()
    page.locator(".ddos-title:visible", has_text="Phonon density of states").first.wait_for()
    wait_until(lambda: badge.text_content() == "test", "the badge of a test crystal")
    chips = page.locator(".ddos-chip:visible").all_text_contents()
    scored = ("MSE ", "R² ", "WD ", "Mat2Spec MSE ")
    assert [any(c.startswith(s) for c in chips) for s in scored] == [True] * 4
    curves = page.locator(".ddos-spectrum:visible path[data-curve]")
    shown = {*curves.evaluate_all("l => l.map((p) => p.dataset.curve)")}
    assert shown >= {"total", "Mat2Spec"}
    assert len(shown) == 4, "prediction, band, reference and the other model"
    page.screenshot(path=screenshots / "app-phonons-light.png", full_page=True)
    # The case studies.
    tabs.nth(2).click()
    page.locator(".ddos-title:visible", has_text="Cu₂BaTiS₄").first.wait_for()
    studies = page.locator(".ddos-tablist[aria-label='Data sets']:visible button")
    assert studies.count() == 3
    assert [t.split(" (")[0] for t in studies.all_text_contents()] == [*STUDIES.values()]
    studies.filter(has_text="Ga for In").click()
    page.locator(".ddos-title:visible", has_text="InP").first.wait_for()
    page.screenshot(path=screenshots / "app-studies-light.png", full_page=True)
    tabs.nth(0).click()
    # On a busy machine the tab that was left is still there for a moment.
    wait_until(lambda: plot.count() == 1, "one tab in view")
    plot.wait_for()

    # A file with a fault.
    first.upload("bad.cif", "nothing of the kind")
    problem = page.locator(".ddos-drop > .ddos-error").first
    wait_until(lambda: "no crystal structure" in (problem.text_content() or ""), "the sentence")

    # Nothing is shown of how it is made, and no file is served.
    assert "UploadPredictor" not in page.content()
    for path in ("voila/files/dashboard.ipynb", "voila/files/../pyproject.toml"):
        assert page.request.get(app.url(path)).status in (403, 404)
    assert page.request.get(app.url("voila/api/contents/")).status >= 400 or (
        "dashboard" not in page.request.get(app.url("voila/api/contents/")).text()
    )

    # The page may talk to the kernel, but not have it run code.
    mark = tmp_path / "owned"
    heard = page.evaluate(SOCKET, [first.kernel(), f"open({str(mark)!r}, 'w').close()"])
    assert "kernel_info_reply" in heard, "the socket itself must work, or this shows nothing"
    assert "execute_reply" not in heard
    assert not mark.exists()

    # A second visitor has a session of their own; a third finds no place.
    second = Visitor(chromium, app)
    second.wait_for("MgO · 2 atoms per cell")
    assert second.kernel() != first.kernel()
    third = Visitor(chromium, app)
    assert third.answer is not None
    assert third.answer.status == 503
    assert "All places are taken" in (third.page.text_content("body") or "")

    for visitor in (first, second, third):
        assert visitor.abroad == [], "requests that leave this machine"
    assert [e for e in first.errors + second.errors if "403" not in e and "404" not in e] == []
    for visitor in (first, second, third):
        visitor.leave()


def test_a_word_keeps_strangers_out_and_idle_pages_are_closed(
    chromium: Browser, tmp_path: Path, screenshots: Path
):
    options = ("--token", "open-sesame", "--ready", "0", "--theme", "dark", "--idle", "0.4")
    with App(tmp_path, *options) as server:
        stranger = Visitor(chromium, server)
        assert "/login" in stranger.page.url
        assert "kernelId" not in stranger.page.content()
        assert stranger.abroad == []
        stranger.leave()
        friend = Visitor(chromium, server, "?token=open-sesame")
        friend.wait_for("MgO · 2 atoms per cell")
        assert friend.page.locator("body[data-jp-theme-light=false]").count() == 1
        crystal = friend.page.locator(".ddos-crystal canvas").first
        wait_until(lambda: colours(pixels(crystal)) > 40, "atoms in the 3-D view", 60)
        friend.page.screenshot(path=screenshots / "app-dark.png", full_page=True)
        assert friend.abroad == []

        # Left alone, the page is closed, and says so instead of playing dead.
        lost = friend.page.locator("#lost")
        assert lost.is_hidden()
        lost.wait_for()
        assert "without a click" in (lost.text_content() or "")
        gone = friend.page.request.get(server.url(f"api/kernels/{friend.kernel()}"))
        assert gone.status == 404
        friend.leave()
