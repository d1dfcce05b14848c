"""`GraphView`: the periodic crystal graph, one atom's neighbourhood at a time."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import anywidget
import numpy as np
import traitlets as t

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import ConfigError
from deepdos_nb.crystal.graph import MIN_NEIGHBOURS, RADIUS, CrystalGraph, build_graph, radial_basis
from deepdos_nb.plots.neighbours import neighbours_figure, shells
from deepdos_nb.spectra.trace import Trace
from deepdos_nb.widgets.base.following import Following
from deepdos_nb.widgets.base.payload import pack
from deepdos_nb.widgets.base.pictured import Pictured
from deepdos_nb.widgets.base.state import ViewState
from deepdos_nb.widgets.base.view import asset, shows_errors
from deepdos_nb.widgets.graph.payload import (
    LEAST_RADIUS,
    MOST_RADIUS,
    edge_words,
    header_of,
    traced_attention,
    upright,
)

if TYPE_CHECKING:
    from pymatgen.core import Structure

MOST_LISTED = 400
"""Neighbours that are drawn and listed, the nearest first."""

SCRIPTS = (
    "base/balls.js",
    "base/controls.js",
    *(f"graph/graph_{part}.js" for part in ("scene", "charts", "list", "view", "input")),
    "graph/graph.js",
)

LINES = ("cutoff", "attention")
"""What the width of a line stands for."""


class GraphView(Pictured, Following, anywidget.AnyWidget):
    """Draw the neighbours of an atom, in this cell and in others, and what their edges carry.

    Drag to turn, click an atom for its neighbours, click a line or an atom of another cell for
    that edge, move the cutoff. All of it can be done from Python as well, by setting the traits.

    Parameters
    ----------
    source : pymatgen Structure or Trace
        With a `Trace`, the lines can show the model's own attention to each neighbour, as long
        as the graph is the one the model saw.
    state : ViewState, optional
        Gives and receives the selected sites; a new one if not given.
    radius : float
        Cutoff, Å.
    min_neighbours : int
        Where fewer are inside the cutoff, it is extended; 1 leaves it (almost) as it is.

    Raises
    ------
    ConfigError
        If `source` is neither, or holds no atoms.
    """

    _esm = asset("base/common.js", "base/axes.js", *SCRIPTS)
    _css = asset(
        "base/base.css", "base/axes.css", "base/tips.css", "base/controls.css", "graph/graph.css"
    )

    header = t.Dict().tag(sync=True)
    """Title, elements, sites, radii and cell (Å), and what Python allows."""

    positions = t.Bytes().tag(sync=True)
    """float32, shape (n_sites, 3): Cartesian, Å."""

    neighbours = t.Bytes().tag(sync=True)
    """float32, shape (n, 10), nearest first: site, image (3), vector (3, Å), distance (Å), cutoff
    weight, attention (−1: unknown)."""

    site = t.Int(0).tag(sync=True)
    """Whose neighbours are shown."""

    edge = t.Int(-1).tag(sync=True)
    """Selected neighbour, counted from the nearest; −1 for none."""

    radius = t.Float(RADIUS).tag(sync=True)
    """Cutoff, Å."""

    min_neighbours = t.Int(MIN_NEIGHBOURS).tag(sync=True)
    """Neighbours every atom has at least, whatever the cutoff."""

    reach = t.Float(0.0).tag(sync=True)
    """Cutoff of this atom after its extension, Å."""

    lines = t.Enum(LINES, default_value="cutoff").tag(sync=True)
    """Whether lines show the cutoff weight or the model's attention."""

    rotation: t.List[float] = t.List().tag(sync=True)
    """3 × 3, by rows: from Cartesian axes to the screen's (right, up, towards the viewer)."""

    zoom = t.Float(1.0, min=0.2, max=8.0).tag(sync=True)
    """Enlargement; at one the whole neighbourhood is in sight."""

    shells: t.List[Any] = t.List().tag(sync=True)
    """Distance (Å), weight and number of each element for every distance shell."""

    degrees: t.List[Any] = t.List().tag(sync=True)
    """Pairs of a number of neighbours and how many atoms have it."""

    basis: t.List[float] = t.List().tag(sync=True)
    """Radial features of the selected edge, one for each Gaussian; empty without an edge."""

    selected_sites: t.List[int] = t.List().tag(sync=True)
    """As `ViewState.selected_sites`."""

    readout = t.Unicode("").tag(sync=True)
    """What Python holds, in words; shown under the view and read out by screen readers."""

    description_text = t.Unicode("").tag(sync=True)
    """`describe`, as the view's accessible name."""

    error = t.Unicode("").tag(sync=True)
    """What went wrong in the last callback; shown under the view."""

    def __init__(
        self,
        source: Structure | Trace,
        *,
        state: ViewState | None = None,
        radius: float = RADIUS,
        min_neighbours: int = MIN_NEIGHBOURS,
        **options: Any,
    ) -> None:
        self.trace = source if isinstance(source, Trace) else None
        structure: Any = source.structure if isinstance(source, Trace) else source
        if not hasattr(structure, "get_neighbor_list") or not len(structure):
            raise ConfigError(
                f"a {type(source).__name__} has no crystal graph to show.",
                remedy="Pass a pymatgen Structure with at least one atom, or a Trace.",
            )
        self.structure: Structure = structure
        self.state = state if state is not None else ViewState()
        self.symbols = [s.specie.symbol for s in structure]
        self.labels = [f"{s}{i + 1}" for i, s in enumerate(self.symbols)]
        chosen = [i for i in self.state.selected_sites if i < len(self.labels)]
        super().__init__(
            header=header_of(structure, traced=self.trace is not None),
            positions=pack(np.asarray(structure.cart_coords)),
            rotation=upright(structure),
            radius=radius,
            min_neighbours=min_neighbours,
            site=chosen[0] if chosen else 0,
            selected_sites=chosen,
            **options,
        )
        self._build()
        self.observe(self._build, names=["radius", "min_neighbours"])
        self.observe(self._walk, names="site")
        self.observe(self._tell, names="edge")
        self.observe(self._lead, names="selected_sites")
        self._subscribe(self._follow, ["selected_sites"])

    @t.validate("site")
    def _existing_site(self, proposal: Any) -> int:
        if not 0 <= proposal["value"] < len(self.labels):
            raise t.TraitError(
                f"there is no site {proposal['value']}; there are 0 to {len(self.labels) - 1}."
            )
        return int(proposal["value"])

    @t.validate("radius")
    def _sensible_radius(self, proposal: Any) -> float:
        value = float(proposal["value"])
        if not LEAST_RADIUS <= value <= MOST_RADIUS:
            raise t.TraitError(
                f"a cutoff of {value} Å is not between {LEAST_RADIUS} and {MOST_RADIUS} Å."
            )
        return value

    @t.validate("min_neighbours")
    def _sensible_number(self, proposal: Any) -> int:
        if not 1 <= proposal["value"] <= 48:
            raise t.TraitError(f"{proposal['value']} neighbours are not between 1 and 48.")
        return int(proposal["value"])

    @t.validate("rotation")
    def _proper(self, proposal: Any) -> list[float]:
        turn = np.asarray(proposal["value"], dtype=float)
        if turn.shape != (9,) or not np.allclose(
            turn.reshape(3, 3) @ turn.reshape(3, 3).T, np.eye(3), atol=1e-3
        ):
            raise t.TraitError("a rotation is nine numbers, the rows of an orthogonal matrix.")
        if np.linalg.det(turn.reshape(3, 3)) < 0:
            raise t.TraitError("this matrix would mirror the crystal.")
        return [float(v) for v in turn]

    @t.validate("edge")
    def _existing_edge(self, proposal: Any) -> int:
        count = min(int(self.graph.degree[self.site]), MOST_LISTED) if self._built else 1
        if not -1 <= proposal["value"] < count:
            raise t.TraitError(f"there is no neighbour {proposal['value']}; there are {count}.")
        return int(proposal["value"])

    _built = False
    graph: CrystalGraph
    """The graph at the current cutoff."""

    @shows_errors
    def _build(self, _: Any = None) -> None:
        self.graph = build_graph(
            self.structure, radius=self.radius, min_neighbours=self.min_neighbours
        )
        self._built = True
        self._show()

    @shows_errors
    def _walk(self, change: Any) -> None:
        self.state.selected_sites = (change["new"],)
        self._show()

    @shows_errors
    def _lead(self, change: Any) -> None:
        self.state.selected_sites = tuple(change["new"])

    @shows_errors
    def _follow(self, change: Any) -> None:
        sites = [i for i in change["new"] if i < len(self.labels)]
        fresh = [i for i in sites if i not in change["old"]]
        self.selected_sites = sites
        if sites and self.site not in sites:
            self.site = (fresh or sites)[0]

    @property
    def edges(self) -> Array:
        """Edges of the graph into this site, nearest first."""
        return self.graph.neighbours(self.site)[:MOST_LISTED]

    @property
    def attention(self) -> Array | None:
        """The model's attention along each edge, mean over layers and heads, if it is known."""
        return None if self.trace is None else traced_attention(self.trace, self.graph)

    def _show(self) -> None:
        graph, edges, attention = self.graph, self.edges, self.attention
        known = np.full(len(edges), -1.0) if attention is None else attention[edges]
        columns = (graph.distance[edges], graph.envelope[edges], known)
        with self.hold_sync():
            self.edge = -1
            self.reach = float(graph.cutoff[self.site])
            self.neighbours = pack(
                np.column_stack(
                    [graph.sender[edges], graph.image[edges], graph.vector[edges], *columns]
                )
            )
            self.shells = [
                {"distance": round(s.distance, 4), "weight": round(s.weight, 4), "counts": s.counts}
                for s in shells(self.symbols, graph, self.site)
            ]
            degree, atoms = np.unique(graph.degree, return_counts=True)
            self.degrees = [[int(d), int(n)] for d, n in zip(degree, atoms, strict=True)]
            self._tell()

    @shows_errors
    def _tell(self, _: Any = None) -> None:
        with self.hold_sync():
            self.basis = []
            if self.edge >= 0:
                e = self.edges[self.edge]
                features = radial_basis(self.graph.distance[e], self.graph.envelope[e])[1]
                self.basis = [round(float(v), 5) for v in features]
            self.readout = self.words()
            self.description_text = self.describe()

    def words(self) -> str:
        """The atom, its cutoff and the selected edge."""
        label, n = self.labels[self.site], int(self.graph.degree[self.site])
        text = f"{label}: {n} neighbours within {self.reach:.2f} Å"
        if self.reach > self.radius + 1e-9:
            text += f" (extended from {self.radius:.2f} Å to have {self.min_neighbours})"
        if self.edge < 0:
            return text
        text += f" · edge to {edge_words(self.labels, self.graph, int(self.edges[self.edge]))}"
        if self.attention is not None:
            text += f", attention {100 * self.attention[self.edges[self.edge]]:.1f} %"
        return text

    def describe(self) -> str:
        """The atom, its distance shells and the selected edge, in words."""
        near = shells(self.symbols, self.graph, self.site)
        listed = ", ".join(s.words() for s in near[:4]) + (", …" if len(near) > 4 else "")
        formula = self.structure.composition.reduced_formula
        return f"Crystal graph of {formula}. {self.words()}. Distance shells: {listed}."

    def png(self) -> bytes:
        """The neighbourhood as it is turned now, as a PNG picture."""
        figure = neighbours_figure(
            self.structure,
            self.graph,
            self.site,
            edge=self.edge,
            rotation=self.rotation,
            dark=False,
        )
        buffer = BytesIO()
        figure.savefig(buffer, format="png", dpi=110)
        return buffer.getvalue()
