"""The encoder's padded table of neighbours against lists of edges with PyTorch Geometric.

    make bench        (or: python benchmarks/edge_lists.py --out FOLDER --petretto data.csv)

The same layers with the same weights, once over padded rows (`model/encoder.py`) and once edge by
edge with `torch_geometric.utils.softmax` and `scatter`; both must answer the same. Crystals are
those of the labels inside the package, or of the phonon benchmark where its table is named.
Prints a Markdown table and writes it to FOLDER/edge_lists.md.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from torch import Tensor, nn
from torch_geometric.utils import scatter, softmax

import deepdos_nb as dd
from deepdos_nb.data.records import Record
from deepdos_nb.data.sources.embedded import load_embedded
from deepdos_nb.data.sources.petretto import load_petretto
from deepdos_nb.model import GraphBatch, ModelConfig, Reasoner, collate
from deepdos_nb.model.encoder import Encoded, Encoder, NeighbourLayer
from deepdos_nb.physics.model_input import model_input
from deepdos_nb.training.batches import BucketSampler, Item, collate_items
from deepdos_nb.training.losses import LossWeights, Target, spectrum_loss

BATCHES, BATCH_SIZE, ROUNDS = 4, 32, 3


class Edges(NamedTuple):
    """Edges of a batch: both ends, distance, envelope (E,) and harmonics (E, 9)."""

    receiver: Tensor
    sender: Tensor
    distance: Tensor
    envelope: Tensor
    harmonics: Tensor


def edges_of(batch: GraphBatch) -> Edges:
    tables = (batch.neighbour, batch.distance, batch.envelope, batch.harmonics)
    return Edges(batch.edge.nonzero()[:, 0], *(table[batch.edge] for table in tables))


class EdgeLayer(NeighbourLayer):
    """The layer of the encoder, edge by edge."""

    def forward(self, h: Tensor, radial: Tensor, edges: Edges) -> tuple[Tensor, Tensor]:
        x, n = self.norm(h), len(h)
        far = self.sender(x)[edges.sender].split(self.sizes, dim=-1)
        near = self.edge(radial).split(self.sizes, dim=-1)
        key, value, moment = far[0] + near[0], far[1] * near[1], far[2] * near[2]
        q, k, v = (
            t.unflatten(-1, (self.heads, -1)) for t in (self.query(x)[edges.receiver], key, value)
        )
        logits = (q * k).sum(dim=-1) / q.shape[-1] ** 0.5 + torch.log(
            edges.envelope[:, None] + 1e-9
        )
        attention = softmax(logits, edges.receiver, num_nodes=n)
        message = scatter(attention[..., None] * v, edges.receiver, dim_size=n).flatten(1)
        sums = scatter(moment[..., None] * edges.harmonics[:, None], edges.receiver, dim_size=n)
        zeroth, first, second = sums.split([1, 3, 5], dim=-1)
        lengths = [(m.square().sum(-1) + 1e-6).sqrt() for m in (first, second)]
        invariants = torch.cat([zeroth.squeeze(-1), *lengths], dim=-1)
        update = self.update(torch.cat([message, invariants], dim=-1))
        h = h + torch.sigmoid(self.gate(torch.cat([x, update], dim=-1))) * update
        return h + self.feed_forward(h), attention


class EdgeEncoder(Encoder):
    """The encoder with the same weights, edge by edge; making lists of edges does not count."""

    edges: Edges

    def __init__(self, config: ModelConfig, encoder: Encoder):
        super().__init__(config)
        self.layers = nn.ModuleList(EdgeLayer(config) for _ in range(config.encoder_layers))
        self.load_state_dict(encoder.state_dict())

    def forward(self, batch: GraphBatch) -> Encoded:
        radial = self.radial(self.edges.distance, self.edges.envelope)
        h = self.elements(batch.numbers)
        layers = [h]
        for layer in self.layers:
            h, _ = layer(h, radial, self.edges)
            layers.append(h)
        layers[-1] = self.norm(h)
        return Encoded(tuple(layers), ())


def pair() -> tuple[Reasoner, Reasoner]:
    """The same model twice, with padded tables and with lists of edges."""
    torch.manual_seed(0)
    padded = Reasoner(ModelConfig())
    listed = deepcopy(padded)
    listed.encoder = EdgeEncoder(listed.config, padded.encoder)
    return padded, listed


def batches(records: Sequence[Record], *, quotient: bool) -> list[tuple[GraphBatch, Target]]:
    """Batches as training draws them, one node a symmetry orbit or one an atom."""
    items: list[Item] = []
    for record in records:
        if not quotient:
            record = replace(record, orbits=np.arange(record.n_atoms), site_shape=None)
        items.append((model_input(record.structure, record.orbits), record))
    drawn = list(BucketSampler(items, BATCH_SIZE, seed=0))
    full = [rows for rows in drawn if len(rows) == BATCH_SIZE][:BATCHES]
    return [collate_items([items[i] for i in rows]) for rows in full]


def single(name: str) -> tuple[GraphBatch, None]:
    """A batch of one example, as a prediction makes it."""
    return collate([model_input(dd.example(name))]), None


def forward(model: Reasoner, batch: GraphBatch, target: Target | None) -> None:
    model.eval()
    with torch.inference_mode():
        model(batch)


def encode(model: Reasoner, batch: GraphBatch, target: Target | None) -> None:
    model.eval()
    with torch.inference_mode():
        model.encoder(batch)


def step(model: Reasoner, batch: GraphBatch, target: Target) -> None:
    model.train()
    model.zero_grad()
    spectrum_loss(model(batch), target, batch.site_weight, LossWeights())["loss"].backward()


def milliseconds(
    work: Callable[[Reasoner, GraphBatch, Any], None], drawn: Sequence[tuple[GraphBatch, Any]]
) -> tuple[float, float]:
    """Mean over batches of the median processor time, with padded tables and with lists."""
    padded, listed = pair()
    times = np.zeros((2, len(drawn), ROUNDS + 1))
    for i, (batch, target) in enumerate(drawn):
        listed.encoder.edges = edges_of(batch)
        for j in range(ROUNDS + 1):
            for k, model in enumerate((padded, listed)):
                start = time.process_time()
                work(model, batch, target)
                times[k, i, j] = 1e3 * (time.process_time() - start)
    # The first round does not count.
    of_padded, of_listed = np.median(times[..., 1:], axis=-1).mean(axis=-1)
    return of_padded, of_listed


def assert_same(batch: GraphBatch) -> None:
    padded, listed = (model.eval() for model in pair())
    listed.encoder.edges = edges_of(batch)
    with torch.no_grad():
        expected, found = (model(batch).density for model in (padded, listed))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--out", type=Path, default=Path("out/benchmarks"))
    options.add_argument("--petretto", type=Path)
    named = options.parse_args()
    torch.set_num_threads(1)
    if named.petretto is None:
        records = [r for part in load_embedded("phdos").values() for r in part]
    else:
        records = load_petretto(named.petretto)
    chosen = np.random.default_rng(0).permutation(len(records))[: BATCHES * BATCH_SIZE]
    records = [records[i] for i in chosen]
    lines = [
        "| what, in batches of 32 | padded, ms | edge lists, ms | padded over edge lists |",
        "|---|---:|---:|---:|",
    ]
    for quotient, nodes in ((True, "one node an orbit"), (False, "one node an atom")):
        drawn = batches(records, quotient=quotient)
        assert_same(drawn[0][0])
        for name, work in (("encoder", encode), ("inference", forward), ("training step", step)):
            padded, listed = milliseconds(work, drawn)
            lines.append(
                f"| {name}, {nodes} | {padded:.1f} | {listed:.1f} | {padded / listed:.2f} |"
            )
        filled = np.mean([batch.edge.double().mean() for batch, _ in drawn])
        lines.append(f"| share of the padded table that is filled, {nodes} | {filled:.0%} | | |")
    alone = [single(name) for name in dd.examples()]
    for name, work in (("encoder", encode), ("inference", forward)):
        padded, listed = milliseconds(work, alone)
        lines.append(
            f"| {name}, one crystal | {padded:.1f} | {listed:.1f} | {padded / listed:.2f} |"
        )
    atoms = sorted(r.n_atoms for r in records)
    lines.append(
        f"\nProcessor time of one thread; {len(records)} crystals of {atoms[0]} to {atoms[-1]} "
        f"atoms, median {statistics.median(atoms):.0f}, and {len(alone)} examples one by one."
    )
    text = "\n".join(lines) + "\n"
    print(text)
    named.out.mkdir(parents=True, exist_ok=True)
    (named.out / "edge_lists.md").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
