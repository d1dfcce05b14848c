"""Settings that are kept beside what was made with them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Self

from deepdos_nb.core.errors import ConfigError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
else:
    DataclassInstance = object


class Settings(DataclassInstance):
    """Base of frozen dataclasses that are written to JSON and read back."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as JSON knows them."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return plain

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Inverse of `to_dict`.

        Raises
        ------
        ConfigError
            On names that this version does not know.
        """
        try:
            return cls(**values)
        except TypeError as error:
            raise ConfigError(f"the settings do not fit this version ({error}).") from error
