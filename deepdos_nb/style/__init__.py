"""Colours and axes that every picture shares."""
