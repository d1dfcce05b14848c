"""Periodic crystal graphs: every neighbour image within a smooth cutoff, at least twelve per atom.

A crystal whose atoms fall into symmetry orbits has equal neighbourhoods within an orbit, so any
invariant network gives the atoms of an orbit equal embeddings. `CrystalGraph.quotient` keeps one
atom per orbit with its multiplicity: the same answer from a fraction of the work.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.crystal.symmetry import UNKNOWN_SYSTEM

if TYPE_CHECKING:
    from pymatgen.core import Structure
    from torch_geometric.data import Data


RADIUS = 5.0
"""Cutoff in Å, where every atom has enough neighbours within it."""

MIN_NEIGHBOURS = 12
"""Neighbours every atom sees with a weight well above zero."""

MARGIN = 1.2
"""An extended cutoff is this much longer than the distance of the twelfth neighbour, so that the
smooth cutoff does not silence the very shell it was extended for."""


BASIS_SIZE, BASIS_START, BASIS_STOP = 24, 0.5, 8.0
"""Gaussians an edge's length is described by, and where the first and the last are centred, Å."""


def radial_basis(
    distance: Array, envelope: Array, *, size: int = BASIS_SIZE
) -> tuple[Array, Array]:
    """Describe edge lengths as the encoder does: Gaussians times the smooth cutoff.

    Parameters
    ----------
    distance, envelope : ndarray, shape (...)
        Length in Å, and the cutoff's value.
    size : int
        Number of Gaussians.

    Returns
    -------
    centres : ndarray, shape (size,)
        Å.
    features : ndarray, shape (..., size)
    """
    centres = np.linspace(BASIS_START, BASIS_STOP, size)
    gauss = np.exp(basis_exponents(np.asarray(distance), centres))
    return centres, gauss * np.asarray(envelope)[..., None]


def basis_exponents(distance: Any, centres: Any) -> Any:
    """Logarithms of the Gaussians at some distances, shape (..., size).

    The one definition for views (numpy arrays) and for the encoder (torch tensors).
    """
    return -((len(centres) / BASIS_STOP) ** 2) * (distance[..., None] - centres) ** 2


