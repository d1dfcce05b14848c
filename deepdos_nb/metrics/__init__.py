"""Scores: plain numpy in, numbers with a stated protocol out."""
