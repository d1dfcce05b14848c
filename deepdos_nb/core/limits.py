"""Limits users may raise, in a module that costs nothing to import."""

MAX_ATOMS = 500
"""Largest number of atoms of one cell, unless stated otherwise."""

LARGE = 600
"""Rows of a matrix above which a cell is large: its spectrum is drafted in single precision on a
coarser mesh."""
