"""`deepdos draft`: the draft model of either kind from one command, with one name of its file."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from deepdos_nb.cli import app
from deepdos_nb.core.grids import Kind
from deepdos_nb.data import training_sets
from deepdos_nb.training import draft
from deepdos_nb.training.force_constants import ForceConstantConfig
from deepdos_nb.training.tight_binding import TightBindingConfig


@pytest.mark.parametrize(
    ("options", "kind", "config"),
    [
        ([], Kind.phdos, ForceConstantConfig(epochs=24)),
        (["--kind", "edos"], Kind.edos, TightBindingConfig(epochs=36)),
        (
            ["--kind", "edos", "--no-projections", "--epochs", "2", "--seed", "3"],
            Kind.edos,
            TightBindingConfig(seed=3, epochs=2, projections=False),
        ),
    ],
)
def test_draft_learns_what_the_kind_needs(monkeypatch, tmp_path: Path, options, kind, config):
    records = SimpleNamespace(train=["a", "b"], valid=["c"])
    asked: list[tuple] = []
    monkeypatch.setattr(
        training_sets, "training_data", lambda kind, *_: asked.append(kind) or records
    )
    monkeypatch.setattr(
        draft, "train_draft_model", lambda *found, progress: asked.append((*found, progress))
    )
    done = CliRunner().invoke(app, ["draft", "--out", str(tmp_path), "--no-progress", *options])
    assert done.exit_code == 0, done.output
    assert asked == [kind, (["a", "b"], ["c"], config, tmp_path, False)]
    assert draft.DRAFT in done.output.replace("\n", "")
    assert kind.draft in done.output


def test_an_unknown_kind_is_named(tmp_path: Path):
    done = CliRunner().invoke(app, ["draft", "--out", str(tmp_path), "--kind", "spins"])
    assert done.exit_code == 2
    assert "spins" in done.output
