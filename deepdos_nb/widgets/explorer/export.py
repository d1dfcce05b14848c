"""`export_html`: any view as one file that opens offline and still answers the mouse."""

from __future__ import annotations

import base64
import html
import json
import re
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.core.files import write_text
from deepdos_nb.widgets.base.closing import close_tree
from deepdos_nb.widgets.base.downloads import MIME, Downloads
from deepdos_nb.widgets.base.state import ViewState
from deepdos_nb.widgets.base.tabbed import Tab, Tabbed
from deepdos_nb.widgets.base.tabs import TabBar
from deepdos_nb.widgets.base.view import asset
from deepdos_nb.widgets.crystal.canvas import CrystalCanvas
from deepdos_nb.widgets.crystal.cell import CellChoice
from deepdos_nb.widgets.crystal.structure import StructureView
from deepdos_nb.widgets.explorer.drop import FileDrop
from deepdos_nb.widgets.explorer.materials import MaterialList
from deepdos_nb.widgets.explorer.quicklook import QuickLook
from deepdos_nb.widgets.explorer.standalone_shares import ingredients

EXPORTED = re.compile(r"^export default (\{[^;]*\});?\s*$", re.MULTILINE)
"""How our scripts end."""

LEFT_OUT = (CellChoice, FileDrop, MaterialList, TabBar)
"""What asks Python for something else to show."""

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body data-jp-theme-light="true">
<script>
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => {{ document.body.dataset.jpThemeLight = String(!dark.matches); }};
  dark.addEventListener("change", follow);
  follow();
