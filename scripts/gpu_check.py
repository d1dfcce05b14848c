"""Train, break off, go on and predict on a GPU, and print how long each took.

    python scripts/gpu_check.py                         on a GPU, five minutes at most
    python scripts/gpu_check.py --device cpu --small    the same on a CPU, in a minute, on less

It fails, with a sentence, where there is no GPU, where a resumed run differs from an undisturbed
one, or where the GPU's predictions are not the CPU's.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

import deepdos_nb as dd
from deepdos_nb.core.markdown import markdown_table
from deepdos_nb.data.training_sets import source_data
from deepdos_nb.training.loop import BEST

ALIKE = 1e-3
"""Largest difference of a prediction between devices, in units of its maximum."""


class Clock:
    """Times of the parts, as a table."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str, str]] = []

    @contextmanager
    def time(self, what: str, crystals: int = 0) -> Iterator[None]:
        """Time the block; with a number of crystals, also say how many a second."""
        begun = time.perf_counter()
        yield
        seconds = time.perf_counter() - begun
        rate = f"{crystals / seconds:,.0f}" if crystals else ""
        self.rows.append((what, f"{seconds:.2f}", rate))
        print(f"{what}: {seconds:.2f} s", flush=True)


def weights(folder: Path) -> dict[str, torch.Tensor]:
    """The best epoch's, of the first seed."""
    kept = torch.load(folder / "seed-0" / BEST, map_location="cpu", weights_only=True)
    return dict(kept["state_dict"])


def check(device: str, small: bool, folder: Path) -> str:
    """Run everything; the table of times.

    Raises
    ------
    SystemExit
        With a sentence, where something is not as it should be.
    """
    clock, epochs = Clock(), 2 if small else 12
    data = source_data("phdos", "embedded-phdos")
    if small:
        data = replace(data, train=data.train[:24], valid=data.valid[:8])
    size = {"size": "small"} if small else {"size": "full", "draft": "shipped"}
    options = {**size, "epochs": epochs, "device": device, "show": False}
    if not small:
        # Drafts first, so that the times below are those of the network.
        with clock.time("drafts, on the CPU", len(data.train) + len(data.valid)):
            dd.train(data, folder=folder / "straight", stop_after=1, **options)
    with clock.time(f"{epochs} epochs", epochs * len(data.train)):
        dd.train(data, folder=folder / "straight", **options)
    with clock.time(f"{epochs} epochs, broken off and resumed", epochs * len(data.train)):
        dd.train(data, folder=folder / "broken", stop_after=epochs // 2, **options)
        trained = dd.train(data, folder=folder / "broken", **options)
    straight, broken = weights(folder / "straight"), weights(folder / "broken")
    apart = max(float((straight[n] - broken[n]).abs().max()) for n in straight if "table" not in n)
    # GPUs add up in an order of their own, so only a CPU gives the same bits.
    if apart > (0.0 if device == "cpu" else 0.05):
        sys.exit(f"A resumed run differs from an undisturbed one by {apart:.1e}.")
    if not small:
        half = {**options, "precision": "bf16-mixed"}
        with clock.time(f"{epochs} epochs in bf16-mixed", epochs * len(data.train)):
            dd.train(data, folder=folder / "half", **half)
    models = {
        name: dd.load_model("phdos", folder=trained.weights, device=name)
        for name in ("cpu", "cpu" if device == "cpu" else "cuda")
    }
    structures = [record.structure for record in data.valid]
    curves = {}
    for name, model in models.items():
        model.predict(structures[0])
        model.forget_drafts()
        with clock.time(f"predictions one by one, {name}", 8):
            one = [model.predict(s).total for s in structures[:8]]
        model.forget_drafts()
        with clock.time(f"predictions in batches, {name}", len(structures)):
            curves[name] = [spectrum.total for spectrum in model.predict_many(structures)]
        assert np.allclose(one, curves[name][:8], atol=ALIKE * np.max(one))
    first, last = curves["cpu"], list(curves.values())[-1]
    apart = max(float(np.abs(a - b).max() / a.max()) for a, b in zip(first, last, strict=True))
    if apart > ALIKE:
        sys.exit(f"Predictions of the two devices differ by {apart:.1e} of the maximum.")
    print(f"Largest difference of a prediction between devices: {apart:.1e} of its maximum.")
    return markdown_table(["what", "seconds", "crystals per second"], clock.rows)


def main() -> None:
    """Parse the command line, and check."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--device", choices=["gpu", "cpu"], default="gpu")
    parser.add_argument("--small", action="store_true", help="a minute on a CPU")
    chosen = parser.parse_args()
    if chosen.device == "gpu" and not torch.cuda.is_available():
        sys.exit("No GPU that torch can use is here; --device cpu --small tries the script itself.")
    name = torch.cuda.get_device_name() if chosen.device == "gpu" else "the CPU"
    with tempfile.TemporaryDirectory(prefix="deepdos-gpu-") as folder:
        table = check(chosen.device, chosen.small, Path(folder))
    print(f"\nOn {name}, torch {torch.__version__}:\n\n{table}")


if __name__ == "__main__":
    main()
