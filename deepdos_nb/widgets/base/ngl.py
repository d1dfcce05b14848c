"""The one module that talks to nglview: how a scene is shown, recoloured and picked from."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.widgets.base.scene import Scene
from deepdos_nb.widgets.base.still import view_matrix
from deepdos_nb.widgets.base.view import asset

EXTENSION = "nglview-js-widgets"

ATOMS, STICKS, HALO = range(3)
"""Order in which the representations are added; messages address them by number."""

FIELD_OF_VIEW = 40.0
"""NGL's default, degrees."""

START = asset("base/ngl_start.js")
"""Run once in the browser."""

STOP = """
this.ddosFollow.disconnect();
this.stage.tooltip.remove();
this.stage.viewer.renderer.forceContextLoss();
this.stage.dispose();
"""
"""Run last in the browser, which has only a few WebGL contexts for all views of a page."""


def nglview_problem() -> str:
    """Why nglview would stay blank in this environment; empty where it works.

    The Python side asks the browser for one exact version of its other half. Where JupyterLab was
    given another one, the output stays blank without a word.
    """
    try:
        from nglview import NGLWidget
    except ImportError as error:
        return f"nglview cannot be imported ({error}); install it with: pip install nglview==4.0"
    from jupyter_core.paths import jupyter_path

    wanted = str(NGLWidget._view_module_version.default_value).lstrip("^~")
    found = []
    for folder in jupyter_path("labextensions"):
        manifest = Path(folder) / EXTENSION / "package.json"
        if manifest.is_file():
            found.append(str(json.loads(manifest.read_text(encoding="utf-8")).get("version")))
    if not found:
        return (
            f"JupyterLab has no extension {EXTENSION}; install nglview in the environment "
            "JupyterLab runs in: pip install nglview==4.0"
        )
    if found[0] != wanted:
        return (
            f"nglview asks for {EXTENSION} {wanted}, JupyterLab has {found[0]} and would show "
            "nothing; mend it with: pip install nglview==4.0"
        )
    return ""


def _structure(scene: Scene) -> Any:
    import nglview

    class SceneStructure(nglview.Structure):
        def get_structure_string(self) -> str:
            return scene.pdb()

    return SceneStructure()


def orientation(scene: Scene) -> tuple[list[float], list[float]]:
    """Camera of NGL that turns the crystal as the still picture does, and the crystal's extent.

    Its 4 × 4 matrix, by columns, holds the rotation times the camera's distance, and minus the
    centre. NGL's own fitting runs before the page has given the view its size; the script fits
    the extent, width and height on the screen in Å, as soon as it knows that.
    """
    # NGL's camera stands on the negative side of z: half a turn about the upright axis.
    turn = np.diag([-1.0, 1.0, -1.0]) @ view_matrix()
    seen = np.concatenate([scene.edges.reshape(-1, 3), scene.positions]) @ turn.T
    low, high = seen.min(axis=0), seen.max(axis=0)
    width, height = high[:2] - low[:2] + 2.0
    distance = height / (2 * np.tan(np.radians(FIELD_OF_VIEW / 2)))
    matrix = np.eye(4)
    matrix[:3, :3] = turn * distance
    matrix[:3, 3] = -turn.T @ (low + high) / 2
    return [float(v) for v in matrix.T.ravel()], [float(width), float(height)]


