"""What a crystal costs: by size, batch, kind and device, beside other models and a potential.

    make bench        (or: python benchmarks/speed_table.py --out FOLDER)

All numbers of one run, written to FOLDER/speed_table.md. On a CPU they are seconds of CPU of one
thread, because others may be using the machine; on a GPU, used where there is one, of the clock.
What would take more than `--budget` seconds is left out.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from pymatgen.core import Structure

import deepdos_nb as dd
from deepdos_nb.core.errors import LabelError
from deepdos_nb.core.grids import GRIDS, Kind
from deepdos_nb.core.markdown import markdown_table
from deepdos_nb.crystal.graph import build_graph
from deepdos_nb.data.sources.embedded import load_embedded
from deepdos_nb.inference.ensemble import Ensemble
from deepdos_nb.labelling.jobs import Job
from deepdos_nb.labelling.process import compute
from deepdos_nb.model import ModelConfig, Reasoner, collate
from deepdos_nb.model.baselines import NAMES, BaselineConfig, make_baseline
from deepdos_nb.training.batches import collate_items, prepare
from deepdos_nb.training.losses import LossWeights, spectrum_loss

SIZES = {2: (1, 1, 1), 10: (1, 1, 2), 40: (2, 2, 2), 200: (2, 4, 5)}
"""Atoms a cell: MgO, else cells of cubic SrTiO₃; rattled, so that no symmetry helps."""

BATCHES = (1, 64)
BINS = (26, 51, 102, 204)
TRAINED = 64
"""Crystals of the training set in a step of training, in two batches."""

NONE = "–"


def crystals(atoms: int, count: int) -> list[Structure]:
    """Different crystals of one size."""
    cell = dd.example("MgO" if atoms == 2 else "SrTiO3").get_primitive_structure() * SIZES[atoms]
    made = [cell.copy() for _ in range(count)]
    for seed, crystal in enumerate(made):
        crystal.perturb(0.05, seed=seed)
    return made


def seconds(work: Callable[[], object], device: str, budget: float) -> float:
    """Median of some calls, after one that does not count unless it is long."""
    now = time.process_time if device == "cpu" else time.perf_counter

    def once() -> float:
        start = now()
        work()
        if device != "cpu":
            torch.cuda.synchronize()
        return now() - start

    first = once()
    if first > budget / 4:
        return first
    return statistics.median(once() for _ in range(int(min(7, 1 + budget / first / 2))))


def per_crystal(kind: Kind, device: str, budget: float) -> list[tuple[str, ...]]:
    """Rows of the table of sizes and batches, milliseconds a crystal."""
    model = dd.load_model(kind, device=device)
    rows = []
    for atoms in SIZES:
        cells, alone = [], float("inf")
        for batch in BATCHES:
            if batch * min(alone, 1e9) > budget and alone < float("inf"):
                cells.append(NONE)
                continue
            group = crystals(atoms, batch)

            def predict(group: list[Structure] = group) -> None:
                model.forget_drafts()
                model.predict_many(group)

            each = seconds(predict, device, budget) / batch
            alone = min(alone, each)
            cells.append(f"{1e3 * each:,.1f}")
        rows.append((str(kind), device, str(atoms), *cells))
        print(rows[-1], flush=True)
    return rows


def against_others(device: str, budget: float) -> list[tuple[str, ...]]:
    """Rows of the table of models: inference and training on the same 64 phonon crystals."""
    records = load_embedded("phdos")["train"][:TRAINED]
    ours = dd.load_model("phdos", device=device)
    items = prepare(records, systems=True, draft_model=ours.draft_model)
    batches = [collate_items(items[i : i + TRAINED // 2]) for i in (0, TRAINED // 2)]
    batches = [(batch.to(device), target.to(device)) for batch, target in batches]
    structures = [record.structure for record in records]
    networks: dict[str, Any] = {"deepdos (one seed)": ours.models[0]}
    networks |= {n: make_baseline(BaselineConfig(name=n, kind=Kind.phdos)) for n in NAMES}
    rows, one = [], 0.0
    for name, network in networks.items():
        network.to(device).eval()

        def forward(network: Any = network) -> None:
            with torch.inference_mode():
                for batch, _ in batches:
                    network(batch)

        def step(network: Any = network) -> None:
            for batch, target in batches:
                network.zero_grad()
                if isinstance(network, Reasoner):
                    answer = network(batch)
                    terms = spectrum_loss(answer, target, batch.site_weight, LossWeights())
                    terms["loss"].backward()
                else:
                    network.loss(batch, target.shape)["loss"].backward()

        inference = seconds(forward, device, budget) / TRAINED
        network.train()
        training = seconds(step, device, budget) / TRAINED
        network.eval()
        one = one or inference
        rows.append(
            (name, f"{1e3 * inference:.2f}", f"{inference / one:.2f}", f"{1 / training:,.0f}")
        )
        print(rows[-1], flush=True)

    def graphs() -> None:
        collate([build_graph(structure) for structure in structures])

    def whole() -> None:
        ours.forget_drafts()
        ours.predict_many(structures)

    seeds = f"all of ours, {len(ours.models)} seeds"
    for name, work in (("graphs, for any of them", graphs), (seeds, whole)):
        each = seconds(work, device, budget) / TRAINED
        rows.append((name, f"{1e3 * each:.2f}", f"{each / one:.2f}", NONE))
    return rows


def potential(model: Ensemble, names: tuple[str, ...], limit: float) -> list[tuple[str, ...]]:
    """Rows of the comparison with SevenNet and phonopy on examples, one core each."""
    rows = []
    for name in names:
        structure = dd.example(name).get_primitive_structure()

        def predict(structure: Structure = structure) -> None:
            model.forget_drafts()
            model.predict(structure)

        own = seconds(predict, "cpu", 2.0)
        try:
            facts = compute(Job(name, structure), Kind.phdos, time_limit=limit).facts
        except LabelError as error:
            rows.append((name, str(len(structure)), f"{own:.3f}", str(error.reason), NONE))
            continue
        theirs = float(facts["seconds"])
        rows.append(
            (name, str(len(structure)), f"{own:.3f}", f"{theirs:.1f}", f"{theirs / own:,.0f}")
        )
        print(rows[-1], flush=True)
    return rows


@contextmanager
def bins(count: int) -> Iterator[None]:
    """Phonon spectra of another number of bins, within the block."""
    usual = GRIDS[Kind.phdos]
    table: dict[Kind, object] = GRIDS  # type: ignore[assignment]
    table[Kind.phdos] = replace(usual, n_bins=count)
    try:
        yield
    finally:
        table[Kind.phdos] = usual


def with_bins(device: str, budget: float) -> list[tuple[str, ...]]:
    """Rows of the table of bins: networks that have learnt nothing, no draft, one seed."""
    rows = []
    graphs = [build_graph(structure) for structure in crystals(10, 16)]
    for count in BINS:
        with bins(count):
            network = Reasoner(ModelConfig()).to(device).eval()
            batch = collate(graphs).to(device)

            def forward(network: Any = network, batch: object = batch) -> None:
                with torch.inference_mode():
                    network(batch)

            rows.append((str(count), f"{1e3 * seconds(forward, device, budget) / 16:.2f}"))
    return rows


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--out", type=Path, default=Path("out/benchmarks"))
    options.add_argument("--budget", type=float, default=20.0, help="seconds for a number")
    options.add_argument("--potential", nargs="*", default=["MgO", "Si"], help="examples")
    options.add_argument("--limit", type=float, default=300.0, help="seconds for the potential")
    given = options.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    devices = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
    sizes = [row for kind in Kind for d in devices for row in per_crystal(kind, d, given.budget)]
    parts = [
        "Milliseconds a crystal, reading excepted, all seeds of each kind, drafts included.",
        markdown_table(["kind", "device", "atoms", "batch 1", "batch 64"], sizes, left=2),
    ]
    for device in devices:
        parts += [
            f"Networks alone, {TRAINED} phonon crystals of the training set ({device}).",
            markdown_table(
                ["model", "inference, ms a crystal", "ratio", "training, crystals a second"],
                against_others(device, given.budget),
                left=1,
            ),
            f"Networks without a draft, one seed, 10 atoms, batch 16 ({device}).",
            markdown_table(["bins", "ms a crystal"], with_bins(device, given.budget), left=0),
        ]
    model = dd.load_model("phdos", device="cpu")
    parts += [
        "Phonons of examples, seconds of CPU: ours, and SevenNet 7net-l3i5 with phonopy.",
        markdown_table(
            ["crystal", "atoms", "ours", "potential", "ratio"],
            potential(model, tuple(given.potential), given.limit),
            left=1,
        ),
    ]
    load = "/".join(f"{x:.0f}" for x in os.getloadavg())
    card = torch.cuda.get_device_name() if torch.cuda.is_available() else "none"
    parts.append(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, load at the end "
        f"{load}; GPU: {card}; torch {torch.__version__}, one thread."
    )
    text = "\n\n".join(parts) + "\n"
    print(text)
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "speed_table.md").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
