"""Reference labels: densities of states computed from first principles, and their storage."""
