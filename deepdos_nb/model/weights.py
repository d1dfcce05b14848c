"""Weights as safetensors files with their configuration inside; never pickle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from deepdos_nb.core.errors import ConfigError, WeightsError
from deepdos_nb.core.files import replacing
from deepdos_nb.core.grids import Kind
from deepdos_nb.core.nesting import parse_json
from deepdos_nb.model.checksums import add_sum, check_sum
from deepdos_nb.model.config import ModelConfig
from deepdos_nb.model.reasoner import Reasoner
from deepdos_nb.physics.draft import DraftModel, make_draft_model

FORMAT = "deepdos_nb-1"

METADATA = "card"
"""Where shipped files keep it in their headers, beside the format and the settings."""

DRAFT_FORMATS: dict[Kind, str] = {
    Kind.phdos: "deepdos_nb-springs-1",
    Kind.edos: "deepdos_nb-bonds-1",
}


def save_weights(
    model: Reasoner, path: str | Path, *, metadata: dict[str, Any], half: bool = True
) -> Path:
    """Write a model to a safetensors file, atomically.

    Parameters
    ----------
    model : Reasoner
    path : path
    metadata : dict
        Facts about the training, kept in the file's header (data, elements, scores, command …).
    half : bool
        Store float16, which halves the file; the weights are used in float32.
    """
    header = {"config": json.dumps(model.config.to_dict()), METADATA: _text(metadata)}
    return _write(model, Path(path), FORMAT, header, half=half)


def load_weights(path: str | Path) -> tuple[Reasoner, dict[str, Any]]:
    """Read a model and its metadata; the model is in float32 and evaluation mode.

    Raises
    ------
    WeightsError
        If the file is missing, is no safetensors file of this package, or does not fit the code.
    """
    path = Path(path)
    header, floats = _read(path, FORMAT)
    try:
        config = ModelConfig.from_dict(_facts(header, "config", path))
    except ConfigError as error:
        raise _other_version(f"settings: {error.reason}", path) from error
    # Shapes cost nothing on this device, and a file may ask for far more than it holds.
    with torch.device("meta"), _Unfilled():
        _compare(Reasoner(config), floats, path)
    model = Reasoner(config)
    _fill(model, floats, path)
    return model.eval(), _facts(header, METADATA, path)


def save_draft_model(
    draft_model: DraftModel, path: str | Path, *, metadata: dict[str, Any]
) -> Path:
    """Write a draft model to a safetensors file of its own, in float16 as models keep it.

    Parameters
    ----------
    draft_model : DraftModel
    path : path
    metadata : dict
        Facts about the training.
    """
    form = DRAFT_FORMATS[draft_model.kind]
    return _write(draft_model, Path(path), form, {METADATA: _text(metadata)}, half=True)


def load_draft_model(path: str | Path) -> tuple[DraftModel, dict[str, Any]]:
    """Read a draft model and its metadata, in float32 and without gradients.

    Raises
    ------
    WeightsError
        If the file is missing, is no safetensors file of a draft model, or does not fit the code.
    """
    path = Path(path)
    header, floats = _read(path, *DRAFT_FORMATS.values())
    kind = next(k for k, form in DRAFT_FORMATS.items() if form == header["format"])
    draft_model = make_draft_model(kind)
    _fill(draft_model, floats, path)
    return draft_model.eval().requires_grad_(False), _facts(header, METADATA, path)


class _Unfilled(TorchFunctionMode):
    """Parameters of modules made within have shapes and no values.

    What is drawn on the meta device goes through torch's compiler, which takes a second to load and
    leaves a folder in the system's temporary one; even steps go through its algebra system.
    """

    def __torch_function__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """What `torch.nn.init` shall fill comes back as it is."""
        kwargs = kwargs or {}
        if func is torch.linspace:
            return torch.empty(args[2])
        if getattr(func, "__module__", None) == nn.init.__name__:
            return kwargs["tensor"] if "tensor" in kwargs else args[0]
        return func(*args, **kwargs)


def _text(metadata: dict[str, Any]) -> str:
    return json.dumps(metadata, sort_keys=True)


def _write(module: nn.Module, path: Path, form: str, header: dict[str, str], *, half: bool) -> Path:
    tensors = {
        name: (value.half() if half and value.is_floating_point() else value).contiguous()
        for name, value in module.state_dict().items()
    }
    with replacing(path) as part:
        # `save_file` would leave a file that only its owner may read.
        part.write_bytes(save(tensors, metadata={"format": form} | header))
    add_sum(path)
    return path


def _read(path: Path, *forms: str) -> tuple[dict[str, str], dict[str, Tensor]]:
    """Header and tensors, floats in float32."""
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        check_sum(path)
    except FileNotFoundError:
        raise WeightsError(
            "no such file.", source=str(path), remedy="Check the path and the spelling."
        ) from None
    except (SafetensorError, OSError, RuntimeError, ValueError, MemoryError) as error:
        raise WeightsError(
            f"not a safetensors file, or a damaged one ({error}).",
            source=str(path),
            remedy="Copy or download it again.",
        ) from error
    if header.get("format") not in forms:
        raise _other_version(
            f"format {header.get('format')!r}, but this reads {', '.join(map(repr, forms))}", path
        )
    return header, {k: v.float() if v.is_floating_point() else v for k, v in tensors.items()}


def _facts(header: dict[str, str], name: str, path: Path) -> dict[str, Any]:
    """An entry of the header, which must be a JSON object."""
    try:
        facts = parse_json(header[name])
    except (KeyError, ValueError, RecursionError) as error:
        reason = f"the entry {name!r} of its header cannot be read ({type(error).__name__})"
        raise _other_version(reason, path) from error
    if not isinstance(facts, dict):
        raise _other_version(f"the entry {name!r} of its header is no object", path)
    return facts


def _other_version(reason: str, path: Path) -> WeightsError:
    return WeightsError(
        f"{reason}.",
        source=str(path),
        remedy="Use the deepdos_nb version that wrote it, or train again.",
    )


def _compare(module: nn.Module, tensors: dict[str, Tensor], path: Path) -> None:
    """Refuse tensors of other names or shapes than the model's."""
    wanted = {name: tuple(value.shape) for name, value in module.state_dict().items()}
    there = {name: tuple(value.shape) for name, value in tensors.items()}
    for name in sorted(wanted.keys() | there.keys()):
        mine, theirs = (shapes.get(name, "none") for shapes in (wanted, there))
        if mine != theirs:
            reason = (
                f"tensors do not fit the model: {name} has shape {theirs}, and should have {mine}"
            )
            raise _other_version(reason, path)


def _fill(module: nn.Module, tensors: dict[str, Tensor], path: Path) -> None:
    _compare(module, tensors, path)
    if not all(torch.isfinite(v).all() for v in tensors.values() if v.is_floating_point()):
        raise WeightsError(
            "holds numbers that are not finite.",
            source=str(path),
            remedy="Its training went wrong, or the file is damaged: train or copy it again.",
        )
    module.load_state_dict(tensors)
