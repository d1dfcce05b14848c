"""What tells points of a sweep apart, and what their runs are called."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.core.files import safe_name


def text_of(parameters: Mapping[str, Any]) -> str:
    """The same text for the same parameters, in whatever order; 1, 1.0 and True are not the same.

    Raises
    ------
    ConfigError
        If a value is not of the kinds that JSON knows.
    """
    try:
        return json.dumps(parameters, sort_keys=True, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"a parameter is no plain value ({error}).") from error


def key_of(parameters: Mapping[str, Any]) -> str:
    """What a run is known by: readable, safe in file names, distinct for distinct values.

    Raises
    ------
    ConfigError
        If a value is not of the kinds that JSON knows.
    """
    text = text_of(parameters)
    # As they are read back from the folder, where a tuple has become a list.
    plain = json.loads(json.dumps(parameters))
    words = " ".join(f"{name}={value}" for name, value in plain.items())
    return f"{safe_name(words)[:40]}-{hashlib.sha1(text.encode()).hexdigest()[:10]}"
