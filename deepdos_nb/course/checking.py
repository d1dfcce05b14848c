"""Checking an answer: right, a mistake that is known, or what can be said about any other."""

from __future__ import annotations

from typing import Any

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.course.chapter import find_exercise
from deepdos_nb.course.exercise import Exercise, Unanswered, Unusable
from deepdos_nb.course.verdict import Mark, Verdict


def check(name: str, answer: Any, **given: Any) -> Verdict:
    """Say whether an answer to an exercise is right, and if not, what to think of next.

    Parameters
    ----------
    name : str
        "chapter.exercise", as the notebook says.
    answer : object
        A number, an array, a word, a function or another object; `...` is no answer yet.
        Functions are tried on hidden inputs.
    **given
        What the right answer depends on, as the notebook hands it over.

    Returns
    -------
    Verdict
        Shown by the notebook; `verdict.passed` tells whether the answer was right.

    Examples
    --------
    >>> check("springs.stiffer", 4.0)
    ✗ Not yet. The eigenvalue of the dynamical matrix is ω², not ω.
    """
    try:
        exercise = find_exercise(name)
    except ConfigError as error:
        words = str(error)
        return Verdict(Mark.WRONG, words[0].upper() + words[1:])
    return judge(exercise, answer, given)


def carry_on(name: str, answer: Any, **given: Any) -> Any:
    """The student's answer where it is right, the course's own where it is not yet.

    So a chapter can build on its exercises and still runs from top to bottom.

    Parameters
    ----------
    name, answer, **given
        As for `check`.
    """
    exercise = find_exercise(name)
    if judge(exercise, answer, given).passed:
        return answer
    return exercise.made(exercise.right, given)


def judge(exercise: Exercise, answer: Any, given: dict[str, Any]) -> Verdict:
    """Check an answer to a given exercise."""
    try:
        value, complaint = exercise.read(answer, given), ""
    except Unanswered:
        return Verdict(Mark.OPEN, f"Hint: {exercise.hint}")
    except Unusable as problem:
        value, complaint = None, str(problem)
    except Exception:  # an object that cannot even be looked at
        value, complaint = None, f"An object of type {type(answer).__name__} will not do."
    try:
        if not complaint and exercise.passes(value, given):
            return Verdict(Mark.RIGHT, exercise.praise)
    except Unusable as problem:
        complaint = str(problem)
    for mistake in exercise.mistakes:
        if exercise.shows(mistake, answer, value, given):
            return Verdict(Mark.WRONG, mistake.says)
    if not complaint:
        right = exercise.read(exercise.made(exercise.right, given), given)
        complaint = exercise.difference(value, right)
    return Verdict(Mark.WRONG, f"{complaint} Hint: {exercise.hint}")
