"""Damaged and hostile weight files: one error that names the file, the reason and a remedy."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
import torch
from networks import random_model, reader
from safetensors import safe_open
from safetensors.torch import save_file

from deepdos_nb.core.errors import WeightsError
from deepdos_nb.inference.loading import load_model
from deepdos_nb.model.checksums import SUMS
from deepdos_nb.model.weights import (
    load_draft_model,
    load_weights,
    save_draft_model,
    save_weights,
)

FLIPS = 150


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return save_weights(random_model("phdos"), tmp_path / "seed-0.safetensors", metadata={})


def refused(path: Path, *, load=load_weights) -> WeightsError:
    with pytest.raises(WeightsError) as caught:
        load(path)
    error = caught.value
    assert error.source == str(path)
    assert error.reason
    assert error.remedy
    assert "Traceback" not in str(error)
    return error


def with_header(path: Path, header: bytes, tensors: bytes = b"") -> Path:
    """A file with any bytes for a header."""
    path.write_bytes(struct.pack("<Q", len(header)) + header + tensors)
    return path


def with_entries(path: Path, **entries: str) -> Path:
    """The same tensors under other entries of the header."""
    with safe_open(path, framework="pt") as found:
        tensors = {name: found.get_tensor(name) for name in found.keys()}  # noqa: SIM118
        header = found.metadata() | entries
    save_file(tensors, path, metadata=header)
    path.with_name(SUMS).unlink(missing_ok=True)
    return path


def same(a: torch.nn.Module, b: torch.nn.Module) -> bool:
    theirs = b.state_dict()
    return all(torch.equal(value, theirs[name]) for name, value in a.state_dict().items())


def test_truncated_anywhere(file):
    content = file.read_bytes()
    file.with_name(SUMS).unlink()
    for size in (0, 1, 7, 8, 9, 500, len(content) // 2, len(content) - 1):
        file.write_bytes(content[:size])
        assert "damaged" in refused(file).reason
    file.write_bytes(content + b"more")
    refused(file)


def test_no_flipped_bit_goes_unnoticed(file):
    whole, rng = load_weights(file)[0], np.random.default_rng(0)
    content = np.frombuffer(file.read_bytes(), np.uint8)
    places = [*rng.integers(0, len(content), FLIPS), *range(0, 400, 5)]
    for place in places:
        damaged = content.copy()
        damaged[place] ^= 1 << rng.integers(8)
        file.write_bytes(damaged.tobytes())
        refused(file)
    file.write_bytes(content.tobytes())
    assert same(load_weights(file)[0], whole)


def test_headers_that_are_no_header(file):
    file.with_name(SUMS).unlink()
    deep = b'{"__metadata__":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    for header in (b"", b"{", b"[]", b"null", b'{"a": 1}', deep, b"\xff\xfe{}", b'{"a":{"b":{}}}'):
        refused(with_header(file, header))
    file.write_bytes(struct.pack("<Q", 2**62) + b"{}")
    refused(file)
    far = {"x": {"dtype": "F32", "shape": [2**40, 2**40], "data_offsets": [0, 4]}}
    refused(with_header(file, json.dumps(far).encode(), b"\0" * 4))


@pytest.mark.parametrize("entry", ["config", "card"])
@pytest.mark.parametrize("text", ["", "{", "[1]", "null", '"words"', "[" * 100_000])
def test_entries_that_are_no_settings(file, entry, text):
    refused(with_entries(file, **{entry: text}))


@pytest.mark.parametrize(
    "change",
    [
        {"width": 10**9},
        {"width": "wide"},
        {"width": -24},
        {"width": 24.0},
        {"heads": 0},
        {"heads": 5},
        {"encoder_layers": 10**9},
        {"encoder_layers": 3},
        {"decoder_layers": True},
        {"strides": 3},
        {"strides": [10**9]},
        {"strides": [1] * 10_000},
        {"dropout": 7},
        {"kind": "xdos"},
        {"kind": None},
        {"refiner": "magic"},
        {"colour": "red"},
    ],
)
def test_settings_of_another_version(file, change):
    config = random_model("phdos").config.to_dict()
    refused(with_entries(file, config=json.dumps(config | change)))


def test_another_format(file):
    assert "deepdos_nb-2" in refused(with_entries(file, format="deepdos_nb-2")).reason
    refused(file, load=load_draft_model)


def test_tensors_of_other_names_shapes_and_values(file):
    with safe_open(file, framework="pt") as found:
        tensors = {name: found.get_tensor(name) for name in found.keys()}  # noqa: SIM118
        header = found.metadata()
    file.with_name(SUMS).unlink()
    name = "decoder.energies"
    for change, word in (
        ({name: tensors[name][:, :-1].contiguous()}, name),
        ({name: tensors[name].T.contiguous()}, name),
        ({"more": torch.zeros(3)}, "more"),
        ({name: torch.full_like(tensors[name], torch.nan)}, "finite"),
        ({name: torch.full_like(tensors[name], torch.inf)}, "finite"),
    ):
        save_file(tensors | change, file, metadata=header)
        assert word in refused(file).reason
    save_file({k: v for k, v in tensors.items() if k != name}, file, metadata=header)
    assert name in refused(file).reason


def test_what_is_no_file(tmp_path):
    refused(tmp_path / "nothing.safetensors")
    refused(tmp_path)


def test_draft_models_are_checked_alike(tmp_path):
    file = save_draft_model(reader().draft_model, tmp_path / "draft.safetensors", metadata={})
    assert same(load_draft_model(file)[0], deepcopy(reader().draft_model).half().float())
    content = file.read_bytes()
    file.write_bytes(content[:-2] + b"xx")
    refused(file, load=load_draft_model)


def test_sums_are_those_of_coreutils_and_may_be_missing(file):
    import hashlib

    sums = file.with_name(SUMS)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert sums.read_text() == f"{digest}  seed-0.safetensors\n"
    save_weights(random_model("phdos"), file.with_name("seed-1.safetensors"), metadata={})
    assert len(sums.read_text().splitlines()) == 2
    sums.unlink()
    load_weights(file)
    sums.write_bytes(b"\xff\xfe")
    refused(file)


@pytest.mark.parametrize("kind", ["phdos", "edos"])
def test_shipped_weights_carry_their_sums(kind):
    from importlib import resources

    folder = Path(str(resources.files("deepdos_nb").joinpath("weights", kind)))
    listed = {line.split()[1] for line in (folder / SUMS).read_text().splitlines()}
    assert listed == {path.name for path in folder.glob("*.safetensors")}


@pytest.mark.parametrize("text", ["{", "[" * 100_000, "[]", '{"valid": 3}', "\ud800"])
def test_scores_that_are_no_scores(file, text):
    scores = file.with_name("scores.json")
    scores.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(WeightsError) as caught:
        load_model("phdos", folder=file.parent)
    assert caught.value.source == str(scores)
    assert caught.value.remedy


def test_elements_in_facts_of_another_shape_are_unknown(file):
    save_weights(random_model("phdos"), file, metadata={"elements": "all of them"})
    assert load_model("phdos", folder=file.parent).elements == set()


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_colleagues_may_read_them(tmp_path):
    before = os.umask(0o022)
    try:
        weights = save_weights(random_model("phdos"), tmp_path / "seed-0.safetensors", metadata={})
        springs = save_draft_model(
            deepcopy(reader().draft_model), tmp_path / "draft.safetensors", metadata={}
        )
    finally:
        os.umask(before)
    for path in (weights, springs, weights.with_name(SUMS)):
        assert path.stat().st_mode & 0o777 == 0o644, path.name


def test_loading_a_model_loads_no_compiler():
    """It takes a second, and every notebook, command and visitor would wait for it."""
    code = (
        "import sys, deepdos_nb as dd\n"
        "for kind in ('phdos', 'edos'): dd.load_model(kind).predict(dd.example('MgO'))\n"
        "print([m for m in ('torch._dynamo', 'sympy', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=300
    )
    assert done.stdout.strip() == "[]"
