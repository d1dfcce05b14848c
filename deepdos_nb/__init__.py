"""DeepDOS for notebooks: electronic and phonon densities of states, open to the eye."""
