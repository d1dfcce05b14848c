"""From a drag to the repaint, in a real browser: quicklook of a 40-atom crystal in JupyterLab.

    make bench        (or: python benchmarks/repaint.py --out FOLDER)

Each move of the mouse over the plot is timed twice: until the page has painted the selection (the
browser alone), and until the words that Python sends back stand under the plot (the way there and
back, and the atoms' new colours computed). Prints a Markdown table; writes it to FOLDER/repaint.md.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from deepdos_nb.core.markdown import markdown_table

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

MOVES = 30

CELL = """
import deepdos_nb as dd
structure = dd.example("MgO").copy()
structure.make_supercell([[-1, 1, 1], [1, -1, 1], [1, 1, -1]])
structure.make_supercell([5, 1, 1])
assert len(structure) == 40, len(structure)
dd.quicklook(dd.load_model("phdos"), structure)
"""

# Times from the event to the frame after the change it causes.
WATCH = """
() => {
  window.timings = { paint: [], words: [] };
  const plot = document.querySelector(".ddos-plot > svg");
  const words = document.querySelector(".ddos-readout");
  let started = null, painted = false;
  plot.addEventListener("pointermove", () => {
    started = performance.now(); painted = false;
  }, true);
  const note = (list) => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    const began = started;
    channel.port1.onmessage = () => list.push(performance.now() - began);
    channel.port2.postMessage(null);
  });
  new MutationObserver(() => {
    if (started !== null && !painted) { painted = true; note(window.timings.paint); }
  }).observe(plot, { subtree: true, childList: true, attributes: true });
  new MutationObserver(() => {
    if (started !== null) note(window.timings.words);
  }).observe(words, { subtree: true, childList: true, characterData: true });
}
"""


def measure() -> dict[str, list[float]]:
    from browser.lab import Lab
    from browser.notebook import NotebookPage
    from browser.sheet import write_sheet
    from playwright.sync_api import sync_playwright

    arguments = ["--no-sandbox", "--enable-unsafe-swiftshader", "--disable-background-networking"]
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with (
        tempfile.TemporaryDirectory() as folder,
        Lab(Path(folder)) as lab,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        sheet = write_sheet(Path(folder), "repaint", [CELL])
        notebook = NotebookPage.open(browser, lab, sheet, "repaint")
        notebook.run_all()
        page = notebook.page
        plot = page.locator(".ddos-plot > svg")
        plot.wait_for()
        page.locator(".ddos-crystal canvas").wait_for()
        plot.scroll_into_view_if_needed()
        page.wait_for_timeout(2000)
        box = plot.bounding_box()
        assert box is not None
        middle = box["y"] + box["height"] / 2
        page.mouse.move(box["x"] + 120, middle)
        page.mouse.down()
        page.evaluate(WATCH)
        for move in range(1, MOVES + 1):
            page.mouse.move(box["x"] + 120 + 10 * move, middle)
            page.wait_for_timeout(400)
        page.mouse.up()
        timings: dict[str, list[float]] = page.evaluate("() => window.timings")
        browser.close()
    return timings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    out: Path = parser.parse_args().out
    timings = measure()
    rows = []
    for name, title in (("paint", "the selection is painted"), ("words", "Python has answered")):
        times = sorted(timings[name])
        assert times, f"nothing was measured for {name!r}"
        slow = times[int(0.9 * (len(times) - 1))]
        rows.append([title, f"{statistics.median(times):.0f}", f"{slow:.0f}", len(times)])
    heads = ["drag on 40 atoms, until", "median (ms)", "slowest of the faster 90 % (ms)", "moves"]
    text = markdown_table(heads, rows, left=1) + "\n"
    print(text)
    out.mkdir(parents=True, exist_ok=True)
    (out / "repaint.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
