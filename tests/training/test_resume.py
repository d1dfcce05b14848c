"""A training that is broken off anywhere goes on as if nothing had happened."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import lightning as L
import numpy as np
import pytest
import torch
from tiny_training import CONFIG_TINY, left_behind, read_data, run, write_data

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.training.history import HISTORY
from deepdos_nb.training.loop import BEST, LAST
from deepdos_nb.training.order import ResumableLoader, Shuffled
from deepdos_nb.training.settings import CONFIG, DATA, DataFacts, keep_config


class Broken(Exception):
    """The plug is pulled."""


class PullThePlug(L.Callback):
    def __init__(self, step: int):
        self.step = step

    def on_train_batch_start(self, trainer: L.Trainer, *_: object) -> None:
        if trainer.global_step == self.step:
            raise Broken


@pytest.fixture
def records(tmp_path: Path):
    write_data(tmp_path)
    return read_data(tmp_path)


@pytest.fixture(scope="module")
def straight(tmp_path_factory) -> dict[str, bytes]:
    """What a run that nothing disturbs leaves behind."""
    folder = tmp_path_factory.mktemp("straight")
    write_data(folder)
    run(read_data(folder), folder / "run")
    return left_behind(folder / "run")


# In the first epoch, between two epochs, before the last batch of the second.
@pytest.mark.parametrize("step", [2, 4, 7])
def test_a_run_broken_off_inside_an_epoch_ends_with_the_same_weights(
    tmp_path, records, straight, step
):
    with pytest.raises(Broken):
        run(records, tmp_path / "broken", callbacks=[PullThePlug(step)])
    kept = torch.load(tmp_path / "broken" / LAST, weights_only=True)
    assert kept["global_step"] == step
    run(records, tmp_path / "broken")
    assert left_behind(tmp_path / "broken") == straight


def test_a_run_that_ends_after_any_of_its_files_leaves_the_same_behind(
    tmp_path, records, monkeypatch
):
    """Between the last step of an epoch, its validation and the best weights as well."""
    short = replace(CONFIG_TINY, epochs=2)
    written: list[str] = []
    last = None
    rename = os.replace

    def counted(source: Path, target: Path) -> None:
        rename(source, target)
        written.append(Path(target).name)
        if len(written) == last:
            raise Broken

    monkeypatch.setattr(os, "replace", counted)
    run(records, tmp_path / "straight", config=short)
    whole, files = left_behind(tmp_path / "straight"), written.copy()
    assert files[-3:] == [HISTORY, BEST, LAST]
    for number, name in enumerate(files, 1):
        folder = tmp_path / f"broken-{number}"
        written.clear()
        last = number
        with pytest.raises(Broken):
            run(records, folder, config=short)
        last = None
        run(records, folder, config=short)
        assert left_behind(folder) == whole, f"after file {number}, {name}"


def test_every_crystal_of_a_broken_epoch_is_seen_once():
    items = list(range(11))
    whole = ResumableLoader(items, Shuffled(11, 3, seed=1), list)
    whole.order.set_epoch(2)
    expected = list(whole)
    assert sorted(i for batch in expected for i in batch) == items
    first = ResumableLoader(items, Shuffled(11, 3, seed=1), list)
    first.order.set_epoch(2)
    batches = iter(first)
    seen = [next(batches), next(batches)]
    second = ResumableLoader(items, Shuffled(11, 3, seed=1), list)
    second.load_state_dict(first.state_dict())
    second.order.set_epoch(2)
    assert seen + list(second) == expected
    second.order.set_epoch(3)
    assert sum(len(batch) for batch in second) == 11


def test_a_folder_belongs_to_one_set_of_data(tmp_path, records):
    short = replace(CONFIG_TINY, epochs=1)
    run(records, tmp_path / "a", config=short)
    with pytest.raises(ConfigError, match=r"other data.*another folder"):
        run(records[1:], tmp_path / "a", config=short)
    assert (tmp_path / "a" / DATA).exists()


def test_data_are_told_apart_by_everything_that_is_learnt_from(records):
    first = next(r for r in records if r.site_shape is not None)
    at, by = records.index(first), 1e-3
    known = DataFacts.of(records, records)
    for change in (
        {"frac": first.frac + np.array([[0.0, 0.0, 0.01], [0.0, 0.0, 0.0]])},
        {"lattice": 1.001 * first.lattice},
        {"numbers": first.numbers[::-1]},
        {"site_shape": (1 - by) * first.site_shape},
        {"site_shape": None},
        {"outside": first.outside + by},
        {"states": first.states + by},
        {"orbital_shape": np.zeros((2, 4, len(first.shape)))},
        {"provenance": {"zero": "VBM"}},
    ):
        other = records.copy()
        other[at] = replace(first, **change)
        assert DataFacts.of(other, records).content != known.content, change
        assert DataFacts.of(records, other) != known
    # The last digits differ between machines, and 1 is 0 in a periodic cell.
    other = records.copy()
    other[at] = replace(
        first,
        frac=np.where(first.frac == 0, 1 - 1e-16, first.frac),
        lattice=first.lattice * (1 + 1e-15) + 1e-15,
        site_shape=first.site_shape * (1 - 1e-15),
    )
    assert DataFacts.of(other, records) == known


def test_what_an_earlier_version_wrote_of_its_data_is_enough(tmp_path, records):
    file = tmp_path / DATA
    facts = DataFacts.of(records, records)
    written = {name: v for name, v in facts.to_dict().items() if name != "content"}
    file.write_text(json.dumps(written))
    (tmp_path / LAST).touch()
    keep_config(file, facts, "data")
    with pytest.raises(ConfigError, match=r"other data.*another folder"):
        keep_config(file, DataFacts.of(records[1:], records), "data")


def test_a_run_of_an_earlier_version_goes_on(tmp_path):
    """Its settings lack names that came later, which then are what they are by default."""
    file = tmp_path / CONFIG
    keep_config(file, CONFIG_TINY)
    text = file.read_text().replace(',\n "precision": "32-true",\n "start": "",\n "freeze": []', "")
    assert "precision" not in text
    file.write_text(text)
    (tmp_path / "last.ckpt").touch()
    keep_config(file, CONFIG_TINY)
    with pytest.raises(ConfigError, match="other settings"):
        keep_config(file, replace(CONFIG_TINY, precision="bf16-mixed"))
