"""`deepdos draft`, `train` and `pack`: from data, your own too, to weights that predict."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from typer.testing import CliRunner

import deepdos_nb as dd
from deepdos_nb.cli import app
from deepdos_nb.core.grids import Kind
from deepdos_nb.data import training_sets
from deepdos_nb.data.sources.jarvis import jarvis_file, rewrite
from deepdos_nb.model.weights import load_draft_model, save_draft_model
from deepdos_nb.physics.draft import make_draft_model, same_draft_model
from deepdos_nb.training import draft
from deepdos_nb.training.force_constants import ForceConstantConfig
from deepdos_nb.training.tight_binding import TightBindingConfig


@pytest.mark.parametrize(
    ("options", "kind", "config"),
    [
        ([], Kind.phdos, ForceConstantConfig(epochs=48)),
        (["--kind", "edos"], Kind.edos, TightBindingConfig(epochs=60)),
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
        draft,
        "train_draft_model",
        lambda *found, start, progress: asked.append((*found, start, progress)),
    )
    done = CliRunner().invoke(app, ["draft", "--out", str(tmp_path), "--no-progress", *options])
    assert done.exit_code == 0, done.output
    assert asked == [kind, (["a", "b"], ["c"], config, tmp_path, None, False)]
    assert draft.DRAFT in done.output.replace("\n", "")
    assert kind.draft in done.output


def test_a_draft_goes_on_from_the_file_that_is_named(monkeypatch, tmp_path: Path):
    file = save_draft_model(make_draft_model(Kind.edos), tmp_path / "a.safetensors", metadata={})
    before, _ = load_draft_model(file)
    records, found = SimpleNamespace(train=["a"], valid=["b"]), {}
    monkeypatch.setattr(training_sets, "training_data", lambda *_: records)
    monkeypatch.setattr(
        draft, "train_draft_model", lambda *given, **named: found.update(named, config=given[2])
    )
    options = ["--kind", "edos", "--from", str(file), "--out", str(tmp_path / "run")]
    done = CliRunner().invoke(app, ["draft", *options])
    assert done.exit_code == 0, done.output
    assert same_draft_model(found["start"], before)
    assert found["config"] == draft.draft_config(Kind.edos, start=before)
    phonons = CliRunner().invoke(app, ["draft", *options[2:]])
    assert phonons.exit_code != 0
    assert "cannot start one for phdos" in phonons.output + str(phonons.exception)


def test_an_unknown_kind_is_named(tmp_path: Path):
    done = CliRunner().invoke(app, ["draft", "--out", str(tmp_path), "--kind", "spins"])
    assert done.exit_code == 2
    assert "spins" in done.output


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--model", "mat2spec", "--draft", "shipped"], "draft is no setting of mat2spec"),
        (["--model", "mat2spec", "--width", "48"], "width is no setting of mat2spec"),
        (["--petretto", "data.csv"], "the benchmark's data are phonons"),
        (["--refiner", "magic"], "Use one of transport"),
    ],
)
def test_options_that_would_change_nothing_are_refused(tmp_path: Path, options, words):
    command = ["train", "--kind", "edos", "--epochs", "1", "--out", str(tmp_path / "run")]
    done = CliRunner().invoke(app, [*command, *options])
    assert done.exit_code == 2
    assert words in " ".join(done.output.split())
    assert not (tmp_path / "run").exists()


def write_own(folder: Path) -> Path:
    """Twelve alloys of the package's phonons, as a folder of one's own."""
    folder.mkdir()
    records = list(dd.open_dataset("embedded-phdos").filter(n_atoms=(1, 2)))
    chosen = list({r.formula: r for r in records}.values())[:12]
    for r in chosen:
        r.structure.to(folder / f"{r.material_id}.cif")
        columns = np.column_stack([r.energies, r.shape])
        np.savetxt(
            folder / f"{r.material_id}.csv",
            columns,
            delimiter=",",
            header="energy (cm-1),dos",
            comments="",
        )
    return folder


def deepdos(*arguments: object) -> str:
    done = CliRunner().invoke(app, [str(a) for a in arguments])
    assert done.exit_code == 0, done.output
    return done.output


QUICK = ("--no-progress", "--device", "cpu", "--size", "small", "--width", 12, "--epochs", 1)


@pytest.mark.slow
def test_a_folder_of_ones_own_becomes_weights_that_predict(tmp_path: Path):
    own = write_own(tmp_path / "own")
    for seed in (0, 1):
        out = tmp_path / f"run-{seed}"
        said = deepdos("train", "--data", own, "--out", out, "--seed", seed, *QUICK)
        assert "7 crystals to train on, 3 to validate" in said
    runs = [tmp_path / f"run-{seed}" for seed in (0, 1)]
    deepdos("pack", *runs, "--data", own, "--out", tmp_path / "weights", "--command", "as tested")
    model = dd.load_model("phdos", folder=tmp_path / "weights")
    assert len(model.models) == 2
    assert model.error_band is not None
    assert model.predict(dd.example("NiAl")).total.sum() > 0
    card = (tmp_path / "weights" / "MODEL_CARD.md").read_text()
    assert "7 crystals of the data set *own*" in card
    assert "Petretto" not in card
    assert "as tested" in card


@pytest.mark.slow
def test_fine_tuning_keeps_what_the_weights_have_seen(tmp_path: Path):
    own = write_own(tmp_path / "own")
    options = ["--from", "shipped", "--freeze", "encoder", "--freeze", "transport"]
    options += ["--no-progress", "--device", "cpu", "--epochs", "1", "--logs", "csv"]
    options += ["--draft-epochs", "1"]
    deepdos("train", "--data", own, "--out", tmp_path / "run", *options)
    assert list((tmp_path / "run" / "log").rglob("metrics.csv"))
    settings = json.loads((tmp_path / "run" / "config.json").read_text())
    assert settings["freeze"] == ["encoder", "reasoner"]
    assert settings["learning_rate"] == 3e-4
    assert (tmp_path / "run" / "draft" / "draft.safetensors").is_file()
    deepdos("pack", tmp_path / "run", "--data", own, "--out", tmp_path / "weights")
    model = dd.load_model("phdos", folder=tmp_path / "weights")
    assert model.elements == dd.load_model("phdos").elements
    assert settings["start"] in (tmp_path / "weights" / "MODEL_CARD.md").read_text()


@pytest.mark.slow
def test_jarvis_end_to_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A small piece in the published format, through training, packing and prediction."""
    monkeypatch.setenv("DEEPDOS_DATA", str(tmp_path))
    energies = -5.0 + 0.05 * np.arange(300)
    crystals = []
    for i, (metal, anion) in enumerate((m, a) for m in ("Li", "Na", "K", "Mg") for a in "OSF"):
        curve = np.exp(-0.5 * ((energies + 2 - 0.2 * i) / 1.0) ** 2) + 0.05
        atoms = {
            "lattice_mat": (4.0 * np.eye(3)).tolist(),
            "coords": [[0, 0, 0], [0.5, 0.5, 0.5]],
            "elements": [metal, anion],
            "cartesian": False,
        }
        crystals.append({"jid": f"JVASP-{i}", "atoms": atoms, "edos_up": curve.tolist()})
    published = tmp_path / "edos-up_pdos-elast_interp.json"
    published.write_text(json.dumps([c | {"pdos_elast": "na"} for c in crystals]))
    rewrite(published, jarvis_file())
    common = ("--kind", "edos", "--data", "jarvis")
    said = deepdos("train", *common, "--out", tmp_path / "run", *QUICK)
    assert "crystals to train on" in said
    deepdos("pack", tmp_path / "run", *common, "--out", tmp_path / "weights")
    model = dd.load_model("edos", folder=tmp_path / "weights")
    assert model.kind == "edos"
    assert "data set *jarvis*: OptB88vdW" in (tmp_path / "weights" / "MODEL_CARD.md").read_text()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--data", "nowhere"], "no data set has this name"),
        (["--data", "embedded-phdos", "--petretto", "data.csv"], "not both"),
        (["--data", "embedded-phdos", "--kind", "edos"], "no electronic records"),
        (["--data", "embedded-phdos", "--from", "no-such-folder"], "no such file"),
        (["--data", "embedded-phdos", "--from", "shipped", "--width", "12"], "bring along"),
    ],
)
def test_wrong_options_end_in_a_sentence(tmp_path: Path, options: list[str], words: str):
    done = CliRunner().invoke(app, ["train", "--out", str(tmp_path / "run"), *options])
    assert done.exit_code == 2
    assert words in " ".join(done.output.split())
    assert not (tmp_path / "run").exists()
