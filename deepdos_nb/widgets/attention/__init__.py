"""Source attention: who looked at which atoms."""
