"""Every exercise of the course both ways: the right answer passes, each mistake gets its hint."""

from __future__ import annotations

import numpy as np
import pytest
from course_given import GIVEN, given

import deepdos_nb as dd
from deepdos_nb import course
from deepdos_nb.course.chapter import chapter_names, find_chapter, find_exercise
from deepdos_nb.course.verdict import Mark

NAMES = [f"{c}.{e}" for c in chapter_names() for e in find_chapter(c).exercises]

ENDS = (".", "!", "?", "…")


class Awkward:
    """Fails however it is touched."""

    def __getattr__(self, name: str) -> object:
        raise RuntimeError(name)


def stops(*arguments: object) -> float:
    return 1 / 0


GARBAGE = (
    "text",
    "",
    "µ",
    b"bytes",
    [],
    {},
    {"a": 1},
    object(),
    Awkward(),
    np.nan,
    np.inf,
    1j,
    True,
    -1e300,
    [[1, 2], [3]],
    np.zeros((3, 0, 2)),
    np.array(["a"]),
    ValueError,
    ValueError("x"),
    stops,
    lambda: 1,
    lambda *a: "text",
    lambda *a: np.nan,
    print,
    range(3),
)


def test_given_things_belong_to_exercises():
    assert set(GIVEN) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_right_answer_passes(name: str):
    exercise, things = find_exercise(name), given(name)
    verdict = course.check(name, exercise.made(exercise.right, things), **things)
    assert verdict.passed, verdict
    assert verdict.says == exercise.praise


@pytest.mark.parametrize("name", NAMES)
def test_mistakes_get_their_hints(name: str):
    exercise, things = find_exercise(name), given(name)
    assert len(exercise.mistakes) >= 3
    for mistake in exercise.mistakes:
        verdict = course.check(name, exercise.made(mistake.answer, things), **things)
        assert verdict.mark is Mark.WRONG, mistake.says
        assert verdict.says == mistake.says


@pytest.mark.parametrize("name", NAMES)
def test_no_answer_yet(name: str):
    for nothing in (..., None):
        verdict = course.check(name, nothing, **given(name))
        assert verdict.mark is Mark.OPEN
        assert verdict.says == f"Hint: {find_exercise(name).hint}"


@pytest.mark.parametrize("name", NAMES)
def test_any_answer_gets_a_sentence(name: str):
    for garbage in GARBAGE:
        verdict = course.check(name, garbage, **given(name))
        assert not verdict.passed, garbage
        assert verdict.says.endswith(ENDS), verdict.says


@pytest.mark.parametrize("name", NAMES)
def test_sentences_are_sentences(name: str):
    exercise = find_exercise(name)
    told = [exercise.hint, exercise.praise, *(m.says for m in exercise.mistakes)]
    for text in told:
        assert text.endswith(ENDS), text
    assert len(told[:2]) == len(set(told[:2]))


@pytest.mark.parametrize("name", NAMES)
def test_carrying_on(name: str):
    """A wrong answer is replaced by the course's, which passes; a right one is kept."""
    exercise, things = find_exercise(name), given(name)
    for answer in (..., Awkward()):
        ours = course.carry_on(name, answer, **things)
        assert ours is not answer
        assert course.check(name, ours, **things).passed
    right = exercise.made(exercise.right, things)
    assert course.carry_on(name, right, **things) is right


@pytest.mark.parametrize("name", chapter_names())
def test_quizzes(name: str):
    questions = find_chapter(name).quiz
    assert len(questions) == 3
    for question in questions:
        assert question.asks.endswith("?")
        assert question.right in question.letters
        assert len(question.options) >= 3
        assert len({option.text for option in question.options}) == len(question.options)
        assert all(option.why.endswith((".", "!")) for option in question.options)
    assert len({question.right for question in questions}) > 1, "all answers are the same letter"


def test_a_crystal_changed_in_place_is_told_so():
    structure = dd.example("MgO")
    verdict = course.check(
        "graphs.disguise", structure.make_supercell([2, 1, 1]), structure=structure
    )
    assert "This changed `structure` itself" in str(verdict)
    structure = dd.example("MgO")
    copied = structure.make_supercell([2, 1, 1], in_place=False)
    assert "Another list of numbers" in str(
        course.check("graphs.disguise", copied, structure=structure)
    )
