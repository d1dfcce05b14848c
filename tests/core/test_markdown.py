"""Tables in Markdown: every cell in its column, words to the left, numbers to the right."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepdos_nb.core.markdown import markdown_table, number

WORDS = st.text(st.characters(categories=("L", "N")), min_size=1, max_size=6)


@given(st.data(), st.integers(1, 5), st.integers(0, 4))
def test_every_cell_is_found_again(data, width, height):
    row = st.lists(WORDS, min_size=width, max_size=width)
    heads = data.draw(row)
    rows = data.draw(st.lists(row, min_size=height, max_size=height))
    left = data.draw(st.integers(0, width))
    lines = markdown_table(heads, rows, left=left).splitlines()
    cells = [line.strip("|").split("|") for line in lines]
    assert [[c.strip() for c in line] for line in (cells[0], *cells[2:])] == [heads, *rows]
    assert cells[1] == ["---"] * left + ["---:"] * (width - left)


def test_it_is_written_as_github_has_it():
    text = markdown_table(["model", "seeds"], [["ours", 3]], left=1)
    assert text == "| model | seeds |\n|---|---:|\n| ours | 3 |"


def test_a_row_of_another_length_is_refused():
    with pytest.raises(ValueError, match="1 cells for 2 columns"):
        markdown_table(["a", "b"], [["c"]])


def test_no_number_is_a_dash():
    assert number(float("nan"), ".3f") == "–"
    assert number(0.5, ".1%") == "50.0%"
