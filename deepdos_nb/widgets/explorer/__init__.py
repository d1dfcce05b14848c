"""Collections of crystals to leaf through, upload and export."""
