"""Tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

NOTHING = "–"
"""Stands in a cell without a number."""


def markdown_table(
    heads: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    left: int | None = None,
) -> str:
    """A table for people, as GitHub's Markdown has it.

    Parameters
    ----------
    heads : sequence of str
        Names of the columns.
    rows : iterable of sequence
        Cells, one a column; anything that `str` takes.
    left : int, optional
        How many columns, from the left, hold words; the others hold numbers, which are set to the
        right. All of them without it.

    Raises
    ------
    ValueError
        If a row has more or fewer cells than there are columns.
    """
    words = len(heads) if left is None else left
    rules = ["---" if column < words else "---:" for column in range(len(heads))]
    lines = [_line(heads), f"|{'|'.join(rules)}|"]
    for row in rows:
        cells = [str(cell) for cell in row]
        if len(cells) != len(heads):
            raise ValueError(f"{len(cells)} cells for {len(heads)} columns: {cells}")
        lines.append(_line(cells))
    return "\n".join(lines)


def number(value: float, form: str) -> str:
    """A number as a cell; a dash where it is none."""
    return NOTHING if value != value else format(value, form)


def _line(cells: Sequence[str]) -> str:
    return "|" + "".join(f" {cell} |" if cell else " |" for cell in cells)
