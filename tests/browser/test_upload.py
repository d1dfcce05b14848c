"""Dropping in crystals, in JupyterLab: a real chooser, a real drop, and files with every fault."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browser.notebook import NotebookPage, changed, colours, pixels, settled, wait_until
from browser.server import ROOT

from deepdos_nb.crystal.read import example, examples

if TYPE_CHECKING:
    pass

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MGO = examples()["MgO"].read_text(encoding="utf-8")
SIO2 = examples()["SiO2"].read_text(encoding="utf-8")

SETUP = f"""
import sys
sys.path.insert(0, {str(ROOT / "tests")!r})
import deepdos_nb as dd
from synthetic import make_spectrum, make_trace

class Electrons:
    def predict(self, structure, *, max_atoms=500):
        return make_spectrum(structure, "edos")
    def trace(self, structure, *, seed=0):
        return make_trace(structure, "edos", seed)

def find(kind):
    return dd.load_model(kind) if kind == "phdos" else Electrons()
"""

DROP = """
([name, data]) => {
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name));
  const zone = document.querySelector(".ddos-zone");
  for (const type of ["dragenter", "dragover"]) {
    zone.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: transfer }));
  }
  const marked = zone.classList.contains("over");
  zone.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: transfer }));
  return marked && !zone.classList.contains("over");
}
"""  # noqa: E501


class Upload:
    """The parts of an `UploadPredictor` on the page."""

    def __init__(self, notebook: NotebookPage) -> None:
        page = notebook.page
        self.page, self.notebook = page, notebook
        self.root = page.locator(".jp-OutputArea-output", has=page.locator(".ddos-zone"))
        self.zone = page.locator(".ddos-zone")
        self.chooser = page.locator(".ddos-file")
        self.message = page.locator(".ddos-message")
        self.problem = page.locator(".ddos-drop > .ddos-error").first
        self.notes = page.locator(".ddos-notes li")
        self.plot = page.locator(".ddos-plot:visible")
        self.crystal = page.locator(".ddos-crystal canvas")
        self.zone.wait_for()

    def choose(self, name: str, content: str | bytes) -> None:
        """Choose a file as a person does in the file dialogue."""
        data = content.encode() if isinstance(content, str) else content
        file = {"name": name, "mimeType": "application/octet-stream", "buffer": data}
        with self.page.expect_file_chooser() as chooser:
            self.page.locator(".ddos-choose").click()
        chooser.value.set_files([file])  # type: ignore[list-item]

    def drop(self, name: str, content: str | bytes) -> None:
        """Drop a file as a person does from the desktop."""
        data = content.encode() if isinstance(content, str) else content
        assert self.page.evaluate(DROP, [name, base64.b64encode(data).decode()])

    def wait_for(self, words: str) -> None:
        wait_until(
            lambda: words in (self.message.text_content() or ""),
            f"{words!r} in {self.message.text_content()!r}",
        )

    def wait_for_problem(self, words: str) -> None:
        wait_until(
            lambda: words in (self.problem.text_content() or ""),
            f"{words!r} in {self.problem.text_content()!r}",
        )


CELLS = (SETUP, "up = dd.UploadPredictor(load=find)\nup")


@pytest.fixture(scope="module")
def upload(sheet: NotebookPage) -> Upload:
    return Upload(sheet)


def test_a_crystal_comes_in(upload: Upload, screenshots: Path):
    page, python = upload.page, upload.notebook.python
    theme = "dark" if upload.notebook.dark else "light"

    # An example, by the keyboard.
    chip = page.locator(".ddos-examples button", has_text="TiO₂")
    chip.focus()
    page.keyboard.press("Enter")
    upload.wait_for("TiO₂ · 6 atoms per cell · 18 modes, 3 per atom")
    upload.plot.wait_for()
    wait_until(lambda: chip.get_attribute("aria-pressed") == "true", "the chip to be pressed")
    upload.crystal.first.wait_for()
    upload.zone.scroll_into_view_if_needed()
    wait_until(lambda: colours(pixels(upload.crystal.first)) > 40, "atoms in the 3-D view")
    settled(upload.crystal.first)
    upload.root.screenshot(path=screenshots / f"upload-{theme}.png")
    before = settled(upload.plot)

    # A file, through the dialogue: another crystal, another picture.
    upload.choose("quartz.cif", SIO2)
    upload.wait_for("quartz.cif · SiO₂ · 9 atoms per cell · 27 modes")
    upload.plot.wait_for()
    assert changed(before, settled(upload.plot)) > 0.02
    assert page.locator(".ddos-examples button[aria-pressed=true]").count() == 0
    assert python("print(up.name, up.spectrum.formula, up.kind)") == "quartz.cif SiO2 phdos"

    # Another, dropped; its name tells the format.
    upload.drop("POSCAR", example("GaAs").to(fmt="poscar"))
    upload.wait_for("POSCAR · GaAs · 2 atoms per cell")
    assert upload.problem.text_content() == ""
    assert upload.notebook.errors == []


def test_every_fault_gets_a_sentence(upload: Upload, screenshots: Path):
    theme = "dark" if upload.notebook.dark else "light"
    upload.choose("MgO.cif", MGO)
    upload.wait_for("MgO.cif · MgO")
    heavy = MGO.replace("2.97833376", "0.29783337")
    half = MGO.replace("0.50000000  0.50000000  0.50000000  1", "0.5 0.5 0.5 0.5")
    near = MGO.replace("0.50000000  0.50000000  0.50000000  1", "0.05 0.05 0.05 1")
    mixed = half.rstrip() + "\n  S  S2  1  0.5 0.5 0.5  0.5\n"
    crowd = example("NaCl").make_supercell((8, 8, 8), in_place=False)
    faults = {
        "binary.cif": (bytes(range(256)) * 9, "binary file"),
        "nothing.cif": ("", "the file is empty"),
        "two.cif": (MGO + SIO2, "holds 2 crystals (MgO, SiO2)"),
        "half.cif": (half, "partly occupied"),
        "mixed.cif": (mixed, "shared by several species"),
        "cell.cif": (MGO.replace("_cell_length_a", "_cell_length_q"), "cell is missing"),
        "flat.cif": (heavy, "no room for 2 atoms"),
        "overlap.cif": (near, "Å apart"),
        "crowd.cif": (crowd.to(fmt="cif"), "the limit is 500"),
        "page.cif": ("<!DOCTYPE html><html>404</html>", "no crystal structure could be read"),
        "huge.cif": (b"# " + b"x" * 2_100_000, "the limit is 2 MB"),
    }
    for name, (content, words) in faults.items():
        upload.choose(name, content) if name != "two.cif" else upload.drop(name, content)
        upload.wait_for_problem(words)
        said = upload.problem.text_content() or ""
        assert said.startswith(f"{name}: "), said
        assert said.count(".") >= 2, f"no remedy in {said!r}"
        if name == "two.cif":
            upload.root.screenshot(path=screenshots / f"upload-problem-{theme}.png")
            # Nothing of the last crystal is left to be taken for this one.
            wait_until(lambda: upload.plot.count() == 0, "the old spectrum to go")
        assert upload.message.text_content() == ""
    # Python was asked for none of the huge file: it holds what the browser said.
    assert upload.notebook.python("print(up.drop.problem)").startswith("huge.cif: the file has")
    # And after all of these, a good one works.
    upload.drop("MgO.cif", MGO)
    upload.wait_for("MgO.cif · MgO")
    assert upload.problem.text_content() == ""
    assert upload.notebook.errors == []


def test_electrons_and_downloads(upload: Upload):
    page, python = upload.page, upload.notebook.python
    upload.choose("MgO.cif", MGO)
    upload.wait_for("MgO.cif · MgO")

    # Warnings of elements never seen in training stand beside the result.
    upload.choose("EsO.cif", MGO.replace("Mg", "Es"))
    upload.wait_for("EsO")
    assert "Extrapolation: Es" in " ".join(upload.notes.all_text_contents())

    # The other kind, by its tab; its total follows the number that is typed.
    upload.choose("MgO.cif", MGO)
    upload.wait_for("MgO.cif · MgO")
    page.locator(".ddos-tablist button", has_text="Electrons").click()
    upload.wait_for("states between -4 and 4 eV")
    page.locator(".ddos-number").fill("7.5")
    page.keyboard.press("Tab")
    upload.wait_for("7.50 of them below VBM")
    assert "Scaled to 7.5 electrons" in " ".join(upload.notes.all_text_contents())
    assert python("print(up.electrons, up.kind, up.error or 'fine')") == "7.5 edos fine"

    # What is saved is what Python holds.
    for ending, start in (("csv", b"energy (eV),total"), ("json", b"{"), ("png", b"\x89PNG")):
        with page.expect_download() as download:
            page.locator(f".ddos-saves button[data-ending={ending}]").click()
        assert download.value.suggested_filename == f"MgO-edos.{ending}"
        assert Path(download.value.path()).read_bytes().startswith(start)
    with page.expect_download() as download:
        page.locator(".ddos-saves button[data-ending=cif]").click()
    assert "_cell_length_a" in Path(download.value.path()).read_text()
    page.locator(".ddos-number").fill("")
    page.keyboard.press("Tab")
    assert python("print(up.electrons)") == "None"
    assert upload.notebook.errors == []
