"""What a student is told: a mark, a word and a sentence, on a page and as text."""

from __future__ import annotations

import html
from dataclasses import dataclass
from enum import Enum

from deepdos_nb.style.palette import ELEMENTS, REFERENCE


class Mark(Enum):
    """Sign, word and colour; none of them is needed to tell the others."""

    RIGHT = ("✓", "Right.", ELEMENTS[2])
    WRONG = ("✗", "Not yet.", ELEMENTS[1])
    OPEN = ("…", "Not answered yet.", REFERENCE)

    @property
    def sign(self) -> str:
        """One character."""
        return self.value[0]

    @property
    def word(self) -> str:
        """What it says."""
        return self.value[1]

    @property
    def colour(self) -> str:
        """Of the bar at its left."""
        return self.value[2]


@dataclass(frozen=True)
class Verdict:
    """The answer to an answer.

    Parameters
    ----------
    mark : Mark
    says : str
        One or two sentences.
    """

    mark: Mark
    says: str

    @property
    def passed(self) -> bool:
        """Whether the answer was right."""
        return self.mark is Mark.RIGHT

    def __repr__(self) -> str:
        return f"{self.mark.sign} {self.mark.word} {self.says}"

    def _repr_html_(self) -> str:
        return note(self.mark, f"<strong>{self.mark.word}</strong> {html.escape(self.says)}")


def note(mark: Mark, inside: str) -> str:
    """A paragraph with a coloured bar, read out by screen readers when it appears."""
    return (
        f'<div role="status" style="border-left:5px solid {mark.colour};padding:.35em .8em;'
        f'margin:.3em 0;max-width:46em"><span aria-hidden="true">{mark.sign}</span> {inside}</div>'
    )
