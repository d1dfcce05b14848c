"""The course: exercises that answer in a sentence, quizzes, and copies of the chapters.

In a notebook, ``from deepdos_nb import course``.
"""

from deepdos_nb.course.checking import carry_on, check
from deepdos_nb.course.clock import device, timed
from deepdos_nb.course.quiz import quiz

__all__ = ["carry_on", "check", "device", "quiz", "timed"]
