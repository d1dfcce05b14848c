"""From what the networks computed to a `Trace`: of one seed, or of the mean of several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from deepdos_nb.core.arrays import Array
from deepdos_nb.crystal.graph import CrystalGraph
from deepdos_nb.model import ModelConfig, Prediction
from deepdos_nb.spectra.trace import Trace

if TYPE_CHECKING:
    from pymatgen.core import Structure


def make_trace(
    structure: Structure,
    graph: CrystalGraph,
    config: ModelConfig,
    outputs: Sequence[Prediction],
    seed: int | None,
    notes: tuple[str, ...] = (),
) -> Trace:
    """Trace of the mean of some seeds.

    States add up seed by seed, so the mean's density weighs every seed by its number of states, and
    the mean's moving fractions are those that take the mean's total from step to step. Attention
    maps are averaged; embeddings, which mean nothing outside their own network, lie side by side.

    Parameters
    ----------
    structure : pymatgen Structure
    graph : CrystalGraph
        As the ensemble read it.
    config : ModelConfig
        Of any of the seeds: their steps are the same.
    outputs : sequence of Prediction
        Of this one crystal, a seed each.
    seed : int or None
        Which seed, None for several.
    notes : tuple of str
        What was assumed, and cautions.
    """
    states = np.array([float(o.states[0]) for o in outputs])
    weight = states / states.sum()
    density, outside, attention, bin_attention, neighbours = (
        np.einsum("s,s...->...", weight if weighed else np.full(len(weight), 1 / len(weight)), part)
        for weighed, part in (
            (True, _stack(o.steps.density[:, 0] for o in outputs)),
            (True, _stack(o.steps.outside[:, 0] for o in outputs)),
            (False, _stack(torch.stack(o.decoded.source_attention)[:, 0] for o in outputs)),
            (False, _stack(torch.stack(o.decoded.bin_attention)[:, 0] for o in outputs)),
            (False, _stack(_neighbours(o, graph) for o in outputs)),
        )
    )
    n_bins = density.shape[-1]
    totals = _stack(o.refined.cells[:-1, 0].sum(dim=1) for o in outputs)
    fractions = _stack(o.refined.fractions[:, 0] for o in outputs)
    moved = np.einsum("s,skb,skbm->kbm", weight, totals, fractions)
    held = np.einsum("s,skb->kb", weight, totals)[..., None]
    still = np.broadcast_to([0.0, 1.0, 0.0], moved.shape)
    # Other operators than the transport move no states from cell to cell within a reach.
    reach = config.strides if config.refiner == "transport" else ()
    strides = (*reach, *[0] * len(moved))[: len(moved)]
    return Trace(
        kind=config.kind,
        structure=structure,
        graph=graph,
        states=float(states.mean()),
        site_embeddings=np.concatenate(
            [torch.stack(o.encoded.layers).double().cpu().numpy() for o in outputs], axis=-1
        ),
        neighbour_attention=neighbours,
        crystal_embedding=np.concatenate([_array(o.decoded.crystal[0]) for o in outputs]),
        bin_attention=bin_attention,
        source_attention=attention,
        density=density,
        outside=outside,
        fractions=np.divide(moved, held, out=still.copy(), where=held > 0)[:, :n_bins],
        strides=strides,
        seed=seed,
        drafted=config.draft,
        remapped=config.refiner == "remap",
        notes=notes,
    )


def _neighbours(output: Prediction, graph: CrystalGraph) -> torch.Tensor:
    """From padded rows of neighbours back to the graph's own order of edges, (L, heads, E)."""
    padded = torch.stack(output.encoded.attention).transpose(1, 2)
    begin = np.cumsum(graph.degree) - graph.degree
    column = torch.from_numpy(np.arange(graph.n_edges) - begin[graph.receiver])
    return padded[:, :, torch.from_numpy(graph.receiver), column]


def _array(tensor: torch.Tensor) -> Array:
    return tensor.double().cpu().numpy()


def _stack(parts: object) -> Array:
    return np.stack([_array(part) for part in parts])  # type: ignore[attr-defined]
