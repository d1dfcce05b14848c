"""One module for each chapter: its exercises with their answers, and its quiz.

A module is found by its name: ``course.check("springs.gap", …)`` looks for the exercise ``gap`` in
``chapters/springs.py``.
"""
