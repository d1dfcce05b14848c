"""Made-up spectra and traces that obey every documented rule of `Spectrum` and `Trace`.

They let plots and widgets be tested without a model. The numbers mean nothing, but every sum that
is promised holds: densities are non-negative, mass is conserved through real transport steps, the
rows of every attention map add up to one, and the graph is the crystal's own.
"""

from __future__ import annotations

import numpy as np
from pymatgen.core import Lattice, Structure

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.grids import grid_for
from deepdos_nb.crystal.graph import CrystalGraph, build_graph
from deepdos_nb.spectra.spectrum import Spectrum
from deepdos_nb.spectra.trace import Trace

STRIDES = (1, 2, 4, 8, 4, 2, 1, 1)


def rock_salt(cation: str = "Mg", anion: str = "O", a: float = 4.21) -> Structure:
    """Conventional rock-salt cell, 8 atoms."""
    return Structure.from_spacegroup(
        "Fm-3m", Lattice.cubic(a), [cation, anion], [[0, 0, 0], [0.5, 0.5, 0.5]]
    )


def softmax(x: Array, axis: int = -1) -> Array:
    """Exponentials that add up to one along `axis`."""
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def move(density: Array, fractions: Array, stride: int) -> Array:
    """One transport step of site densities (S, B); what would leave the window stays.

    Parameters
    ----------
    density : ndarray, shape (S, B)
    fractions : ndarray, shape (B, 3)
        Left, stay, right.
    stride : int
    """
    left, stay, right = (fractions[:, i] * density for i in range(3))
    moved = stay.copy()
    moved[:, :-stride] += left[:, stride:]
    moved[:, :stride] += left[:, :stride]
    moved[:, stride:] += right[:, :-stride]
    moved[:, -stride:] += right[:, -stride:]
    return moved


def _bumps(rng: np.random.Generator, symbols: list[str], energies: Array) -> Array:
    """Smooth logits (S, B): each element has its own two peaks, each site its own small shift."""
    span = energies[-1] - energies[0]
    peaks = {
        s: (
            energies[0] + span * rng.uniform(0.12, 0.75, 2),
            span * rng.uniform(0.04, 0.10, 2),
            rng.uniform(0.5, 1.0, 2),
        )
        for s in sorted(set(symbols))
    }
    rows = []
    for s in symbols:
        centre, width, height = peaks[s]
        shifted = centre + 0.01 * span * rng.standard_normal(2)
        row = (height * np.exp(-0.5 * ((energies[:, None] - shifted) / width) ** 2)).sum(1)
        rows.append(np.log(row + 1e-4))
    return np.array(rows)


def _neighbour_attention(
    rng: np.random.Generator, graph: CrystalGraph, layers: int, heads: int
) -> Array:
    weight = np.exp(rng.standard_normal((layers, heads, graph.n_edges)))
    sums = np.zeros((layers, heads, graph.n_nodes))
    np.add.at(sums, (slice(None), slice(None), graph.receiver), weight)
    return weight / sums[..., graph.receiver]


