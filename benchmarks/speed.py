"""Speed as ratios measured in one run, with the plain alternative beside ours.

    make bench        (or: python benchmarks/speed.py --out FOLDER)

Prints a Markdown table and writes it to FOLDER/speed.md.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch

import deepdos_nb as dd
from deepdos_nb.core.markdown import markdown_table
from deepdos_nb.crystal.graph import build_graph
from deepdos_nb.crystal.symmetry import symmetry_orbits
from deepdos_nb.inference.ensemble import Ensemble
from deepdos_nb.model import GraphBatch, ModelConfig, Reasoner, collate
from deepdos_nb.physics.draft import draft_spectrum
from deepdos_nb.training.losses import LossWeights, Target, spectrum_loss

REPEATS = 7


def milliseconds(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """Median time of one call, after one call that does not count."""
    work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times)


def cold(code: str) -> float:
    """Median time of a fresh interpreter that runs `code`."""
    command = [sys.executable, "-c", code]
    return milliseconds(lambda: subprocess.run(command, check=True, capture_output=True), 3)


def training_step(batch: GraphBatch) -> Callable[[], object]:
    torch.manual_seed(0)
    model = Reasoner(ModelConfig())
    n_crystals, n_sites = batch.site.shape
    n_bins = model.config.grid.n_bins
    target = Target(
        torch.full((n_crystals, n_bins), 1 / n_bins),
        torch.zeros(n_crystals, n_sites, n_bins),
        torch.zeros(n_crystals, n_sites),
        torch.zeros(n_crystals, dtype=torch.bool),
        torch.zeros(n_crystals),
    )

    def step() -> None:
        model.zero_grad()
        spectrum_loss(model(batch), target, batch.site_weight, LossWeights())["loss"].backward()

    return step


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--out", type=Path, default=Path("out/benchmarks"))
    folder = options.parse_args().out
    torch.set_num_threads(1)
    model = dd.load_model("phdos", device="cpu")
    structures = [dd.example(name) for name in dd.examples()]
    graphs = [build_graph(s) for s in structures]
    quotients = [g.quotient(symmetry_orbits(s)) for g, s in zip(graphs, structures, strict=True)]
    full, small = collate(graphs), collate(quotients)

    def each(ensemble: Ensemble) -> float:
        """Milliseconds a crystal, one by one, none of them seen before."""

        def run() -> None:
            ensemble.forget_drafts()
            for structure in structures:
                ensemble.predict(structure)

        return milliseconds(run) / len(structures)

    def together() -> None:
        model.forget_drafts()
        model.predict_many(structures)

    def drafted(ensemble: Ensemble) -> float:
        draft_model = ensemble.draft_model
        pairs = list(zip(structures, graphs, strict=True))
        return milliseconds(lambda: [draft_spectrum(draft_model, s, g) for s, g in pairs]) / len(
            pairs
        )

    electrons = dd.load_model("edos", device="cpu")
    one_by_one, one_seed = each(model), each(Ensemble(model.models[:1], device="cpu"))
    many = milliseconds(together) / len(structures)
    electronic = each(electrons)
    step_full, step_small = milliseconds(training_step(full)), milliseconds(training_step(small))
    rows = [
        ("import deepdos_nb (against a bare interpreter)", cold("import deepdos_nb"), cold("pass")),
        (f"warm predict, {len(model.models)} seeds (against one seed)", one_by_one, one_seed),
        ("the draft by springs, per crystal (against warm predict)", drafted(model), one_by_one),
        ("warm predict of electrons (against phonons)", electronic, one_by_one),
        ("the draft by tight binding (against it)", drafted(electrons), electronic),
        ("predict_many, per crystal (against one by one)", many, one_by_one),
        ("training step on quotient graphs (against all atoms)", step_small, step_full),
    ]
    cells = [(name, f"{a:.1f}", f"{b:.1f}", f"{a / b:.2f}") for name, a, b in rows]
    table = markdown_table(["what", "ms", "against, ms", "ratio"], cells, left=1)
    atoms = ", ".join(str(len(s)) for s in structures)
    text = f"{table}\n\nOne thread, medians; crystals of {atoms} atoms.\n"
    print(text)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "speed.md").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
