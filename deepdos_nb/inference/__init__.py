"""From trained weights to spectra, vibrations and orbitals."""
