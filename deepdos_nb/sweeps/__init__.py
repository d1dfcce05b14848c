"""Notebooks with parameters: checking them, running one over a grid, reading results back."""
