"""Records of crystals with reference spectra, and where they come from."""