</script>
<h1>{title}</h1>
<p class="page-note">A copy of a notebook view that needs no Python: select energies and sites,
hide curves, step, turn the crystal, save files. What would need the model stays as it was when
this page was made.</p>
<div class="page-live">{body}</div>
<div class="page-still"><img src="data:image/png;base64,{png}" alt="{words}"></div>
<details><summary>In words</summary><p>{words}</p></details>
<script type="application/json" id="ddos-page">{data}</script>
<script>{shim}</script>
{modules}
<script type="module">window.ddosShow();</script>
</body>
</html>
"""


def export_html(widget: Any, path: str | Path, *, title: str = "") -> Path:
    """Write a view as one HTML file that needs no network and no Python.

    What a view does by itself goes on working: selecting energies, hiding curves, moving through
    the steps; views that were linked stay linked. A spectrum's crystal, its shares and the words
    about them follow, since the page holds the site densities; what else Python computes is marked
    as soon as the selection is another one. Files to download are those of this moment. Lists that
    only Python could serve are left out.

    Parameters
    ----------
    widget : widget
        Any view of this package, or a box of them, with ``png()`` and ``describe()``.
    path : str or Path
        Ends in ``.html``; missing directories are made.
    title : str
        Heading of the page; what the view shows if not given.

    Returns
    -------
    Path
        Where it was written. The file is either complete or not there.

    Raises
    ------
    ConfigError
        If the ending is another one, or `widget` is no view.
    """
    path = Path(path)
    if path.suffix.lower() not in (".html", ".htm"):
        raise ConfigError(
            f"a page cannot be saved as {path.suffix or 'a file without ending'!r}.",
            source=path.name,
            remedy="Use .html.",
        )
    if not (hasattr(widget, "png") and hasattr(widget, "describe")):
        raise ConfigError(
            f"a {type(widget).__name__} is no view of this package.",
            remedy="Pass what explore, quicklook or one of the views has returned.",
        )
    return write_text(path, page(widget, title))


def page(widget: Any, title: str = "") -> str:
    """The HTML text of a view."""
    book = _Book()
    try:
        body = book.draw(widget, None, widget)
    finally:
        book.close()
    title = title or book.heading(widget)
    linked = sorted(ViewState.class_own_traits())
    return PAGE.format(
        title=html.escape(title),
        style="\n".join([asset("explorer/standalone.css"), *dict.fromkeys(book.styles)]),
        body=body,
        png=base64.b64encode(widget.png()).decode("ascii"),
        words=html.escape(widget.describe(), quote=True),
        data=_json({"models": book.models, "linked": linked, "looks": book.looks}),
        shim=asset("explorer/standalone_shares.js", "explorer/standalone.js"),
        modules="\n".join(book.modules.values()),
    )


class _Book:
    """Collects models, scripts and styles while the tree of widgets is walked."""

    def __init__(self) -> None:
        self.models: dict[str, Any] = {}
        self.modules: dict[str, str] = {}
        self.styles: list[str] = []
        self.groups: dict[int, int] = {}
        self.keys: dict[int, str] = {}
        self.looks: list[dict[str, Any]] = []
        self.borrowed: list[Any] = []

    def close(self) -> None:
        """Give back the views that were made for the page alone."""
        while self.borrowed:
            close_tree(self.borrowed.pop())

    def heading(self, widget: Any) -> str:
        """What the first view says it shows, else its name in words."""
        for model in self.models.values():
            said = model["state"].get("header", {})
            if isinstance(said, dict) and said.get("title"):
                return str(said["title"])
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(widget).__name__)
        return words.capitalize()

    def draw(self, widget: Any, state: Any, owner: Any) -> str:
        """HTML of a widget and all below it.

        Parameters
        ----------
        widget : Widget
        state : ViewState or None
            What the nearest view above follows; its linked traits are passed around in the page.
        owner : Widget
            Nearest view above that can draw itself as a picture.
        """
        state = getattr(widget, "state", state)
        owner = widget if hasattr(widget, "png") else owner
        if isinstance(widget, LEFT_OUT):
            return ""
        if isinstance(widget, QuickLook):
            text = self._box(widget, state, owner)
            self._follow(widget)
            return text
        if isinstance(widget, Tabbed):
            return "".join(
                f"<h2>{html.escape(tab.title)}</h2>"
                f"{self.draw(widget.views.get(key) or self._borrow(tab), state, owner)}"
                for key, tab in widget.offered.items()
            )
        if isinstance(widget, anywidget.AnyWidget):
            return self._live(widget, state)
        if isinstance(widget, ipywidgets.Box):
            return self._box(widget, state, owner)
        if isinstance(widget, ipywidgets.HTML):
            return f"<div>{widget.value}</div>"
        if isinstance(widget, ipywidgets.Image):
            return _picture(bytes(widget.value))
        if type(widget).__name__ == "NGLWidget" and isinstance(owner, StructureView):
            return self._flat(owner, state)
        return '<div class="page-gone">This part needs the notebook.</div>'

    def _box(self, widget: ipywidgets.Box, state: Any, owner: Any) -> str:
        shown = (c for c in widget.children if c.layout.display != "none")
        parts = [self.draw(child, state, owner) for child in shown]
        return f'<div class="page-box" style="{_flow(widget)}">{"".join(parts)}</div>'

    def _borrow(self, tab: Tab) -> Any:
        """A view nobody has opened yet. Kept to the end, since others are told apart by `id`."""
        view = tab.make()
        self.borrowed.append(view)
        return view

    def _flat(self, view: StructureView, state: Any) -> str:
        """Nglview's crystal as the page draws it itself."""
        canvas = CrystalCanvas(
            view.scene, *view.look(), view.tips(), layout={"height": "100%", "width": "100%"}
        )
        canvas.selected_sites = list(view.state.selected_sites)
        canvas.description_text = view.describe()
        text = self._live(canvas, state)
        self.keys[id(view)] = self.keys.pop(id(canvas))
        close_tree(canvas)
        return text

    def _follow(self, look: QuickLook) -> None:
        """Remember which models a quick look keeps together, and what it takes to do so."""
        found = ingredients(look)
        view = look.structure
        parts = {"plot": look.spectrum, "table": view.table, "canvas": view.canvas or view}
        if found is not None:
            self.looks.append({k: self.keys[id(w)] for k, w in parts.items()} | {"data": found})

    def _live(self, widget: anywidget.AnyWidget, state: Any) -> str:
        name = f"{type(widget).__name__}"
        script = str(widget._esm)
        body, found = EXPORTED.subn(f'(window.ddosViews ??= {{}})["{name}"] = \\1;', script)
        if found != 1:
            return '<div class="page-gone">This part needs the notebook.</div>'
        # Each script is a module, so that their names do not meet.
        safe = body.replace("</script", "<\\/script")
        self.modules[name] = f'<script type="module">{safe}</script>'
        self.styles.append(str(widget._css))
        values: dict[str, Any] = {}
        buffers: dict[str, str] = {}
        for key, value in widget.get_state().items():
            if key.startswith("_") or key in ("layout", "tooltip", "tabbable"):
                continue
            if isinstance(value, (bytes, memoryview, bytearray)):
                buffers[key] = base64.b64encode(bytes(value)).decode("ascii")
            else:
                values[key] = value
        group = self.groups.setdefault(id(state), len(self.groups)) if state is not None else None
        key = f"m{len(self.models)}"
        self.keys[id(widget)] = key
        self.models[key] = {"view": name, "state": values, "buffers": buffers, "group": group}
        if isinstance(widget, Downloads):
            files = {k: base64.b64encode(widget.make(k)).decode("ascii") for k in widget.formats}
            self.models[key]["files"] = files | {"mime": MIME}
        layout = widget.layout
        style = "".join(
            f"{css}:{value};"
            for css, value in (
                ("flex", layout.flex or "1 1 auto"),
                ("min-width", layout.min_width),
                ("width", layout.width),
                ("height", layout.height),
            )
            if value
        )
        return f'<div data-model="{key}" style="{html.escape(style, quote=True)}"></div>'


def _flow(box: ipywidgets.Box) -> str:
    layout = box.layout
    row = not isinstance(box, ipywidgets.VBox) or "row" in (layout.flex_flow or "")
    style = {
        "flex-flow": layout.flex_flow or ("row wrap" if row else "column"),
        "flex": layout.flex,
        "min-width": layout.min_width,
        "height": layout.height,
        "justify-content": layout.justify_content,
        "align-items": layout.align_items if row else "stretch",
        "gap": "12px" if row else None,
    }
    return html.escape("".join(f"{k}:{v};" for k, v in style.items() if v), quote=True)


def _picture(png: bytes) -> str:
    return f'<img src="data:image/png;base64,{base64.b64encode(png).decode("ascii")}" alt="">'


def _json(value: Any) -> str:
    """JSON that may stand inside a script element."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text.replace("</", "<\\/").replace("<!--", "<\\u0021--")
