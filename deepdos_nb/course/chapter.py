"""The exercises and the quiz of a chapter, found by name."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.course import chapters
from deepdos_nb.course.exercise import Exercise


@dataclass(frozen=True)
class Option:
    """One of the answers to choose from, and why it is right or wrong."""

    text: str
    why: str


@dataclass(frozen=True)
class Question:
    """A question with its options; `right` is the letter of the right one."""

    asks: str
    options: tuple[Option, ...]
    right: str

    @property
    def letters(self) -> str:
        """The letters of the options: abc."""
        return "abcdefgh"[: len(self.options)]


@dataclass(frozen=True)
class Chapter:
    """What a module of `chapters/` holds under the name CHAPTER."""

    exercises: Mapping[str, Exercise]
    quiz: tuple[Question, ...]


def chapter_names() -> list[str]:
    """Names of all chapters that have exercises."""
    return sorted(module.name for module in pkgutil.iter_modules(chapters.__path__))


def find_chapter(name: str) -> Chapter:
    """A chapter by its name.

    Raises
    ------
    ConfigError
        If there is none of that name.
    """
    if name not in chapter_names():
        raise ConfigError(f"there is no chapter {name!r}.", remedy=_near(name, chapter_names()))
    chapter: Chapter = importlib.import_module(f"{chapters.__name__}.{name}").CHAPTER
    return chapter


def find_exercise(name: str) -> Exercise:
    """An exercise by its full name, "chapter.exercise".

    Raises
    ------
    ConfigError
        If there is none of that name.
    """
    chapter, _, short = name.partition(".")
    exercises = find_chapter(chapter).exercises
    if short not in exercises:
        known = [f"{chapter}.{key}" for key in exercises]
        raise ConfigError(f"there is no exercise {name!r}.", remedy=_near(name, known))
    return exercises[short]


def _near(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"Did you mean {close[0]!r}?" if close else f"There are: {', '.join(known)}."
