"""Which crystals go through the networks together: padding costs as much as crystals do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from deepdos_nb.crystal.graph import CrystalGraph

EDGES_PER_BATCH = 60_000
"""Bound on padded neighbour-table entries of one forward pass; keeps memory below about 1 GB."""

FEWEST, MOST_PADDING = 8, 1.25
"""A group with more sites than so many times its own, padding counted, is closed, once it has a few
crystals."""


def like_sized(graphs: Sequence[CrystalGraph]) -> Iterator[list[int]]:
    """Indices in groups of similar size whose padded tables stay within bounds."""
    order = sorted(range(len(graphs)), key=lambda i: (graphs[i].n_nodes, graphs[i].n_edges))
    group: list[int] = []
    nodes = widest = 0
    for i in order:
        graph, width = graphs[i], int(graphs[i].degree.max())
        sites = (len(group) + 1) * graph.n_nodes
        wasteful = len(group) >= FEWEST and sites > MOST_PADDING * (nodes + graph.n_nodes)
        large = (nodes + graph.n_nodes) * max(widest, width) > EDGES_PER_BATCH
        if group and (large or wasteful):
            yield group
            group, nodes, widest = [], 0, 0
        group.append(i)
        nodes, widest = nodes + graph.n_nodes, max(widest, width)
    if group:
        yield group
