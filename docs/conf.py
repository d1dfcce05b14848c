"""The book: `make book`. Pages are Markdown (MyST), tutorials are the notebooks themselves.

Nothing is fetched, neither while building nor while reading: the theme uses the system's fonts,
and the script that sets formulae comes from a package.
"""

from __future__ import annotations

import tomllib
import typing
from importlib.metadata import files
from pathlib import Path

from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parent.parent


def mathjax() -> str:
    """MathJax in one file that draws formulae as SVG, so that it needs no fonts either."""
    (script,) = (f for f in files("sphinx-mathjax-offline") or () if f.name == "tex-svg.js")
    return str(script.locate())


about = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
project = "deepdos_nb"
author = about["authors"][0]["name"]
copyright = author
release = version = about["version"]

extensions = [
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "sphinx_design",
]

myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

# Chapters are committed as they ran (`make tutorials`), and a test says when one is out of date.
nb_execution_mode = "off"
nb_merge_streams = True
# A page has no kernel: widgets show the still picture that each of them brings.
nb_ipywidgets_js = {}
nb_mime_priority_overrides = [("html", "application/vnd.jupyter.widget-view+json", None)]

default_role = "py:obj"
add_module_names = False
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # numpydoc gives types with their shapes and units
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

html_theme = "furo"
html_title = "deepdos_nb"
html_static_path = ["_static", mathjax()]
html_css_files = ["book.css"]
html_js_files = ["book.js"]
html_favicon = "_static/logo.svg"
html_show_sourcelink = False
html_copy_source = False
mathjax_path = "tex-svg.js"
copybutton_exclude = ".linenos, .gp, .go"
html_theme_options = {
    "light_logo": "logo.svg",
    "dark_logo": "logo.svg",
    "sidebar_hide_name": False,
    "light_css_variables": {
        "color-brand-primary": "#0a66a8",
        "color-brand-content": "#0a66a8",
        "color-brand-visited": "#5b4b9e",
        "color-api-name": "#0a66a8",
    },
    "dark_css_variables": {
        "color-brand-primary": "#6cb4ee",
        "color-brand-content": "#6cb4ee",
        "color-brand-visited": "#a99bf0",
        "color-api-name": "#6cb4ee",
    },
}


def skip(
    app: Sphinx, what: str, name: str, member: object, skipped: bool, options: object
) -> bool | None:
    """Leave out what says nothing: fields of named tuples, and variables that stand for types."""
    alias = (getattr(member, "__doc__", None) or "").startswith("Alias for field number")
    return True if alias or isinstance(member, typing.TypeVar) else None


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("autodoc-skip-member", skip)
