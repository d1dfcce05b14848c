"""Textbook physics with learnt parameters: force constants and tight binding, and their drafts."""