class NGLView:
    """A crystal in nglview, with one colour and one radius per site.

    Parameters
    ----------
    scene : Scene
    colours : sequence of str, length n_sites
    radii : ndarray, shape (n_sites,)
        Å.
    on_pick : callable
        Called with the site of a clicked atom.
    height : str
        CSS height of the view.
    tips : sequence of str, length n_sites
        What a pointer over an atom of each site is told.
    """

    def __init__(
        self,
        scene: Scene,
        colours: Sequence[str],
        radii: Array,
        on_pick: Callable[[int], None],
        height: str = "300px",
        tips: Sequence[str] = (),
    ) -> None:
        from ipywidgets.widgets.widget import _instances
        from nglview import NGLWidget

        self.scene, self._on_pick = scene, on_pick
        self._ready = False
        self._atoms = self._atom_parameters(colours, radii)
        self._halo = self._halo_parameters((), radii)
        self._tips = list(tips)
        self._sent: tuple[Any, Any, Any] = (self._atoms, self._halo, None)
        known = set(_instances)
        self.widget = NGLWidget()
        # It makes a player, buttons, layouts and links of its own, and closes none of them.
        self._made = [widget for key, widget in _instances.items() if key not in known]
        self.widget.layout.width, self.widget.layout.height = "100%", height
        self.widget._view_height = height
        self._build()
        self.widget.on_msg(self._heard)
        self.widget.observe(self._picked, names="picked")

    def _build(self) -> None:
        view = self.widget
        # No fog: it would fade distant atoms towards white, whatever the theme.
        view.stage.set_parameters(
            fog_near=100, fog_far=1000, clip_dist=0, sample_level=1, ambient_intensity=0.5
        )
        view.camera = "orthographic"
        view.add_structure(_structure(self.scene), default_representation=False, infer_bonds="none")
        view.add_representation("spacefill", **self._atoms)
        view.add_representation(
            "ball+stick",
            cylinder_only=True,
            radius_type="size",
            radius_size=0.07,
            color="#8b8f96",
            disable_picking=True,
        )
        view.add_representation(
            "spacefill", opacity=0.4, color="#d6266a", disable_picking=True, **self._halo
        )
        # NGL's own unit cell may appear one cell further on, where several are drawn.
        grey = [0.5, 0.53, 0.57]
        view._add_shape(
            [("cylinder", *np.round(e, 3).tolist(), grey, 0.035) for e in self.scene.edges],
            name="cell",
        )
        camera, extent = orientation(self.scene)
        view.control.orient(camera)
        view._js(START.replace("EXTENT", json.dumps(extent)))

    def _atom_parameters(self, colours: Sequence[str], radii: Array) -> dict[str, Any]:
        # NGL looks values up on a scale: with a whole number per colour, every atom gets its own.
        scale = list(dict.fromkeys(colours))
        index = [scale.index(c) for c in colours]
        return {
            "color_scheme": "structuredata",
            "color_data": {"atomData": {i: index[s] for i, s in enumerate(self.scene.site)}},
            "color_scale": scale if len(scale) > 1 else scale * 2,
            "color_domain": [0, max(len(scale) - 1, 1)],
            "color_mode": "rgb",
            "radius_type": "data",
            "radius_data": {i: round(float(radii[s]), 3) for i, s in enumerate(self.scene.site)},
        }

    def _halo_parameters(self, selected: Sequence[int], radii: Array) -> dict[str, Any]:
        atoms = np.flatnonzero(np.isin(self.scene.site, list(selected)))
        return {
            "selection": "@" + ",".join(map(str, atoms)) if len(atoms) else "none",
            "radius_type": "data",
            "radius_data": {
                i: round(float(radii[s]) + 0.22, 3) for i, s in enumerate(self.scene.site)
            },
        }

    def paint(
        self,
        colours: Sequence[str],
        radii: Array,
        selected: Sequence[int],
        tips: Sequence[str] = (),
    ) -> None:
        """Show these colours, radii, selected sites and words; waits for the browser if need be."""
        self._tips = list(tips)
        self._atoms = self._atom_parameters(colours, radii)
        self._halo = self._halo_parameters(selected, radii)
        if self._ready:
            self._send()

    def close(self) -> None:
        """Give back what the view holds here and in the browser; it shows nothing any more."""
        from nglview.remote_thread import RemoteCallThread

        self._ready = False
        view = self.widget
        # Not through nglview's queue, which would come too late.
        self._run(STOP)
        # There are two of these, and nglview itself remembers only one.
        for thread in threading.enumerate():
            if isinstance(thread, RemoteCallThread) and thread.view is view:
                thread.q[:] = [_end_of_thread]
        view._event.set()
        for widget in self._made:
            widget.close()

    def _send(self) -> None:
        atoms, halo, tips = self._sent
        if self._atoms != atoms:
            self._call("setParameters", ATOMS, kwargs=_camel(self._atoms))
        if self._halo != halo:
            rest = {k: v for k, v in self._halo.items() if k != "selection"}
            self._call("setSelection", HALO, args=[self._halo["selection"]])
            self._call("setParameters", HALO, kwargs=_camel(rest))
        if self._tips != tips:
            by_atom = [self._tips[s] for s in self.scene.site] if self._tips else []
            self._run(f"this.ddosTips = {json.dumps(by_atom, ensure_ascii=False)}")
        self._sent = (self._atoms, self._halo, self._tips)

    def _run(self, code: str) -> None:
        view = self.widget
        view.send(view._get_remote_call_msg("executeCode", target="Widget", args=[code]))

    def _call(self, method: str, representation: int, args: Any = None, kwargs: Any = None) -> None:
        # Straight to the browser: nglview's own queue sleeps up to 0.1 s and keeps every message in
        # the notebook, which a single drag over the spectrum would fill with hundreds.
        self.widget.send(
            self.widget._get_remote_call_msg(
                method,
                target="Representation",
                args=args,
                kwargs={"component_index": 0, "repr_index": representation, **(kwargs or {})},
            )
        )

    def _heard(self, _: Any, message: Any, __: Any) -> None:
        if not isinstance(message, dict):
            return
        if message.get("type") == "updateIDs":
            # A browser has just made a view, which starts with the first colours again.
            self._ready = False
        elif message.get("type") == "request_repr_dict" and not self._ready:
            shown = message.get("data") or {}
            if any(len(parts) > HALO for parts in shown.values()):
                self._ready = True
                self._sent = (None, None, None)
                self._send()

    def _picked(self, change: Any) -> None:
        atom = (change["new"] or {}).get("atom1")
        if atom is not None and 0 <= int(atom["index"]) < len(self.scene.site):
            self._on_pick(int(self.scene.site[int(atom["index"])]))


def _end_of_thread(_: Any) -> None:
    """Ends the thread of nglview that calls it; it would look for work ten times a second."""
    raise SystemExit


def _camel(parameters: dict[str, Any]) -> dict[str, Any]:
    from nglview.utils.py_utils import _camelize_dict

    return _camelize_dict(parameters)
