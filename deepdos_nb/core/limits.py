"""Limits users may raise, in a module that costs nothing to import."""

MAX_ATOMS = 500
"""Largest number of atoms of one cell, unless stated otherwise."""
