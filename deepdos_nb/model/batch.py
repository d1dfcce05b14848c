"""Crystals side by side: neighbour tables padded per atom, atoms padded per crystal.

A dense table of neighbours (nodes × neighbours) turns message passing into gathers and small matrix
products, which both CPUs and GPUs do well, and reads like the formula: each atom attends over its
row of neighbours.

About half of the table is padding. Lists of edges, with the softmax and the scatter of PyTorch
Geometric, do without it and gain little: in batches of 32 crystals of the phonon benchmark the
encoder is 1.2 times as fast, a whole training step 1.05 to 1.08 times; one crystal by itself takes
1.04 to 1.07 times as long, and the import 1.5 s more (`benchmarks/edge_lists.py`, one thread). So
the table stays, and `CrystalGraph.to_pyg` is there for other networks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from deepdos_nb.core.arrays import Array
from deepdos_nb.crystal.graph import CrystalGraph
from deepdos_nb.crystal.harmonics import real_harmonics


@dataclass
class GraphBatch:
    """Tensors of C crystals with N nodes in all, at most M neighbours a node and S nodes a crystal.

    Parameters
    ----------
    numbers : int64 (N,)
        Atomic numbers.
    weight : (N,)
        Atoms each node stands for.
    neighbour : int64 (N, M)
        Node at the other end of each edge.
    edge : bool (N, M)
        False where the table is padded.
    distance, envelope : (N, M)
        Å, and the smooth cutoff's value.
    harmonics : (N, M, 9)
        Real spherical harmonics l = 0, 1, 2 of the edge's direction.
    slot : int64 (N,)
        Place of each node in the padded (C × S) table of sites.
    site : bool (C, S)
        False where the table is padded.
    system : int64 (C,)
        Crystal system, its place in `crystal.symmetry.SYSTEMS`; negative where it is unknown.
    draft : (C, S, B), optional
        What one atom has in each bin as Stage 0 drafts it (`draft_spectrum`), zero in the
        padding.
    """

    numbers: Tensor
    weight: Tensor
    neighbour: Tensor
    edge: Tensor
    distance: Tensor
    envelope: Tensor
    harmonics: Tensor
    slot: Tensor
    site: Tensor
    system: Tensor
    draft: Tensor | None = None

    def to(self, device: torch.device | str) -> GraphBatch:
        """Copy to a device."""
        moved: dict[str, Any] = {
            f.name: value if (value := getattr(self, f.name)) is None else value.to(device)
            for f in fields(self)
        }
        return GraphBatch(**moved)

    def pad(self, nodes: Tensor) -> Tensor:
        """Lay node rows out per crystal: (N, …) → (C, S, …), zeros in the padding."""
        table = nodes.new_zeros(self.site.numel(), *nodes.shape[1:])
        return table.index_copy(0, self.slot, nodes).unflatten(0, self.site.shape)

    def with_drafts(self, drafts: Sequence[Array]) -> GraphBatch:
        """The same crystals with these drafts, each of shape (n_nodes, B)."""
        table = self.weight.new_zeros(self.site.numel(), drafts[0].shape[1])
        rows = torch.from_numpy(np.concatenate(drafts)).to(table)
        return replace(
            self, draft=table.index_copy(0, self.slot, rows).unflatten(0, self.site.shape)
        )

    @property
    def site_weight(self) -> Tensor:
        """Atoms each site row stands for, zero in the padding, shape (C, S)."""
        return self.pad(self.weight)


def collate(graphs: Sequence[CrystalGraph]) -> GraphBatch:
    """Put crystals side by side.

    Parameters
    ----------
    graphs : sequence of CrystalGraph, not empty
        Their drafts are taken over where all of them have one.
    """
    n_nodes = [g.n_nodes for g in graphs]
    first = np.concatenate([[0], np.cumsum(n_nodes)])
    total, most_sites = int(first[-1]), max(n_nodes)
    most_neighbours = max(int(g.degree.max()) for g in graphs)

    neighbour = np.zeros((total, most_neighbours), dtype=np.int64)
    edge = np.zeros((total, most_neighbours), dtype=bool)
    distance = np.zeros((total, most_neighbours), dtype=np.float32)
    envelope = np.zeros((total, most_neighbours), dtype=np.float32)
    harmonics = np.zeros((total, most_neighbours, 9), dtype=np.float32)
    for graph, start in zip(graphs, first, strict=False):
        begin = np.cumsum(graph.degree) - graph.degree
        row, column = start + graph.receiver, np.arange(graph.n_edges) - begin[graph.receiver]
        neighbour[row, column] = start + graph.sender
        edge[row, column] = True
        distance[row, column] = graph.distance
        envelope[row, column] = graph.envelope
        harmonics[row, column] = real_harmonics(graph.vector)

    slot = np.concatenate([i * most_sites + np.arange(n) for i, n in enumerate(n_nodes)])
    site = np.arange(most_sites) < np.array(n_nodes)[:, None]
    batch = GraphBatch(
        numbers=torch.from_numpy(np.concatenate([g.numbers for g in graphs])),
        weight=torch.from_numpy(np.concatenate([g.weight for g in graphs]).astype(np.float32)),
        neighbour=torch.from_numpy(neighbour),
        edge=torch.from_numpy(edge),
        distance=torch.from_numpy(distance),
        envelope=torch.from_numpy(envelope),
        harmonics=torch.from_numpy(harmonics),
        slot=torch.from_numpy(slot),
        site=torch.from_numpy(site),
        system=torch.tensor([g.system for g in graphs]),
    )
    drafts = [g.draft for g in graphs if g.draft is not None]
    return batch.with_drafts(drafts) if len(drafts) == len(graphs) else batch
