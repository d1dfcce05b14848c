"""The two things that travel, `Spectrum` and `Trace`, and how a spectrum is drawn."""

from deepdos_nb.core.grids import GRIDS, Grid, Kind, grid_for
from deepdos_nb.spectra.spectrum import Spectrum, element_sums
from deepdos_nb.spectra.trace import Trace

__all__ = ["GRIDS", "Grid", "Kind", "Spectrum", "Trace", "element_sums", "grid_for"]
