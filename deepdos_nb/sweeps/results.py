"""Results that a notebook hands over: rows of plain values, as JSON among its outputs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from deepdos_nb.core.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

MIME = "application/json"
KEY = "deepdos_results"


def publish(rows: pd.DataFrame | Mapping[str, Any] | list[Mapping[str, Any]]) -> None:
    """Hand results over to whoever runs this notebook, such as `sweep`.

    Parameters
    ----------
    rows : DataFrame, mapping or list of mapping
        One or many rows of numbers and texts. Not-a-number becomes a missing value.
    """
    import pandas as pd
    from IPython.display import display

    table = pd.DataFrame([rows]) if isinstance(rows, Mapping) else pd.DataFrame(rows)
    plain = json.loads(table.to_json(orient="records", double_precision=15))
    words = f"{len(plain)} row{'' if len(plain) == 1 else 's'} of results, kept in this notebook"
    display({MIME: {KEY: plain}, "text/plain": words}, raw=True)


def read_results(notebook: Any) -> list[dict[str, Any]]:
    """All rows that an executed notebook has handed over, in order.

    Parameters
    ----------
    notebook : NotebookNode or path

    Raises
    ------
    DataError
        If what it holds under the key is no list of rows.
    """
    import nbformat

    if not hasattr(notebook, "cells"):
        notebook = nbformat.read(notebook, as_version=4)
    rows: list[dict[str, Any]] = []
    for data in _displayed(notebook):
        value = data.get(MIME)
        if not isinstance(value, dict) or KEY not in value:
            continue
        found = value[KEY]
        if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
            raise DataError(f"what is kept under {KEY} is no list of rows.")
        rows += [dict(row) for row in found]
    return rows


def _displayed(notebook: Any) -> Iterator[Mapping[str, Any]]:
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            yield output.get("data", {})
