"""The screen of an ensemble: references against themselves, cells of another size, and votes."""

from __future__ import annotations

import numpy as np
import pytest

import deepdos_nb as dd
from deepdos_nb.core.errors import ConfigError
from deepdos_nb.core.grids import Kind
from deepdos_nb.data.training_sets import embedded_data
from deepdos_nb.evaluation.gap_screen import PER_ATOM, screen_records, screen_table, votes_table
from deepdos_nb.metrics.valence_gap import vb_gap


@pytest.fixture(scope="module")
def records():
    """Of the validation part, with some that have a gap inside the valence band."""
    grid = Kind.edos.grid
    valid = embedded_data("edos").valid
    gapped = [vb_gap(grid.energies, r.shape * r.states / grid.step) is not None for r in valid[:90]]
    found = [r for r, has in zip(valid, gapped, strict=False) if has]
    assert len(found) >= 4
    return found + [r for r, has in zip(valid, gapped, strict=False) if not has][:12]


@pytest.fixture(scope="module")
def screen(records):
    return screen_records(dd.load_model("edos"), records)


def test_what_the_mean_curve_shows_is_what_is_picked(records, screen):
    model, grid = dd.load_model("edos"), Kind.edos.grid
    assert screen.positive.sum() >= 4
    for record, gap in list(zip(records, screen.predicted, strict=True))[:6]:
        curve = model.predict(record.structure).total
        assert (vb_gap(grid.energies, curve) is None) == (gap is None)
    assert ((screen.votes >= 0) & (screen.votes <= 1)).all()


def test_the_table_counts_every_material(records, screen):
    table = screen_table({"cell": screen})
    assert f"| cell | {len(records)} | {int(screen.positive.sum())} |" in table
    votes = votes_table(screen)
    assert votes["materials"].sum() == len(records)
    found = (votes["materials"] * votes["have one"]).sum()
    assert found == pytest.approx(screen.positive.sum())


def test_per_atom_divides_by_the_atoms(records):
    grid, model = Kind.edos.grid, dd.load_model("edos")
    large = [record for record in records if record.n_atoms > 1][:4]
    screen = screen_records(model, large, per_atom=True)
    for record, gap in zip(large, screen.reference, strict=True):
        curve = record.shape * record.states / grid.step / record.n_atoms
        assert gap == vb_gap(grid.energies, curve, threshold=PER_ATOM)


def test_phonons_are_refused():
    record = embedded_data("phdos").valid[0]
    with pytest.raises(ConfigError, match="no electronic density"):
        screen_records(dd.load_model("edos"), [record])


def test_the_curve_ranks_by_the_emptiest_window(screen):
    precision, recall = screen.curve()
    assert (np.diff(recall) >= 0).all()
    assert ((precision >= 0) & (precision <= 1)).all()
