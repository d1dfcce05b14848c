"""What is said about answers: forms, shapes, signs, stopped functions, and how it looks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from deepdos_nb import course
from deepdos_nb.course.checking import judge
from deepdos_nb.course.exercise import Exercise, Mistake
from deepdos_nb.course.functions import Function
from deepdos_nb.course.numbers import Number, Values, Word
from deepdos_nb.course.things import Thing
from deepdos_nb.course.verdict import Mark

WORDS: dict[str, Any] = {"hint": "Begin.", "praise": "Good."}


def said(exercise: Exercise, answer: Any, **given: Any) -> str:
    return judge(exercise, answer, given).says


NUMBER = Number(right=250.0, unit="meV", mistakes=(Mistake(125.0, "That is half."),), **WORDS)


@pytest.mark.parametrize(
    "answer", [250, 250.0, 252.0, np.float32(250), torch.tensor(250.0), np.array([[250.0]])]
)
def test_numbers_of_any_type_pass(answer: Any):
    assert judge(NUMBER, answer, {}).passed


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (125.2, "That is half."),
        (-250.0, "sign"),
        (0.25, "power of ten is not: the answer is asked for in meV"),
        (300, "300 is too large"),
        (3.0, "3 is too small"),
        ("250", "without quotes"),
        ([250.0, 1.0], "array of shape (2,)"),
        (np.nan, "divided by zero"),
        (True, "give a number"),
        (lambda: 250.0, "Call it"),
        ({}, "type dict"),
    ],
)
def test_numbers(answer: Any, words: str):
    assert words in said(NUMBER, answer)
    assert not judge(NUMBER, answer, {}).passed


@given(st.floats(1e-3, 1e3), st.floats(-0.009, 0.009))
def test_numbers_within_the_tolerance_pass(value: float, error: float):
    exercise = Number(right=lambda x: x, mistakes=(), **WORDS)
    assert judge(exercise, value * (1 + error), {"x": value}).passed
    assert not judge(exercise, value * (1.02 + abs(error)), {"x": value}).passed


VALUES = Values(right=np.arange(6.0).reshape(2, 3), mistakes=(), **WORDS)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (np.arange(6.0).reshape(2, 3).T, "Is it transposed?"),
        (np.arange(6.0), "shape is (6,); (2, 3) is asked for"),
        (-np.arange(6.0).reshape(2, 3), "but for the sign"),
        (np.array([[0, 1, 2], [3, 4, 9]]), "furthest off at index 1, 2"),
        ([["a"]], "type list"),
        (np.full((2, 3), np.nan), "6 of the 6 values are not finite"),
    ],
)
def test_arrays(answer: Any, words: str):
    assert words in said(VALUES, answer)


def test_an_array_out_by_one_factor():
    exercise = Values(right=np.arange(1.0, 5.0), mistakes=(), **WORDS)
    assert "one factor" in said(exercise, 3 * np.arange(1.0, 5.0))
    assert judge(exercise, torch.arange(1.0, 5.0), {}).passed


def softmax(scores: np.ndarray) -> np.ndarray:
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


FUNCTION = Function(
    right=softmax,
    trials=lambda: [(np.ones((2, 3)),), (np.random.default_rng(0).normal(size=(2, 3)) * 50,)],
    mistakes=(Mistake(lambda s: softmax(s.T).T, "Along the wrong axis."),),
    **WORDS,
)


def unfinished(scores: np.ndarray) -> None: ...


def refuses(scores: np.ndarray) -> np.ndarray:
    raise NotImplementedError


def stops(scores: np.ndarray) -> float:
    return scores[17]


def changes(scores: np.ndarray) -> np.ndarray:
    result = softmax(scores)
    scores[:] = 0
    return result


@pytest.mark.parametrize("answer", [softmax, changes, lambda x: torch.softmax(torch.tensor(x), 1)])
def test_functions_that_pass(answer: Any):
    assert judge(FUNCTION, answer, {}).passed


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda s: softmax(s.T).T, "wrong axis"),
        (stops, "with IndexError: index 17 is out of bounds"),
        (stops, f"in line {stops.__code__.co_firstlineno + 1} of its cell"),
        (lambda: 1, "should take 1 argument: (scores)"),
        (lambda s: s[0], "On hidden input 1 of 2: The shape is (3,)"),
        (lambda s: 1 / s.shape[1] + 0 * s, "On hidden input 2 of 2"),
        (lambda s: "no", "should return numbers"),
        (softmax(np.ones(3)), "A function is asked for; this is of type ndarray"),
    ],
)
def test_functions(answer: Any, words: str):
    assert words in said(FUNCTION, answer)


def forgets(scores: np.ndarray) -> np.ndarray | None:
    """Returns on the first trial alone."""
    return softmax(scores) if np.ptp(scores) == 0 else None


def test_a_function_that_forgets_a_branch_is_an_answer():
    verdict = judge(FUNCTION, forgets, {})
    assert verdict.mark is not Mark.OPEN
    assert "On hidden input 2 your function returned nothing" in verdict.says


@pytest.mark.parametrize("answer", [..., None, unfinished, refuses])
def test_unanswered(answer: Any):
    assert judge(FUNCTION, answer, {}).mark is Mark.OPEN


def test_words():
    exercise = Word(right="Zn", mistakes=(Mistake("O", "The other one."),), **WORDS)
    assert judge(exercise, " zn ", {}).passed
    assert said(exercise, "O") == "The other one."
    assert "in quotes" in said(exercise, 30)
    assert said(exercise, "Fe").startswith("It is not that one.")


def test_things():
    exercise = Thing(
        right=lambda n: list(range(n)),
        holds=lambda answer, n: len(answer) == n,
        mistakes=(Mistake([], "It is empty.", seen=lambda answer, n: not len(answer)),),
        **WORDS,
    )
    assert judge(exercise, "abc", {"n": 3}).passed
    assert said(exercise, [], n=3) == "It is empty."
    assert said(exercise, [1], n=3).startswith("Not yet what is asked for.")
    assert "object of type int will not do" in said(exercise, 5, n=3)


def test_a_mistyped_name_gets_a_sentence():
    assert "Did you mean 'quickstart.mean'?" in course.check("quickstart.maen", 1.0).says
    assert "Did you mean 'quickstart'?" in course.check("quikstart.mean", 1.0).says


def test_how_it_looks():
    verdict = judge(NUMBER, "<b>", {})
    assert repr(verdict).startswith("✗ Not yet. '<b>' is text.")
    page = verdict._repr_html_()
    assert 'role="status"' in page
    assert "&lt;b&gt;" in page
    assert "<b>" not in page


def test_quiz_as_text():
    asked = course.quiz("quickstart")
    assert "1. " in repr(asked)
    assert "a) " in repr(asked)
    right = "".join(question.right for question in asked.questions)
    assert course.quiz("quickstart", right.upper()).score == 3
    wrong = course.quiz("quickstart", "".join("b" if c == "a" else "a" for c in right))
    assert wrong.score == 0
    assert repr(wrong).count("✗ Not yet.") == 3
    short = course.quiz("quickstart", right[0])
    assert short.score == 1
    assert repr(short).count("Answer with one of the letters a, b, c.") == 2


def test_quiz_as_a_page():
    page = course.quiz("quickstart")._repr_html_()
    assert page.count("<details name=") == 9
    assert "<script" not in page
    assert " open>" not in page
    assert course.quiz("quickstart", "b")._repr_html_().count(" open>") == 1
