"""Readers of public data sets; each returns a list of `Record`."""
