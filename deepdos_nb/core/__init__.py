"""The ground: errors, arrays, grids, limits, processes, files, version."""
