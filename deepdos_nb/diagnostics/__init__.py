"""Why something does not work here."""
