"""Every tutorial runs unattended, without a network, with other parameters and with its solutions.

As they are committed, nbval runs them.
"""

from __future__ import annotations

from pathlib import Path

import nbformat
import papermill
import pytest
from course_notebooks import TUTORIALS, exercises_asked, solved
from script_modules import load_script

OTHER: dict[str, dict[str, object]] = {
    "00_quickstart": {"example": "CaF2"},
    "01_crystals_as_graphs": {"example": "TiO2", "atom": 2},
    "02_density_of_states": {"insulator": "LiF", "metal": "Cu", "mesh": 10},
    "02a_balls_and_springs": {"example": "NaCl"},
    "02b_electrons_that_hop": {"example": "MgO"},
    "03_encoder": {"example": "TiO2", "kind": "edos"},
    "06_train_it": {"epochs": 2, "seeds": 2, "few": 8, "long": 2, "own_epochs": 1},
    "04_source_attention": {"formula": "ZrSiPt", "n_crystals": 6, "n_train": 24, "epochs": 1},
    "05_transport": {"example": "NaCl", "n_crystals": 4},
    "07_judge_it": {
        "n_train": 24,
        "n_test": 16,
        "epochs": 2,
        "sweep_rates": [0.002],
        "sweep_seeds": [0],
    },
    "08_use_it": {"n_screen": 24},
}
"""Parameters of a chapter other than its own; as it stands, nbval runs it."""

WIDGET = "application/vnd.jupyter.widget-view+json"
PICTURES = {"image/png", "image/svg+xml"}


converter = load_script("notebook_to_html")


def displayed(notebook: nbformat.NotebookNode) -> list[dict[str, str]]:
    """Everything the notebook shows, each in all its forms."""
    return [o["data"] for c in notebook.cells for o in c.get("outputs", []) if "data" in o]


def is_verdict(data: dict[str, str]) -> bool:
    return data["text/plain"].startswith(("✓", "✗", "…"))


def assert_self_contained(page: str) -> None:
    for link in ("<script src=", "<link ", "require.min.js", "MathJax.Hub", "cdnjs", "unpkg.com"):
        assert link not in page, link


def test_there_is_a_quickstart():
    assert TUTORIALS
    assert TUTORIALS[0].name == "00_quickstart.ipynb"


@pytest.mark.slow
@pytest.mark.parametrize("path", TUTORIALS, ids=lambda p: p.stem)
def test_tutorial_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    # Any attempt to reach the web ends at a closed port of this machine.
    for variable in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    source, target = tmp_path / f"solved-{path.name}", tmp_path / path.name
    nbformat.write(solved(nbformat.read(path, as_version=4)), source)
    papermill.execute_notebook(
        source,
        target,
        parameters=OTHER[path.stem],
        kernel_name="python3",
        cwd=path.parent,
        progress_bar=False,
    )
    notebook = nbformat.read(target, as_version=4)
    assert all(c.execution_count for c in notebook.cells if c.cell_type == "code" and c.source)
    shown = displayed(notebook)
    figures = [d for d in shown if d.get("text/plain", "").startswith("<Figure")]
    assert figures, "no figure"
    assert all(PICTURES & set(d) for d in figures), "a figure that is only its name"
    # Training shows a curve that grows instead.
    assert path.stem == "06_train_it" or any(WIDGET in d for d in shown), "no widget"
    verdicts = [d["text/plain"] for d in shown if "text/plain" in d and is_verdict(d)]
    assert len(verdicts) == len(exercises_asked(notebook))
    assert not [v for v in verdicts if not v.startswith("✓")], verdicts

    page = tmp_path / "page.html"
    converter.convert(target, page)
    text = page.read_text(encoding="utf-8")
    assert_self_contained(text)
    assert "data:image/png;base64" in text or "<svg" in text


def notebook_with(markdown: str, *outputs: dict[str, object]) -> nbformat.NotebookNode:
    code = nbformat.v4.new_code_cell("show()")
    code.outputs = [nbformat.v4.new_output("display_data", data=dict(o)) for o in outputs]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(markdown), code])
    notebook.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {}}}
    return notebook


def page_of(notebook: nbformat.NotebookNode, folder: Path) -> str:
    source, target = folder / "n.ipynb", folder / "n.html"
    nbformat.write(notebook, source)
    converter.convert(source, target)
    assert not list(folder.glob("*.part"))
    return target.read_text(encoding="utf-8")


def test_page_draws_formulae_without_a_network(tmp_path: Path):
    page = page_of(notebook_with(r"Mass $\sum_i p_i = 1$ for `$HOME` and \$5."), tmp_path)
    assert_self_contained(page)
    assert 'alt="\\sum_i p_i = 1"' in page
    assert "data:image/svg+xml;base64" in page
    assert "$HOME" in page


def test_page_shows_the_source_of_a_formula_it_cannot_draw(tmp_path: Path):
    page = page_of(notebook_with(r"Here: $\nosuchcommand{x}$."), tmp_path)
    assert r"<code>\nosuchcommand{x}</code>" in page


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ({"text/plain": "Plot()"}, "interactive view stands here"),
        ({"text/plain": "Plot()", "text/html": "<b>a still picture</b>"}, "<b>a still picture</b>"),
        ({"text/plain": "Plot()", "image/png": "iVBORw0KGgo="}, "data:image/png;base64"),
    ],
)
def test_page_stands_in_for_widgets(tmp_path: Path, extra: dict[str, str], expected: str):
    page = page_of(notebook_with("Text.", {WIDGET: {"model_id": "1"}, **extra}), tmp_path)
    assert_self_contained(page)
    assert expected in page
    assert ("interactive view stands here" in page) == ("interactive" in expected)


def test_page_hides_what_shows_nothing(tmp_path: Path):
    page = page_of(notebook_with("Text.", {WIDGET: {"model_id": "1"}, "text/plain": ""}), tmp_path)
    assert "interactive view" not in page
