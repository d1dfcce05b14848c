"""Bands along a path, beside the states they make."""
