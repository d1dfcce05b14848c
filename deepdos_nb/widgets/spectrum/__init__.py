"""The spectrum plot."""
