"""A crystal as this package sees it: read and checked, its graph, symmetry and wave vectors."""