def make_trace(structure: Structure, kind: str = "phdos", seed: int = 0) -> Trace:
    """A random `Trace` of a structure, consistent in every documented sum.

    Parameters
    ----------
    structure : pymatgen Structure
    kind : {"phdos", "edos"}
    seed : int
        Also becomes ``trace.seed``.
    """
    rng = np.random.default_rng(seed)
    grid = grid_for(kind)
    n_sites, n_bins = len(structure), grid.n_bins
    symbols = [site.specie.symbol for site in structure]
    graph = build_graph(structure)
    layers, heads, width = 3, 4, 16

    logits = _bumps(rng, symbols, grid.energies)
    if kind == "phdos":
        logits = np.concatenate([logits, np.full((n_sites, 1), -4.0)], axis=1)
        joint = softmax(logits) / n_sites
        density, outside, states = joint[:, :-1], joint[:, -1], 3.0 * n_sites
    else:
        density = softmax(logits.ravel()).reshape(n_sites, n_bins)
        outside, states = np.zeros(n_sites), 6.0 * n_sites

    phase = np.linspace(0, 3 * np.pi, n_bins)
    steps, fractions = [density], []
    for k, stride in enumerate(STRIDES):
        push = 1.5 * np.sin(phase + 0.5 * k) + 0.2 * rng.standard_normal(n_bins)
        fraction = softmax(np.stack([-push, np.full(n_bins, 1.5), push], axis=1))
        fractions.append(fraction)
        steps.append(move(steps[-1], fraction, stride))

    # Attention leans towards the sites that own the bin, so that its pictures show something.
    own = np.log(density.T + 1e-5)
    source = softmax(
        own[None, None] * np.linspace(0.2, 1.0, heads)[None, :, None, None]
        + 0.3 * rng.standard_normal((layers, heads, n_bins, n_sites))
    )
    apart = np.abs(np.arange(n_bins)[:, None] - np.arange(n_bins)) / n_bins
    bins = softmax(
        -12 * apart * np.linspace(0.3, 2.0, heads)[None, :, None, None]
        + 0.2 * rng.standard_normal((layers, heads, n_bins, n_bins))
    )
    return Trace(
        kind=kind,
        structure=structure,
        graph=graph,
        states=states,
        site_embeddings=rng.standard_normal((layers + 1, n_sites, width)),
        neighbour_attention=_neighbour_attention(rng, graph, layers, heads),
        crystal_embedding=rng.standard_normal(width),
        bin_attention=bins,
        source_attention=source,
        density=np.array(steps),
        outside=np.repeat(outside[None], len(steps), axis=0),
        fractions=np.array(fractions),
        strides=STRIDES,
        seed=seed,
    )


def make_spectrum(
    structure: Structure, kind: str = "phdos", *, seed: int = 0, n_seeds: int = 3
) -> Spectrum:
    """A random `Spectrum` with `n_seeds` members whose mean is its total."""
    trace = make_trace(structure, kind, seed)
    rng = np.random.default_rng(seed + 1000)
    sites = trace.sites()
    wiggle = 0.08 * rng.standard_normal((n_seeds, 1, sites.shape[1]))
    wiggle -= wiggle.mean(axis=0)
    members = (sites * np.clip(1 + wiggle, 0, None)).sum(axis=1)
    return Spectrum(
        kind,
        structure,
        sites,
        members=members,
        outside=trace.outside[-1] * trace.states,
    )


def metal_with_gap(
    structure: Structure, *, seed: int = 0, n_seeds: int = 0, source: str = "deepdos_nb"
) -> Spectrum:
    """An electronic `Spectrum` that reaches the zero, with an empty window further down.

    Parameters
    ----------
    structure : pymatgen Structure
    seed : int
        Seeds differ by a few per cent: a prediction and its reference.
    n_seeds : int
        Members; none for a reference.
    source : str
    """
    grid, rng = grid_for("edos"), np.random.default_rng(seed)
    e, symbols = grid.energies, [site.specie.symbol for site in structure]
    low = {s: 0.5 + 0.8 * i for i, s in enumerate(dict.fromkeys(symbols))}
    slow = 1 + 0.05 * np.cumsum(rng.standard_normal((len(symbols), 6)), axis=1)
    rows = []
    for s in symbols:
        band = low[s] * np.exp(-0.5 * ((e + 3.1) / 0.25) ** 2)
        upper = 1.4 / (1 + np.exp(-(e + 1.3) / 0.07)) * (1 + 0.7 * np.sin(2.1 * e * low[s]) ** 2)
        wobble = np.interp(e, np.linspace(-4, 4, 6), slow[symbols.index(s)])
        rows.append(np.clip((band + upper) * wobble, 0, None))
    sites = np.array(rows)
    noise = 0.07 * rng.standard_normal((n_seeds, 1, len(e)))
    noise -= noise.sum(axis=0) / max(n_seeds, 1)
    members = (sites * np.clip(1 + noise, 0, None)).sum(axis=1)
    return Spectrum("edos", structure, sites, members=members, source=source)