@dataclass(frozen=True)
class CrystalGraph:
    """Directed periodic neighbour graph, edges sorted by receiver.

    Parameters
    ----------
    numbers : ndarray of int, shape (n_nodes,)
        Atomic number of each node.
    weight : ndarray of float, shape (n_nodes,)
        Atoms each node stands for (one, unless this is a quotient graph).
    receiver, sender : ndarray of int, shape (n_edges,)
        The message flows sender → receiver.
    vector : ndarray of float, shape (n_edges, 3)
        From the receiver to the sender's image, Å.
    image : ndarray of int, shape (n_edges, 3)
        Lattice translation of the sender's image.
    cutoff : ndarray of float, shape (n_nodes,)
        Radius of each node's neighbourhood, Å.
    orbit : ndarray of int, shape (n_atoms,)
        Node of each atom of the cell.
    system : int
        Place of the crystal system in `SYSTEMS`, or `UNKNOWN_SYSTEM`. `build_graph` leaves it
        unknown, since only one baseline reads it; see `crystal_system`.
    draft : ndarray, shape (n_nodes, n_bins) or (n_drafts, n_nodes, n_bins), optional
        What one atom has in each bin as Stage 0 drafts it; see
        `physics.draft.draft_spectrum`.
        `build_graph` drafts nothing and leaves it out.
    """

    numbers: Array
    weight: Array
    receiver: Array
    sender: Array
    vector: Array
    image: Array
    cutoff: Array
    orbit: Array
    system: int = UNKNOWN_SYSTEM
    draft: Array | None = None

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self.numbers)

    @property
    def n_edges(self) -> int:
        """Number of directed edges."""
        return len(self.receiver)

    @cached_property
    def distance(self) -> Array:
        """Edge lengths, Å, shape (n_edges,)."""
        return np.linalg.norm(self.vector, axis=1)

    @cached_property
    def envelope(self) -> Array:
        """Cosine cutoff ½[cos(π r / r_c) + 1] of each edge, shape (n_edges,)."""
        reach = np.clip(self.distance / self.cutoff[self.receiver], 0.0, 1.0)
        return 0.5 * (np.cos(np.pi * reach) + 1.0)

    @cached_property
    def degree(self) -> Array:
        """Number of neighbours of each node, shape (n_nodes,)."""
        return np.bincount(self.receiver, minlength=self.n_nodes)

    def neighbours(self, node: int) -> Array:
        """Indices of the edges into `node`, nearest first."""
        edges = np.flatnonzero(self.receiver == node)
        return edges[np.argsort(self.distance[edges], kind="stable")]

    def quotient(self, orbit: Array) -> CrystalGraph:
        """Keep one atom per orbit, with the orbit's size as its weight.

        Parameters
        ----------
        orbit : ndarray of int, shape (n_nodes,)
            Orbit of each node, numbered 0 … n_orbits − 1.

        Returns
        -------
        CrystalGraph
            Its edges are those into the first atom of each orbit, with senders mapped to orbits.
        """
        orbit = np.asarray(orbit)
        _, first = np.unique(orbit, return_index=True)
        keep = np.isin(self.receiver, first)
        receiver = orbit[self.receiver[keep]]
        order = np.argsort(receiver, kind="stable")
        weight = np.bincount(orbit, weights=self.weight)
        draft = None
        if self.draft is not None:
            share = (orbit == np.arange(len(weight))[:, None]) * self.weight / weight[:, None]
            draft = (share @ self.draft).astype(self.draft.dtype)
        return CrystalGraph(
            numbers=self.numbers[first],
            weight=weight,
            receiver=receiver[order],
            sender=orbit[self.sender[keep]][order],
            vector=self.vector[keep][order],
            image=self.image[keep][order],
            cutoff=self.cutoff[first],
            orbit=orbit[self.orbit],
            system=self.system,
            draft=draft,
        )

    def to_pyg(self) -> Data:
        """The graph for networks that are built with PyTorch Geometric.

        Returns
        -------
        torch_geometric.data.Data
            `z` (N,), atomic numbers; `node_weight` (N,), atoms each node stands for; `edge_index`
            (2, E), senders above receivers, as messages flow; `edge_weight` (E,), lengths in Å;
            `edge_vec` (E, 3), from the receiver to the sender's image, Å; `edge_envelope` (E,), the
            smooth cutoff. Integers as int64, the rest as float32.

        Examples
        --------
        Any layer that takes edge features runs on it:

        >>> from torch_geometric.nn import TransformerConv
        >>> data = build_graph(structure).to_pyg()
        >>> layer = TransformerConv(1, 16, edge_dim=1)
        >>> layer(data.z[:, None].float(), data.edge_index, data.edge_weight[:, None])
        """
        import torch
        from torch_geometric.data import Data

        return Data(
            z=torch.as_tensor(self.numbers),
            edge_index=torch.as_tensor(np.stack([self.sender, self.receiver])),
            edge_vec=torch.as_tensor(self.vector, dtype=torch.float32),
            edge_weight=torch.as_tensor(self.distance, dtype=torch.float32),
            edge_envelope=torch.as_tensor(self.envelope, dtype=torch.float32),
            node_weight=torch.as_tensor(self.weight, dtype=torch.float32),
            num_nodes=self.n_nodes,
        )


def build_graph(
    structure: Structure, *, radius: float = RADIUS, min_neighbours: int = MIN_NEIGHBOURS
) -> CrystalGraph:
    """Build the neighbour graph of a crystal.

    Each atom's cutoff is `radius`, or 1.2 times the distance of its `min_neighbours`-th neighbour
    where that is longer. All images closer than the cutoff are kept, an atom's own images too, so
    no shell of equal distances is ever cut through.

    Parameters
    ----------
    structure : pymatgen Structure
    radius : float
        Å.
    min_neighbours : int

    Returns
    -------
    CrystalGraph
    """
    n_atoms = len(structure)
    search = radius
    while True:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            receiver, sender, image, distance = structure.get_neighbor_list(search)
        order = np.lexsort((distance, receiver))
        receiver, sender, image, distance = (a[order] for a in (receiver, sender, image, distance))
        degree = np.bincount(receiver, minlength=n_atoms)
        if degree.min() >= min_neighbours:
            start = np.concatenate([[0], np.cumsum(degree)[:-1]])
            cutoff = np.maximum(radius, MARGIN * distance[start + min_neighbours - 1])
            if cutoff.max() <= search + 1e-9:
                break
            search = float(cutoff.max()) + 1e-6
        else:
            search *= 1.3
    keep = distance < cutoff[receiver]
    receiver, sender, image = receiver[keep], sender[keep], image[keep]
    cart = np.asarray(structure.cart_coords)
    vector = cart[sender] + image @ np.asarray(structure.lattice.matrix) - cart[receiver]
    return CrystalGraph(
        numbers=np.asarray(structure.atomic_numbers, dtype=np.int64),
        weight=np.ones(n_atoms),
        receiver=receiver.astype(np.int64),
        sender=sender.astype(np.int64),
        vector=vector,
        image=image.astype(np.int64),
        cutoff=cutoff,
        orbit=np.arange(n_atoms),
    )
