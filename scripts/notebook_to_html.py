"""Turn an executed notebook into one HTML page that needs no network.

The usual converter links scripts from the web: for widgets, formulae and diagrams. Here widgets
show their static picture (or a line that says where they are live), and formulae become SVG.

Usage: notebook_to_html.py NOTEBOOK.ipynb PAGE.html
"""

from __future__ import annotations

import base64
import html
import io
import re
import sys
from pathlib import Path

import nbformat
from jinja2 import DictLoader
from nbconvert import HTMLExporter

from deepdos_nb.core.files import write_text

PAGE = """
{%- extends 'lab/index.html.j2' -%}
{%- block html_head_js -%}{%- endblock -%}
{%- block jupyter_widgets -%}{%- endblock -%}
{%- block html_head_js_mathjax -%}{%- endblock -%}
{%- block html_head_js_mermaidjs -%}{%- endblock -%}
"""

WIDGET = "application/vnd.jupyter.widget-view+json"
PICTURES = ("text/html", "image/svg+xml", "image/png", "image/jpeg")
NOTE = "<p><em>An interactive view stands here when the notebook is open in JupyterLab.</em></p>"

# Code first, so that a dollar inside it is left alone.
MATH = re.compile(r"(```.*?```|`[^`\n]*`)|\$\$(.+?)\$\$|(?<![\\$])\$([^$\n]+?)(?<!\\)\$", re.DOTALL)


def formula(tex: str, *, display: bool) -> str:
    """Draw a TeX formula as an inline SVG image, or show its source where it is beyond us."""
    from matplotlib.mathtext import math_to_image

    picture = io.BytesIO()
    try:
        depth = math_to_image(f"${' '.join(tex.split())}$", picture, dpi=72, format="svg")
    except ValueError:
        return f"`{' '.join(tex.split())}`"
    data = base64.b64encode(picture.getvalue()).decode()
    image = (
        f'<img src="data:image/svg+xml;base64,{data}" alt="{html.escape(tex, quote=True)}" '
        f'style="display:inline;vertical-align:-{depth:.1f}pt">'
    )
    # Blank lines, because a block inside a Markdown paragraph would break the rest of it.
    return f'\n\n<div style="text-align:center">{image}</div>\n\n' if display else image


def draw_formulae(markdown: str) -> str:
    """Replace $…$ and $$…$$ of a Markdown text by pictures."""

    def picture(match: re.Match[str]) -> str:
        code, display, inline = match.groups()
        if code is not None:
            return code
        return formula(display or inline, display=display is not None)

    return MATH.sub(picture, markdown)


def is_nameless_widget(output: nbformat.NotebookNode) -> bool:
    """Whether an output is a widget view that shows nothing."""
    data = output.get("data", {})
    return WIDGET in data and set(data) <= {WIDGET, "text/plain"} and not data.get("text/plain")


def offline(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Leave only what a page without a kernel and without a network can show."""
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = draw_formulae(cell.source)
        # nglview shows a nameless helper widget on import, of which there is nothing to see.
        outputs = [o for o in cell.get("outputs", []) if not is_nameless_widget(o)]
        if cell.cell_type == "code":
            cell.outputs = outputs
        for output in outputs:
            data = output.get("data", {})
            if data.pop(WIDGET, None) is not None and not any(kind in data for kind in PICTURES):
                data["text/html"] = NOTE
    return notebook


def convert(source: Path, target: Path) -> None:
    """Write `target` from the executed notebook `source`."""
    exporter = HTMLExporter(
        extra_loaders=[DictLoader({"offline.html.j2": PAGE})],
        template_file="offline.html.j2",
    )
    notebook = offline(nbformat.read(source, as_version=4))
    page, _ = exporter.from_notebook_node(
        notebook, resources={"metadata": {"name": source.stem, "path": str(source.parent)}}
    )
    write_text(target, page)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
