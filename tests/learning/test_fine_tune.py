"""Shipped weights learn a family of crystals of one's own, and are better at it than others."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from pymatgen.core import Element

import deepdos_nb as dd
from deepdos_nb.data.records import Record
from deepdos_nb.inference.ensemble import Ensemble
from deepdos_nb.metrics.scores import mse
from deepdos_nb.training.start import starting_weights

OWN, OTHERS = 50, 40


def metals() -> list[Record]:
    """Alloys of the package's phonons, one a formula, in an order that means nothing.

    Their curves come from a machine-learnt potential, softer than the DFT that the shipped weights
    learnt from, which have seen none of these curves.
    """
    data = dd.open_dataset("embedded-phdos").filter(
        lambda e: all(Element(symbol).is_metal for symbol in e.elements), n_atoms=(2, 4)
    )
    found = {r.formula: r for r in data}.values()
    return sorted(found, key=lambda r: hashlib.sha256(r.material_id.encode()).hexdigest())


def write_folder(folder: Path, records: list[Record]) -> Path:
    folder.mkdir()
    for r in records:
        r.structure.to(folder / f"{r.material_id}.cif")
        table = np.column_stack([r.energies, r.shape / r.grid.step])
        np.savetxt(
            folder / f"{r.material_id}.csv",
            table,
            delimiter=",",
            header="energy (cm-1),dos",
            comments="",
        )
    return folder


def error(model: Ensemble, records: list[Record]) -> float:
    graphs = [model.graph(r.structure, r.orbits) for r in records]
    curves = np.stack([d.sum(axis=1).mean(axis=0) for d, _, _ in model.predict_graphs(graphs)])
    return float(mse(curves, np.stack([r.shape for r in records]), "max"))


@pytest.mark.slow
def test_fine_tuning_beats_the_weights_as_shipped_and_training_from_nothing(tmp_path):
    records = metals()
    own, others = records[:OWN], records[OWN : OWN + OTHERS]
    folder = write_folder(tmp_path / "own", own)
    common = {"epochs": 8, "learning_rate": 1e-3, "show": False}
    begun = {"start": "shipped"} | common
    tuned = dd.train(folder, folder=tmp_path / "tuned", **begun)
    kept = dd.train(folder, folder=tmp_path / "kept", draft_epochs=0, **begun)
    assert 36 <= len(tuned.data.train) <= 44
    learnt = {r.formula for r in tuned.data.train + tuned.data.valid}
    assert not learnt & {r.formula for r in tuned.data.test + others}
    nothing = dd.train(folder, size="small", draft="shipped", folder=tmp_path / "new", **common)
    shipped = Ensemble([starting_weights("shipped", "phdos").model])
    # Its own test part is five crystals; the rest of the family makes a steadier judge.
    held_out = tuned.data.test + others
    models = (shipped, nothing.model, kept.model, tuned.model)
    before, scratch, network, after = (error(m, held_out) for m in models)
    print(f"as shipped {before:.4f}, from nothing {scratch:.4f}")
    print(f"fine-tuned: network alone {network:.4f}, draft first {after:.4f}")
    assert network < 0.95 * before
    assert after < 0.9 * network
    assert after < 0.8 * scratch
    loaded = dd.load_model("phdos", folder=tuned.weights)
    assert error(loaded, held_out) == pytest.approx(after, rel=1e-5)


def test_frozen_parts_stay_and_the_rest_learns(tmp_path):
    records = metals()[:12]
    start = starting_weights("shipped", "phdos").model
    tuned = dd.train(
        records, start="shipped", freeze=["encoder"], epochs=1, folder=tmp_path, show=False
    )
    (model,) = tuned.model.models
    after = dict(model.named_parameters())
    moved = {n.split(".")[0] for n, p in start.named_parameters() if not _same(p, after[n])}
    assert "encoder" not in moved
    assert {"decoder", "reasoner"} <= moved


def _same(a, b) -> bool:
    # Weights are kept in float16; the shipped ones have been through it already.
    return bool((a - b).abs().max() < 1e-6)
