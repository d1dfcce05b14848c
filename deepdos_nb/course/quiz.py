"""A quiz whose answers unfold: on a page without a script or a kernel, and as text."""

from __future__ import annotations

import html
from dataclasses import dataclass

from deepdos_nb.course.chapter import Question, find_chapter
from deepdos_nb.course.verdict import Mark, note

STYLE = """<style>
.ddos-quiz {max-width: 46em}
.ddos-quiz fieldset {border: 1px solid #8b93a1; border-radius: 6px}
.ddos-quiz fieldset {margin: .8em 0; padding: .4em 1em}
.ddos-quiz legend {font-weight: 600; padding: 0 .4em}
.ddos-quiz summary {cursor: pointer; padding: .3em .2em; list-style: none}
.ddos-quiz summary::-webkit-details-marker {display: none}
.ddos-quiz summary::before {content: "○ "; font-size: 1.1em}
.ddos-quiz details[open] > summary::before {content: "◉ "}
.ddos-quiz summary:focus-visible {outline: 2px solid #0a78c2; outline-offset: 2px}
</style>"""


@dataclass(frozen=True)
class Quiz:
    """Questions, and answers to them by letter; none given: the page lets its reader choose.

    Parameters
    ----------
    name : str
    questions : tuple of Question
    answers : str
        A letter for each question, or empty.
    """

    name: str
    questions: tuple[Question, ...]
    answers: str = ""

    @property
    def score(self) -> int:
        """How many answers are right."""
        pairs = zip(self.questions, self.answers, strict=False)
        return sum(letter == question.right for question, letter in pairs)

    def __repr__(self) -> str:
        lines = []
        for number, question in enumerate(self.questions, 1):
            lines.append(f"{number}. {question.asks}")
            lines += [
                f"   {letter}) {option.text}"
                for letter, option in zip(question.letters, question.options, strict=True)
            ]
            if self.answers:
                mark, said = self._said(number - 1)
                lines.append(f"   {mark.sign} {said}")
        if not self.answers:
            lines.append(f'Answer by letters: course.quiz("{self.name}", "abc")')
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        body = "".join(map(self._question, range(len(self.questions))))
        return f'{STYLE}<div class="ddos-quiz">{body}</div>'

    def _question(self, index: int) -> str:
        question = self.questions[index]
        inside = f"<legend>{index + 1}. {html.escape(question.asks)}</legend>"
        for letter, option in zip(question.letters, question.options, strict=True):
            mark = Mark.RIGHT if letter == question.right else Mark.WRONG
            told = f"<strong>{mark.word}</strong> {html.escape(option.why)}"
            chosen = " open" if self.answers[index : index + 1] == letter else ""
            # One name for all options of a question: opening one closes the others.
            inside += (
                f'<details name="quiz-{self.name}-{index}"{chosen}>'
                f"<summary>{letter}) {html.escape(option.text)}</summary>"
                f"{note(mark, told)}</details>"
            )
        return f"<fieldset>{inside}</fieldset>"

    def _said(self, index: int) -> tuple[Mark, str]:
        question, letter = self.questions[index], self.answers[index : index + 1]
        if not letter or letter not in question.letters:
            return Mark.OPEN, f"Answer with one of the letters {', '.join(question.letters)}."
        mark = Mark.RIGHT if letter == question.right else Mark.WRONG
        return mark, f"{mark.word} {question.options[question.letters.index(letter)].why}"


def quiz(chapter: str, answers: str = "") -> Quiz:
    """The quiz of a chapter: click an answer, and it says why it is right or wrong.

    Parameters
    ----------
    chapter : str
        Such as "springs".
    answers : str
        Letters, as in "bca", to answer as text, without a page.

    Returns
    -------
    Quiz
        Shown by the notebook; `quiz.score` counts right answers.

    Raises
    ------
    ConfigError
        If there is no such chapter.
    """
    letters = "".join(c for c in answers.lower() if c.isalpha())
    return Quiz(chapter, find_chapter(chapter).quiz, letters)
