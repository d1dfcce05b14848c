"""Experiments, their scores and tables, and the cards of models."""
