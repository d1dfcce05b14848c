"""Weights as safetensors files with their configuration inside; never pickle."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from deepdos_nb.errors import WeightsError
from deepdos_nb.model.config import ModelConfig
from deepdos_nb.model.reasoner import Reasoner

FORMAT = "deepdos_nb-1"


def save_weights(
    model: Reasoner, path: str | Path, *, card: dict[str, Any], half: bool = True
) -> Path:
    """Write a model to a safetensors file, atomically.

    Parameters
    ----------
    model : Reasoner
    path : path
    card : dict
        Facts about the training, kept in the file's header (data, elements, scores, command …).
    half : bool
        Store float16, which halves the file; the weights are used in float32.
    """
    path = Path(path)
    tensors = {
        name: (value.half() if half and value.is_floating_point() else value).contiguous()
        for name, value in model.state_dict().items()
    }
    header = {
        "format": FORMAT,
        "config": json.dumps(model.config.to_dict()),
        "card": json.dumps(card, sort_keys=True),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    save_file(tensors, part, metadata=header)
    os.replace(part, path)
    return path


def load_weights(path: str | Path) -> tuple[Reasoner, dict[str, Any]]:
    """Read a model and its card; the model is in float32 and evaluation mode.

    Raises
    ------
    WeightsError
        If the file is missing, is no safetensors file of this package, or does not fit the code.
    """
    path = Path(path)
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except FileNotFoundError:
        raise WeightsError("no such file.", source=str(path)) from None
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"not a safetensors file ({error}).", source=str(path)) from error
    if header.get("format") != FORMAT:
        raise WeightsError(
            f"written in format {header.get('format')!r}, this version reads {FORMAT!r}.",
            source=str(path),
            remedy="Use the deepdos_nb version that wrote it, or train again.",
        )
    model = Reasoner(ModelConfig.from_dict(json.loads(header["config"])))
    floats = {k: v.float() if v.is_floating_point() else v for k, v in tensors.items()}
    try:
        model.load_state_dict(floats)
    except RuntimeError as error:
        raise WeightsError(f"tensors do not fit the model ({error}).", source=str(path)) from error
    if not all(torch.isfinite(v).all() for v in floats.values() if v.is_floating_point()):
        raise WeightsError("holds numbers that are not finite.", source=str(path))
    return model.eval(), json.loads(header["card"])
